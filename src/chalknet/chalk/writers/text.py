"""Plain Unicode text for terminals, with a style for each piece so that rich can colour it.

Equations are broken only before =, + or −; a line is a list of (text, style) spans.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.trace import Step
from chalknet.chalk.writers import boxes, code, matrices, pieces
from chalknet.chalk.writers.document import Block, Chapter, Document, left_out_note
from chalknet.chalk.writers.matrices import Worked, segments, worked
from chalknet.chalk.writers.pieces import text_width

Span = tuple[str, str]
Line = list[Span]

WIDTH = 80
INDENT = 2
# style names of rich
TITLE, CHAPTER, HEADING, SYMBOL, FORMULA, NUMBERS, VALUE, NOTE, MARK, CODE = (
    "bold", "bold cyan", "bold", "magenta", "", "", "bold green", "dim", "yellow", "blue",
)  # fmt: skip


def plain(lines: Iterable[Line]) -> str:
    """The lines without their styles."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def write(doc: Document, width: int = WIDTH) -> Iterator[Line]:
    """The whole document."""
    yield from opening(doc, width)
    for chapter in doc.chapters:
        yield from write_chapter(chapter, doc, width)
    if doc.remarks:
        yield from ruled("Remarks", width)
        for remark in doc.remarks:
            yield from prose(f"• {remark}", width, MARK, hanging=2)


def opening(doc: Document, width: int) -> Iterator[Line]:
    """Title, facts and legend."""
    yield [(doc.title, TITLE)]
    yield [("═" * min(text_width(doc.title), width), TITLE)]
    label = max(len(what) for what, _ in doc.facts) + 2
    for what, which in doc.facts:
        for k, line in enumerate(textwrap.wrap(which, width - label)):
            yield [((what if k == 0 else "").ljust(label), NOTE), (line, "")]
    yield []
    for sentence in doc.legend:
        yield from prose(sentence, width, NOTE)


def ruled(title: str, width: int) -> Iterator[Line]:
    """A chapter's title on a line of its own width."""
    yield []
    yield [(title, CHAPTER)]
    yield [("─" * width, CHAPTER)]


def write_chapter(chapter: Chapter, doc: Document, width: int) -> Iterator[Line]:
    """A chapter with its blocks."""
    yield from ruled(chapter.title, width)
    for sentence in chapter.intro:
        yield from prose(sentence, width, NOTE)
    for k, block in enumerate(chapter.blocks):
        if (k or chapter.intro) and not (block.given and not block.code):
            yield []
        yield from write_block(block, doc, width)
    if chapter.closing:
        yield []
        yield from prose(chapter.closing, width, VALUE)


def prose(text: str, width: int, style: str, indent: int = 0, hanging: int = 0) -> Iterator[Line]:
    """A sentence, wrapped at blanks."""
    first = " " * indent
    yield from (
        [(line, style)]
        for line in textwrap.wrap(text, width, initial_indent=first, subsequent_indent=first + " " * hanging)
    )


def write_block(block: Block, doc: Document, width: int) -> Iterator[Line]:
    """Title, notes, statements, equations, code."""
    if block.given:
        yield from given(block, doc, width)
    elif block.title:
        yield from heading(block, width)
    for note in block.notes:
        yield from prose(note, width, NOTE, INDENT)
    for law in block.laws:
        sides = [pieces.symbolic("text", e, short=False)[0] for e in law.forms]
        yield from node(names.text(law.symbol), sides, width, FORMULA)
    for k, step in enumerate(block.steps if not block.given else []):
        yield from write_step(step, doc, width, block.mark if k == 0 else "")
    if note := left_out_note(block):
        yield [(" " * INDENT + note, NOTE)]
    for line in block.code:
        for folded in code.folded(line, width - INDENT - 2):
            yield [(" " * INDENT + "│ ", NOTE), (folded, CODE)]


def heading(block: Block, width: int) -> Iterator[Line]:
    """Title, source and shapes, on one line where they fit."""
    source = f"  ({block.source})" if block.source else ""
    gap = width - text_width(block.title + source + block.shapes)
    if gap >= 2 or not (source or block.shapes):
        yield [(block.title, HEADING), (source, NOTE), (" " * gap, ""), (block.shapes, NOTE)]
        return
    yield from prose(block.title, width, HEADING)
    for line in filter(None, (source.strip(), block.shapes)):
        yield from prose(line, width, NOTE, INDENT)


def given(block: Block, doc: Document, width: int) -> Iterator[Line]:
    """An array with its title at the right of its middle line."""
    lines = list(write_step(block.steps[0], doc, width, ""))
    for line in lines:
        used = sum(text_width(text) for text, _ in line)
        beside = f"{block.title}, {block.shapes}"
        if line[0][0].strip() and used + 2 + text_width(beside) <= width:
            line += [(" " * (width - used - text_width(beside)), ""), (beside, NOTE)]
            yield from lines
            return
    yield [(f"{block.title}, {block.shapes}", HEADING)]
    yield from lines


