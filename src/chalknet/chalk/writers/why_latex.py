"""`trace.why` in LaTeX."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalknet.chalk import names
from chalknet.chalk.gradient_paths import UP, Factor, Path
from chalknet.chalk.writers import latex, pieces
from chalknet.chalk.writers.tex_prose import prose
from chalknet.chalk.writers.why_text import (
    ROWS,
    hidden_paths,
    product,
    rest_of_rows,
    room,
    step_of,
    total,
)

if TYPE_CHECKING:
    from chalknet.chalk.why import Why


def write(answer: Why) -> str:
    """The answer: a title and one aligned block."""
    body = latex.stacked(rows(answer))
    return f"\\subsection*{{Why ${names.latex(UP + answer.symbol)}$}}\n\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def rows(answer: Why) -> list[str]:
    """The lines of the aligned block."""
    return list(_rows(answer))


def _rows(answer: Why) -> Iterator[str]:
    number = 0
    for share in answer.shares[:ROWS]:
        of_row = f", row {(share.row or 0) + 1}" if len(answer.shares) > 1 else ""
        shown = share.paths[: room(answer)]
        for path in shown:
            number += 1
            yield f"&\\textbf{{path {number}{of_row}: }} {route(path)}"
            for factor, e in zip(path.factors, path.expressions, strict=True):
                eq = pieces.equation("latex", step_of(factor, e, answer.precision), answer.precision)
                yield from latex.equation(left(factor), eq.sides)
            yield from latex.equation("\\text{product}", product(path, answer.precision, "latex"))
        if note := hidden_paths(answer, share):
            yield f"&\\text{{{prose(note)}}}"
        number += share.ways - len(shown)
    if note := rest_of_rows(answer):
        yield f"&\\text{{{prose(note)}}}"
    yield "&\\textbf{the sum over all paths}"
    yield from latex.equation(names.latex(UP + answer.symbol), total(answer, "latex"))
    for step in answer.updates:
        eq = pieces.equation("latex", step, answer.precision)
        yield from latex.equation(eq.left, eq.sides)


def route(path: Path) -> str:
    """w → z → a → L."""
    return " \\to ".join(names.latex(name) for name in path.names)


def left(factor: Factor) -> str:
    """∂u/∂v."""
    above, _, below = factor.symbol[1:].partition("/d")
    return f"\\frac{{\\partial {names.latex(above)}}}{{\\partial {names.latex(below)}}}"
