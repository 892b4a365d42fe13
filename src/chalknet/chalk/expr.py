"""Expressions over symbols: what a formula of `maths` becomes when it is called with names instead of numbers.

NumPy's own protocols are the intermediate form: a ufunc called on an `Expr` gives an `Expr`. From one expression LaTeX,
worked arithmetic, code and a recomputation from other numbers are read, so no formula is ever written twice.

Symbols carry their present value, so a comparison can be decided where a formula needs to know (the largest of a row).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from scipy import special

REDUCTIONS = {("sum", 1): "across", ("sum", 0): "total", ("max", 1): "top"}  # of whole matrices
TINY = 1e-30  # the largest guard against a division by 0 in the formulas
LEAST = -60.0  # the guard of a logarithm
UNSETTLED = ("where", "xlogy", "sign", "floor", "erfc")  # which plain arithmetic has no word for
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
    "left": lambda a: a[:, : a.shape[1] // 2],  # of the columns: predictions,
    "right": lambda a: a[:, a.shape[1] // 2 :],  # and what stands beside them
    "beside": lambda a, b: np.concatenate(np.broadcast_arrays(a, b), axis=1),
    "norm": lambda *a: np.sqrt(sum(np.sum(np.square(v)) for v in a)),
}


def parts(e: Any, done: Container[int] = ()) -> Iterator[Expr]:
    """The expression's sub-expressions and itself, each after its own arguments; what stands in `done` is passed over.

    None comes twice. No recursion: sums can be thousands long.
    """
    seen: set[int] = set()
    stack = [e] if isinstance(e, Expr) else []
    while stack:
        waiting = [
            a
            for a in reversed(stack[-1].args)
            if isinstance(a, Expr) and not (id(a) in seen or id(a) in done)
        ]
        if waiting and id(stack[-1]) not in seen:
            stack += waiting
            continue
        top = stack.pop()
        if not (id(top) in seen or id(top) in done):
            seen.add(id(top))
            yield top


def evaluate(e: Any, given: Mapping[str, Any] | None = None, memo: dict[int, Any] | None = None) -> Any:
    """The expression's value, with the symbols of `given` taken from there and the others' own values."""
    if not isinstance(e, Expr):
        return e
    memo = {} if memo is None else memo
    with np.errstate(all="ignore"):
        for part in parts(e, memo):
            if isinstance(part, Symbol):
                memo[id(part)] = part.value if given is None else given.get(part.name, part.value)
            else:
                f = FUNCTIONS.get(part.op) or getattr(np, part.op)
                memo[id(part)] = f(*(memo[id(a)] if isinstance(a, Expr) else a for a in part.args))
    value = memo[id(e)]
    return value.item() if isinstance(value, np.generic) else value


def symbols_of(e: Any) -> dict[str, Symbol]:
    """The symbols of an expression by name, in the order of their first use."""
    done: set[int] = set()
    out: dict[str, Symbol] = {}
    for part in parts(e, done):
        done.add(id(part))
        if isinstance(part, Symbol):
            out.setdefault(part.name, part)
    return out


def replace(e: Any, by: Mapping[int, Any]) -> Any:
    """The expression with the sub-expressions whose `id` stands in `by` replaced."""
    done = dict(by)
    for part in parts(e, done):
        done[id(part)] = rebuilt(part, done)
    return done.get(id(e), e) if isinstance(e, Expr) else e


def rebuilt(part: Expr, done: Mapping[int, Any]) -> Expr:
    """The same operation on what its arguments have become."""
    if isinstance(part, Symbol):
        return part
    args = tuple(done[id(a)] if isinstance(a, Expr) else a for a in part.args)
    return part if all(a is b for a, b in zip(args, part.args, strict=True)) else Expr(part.op, *args)


def settle(e: Any) -> Any:
    """The expression as worked arithmetic has it: conditions decided by the present values, erfc written as 1 - erf."""
    if not any(part.op in UNSETTLED for part in parts(e)):
        return e
    done: dict[int, Any] = {}
    for part in parts(e, done):
        done[id(part)] = settled(part, rebuilt(part, done))
    return done[id(e)] if isinstance(e, Expr) else e


def settled(part: Expr, new: Expr) -> Any:
    """One operation decided; `new` is `part` with its arguments settled."""
    if part.op == "where":
        return new.args[1] if evaluate(part.args[0]) else new.args[2]
    if part.op == "xlogy":
        x, y = new.args
        return 0.0 if evaluate(x) == 0 else Expr("multiply", x, Expr("log", y))
    if part.op in ("sign", "floor"):
        return float(evaluate(part))
    if part.op == "erfc":
        return Expr("subtract", 1.0, Expr("erf", *new.args))
    return new


def unguarded(e: Any) -> Any:
    """The expression without the tiny numbers that keep a safe form from dividing by 0: what a textbook would write."""
    done: dict[int, Any] = {}
    for part in parts(e, done):
        new = rebuilt(part, done)
        done[id(part)] = unguarded_once(new)
    return simplified(done[id(e)]) if isinstance(e, Expr) else e


def unguarded_once(e: Expr) -> Any:
    """The same of an operation whose arguments are without guards."""
    if e.op == "maximum" and isinstance(e.args[1], float):
        return e.args[0] if 0.0 < e.args[1] <= TINY or e.args[1] == LEAST else e
    held = e.op == "where" and getattr(e.args[0], "op", "") == "greater" and e.args[0].args[1] == LEAST
    return e.args[1] if held else e


def simplified(e: Any) -> Any:
    """The expression without products by 0, sums with 0 and factors of 1; constants that give 0 or 1 are worked out."""
    done: dict[int, Any] = {}
    for part in parts(e, done):
        done[id(part)] = simpler(rebuilt(part, done))
    return done[id(e)] if isinstance(e, Expr) else e


def simpler(e: Expr) -> Any:
    """One operation simplified; its arguments are simple already."""
    if isinstance(e, Symbol):
        return e
    if not any(isinstance(a, Expr) for a in e.args):
        value = evaluate(e)
        return value if value in (0.0, 1.0) else e
    left, right = (e.args[0], e.args[-1]) if len(e.args) == 2 else (None, None)
    zero = [not isinstance(a, Expr) and a == 0.0 for a in (left, right)]
    one = [not isinstance(a, Expr) and a == 1.0 for a in (left, right)]
    if e.op == "power" and one[1]:
        return left
    if e.op == "multiply" and (any(zero) or any(one)):
        return 0.0 if any(zero) else right if one[0] else left
    if e.op in ("add", "subtract") and zero[1]:
        return left
    return right if e.op == "add" and zero[0] else e


def add_up(terms: list[Any]) -> Any:
    """The sum of expressions, from the left."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


__all__ = [
    "Expr",
    "Symbol",
    "add_up",
    "evaluate",
    "replace",
    "settle",
    "simplified",
    "symbols_of",
    "unguarded",
]