def write_step(step: Step, doc: Document, width: int, mark: str) -> Iterator[Line]:
    """One equation, with the mark beside it or below."""
    if np.ndim(step.value) or matrices.contains_array(step.expr):
        lines, missing = list(matrix(step, doc, width)), 0
    else:
        eq = pieces.equation("text", step, doc.precision, short=doc.elided)
        lines, missing = list(node(eq.left, eq.sides, width, VALUE)), eq.missing
    if mark:
        used = sum(text_width(text) for text, _ in lines[-1])
        beside = f"   ◀ {mark}"
        if len(lines) == 1 and used + text_width(beside) <= width:
            lines[-1].append((beside, MARK))
        else:
            lines.append([(" " * INDENT + f"◀ {mark}", MARK)])
    yield from lines
    if missing:
        yield [(" " * 2 * INDENT + f"⋯ leaves out {missing} terms of the sum", NOTE)]


def node(left: str, sides: list[list[str]], width: int, last: str) -> Iterator[Line]:
    """symbol = in symbols = in numbers = value, on one line where it fits, else a line for each side."""
    line: Line = [(" " * INDENT + left, SYMBOL)]
    for k, side in enumerate(sides):
        line.append((f" = {' '.join(side)}", last if k == len(sides) - 1 else FORMULA))
    if sum(text_width(text) for text, _ in line) <= width:
        yield line
        return
    margin = INDENT + text_width(left) + 1
    widest = max(text_width(part) for side in sides for piece in side for part in split(piece, 0))
    if margin > width // 3 or margin + 2 + widest > width:
        yield [(" " * INDENT + left, SYMBOL)]
        margin, first = 2 * INDENT, ""
    else:
        first = " " * INDENT + left + " "
    for k, side in enumerate(sides):
        style = last if k == len(sides) - 1 else FORMULA
        for n, text in enumerate(filled(side, width - margin - 2)):
            start = first if k == n == 0 and first else " " * margin
            yield [(start, SYMBOL), (("= " if n == 0 else "  ") + text, style)]


def filled(side: list[str], room: int) -> Iterator[str]:
    """The pieces of one side in lines that fit."""
    small = [part for piece in side for part in split(piece, room)]
    line = small[0]
    for piece in small[1:]:
        if text_width(line) + 1 + text_width(piece) <= room:
            line += f" {piece}"
        else:
            yield line
            line = piece
    yield line


def split(piece: str, room: int) -> list[str]:
    """A piece that is too wide even so is cut inside its brackets, still before a sign."""
    return [piece] if text_width(piece) <= room else re.split(r" (?=[=+−] )", piece)


def matrix(step: Step, doc: Document, width: int) -> Iterator[Line]:
    """A matrix equation: in symbols, then with its matrices, then the result."""
    left = names.text(step.symbol)
    room = width - 2 * INDENT - 2
    w = worked(doc, step, boxes.width, room)
    sides = [] if step.expr is None else [pieces.symbolic("text", step.expr)[0]]
    if w.result is None:
        value = pieces.value_of("text", step.value, doc.precision if step.expr is not None else None)
        sides += [] if w.pieces else [[value]]
        yield from node(left, sides, width, VALUE if not w.pieces else FORMULA)
        if w.pieces:
            yield from laid(w, room, NUMBERS)
            yield [(" " * 2 * INDENT + f"= {value}", VALUE)]
        return
    if sides:
        yield from node(left, sides, width, FORMULA)
        if w.pieces:
            yield from laid(w, room, NUMBERS)
        start = " " * 2 * INDENT + "= "
    else:
        start = " " * INDENT + f"{left} = "
    box = boxes.matrix(w.result, doc.precision)
    if text_width(start) + box.width > width:
        yield [(start.rstrip(), SYMBOL)]
        start = " " * 2 * INDENT
    yield from boxes.beside(start, box, SYMBOL, VALUE)
    yield from prose(w.note, width, NOTE, 2 * INDENT)


def laid(w: Worked, room: int, style: str) -> Iterator[Line]:
    """The numbers' side of a matrix equation."""
    lines: list[list[boxes.Box]] = []
    for group in segments(w.pieces):
        row = boxes.row(group, w.decimals)
        if lines and sum(b.width for b in (*lines[-1], *row)) + len(lines[-1]) + len(row) <= room:
            lines[-1] += row
        else:
            lines.append(row)
    for k, row in enumerate(lines):
        box = boxes.joined(row)
        yield from boxes.beside(" " * 2 * INDENT + ("= " if k == 0 else "  "), box, style, style)
