"""From the ledger's numbers to steps: every array of a trace with the expression behind each of its entries.

A *group* is one array under one name (all z of a layer, all new weights, …). It knows the expression of each entry,
from which node style is printed, and one expression over whole matrices, from which matrix style and code are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from chalknet.chalk import names, normalized
from chalknet.chalk.expr import Expr, Symbol, add_up, evaluate, simplified, symbols_of
from chalknet.chalk.ledger import Ledger
from chalknet.chalk.numbers import SAFE
from chalknet.engines import base

Index = tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """One array of the calculation.

    `forms` are the ways to write an entry, the textbook's first; the first that is true at the printed precision is
    shown. `whole` is the array's expression over matrices. `part` names the chapter, `primes` counts updates before it.
    """

    name: str
    value: np.ndarray
    part: str
    title: str
    forms: tuple[Callable[[Index], Any], ...] = ()
    whole: Any = None
    source: str = ""
    note: str = ""
    primes: int = 0

    def indices(self) -> Iterator[Index]:
        """The places of all entries, in reading order; () for a single number."""
        return iter(np.ndindex(self.value.shape)) if self.value.ndim else iter([()])

    def place(self, index: Index) -> Index:
        """The place as it stands in the symbol: a lone row is not counted, nor is a lone column (see `column`)."""
        if self.column:
            return index[:1]
        return index[1:] if self.value.ndim == 2 and self.lone else index

    @property
    def lone(self) -> bool:
        """True for arrays of one row whose row is not part of the name."""
        return self.value.shape[0] == 1 and not self.name.lstrip("dL/").lstrip("mvu").startswith(("W", "V"))

    @property
    def column(self) -> bool:
        """True for one number a row: the row's weight, the row's loss, its moments."""
        letter = names.parse(self.name).letter
        return letter in ("s", "l") or (letter in ("mu", "var") and self.value.shape[1:] == (1,))

    def symbol(self, index: Index) -> str:
        """The entry's symbol."""
        return names.name(self.name, self.place(index))


class Builder:
    """What the chapters of a calculation are written into: groups in order, and symbols by name."""

    def __init__(self, book: Ledger, *, jacobian: bool = False) -> None:
        self.book, self.jacobian = book, jacobian
        self.groups: list[Group] = []
        self.values: dict[str, np.ndarray] = {}
        self.entries = cache(self._entries)
        self.matrix = cache(self._matrix)
        self.given: list[Group] = []
        for name, value, title in self._given():
            self.give(name, value, title)

    def _entries(self, name: str) -> np.ndarray:
        """The symbols of all entries of an array, in its shape."""
        value = self.values[name]
        group = Group(name, value, "", "")
        out = np.empty(value.shape, object)
        for index in np.ndindex(value.shape):
            out[index] = Symbol(group.symbol(index), float(value[index]))
        return out

    def _matrix(self, name: str) -> Symbol:
        return Symbol(name, self.values[name])

    def value(self, symbol: str) -> float:
        """The number behind a symbol. Raises KeyError or IndexError where there is none.

        A lone row is not part of the name, but may be given.
        """
        base = symbol.replace(" ", "").partition("[")[0]
        value, place = self.values[base], names.parse(symbol).place
        group = Group(base, value, "", "")
        if value.ndim == 2 and len(place) == 1 and group.column:
            place = (*place, 0)
        elif value.ndim == 2 and len(place) == 1 and group.lone:
            place = (0, *place)
        if len(place) != value.ndim:
            raise IndexError(f"{symbol}: {base} has the shape {value.shape}.")
        return float(value[place])

    def projected(self, e: Any, row: int, column: int) -> Any:
        """One entry of an expression over matrices: what a row formula says for one output of one row."""
        memo: dict[tuple[int, int, int], Any] = {}

        def entry(e: Any, i: int, j: int) -> Any:
            if not isinstance(e, Expr):
                return e
            if (id(e), i, j) not in memo:
                memo[id(e), i, j] = made(e, i, j)
            return memo[id(e), i, j]

        def made(e: Expr, i: int, j: int) -> Any:
            if isinstance(e, Symbol):
                cells = self.entries(e.name)
                return cells[i if cells.shape[0] > 1 else 0, j if cells.shape[1] > 1 else 0]
            if e.op in ("across", "top"):
                width = max(s.value.shape[1] for s in symbols_of(e).values())
                row = [entry(e.args[0], i, k) for k in range(width)]
                return add_up(row) if e.op == "across" else max(row, key=evaluate)
            if e.op == "where":
                return entry(e.args[1] if evaluate(entry(e.args[0], i, j)) else e.args[2], i, j)
            return Expr(e.op, *(entry(a, i, j) for a in e.args))

        return simplified(entry(e, row, column))

    def add(self, name: str, value: Any, part: str, title: str, *, whole: Any = None, **more: Any) -> None:
        """Append a group; its primes follow from its name.

        `whole` may be a list of expressions, the textbook's first: the first that gives the value is taken.
        """
        primes = names.parse(name).primes if "[" not in name else 0
        self.values[name] = np.asarray(value, float)
        if isinstance(whole, list):
            chosen = next((k for k, e in enumerate(whole) if agrees(e, self.values[name])), 0)
            whole = whole[chosen]
            if chosen > 0:
                more["note"] = f"{more['note']}; {SAFE}" if more.get("note") else SAFE
        self.groups.append(Group(name, self.values[name], part, title, whole=whole, primes=primes, **more))

    def give(self, name: str, value: Any, title: str) -> None:
        """Append what nobody calculates."""
        self.values[name] = np.asarray(value, float)
        self.given.append(Group(name, self.values[name], "given", title))

    def _given(self) -> Iterator[tuple[str, np.ndarray, str]]:
        """What nobody calculates: the inputs, the targets, the weights before."""
        book = self.book
        items: list[tuple[str, np.ndarray, str]] = [("x", book.X, "inputs"), ("y", book.y, "targets")]
        if book.levels is not None:
            items.append(("q", book.levels, "the quantile that each output stands for"))
        if book.weights is not None:
            items.append(("s", book.weights[:, None], "sample weights"))
        first = book.passes[0].arrays
        for stage in book.stages:
            if stage.spec.kind == base.DENSE:
                n = stage.number
                items += [
                    (f"W{n}", first[f"W{n}"], f"weights of layer {n}"),
                    (f"b{n}", first[f"b{n}"], f"biases of layer {n}"),
                ]
            elif stage.spec.kind not in (base.ACTIVATION, base.DROPOUT):
                items += normalized.given(stage, first)
        yield from items


def agrees(e: Any, value: np.ndarray) -> bool:
    """Tell whether an expression over matrices gives the value, where that is finite."""
    got = np.broadcast_to(evaluate(e), value.shape)
    return bool(np.allclose(got[np.isfinite(value)], value[np.isfinite(value)], rtol=1e-6, atol=0.0))
