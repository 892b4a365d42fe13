"""What a loss's formula is applied to: predictions, and beside them the shape parameter, which may be outputs itself.

Most losses have one constant p for all outputs. Several quantiles have one for each output, given as `q`; a Gaussian
loss has the second half of the outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalknet.chalk.expr import Expr, Symbol
from chalknet.chalk.groups import Builder, Index
from chalknet.chalk.ledger import Ledger
from chalknet.maths import losses

LEVELS = "q"  # the name of constants that differ from output to output, see `Ledger.levels`

Formula = Callable[[Any, Any, Any], Any]  # of y, a, p


def pairs(book: Ledger) -> int:
    """How many outputs are predictions, where the others take p's place; else 0."""
    return book.description.n_out // 2 if losses.get(book.description.loss).d_p else 0


def several(book: Ledger) -> bool:
    """Tell whether outputs have constants of their own."""
    return isinstance(book.description.loss_p, tuple)


def level(builder: Builder, through: str, index: Index) -> Any:
    """p of one output."""
    book, half = builder.book, pairs(builder.book)
    if half:
        return builder.entries(through)[index[0], half + index[1]]
    return builder.entries(LEVELS)[0, index[1]] if several(book) else book.description.loss_p


def apply(builder: Builder, g: Formula, through: str, index: Index) -> Any:
    """A formula at one output of one row."""
    return g(builder.entries("y")[index], builder.entries(through)[index], level(builder, through, index))


def apply_whole(builder: Builder, g: Formula, through: str) -> Any:
    """A formula over matrices."""
    book, a = builder.book, builder.matrix(through)
    if pairs(book):
        return g(builder.matrix("y"), Expr("left", a), Expr("right", a))
    p = builder.matrix(LEVELS) if several(book) else book.description.loss_p
    return g(builder.matrix("y"), a, p)


def slope(builder: Builder, g: Formula, by_p: Formula | None, through: str, index: Index) -> Any:
    """A derivative by one output of one row: `g` by a prediction, `by_p` by what takes p's place."""
    half = pairs(builder.book)
    if by_p is None or not half or index[1] < half:
        return apply(builder, g, through, index)
    return apply(builder, by_p, through, (index[0], index[1] - half))


def slope_whole(builder: Builder, g: Formula, by_p: Formula | None, through: str) -> Any:
    """The derivatives over matrices."""
    predictions = apply_whole(builder, g, through)
    if by_p is None or not pairs(builder.book):
        return predictions
    return Expr("beside", predictions, apply_whole(builder, by_p, through))


def symbol_of_p(book: Ledger) -> Any:
    """p in a general statement: a letter where it is no constant."""
    if pairs(book):
        return Symbol("logvar", 0.5)
    return Symbol(LEVELS, 0.5) if several(book) else book.description.loss_p
