"""Where a slip may be made, and the changes of an expression that slips are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.expr import Symbol
from chalknet.chalk.groups import Group, Index
from chalknet.chalk.programs import Program
from chalknet.chalk.roles import Role
from chalknet.chalk.sheet import Sheet
from chalknet.maths import activations
from chalknet.maths.rows import ROW_ACTIVATIONS

LONG = 40  # terms


class Place(NamedTuple):
    """Where a slip may have been made: an array of the sheet and its role."""

    sheet: Sheet
    group: Group
    role: Role

    def value(self, name: str) -> np.ndarray:
        """An array's right numbers."""
        return self.sheet.groups[self.sheet.position[name]].value

    def row_of(self, name: str, row: int) -> list[Symbol]:
        """The symbols of one row of an array."""
        return [self.sheet.symbol(name, (row, k)) for k in range(self.value(name).shape[1])]

    def column_of(self, name: str, unit: int) -> list[Symbol]:
        """The symbols of one column of an array."""
        return [self.sheet.symbol(name, (k, unit)) for k in range(self.value(name).shape[0])]

    @property
    def weights(self) -> str:
        """The layer's weights in this pass."""
        return names.primed(f"W{self.role.number}", self.role.update)

    @property
    def biases(self) -> str:
        """The layer's biases in this pass."""
        return names.primed(f"b{self.role.number}", self.role.update)

    @property
    def gradient(self) -> str:
        """Where the role is an update: the gradient that it uses."""
        return f"dL/d{self.role.source}"


class Edit(NamedTuple):
    """What a slip makes of the right expression: other symbols, a factor, or another expression altogether."""

    swaps: Mapping[str, Any] = MappingProxyType({})
    factor: float = 1.0
    instead: Any = None

    def of(self, right: Program) -> Program:
        """The slipped expression."""
        return right.edited(self.swaps, self.factor) if self.instead is None else Program(self.instead)


Change = Callable[[Index], Edit]  # at a place


class Variant(NamedTuple):
    """One way to make a slip. A weak one is rarer: it counts only where no other fits."""

    change: Change
    weak: bool = False


def times(number: float) -> Change:
    """The right value times a number."""
    return lambda index: Edit(factor=number)


def instead(place: Place, name: str) -> Change:
    """The number at the same place of another array."""
    return lambda index: Edit(instead=place.sheet.symbol(name, index))


def swap(pairs: Iterable[tuple[Symbol, Any]]) -> Edit:
    """Other symbols, or numbers, for some symbols."""
    return Edit({old.name: new for old, new in pairs})


def in_gradient(place: Place, change: Callable[[Symbol], Any]) -> Change:
    """An update with its gradient changed."""

    def changed(index: Index) -> Edit:
        g = place.sheet.symbol(place.gradient, index)
        return swap([(g, change(g))])

    return changed


def scaled(terms: Callable[[Index], list[Symbol]], factor: float) -> Change:
    """Some symbols times a factor, 0 to leave them out."""
    return lambda index: swap((s, factor * s if factor else 0.0) for s in terms(index))


def read_across(i: int, j: int, shape: tuple[int, ...]) -> Index:
    """Where a matrix of this shape is read, in reading order, when [i, j] is looked for in its transpose's shape.

    >>> read_across(0, 1, (2, 2)), read_across(1, 2, (2, 3))
    ((1, 0), (1, 2))
    """
    n, m = shape
    return divmod(j * n + i, m)


def filled_across(i: int, j: int, shape: tuple[int, ...]) -> Index:
    """Where what stands at [i, j] belongs, when a matrix of this shape is filled with its transpose in reading order.

    >>> filled_across(0, 1, (2, 2)), filled_across(0, 1, (2, 3))
    ((1, 0), (1, 0))
    """
    n, m = shape
    return divmod(i * m + j, n)[::-1]


def summed(place: Place) -> Iterator[Callable[[Index], list[Symbol]]]:
    """The terms of a sum of products, one by one: the symbols that take the term out when they are 0.

    None of a sum that is too long to be worked out by hand.
    """
    role, rows = place.role, len(place.sheet.book.X)
    d = f"dL/d{role.target}"

    def at(name: str, which: Callable[[Index], Index]) -> Callable[[Index], list[Symbol]]:
        return lambda index: [place.sheet.symbol(name, which(index))]

    if role.kind in ("sum", "below"):
        n = place.value(place.weights).shape[0 if role.kind == "sum" else 1]
        name = role.source if role.kind == "sum" else d
        yield from (at(name, partial(beside, k)) for k in range(n) if n <= LONG)
    if role.kind in ("weight", "bias") and rows > 1:
        yield from (at(d, partial(above, r)) for r in range(rows) if rows <= LONG)


def beside(k: int, index: Index) -> Index:
    """The k-th number of the same row."""
    return index[0], k


def above(r: int, index: Index) -> Index:
    """The number of the same column in row r."""
    return r, index[1]


def targets(place: Place) -> Callable[[Index], list[Symbol]]:
    """The targets of a number's row; of all rows for the loss."""
    every = range(place.value("y").shape[0])
    return lambda index: [s for r in ([index[0]] if index else every) for s in place.row_of("y", r)]


def gates(role: Role) -> bool:
    """Tell whether an activation lets pass or not, as ReLU does: its derivative jumps."""
    return role.activation not in ROW_ACTIVATIONS and bool(activations.get(role.activation).kinks_at(role.p))
