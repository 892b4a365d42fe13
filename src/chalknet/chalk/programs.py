"""Expressions as lists of operations: the same expression is worked out many times, from many people's numbers.

Each operation on plain numbers is one call.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chalknet.chalk.expr import FUNCTIONS, Expr, Symbol, parts, symbols_of

QUICK: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "negative": operator.neg,
    "where": lambda c, a, b: np.where(c, a, b) if isinstance(c, np.ndarray) else a if c else b,
}


class Program:
    """An expression, ready to be worked out from given numbers.

    Attributes:
        expression: as it was given.
        symbols: the symbols it is made of, by name.

    >>> x, b = Symbol("x[0]", 3.0), Symbol("b1[0]", 1.0)
    >>> program = Program(x * x + b)
    >>> program(), program({"x[0]": 2.0}), program.terms()
    (10.0, 5.0, 10.0)
    >>> program.edited({"b1[0]": 0.0}, 2.0)()
    18.0
    """

    __slots__ = ("_registers", "_steps", "expression", "factor", "symbols")

    def __init__(self, e: Any) -> None:
        self.expression, self.factor = e, 1.0
        self.symbols: dict[str, Symbol] = {}
        self._registers: list[Any] = []  # a constant, a symbol, a program, or None for what is worked out
        self._steps: list[tuple[Callable[..., Any], list[int], int]] = []
        places: dict[int, int] = {}
        for part in parts(e, places):
            if isinstance(part, Symbol):
                self.symbols.setdefault(part.name, part)
                places[id(part)] = self._new(part)
            else:
                f = QUICK.get(part.op) or FUNCTIONS.get(part.op) or getattr(np, part.op)
                args = [places[id(a)] if isinstance(a, Expr) else self._new(a) for a in part.args]
                places[id(part)] = self._new(None)
                self._steps.append((f, args, places[id(part)]))
        if not isinstance(e, Expr):
            self._new(e)

    def _new(self, value: Any) -> int:
        self._registers.append(value)
        return len(self._registers) - 1

    def edited(self, by: Mapping[str, Any], factor: float = 1.0) -> Program:
        """The same with other expressions or numbers for some symbols, times a factor."""
        other = Program(0.0)
        other.expression, other.factor, other._steps = self.expression, factor, self._steps
        other._registers = [
            _ready(by[r.name]) if isinstance(r, Symbol) and r.name in by else r for r in self._registers
        ]
        other.symbols = {name: s for name, s in self.symbols.items() if name not in by}
        for e in by.values():
            other.symbols |= symbols_of(e)
        return other

    def _run(self, given: Mapping[str, Any]) -> list[Any]:
        values = [
            given.get(r.name, r.value) if isinstance(r, Symbol) else r(given) if isinstance(r, Program) else r
            for r in self._registers
        ]
        with np.errstate(all="ignore"):
            for f, args, place in self._steps:
                values[place] = f(*[values[a] for a in args])
        return values

    def __len__(self) -> int:
        return len(self._registers)

    def array(self, given: Mapping[str, Any]) -> Any:
        """The value of an expression over whole arrays."""
        return self._run(given)[-1]

    def __call__(self, given: Mapping[str, Any] | None = None) -> float:
        """The expression's value, with the symbols of `given` taken from there and the others' own values."""
        return self.factor * float(self._run(given or {})[-1])

    def terms(self, given: Mapping[str, Any] | None = None) -> float:
        """The largest number, without its sign, that is met on the way: what cancels is as large as this."""
        sizes = [float(np.max(np.abs(v))) for v in self._run(given or {})]
        return max((s for s in sizes if np.isfinite(s)), default=0.0)


def _ready(e: Any) -> Any:
    return Program(e) if isinstance(e, Expr) and not isinstance(e, Symbol) else e
