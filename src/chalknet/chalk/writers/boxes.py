"""Matrices as blocks of text, and how blocks of different heights stand side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chalknet.chalk.numbers import shown
from chalknet.chalk.numerals import text_number
from chalknet.chalk.writers import pieces
from chalknet.chalk.writers.elide import Grid
from chalknet.chalk.writers.matrices import Token
from chalknet.chalk.writers.pieces import text_width

BRACKETS = {"[": ("⎡", "⎢", "⎣"), "]": ("⎤", "⎥", "⎦"), "(": ("⎛", "⎜", "⎝"), ")": ("⎞", "⎟", "⎠")}


class Box(NamedTuple):
    """Lines of equal width; a sign of one line stretches when it is a bracket."""

    lines: list[str]
    stretches: bool = False

    @property
    def width(self) -> int:
        """Characters across."""
        return text_width(self.lines[0])


def matrix(grid: Grid, decimals: int) -> Box:
    """A matrix in square brackets, its columns aligned at the decimal point."""
    cells = grid.cells(("⋯", "⋮", "⋱"), lambda v: text_number(shown(v, decimals)))
    columns = [aligned([row[j] for row in cells]) for j in range(len(cells[0]))]
    rows = ["  ".join(column[i] for column in columns) for i in range(len(cells))]
    left, right = (bracket(b, len(rows)) for b in "[]")
    return Box([f"{a}{row}{b}" for a, row, b in zip(left, rows, right, strict=True)])


def aligned(cells: list[str]) -> list[str]:
    """One column; decimal points below each other.

    >>> aligned(["1.5", "−20", "⋮"])
    ['  1.5', '−20  ', '  ⋮  ']
    """
    parts = [cell.partition(".") for cell in cells]
    whole = max(text_width(a) for a, _, _ in parts)
    rest = max(text_width(dot + b) for _, dot, b in parts)
    return [
        c.center(whole + rest) if c in "⋯⋮⋱" else f"{a.rjust(whole)}{(dot + b).ljust(rest)}"
        for c, (a, dot, b) in zip(cells, parts, strict=True)
    ]


def bracket(sign: str, height: int) -> list[str]:
    """A bracket of so many lines."""
    if height == 1:
        return [sign]
    top, middle, bottom = BRACKETS[sign]
    return [top, *[middle] * (height - 2), bottom]


def row(tokens: list[Token], decimals: int) -> list[Box]:
    """The boxes of pieces that stay on one line."""
    return [box(t, decimals) for t in tokens]


def box(token: Token, decimals: int) -> Box:
    """One piece."""
    if token.kind == "matrix":
        return matrix(token.value, decimals)
    if token.kind == "number":
        return Box([pieces.inside("text", token.value, decimals)])
    return Box([token.value], stretches=token.value in BRACKETS)


def width(tokens: list[Token], decimals: int) -> int:
    """How wide the pieces are side by side."""
    return joined(row(tokens, decimals)).width


def joined(boxes: list[Box]) -> Box:
    """Boxes side by side, centred on one line; nothing stands between a bracket and what it holds."""
    height = max(len(b.lines) for b in boxes)
    out = [""] * height
    previous: Box | None = None
    for b in boxes:
        lines = bracket(b.lines[0], height) if b.stretches else b.lines
        above = (height - len(lines)) // 2
        glue = previous is None or previous.lines[0] == "(" or b.lines[0] == ")"
        for i in range(height):
            inside = 0 <= i - above < len(lines)
            out[i] += ("" if glue else " ") + (lines[i - above] if inside else " " * b.width)
        previous = b
    return Box(out)


def beside(start: str, b: Box, start_style: str, style: str) -> Iterator[list[tuple[str, str]]]:
    """A box after a beginning that stands on its middle line."""
    middle = (len(b.lines) - 1) // 2
    for i, line in enumerate(b.lines):
        yield [(start if i == middle else " " * text_width(start), start_style), (line, style)]
