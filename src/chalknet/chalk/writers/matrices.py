"""Matrix equations with the numbers in: which matrices stand in a row, with which signs, and to how many digits.

What is linear is shown operand by operand, as on a blackboard: [3  5] · [2×4 numbers] + [1  1  1  1]. What goes entry
by entry through a function is shown worked out, as the matrix of its results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chalknet.chalk.expr import Expr, Symbol, evaluate, symbols_of
from chalknet.chalk.numbers import DIGITS, shown, tolerance
from chalknet.chalk.printers import PRODUCT, SUM, is_array, same
from chalknet.chalk.trace import Step
from chalknet.chalk.writers.elide import Grid, grid, note

if TYPE_CHECKING:
    from chalknet.chalk.writers.document import Document

LIMITS = ((8, 8), (8, 6), (6, 5), (6, 4), (5, 3), (4, 2))  # rows and columns of a matrix, tried in turn
CHECKED = 400  # entries up to which the digits of the operands are chosen so that the equation holds: it can be read
SIGNS = {"add": "+", "subtract": "−", "matmul": "·"}
SUMS = {"total": "Σ_rows", "across": "Σ_outputs", "all": "Σ"}


class Token(NamedTuple):
    """A piece of a matrix equation: kind "matrix" (an array), "number" (an expression) or "sign"."""

    kind: str
    value: Any
    breaks: bool = False  # a line may begin here


def contains_array(e: Any) -> bool:
    """Tell whether a matrix stands anywhere in the expression."""
    return any(np.ndim(s.value) for s in symbols_of(e).values())


def operands(e: Any) -> Any:
    """The expression with everything that is not linear replaced by the matrix of its values."""
    if not isinstance(e, Expr) or isinstance(e, Symbol) or not contains_array(e):
        return e
    if linear(e):
        return Expr(e.op, *map(operands, e.args))
    return Symbol("", np.asarray(evaluate(e), float))


def linear(e: Expr) -> bool:
    """Tell whether an operation is shown with its operands. A square is not: its entries are squared one by one."""
    if e.op == "multiply":
        return not same(*e.args)
    if e.op == "divide":
        return not contains_array(e.args[1])
    return e.op in ("add", "subtract", "matmul", *SUMS)


def enough_digits(e: Any, value: np.ndarray, precision: int) -> int:
    """With how many decimals the operands must be printed for the equation to hold at its printed precision."""
    symbols = [s for s in _leaves(e) if np.ndim(s.value)]
    if max(value.size, *(np.size(s.value) for s in symbols)) > CHECKED or not np.isfinite(value).all():
        return precision
    printed = as_printed(value, precision)
    unit = np.vectorize(lambda v: tolerance(v, precision) * (1.0 + 1e-9), otypes=[float])(value)
    for digits in range(precision, DIGITS):
        rounded: dict[int, Any] = {id(s): as_printed(s.value, digits) for s in symbols}
        if (np.abs(evaluate(e, memo=rounded) - printed) <= unit).all():
            return digits
    return DIGITS


def as_printed(value: np.ndarray, decimals: int) -> np.ndarray:
    """The numbers that a reader of the printed matrix has."""
    return np.vectorize(lambda v: float(shown(v, decimals)), otypes=[float])(value)


def _leaves(e: Any) -> Iterator[Symbol]:
    if isinstance(e, Symbol):
        yield e
    elif isinstance(e, Expr):
        for a in e.args:
            yield from _leaves(a)


def tokens(e: Any) -> list[Token]:
    """The pieces of an expression that `operands` made, from left to right."""
    return list(_walk(e, SUM))


def _walk(e: Any, least: int) -> Iterator[Token]:
    """The pieces, in brackets where the outermost operation binds less tightly than `least`."""
    if not contains_array(e):
        yield Token("number", e)
    elif isinstance(e, Symbol):
        yield Token("matrix", e.value)
    elif e.op in ("add", "subtract"):
        left, right = e.args
        yield from _bracketed(
            [
                *_walk(left, SUM),
                Token("sign", SIGNS[e.op], breaks=True),
                *_walk(right, PRODUCT if e.op == "subtract" else SUM),
            ],
            brackets=least > SUM,
        )
    elif e.op in SUMS:
        yield Token("sign", SUMS[e.op])
        yield from _walk(e.args[0], PRODUCT)
    else:
        sign = "/" if e.op == "divide" else "⊙" if all(map(is_array, e.args)) and e.op == "multiply" else "·"
        yield from _walk(e.args[0], PRODUCT)
        yield Token("sign", sign)
        yield from _walk(e.args[1], PRODUCT)


def _bracketed(inner: list[Token], *, brackets: bool) -> list[Token]:
    return [Token("sign", "("), *inner, Token("sign", ")")] if brackets else inner


def segments(pieces: list[Token]) -> list[list[Token]]:
    """The pieces in groups that stay on one line."""
    out: list[list[Token]] = [[]]
    for piece in pieces:
        if piece.breaks:
            out.append([])
        out[-1].append(piece)
    return [group for group in out if group]


class Worked(NamedTuple):
    """A matrix equation ready to be set: the numbers' side (empty where there is nothing to show), and the result."""

    pieces: list[Token]  # matrices as grids
    decimals: int
    result: Grid | None
    note: str  # what is left out


def worked(doc: Document, step: Step, width: Callable[[list[Token], int], int], room: int) -> Worked:
    """Choose digits and how much of each matrix is shown, so that no piece is wider than the room.

    Args:
        doc: the document, for its precision and whether large matrices are cut.
        step: a step whose value is an array, or a number made of arrays.
        width: the width of pieces that stay on one line, with so many decimals.
        room: how wide they may be.
    """
    value, precision, elided = step.value, doc.precision, doc.elided
    if id(step) not in doc.operands:
        doc.operands[id(step)] = operands(step.expr)
    inner = doc.operands[id(step)]
    found = tokens(inner) if isinstance(inner, Expr) and not isinstance(inner, Symbol) else []
    if not any(t.kind == "matrix" for t in found):
        found = []
    decimals = enough_digits(inner, np.asarray(value), precision) if found else precision
    for limits in LIMITS if elided else ((None, None),):
        pieces = [t._replace(value=grid(t.value, limits)) if t.kind == "matrix" else t for t in found]
        result = grid(value, limits) if np.ndim(value) else None
        fits = not elided or max((width(s, decimals) for s in segments(pieces)), default=0) <= room
        if fits and (result is None or not elided or width([Token("matrix", result)], precision) <= room):
            break
    if not fits:  # too much for one line even so: the equation in symbols and its result must do
        pieces = []
    grids = [t.value for t in pieces if t.kind == "matrix"] + ([result] if result else [])
    return Worked(pieces, decimals, result, note(grids))
