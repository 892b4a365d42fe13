"""Expressions over symbols: what a formula of `maths` becomes when it is called with names instead of numbers.

NumPy's own protocols are the intermediate form: a ufunc called on an `Expr` gives an `Expr`. From one expression LaTeX,
worked arithmetic, code and a recomputation from other numbers are read, so no formula is ever written twice.

Symbols carry their present value, so a comparison can be decided where a formula needs to know (the largest of a row).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from scipy import special

REDUCTIONS = {("sum", 1): "across", ("sum", 0): "total", ("max", 1): "top"}  # of whole matrices
METHODS = ("exp", "log", "log1p", "expm1", "tanh", "sqrt", "sin", "cos", "floor", "sign")


class Expr(NDArrayOperatorsMixin):
    """An operation and what it is applied to: expressions or numbers.

    >>> x = Symbol("x[0]", 3.0)
    >>> e = np.exp(2.0 * x)
    >>> e.op, e.args[0].op, evaluate(x * x + 1.0)
    ('exp', 'multiply', 10.0)
    """

    __slots__ = ("args", "op")

    def __init__(self, op: str, *args: Any) -> None:
        self.op, self.args = op, args

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return NotImplemented
        if any(isinstance(a, np.ndarray) and a.ndim for a in args):
            # arrays of expressions go element by element
            return ufunc(*(a if isinstance(a, np.ndarray) else np.array(a, object) for a in args))
        return Expr(
            ufunc.__name__, *(a.item() if isinstance(a, (np.ndarray, np.generic)) else a for a in args)
        )

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if not kwargs:
            return Expr(func.__name__, *args)
        over = REDUCTIONS.get((func.__name__, kwargs.get("axis")))
        return NotImplemented if over is None else Expr(over, *args)

    def __bool__(self) -> bool:
        return bool(evaluate(self))

    def __hash__(self) -> int:
        return id(self)

    def __getattr__(self, name: str) -> Any:
        # np.exp of an array of objects calls each object's own exp
        if name in METHODS:
            return lambda: Expr(name, self)
        raise AttributeError(name)


class Symbol(Expr):
    """A name with its present value: a number, or an array for a whole matrix."""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: Any) -> None:
        super().__init__("symbol")
        self.name, self.value = name, value


FUNCTIONS: dict[str, Any] = {
    "erf": special.erf,
    "erfc": special.erfc,
    "xlogy": special.xlogy,
    "transpose": np.transpose,
    "total": lambda a: np.sum(a, axis=0, keepdims=True),  # over the rows
    "all": np.sum,  # over everything
    "across": lambda a: np.sum(a, axis=1, keepdims=True),  # over the outputs
    "top": lambda a: np.max(a, axis=1, keepdims=True),
    "norm": lambda *a: np.sqrt(sum(np.sum(np.square(v)) for v in a)),
}


def evaluate(e: Any, given: Mapping[str, Any] | None = None, memo: dict[int, Any] | None = None) -> Any:
    """The expression's value, with the symbols of `given` taken from there and the others' own values."""
    if not isinstance(e, Expr):
        return e
    if isinstance(e, Symbol):
        return e.value if given is None else given.get(e.name, e.value)
    memo = {} if memo is None else memo
    if id(e) not in memo:
        f = FUNCTIONS.get(e.op) or getattr(np, e.op)
        with np.errstate(all="ignore"):
            memo[id(e)] = f(*(evaluate(a, given, memo) for a in e.args))
    value = memo[id(e)]
    return value.item() if isinstance(value, np.generic) else value


def symbols_of(e: Any, seen: dict[str, Symbol] | None = None) -> dict[str, Symbol]:
    """The symbols of an expression by name, in the order of their first use."""
    seen = {} if seen is None else seen
    if isinstance(e, Symbol):
        seen.setdefault(e.name, e)
    elif isinstance(e, Expr):
        for a in e.args:
            symbols_of(a, seen)
    return seen


def replace(e: Any, by: Mapping[int, Any]) -> Any:
    """The expression with the sub-expressions whose `id` stands in `by` replaced."""
    if id(e) in by:
        return by[id(e)]
    if not isinstance(e, Expr) or isinstance(e, Symbol):
        return e
    args = tuple(replace(a, by) for a in e.args)
    return e if all(a is b for a, b in zip(args, e.args, strict=True)) else Expr(e.op, *args)


def add_up(terms: list[Any]) -> Any:
    """The sum of expressions, from the left."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


__all__ = ["Expr", "Symbol", "add_up", "evaluate", "replace", "symbols_of"]
