"""Worked lines as blocks that the writers of traces set, in text and in HTML."""

from __future__ import annotations

from collections.abc import Iterator

from chalknet.chalk.trace import Step
from chalknet.chalk.writers.document import Block, Document
from chalknet.lecture.items.page import Worked

TOLD = ("here", "the mean over", "with the old")  # how the notes begin that stand beside a line here


def blocks(part: Worked) -> Iterator[Block]:
    """The lines in blocks, each with at most one note, which stands beside its first line."""
    run: list[Step] = []
    mark = ""
    for step in part.steps:
        note = step.note if step.note.startswith(TOLD) else ""
        if note and run:
            yield Block("", run, mark=mark)
            run = []
        mark = note or (mark if run else "")
        run.append(step)
    if run:
        yield Block("", run, mark=mark)


def document(part: Worked) -> Document:
    """The document around them, of which only the number of decimals matters."""
    return Document("", [], [], [], [], part.decimals, elided=False)
