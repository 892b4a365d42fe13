"""GitHub-flavoured Markdown, its mathematics between $$."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalknet.chalk.writers import code, latex, tex_prose
from chalknet.chalk.writers.document import Block, Document, left_out_note, runs


def write(doc: Document) -> str:
    """The document."""
    return "\n".join(_lines(doc)).rstrip() + "\n"


def prose(text: str) -> str:
    r"""A sentence in which nothing is taken for Markdown.

    >>> prose("a*b_c")
    'a\\*b\\_c'
    """
    return re.sub(r"([\\*_`<|$#\[])", r"\\\1", text)


def _lines(doc: Document) -> Iterator[str]:
    yield from (f"# {prose(doc.title)}", "")
    yield from (f"- **{what}**: {prose(which)}" for what, which in doc.facts)
    yield ""
    for sentence in doc.legend:
        yield from (prose(sentence), "")
    for chapter in doc.chapters:
        yield from (f"## {prose(chapter.title)}", "")
        for sentence in chapter.intro:
            yield from (prose(sentence), "")
        for run in runs(chapter.blocks):
            yield from _block(run, doc)
        if chapter.closing:
            yield from (f"**{prose(chapter.closing)}**", "")
    if doc.remarks:
        yield from ("## Remarks", "")
        yield from (f"- {prose(remark)}" for remark in doc.remarks)


def _block(run: list[Block], doc: Document) -> Iterator[str]:
    block = run[0]
    if block.title and not block.given:
        extra = ", ".join(filter(None, (block.shapes, block.source)))
        yield from (f"**{prose(block.title)}**" + (f" ({prose(extra)})" if extra else ""), "")
    for note in block.notes:
        yield from (f"*{prose(note)}*", "")
    if block.laws or block.steps:
        yield from display([row for b in run for row in latex.rows(b, doc)])
    if note := left_out_note(block):
        yield from (f"*{prose(note)}*", "")
    if block.code:
        yield "```python"
        for line in block.code:
            yield from code.folded(line)
        yield from ("```", "")


def display(rows: list[str]) -> Iterator[str]:
    """One block of mathematics."""
    yield from ("$$", "\\begin{aligned}", latex.stacked(rows), "\\end{aligned}", "$$", "")


def notebook(doc: Document) -> str:
    """For `_repr_latex_`: mathematics only, the titles as text inside it."""
    out: list[str] = []
    for chapter in doc.chapters:
        rows = [f"&\\textbf{{{chapter.title}}}"]
        for block in chapter.blocks:
            if not block.given:
                rows.append(f"&\\text{{{tex_prose.prose(block.title)}}}")
            rows += latex.rows(block, doc)
        out += display(rows)
    return "\n".join(out)
