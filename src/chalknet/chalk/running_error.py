"""How far rounding can move the value of a formula: the sum of what each of its operations is off by, carried on.

An operation gives its result to half a unit in the last place; what its arguments are off by already, its derivative
carries on. In units of that half:

    e(u ± v) = e(u) + e(v) + |u ± v|        e(u v) = |v| e(u) + |u| e(v) + |u v|        e(f(u)) = |f'(u)| e(u) + |f(u)|

Source: J. H. Wilkinson, *Rounding Errors in Algebraic Processes* (1963), running error analysis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chalknet.chalk.expr import FUNCTIONS, Expr, Symbol, parts

# |f'| of a function of one argument, from the argument and the result
SLOPES: dict[str, Callable[[Any, Any], Any]] = {
    "negative": lambda u, f: 1.0,
    "absolute": lambda u, f: 1.0,
    "exp": lambda u, f: f,
    "expm1": lambda u, f: f + 1.0,
    "log": lambda u, f: 1.0 / u,
    "log1p": lambda u, f: 1.0 / (1.0 + u),
    "sqrt": lambda u, f: 0.5 / f,
    "tanh": lambda u, f: 1.0 - f * f,
    "sin": lambda u, f: np.cos(u),
    "cos": lambda u, f: np.sin(u),
    "erf": lambda u, f: 1.2,
    "erfc": lambda u, f: 1.2,
}
EXACT = (
    "negative",
    "absolute",
    "maximum",
    "minimum",
    "where",
    "top",
    "sign",
    "floor",
    "left",
    "right",
    "beside",
)  # which round nothing


def running_error(e: Any) -> Any:
    """The bound on a formula's rounding, of its value's shape, in halves of the last place at 1; the symbols are exact.

    >>> y, a = Symbol("y", 1.0), Symbol("a", 1.0 + 2.0**-20)
    >>> float(running_error((a - y) * (a - y)) < 1e-5), float(running_error(a * a - y * y) > 2.0)
    (1.0, 1.0)
    """
    if not isinstance(e, Expr):
        return 0.0
    values: dict[int, Any] = {}
    errors: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for part in parts(e):
            if isinstance(part, Symbol):
                values[id(part)], errors[id(part)] = np.asarray(part.value, float), 0.0
                continue
            args = [values[id(a)] if isinstance(a, Expr) else np.float64(a) for a in part.args]
            before = [errors[id(a)] if isinstance(a, Expr) else 0.0 for a in part.args]
            value = (FUNCTIONS.get(part.op) or getattr(np, part.op))(*args)
            values[id(part)] = value
            error = carried(part.op, args, before, value)
            if part.op not in EXACT and not np.issubdtype(np.asarray(value).dtype, np.bool_):
                error = error + np.abs(value)
            errors[id(part)] = np.where(np.isfinite(error), error, 0.0)
    return errors[id(e)]


def carried(op: str, u: list[Any], e: list[Any], value: Any) -> Any:
    """What an operation's arguments are off by, in its result."""
    if op in SLOPES:
        return np.abs(SLOPES[op](u[0], value)) * e[0]
    if op == "multiply":
        return np.abs(u[1]) * e[0] + np.abs(u[0]) * e[1]
    if op == "divide":
        return (e[0] + np.abs(value) * e[1]) / np.abs(u[1])
    if op == "power":  # the exponents are constants
        return np.abs(value * u[1] / u[0]) * e[0]
    if op == "xlogy":
        return np.where(u[0] == 0.0, 0.0, np.abs(np.log(u[1])) * e[0] + np.abs(u[0] / u[1]) * e[1])
    if op == "where":
        return np.where(u[0], e[1], e[2])
    if op in ("maximum", "minimum"):
        return np.where(value == u[0], e[0], e[1])
    if op in ("left", "right", "beside"):
        return FUNCTIONS[op](*(np.broadcast_to(a, np.shape(b)) for a, b in zip(e, u, strict=True)))
    if op in ("across", "top"):
        whole = np.broadcast_to(e[0], np.shape(u[0]))
        return FUNCTIONS[op](whole)
    return e[0] + e[1] if len(e) == 2 else 0.0  # sums and differences; comparisons are decided
