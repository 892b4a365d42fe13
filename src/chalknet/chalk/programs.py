"""Expressions as lists of operations: the same expression is worked out many times, from many people's numbers.

Each operation on plain numbers is one call.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chalknet.chalk.expr import FUNCTIONS, Expr, Symbol, parts, rebuilt

QUICK: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "negative": operator.neg,
    "where": lambda c, a, b: a if c else b,
}


class Program:
    """An expression, ready to be worked out from given numbers.

    Attributes:
        expression: as it was given.
        symbols: the symbols it is made of, by name.

    >>> x = Symbol("x[0]", 3.0)
    >>> program = Program(x * x + 1.0)
    >>> program(), program({"x[0]": 2.0}), program.terms()
    (10.0, 5.0, 10.0)
    """

    __slots__ = ("_registers", "_steps", "expression", "symbols")

    def __init__(self, e: Any) -> None:
        self.expression = e
        self.symbols: dict[str, Symbol] = {}
        self._registers: list[Any] = []  # a constant, a symbol, or None for what is worked out
        self._steps: list[tuple[Callable[..., Any], list[int], int]] = []
        places: dict[int, int] = {}
        for part in parts(e, places):
            if not isinstance(part, Symbol):
                f = QUICK.get(part.op) or FUNCTIONS.get(part.op) or getattr(np, part.op)
                args = [places[id(a)] if isinstance(a, Expr) else self._new(a) for a in part.args]
                self._steps.append((f, args, len(self._registers)))
                places[id(part)] = self._new(None)
            else:
                self.symbols.setdefault(part.name, part)
                places[id(part)] = self._new(part)
        if not isinstance(e, Expr):
            self._new(e)

    def _new(self, value: Any) -> int:
        self._registers.append(value)
        return len(self._registers) - 1

    def _run(self, given: Mapping[str, Any]) -> list[Any]:
        values = [given.get(r.name, r.value) if isinstance(r, Symbol) else r for r in self._registers]
        with np.errstate(all="ignore"):
            for f, args, place in self._steps:
                values[place] = f(*(values[a] for a in args))
        return values

    def __call__(self, given: Mapping[str, Any] | None = None) -> float:
        """The expression's value, with the symbols of `given` taken from there and the others' own values."""
        return float(self._run(given or {})[-1])

    def terms(self, given: Mapping[str, Any] | None = None) -> float:
        """The largest number, without its sign, that is met on the way: what cancels is as large as this."""
        sizes = [float(np.max(np.abs(v))) for v in self._run(given or {})]
        return max((s for s in sizes if np.isfinite(s)), default=0.0)


def swap(e: Any, by: Mapping[str, Any]) -> Any:
    """The expression with the symbols whose names stand in `by` replaced by what stands there.

    >>> x, b = Symbol("x[0]", 3.0), Symbol("b1[0]", 1.0)
    >>> Program(swap(2.0 * x + b, {"b1[0]": 0.0}))()
    6.0
    """
    done: dict[int, Any] = {}
    for part in parts(e, done):
        done[id(part)] = by.get(part.name, part) if isinstance(part, Symbol) else rebuilt(part, done)
    return done[id(e)] if isinstance(e, Expr) else e
