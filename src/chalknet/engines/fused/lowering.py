"""From a formula to compiled code: the same function object, for one number, in the data's dtype.

A formula of `maths` is a plain function over NumPy ufuncs and `maths.ops`. Lowering copies it with its float constants
retyped (a float64 constant would drag float32 arithmetic up to float64, at a third of the speed), lowers the formulas it
calls in the same way, and compiles the copy. No second text of any formula exists.
"""

from __future__ import annotations

import math
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

from chalknet.maths import ops

# Reassociation and reciprocals are left out: a formula's careful form would lose its care.
FLAGS = {"contract", "nsz"}
DTYPES = {types.float32: np.float32, types.float64: np.float64}


@overload(ops.where, inline="always")
def _where(condition, a, b):  # np.where costs a thousand times more on scalars
    return lambda condition, a, b: a if condition else b


@overload(ops.erf)
def _erf(x):
    return lambda x: math.erf(x)


@overload(ops.xlogy)
def _xlogy(x, y):
    def xlogy(x, y):
        return x * y if x == 0.0 and np.isnan(y) else (x * 0.0 if x == 0.0 else x * np.log(y))

    return xlogy


@cache
def scalar(f: FunctionType, dtype: Any) -> Any:
    """Compile a formula for one number of `dtype` (np.float32 or np.float64)."""
    names = f.__code__.co_names
    own = {
        n: scalar(g, dtype)
        for n in names
        if isinstance(g := f.__globals__.get(n), FunctionType) and g.__module__.startswith("chalknet.maths") and g.__module__ != ops.__name__
    }
    own |= {n: dtype(g) for n in names if type(g := f.__globals__.get(n)) is float}
    constants = tuple(dtype(c) if type(c) is float else c for c in f.__code__.co_consts)
    copy = FunctionType(f.__code__.replace(co_consts=constants), {**f.__globals__, **own}, f.__name__)
    return njit(copy, error_model="numpy", fastmath=FLAGS)


@cache
def compiled(f: FunctionType) -> Any:
    """Compile a plain function of the package as it stands, together with the plain functions it calls."""
    own = {
        n: compiled(g)
        for n in f.__code__.co_names
        if isinstance(g := f.__globals__.get(n), FunctionType) and g.__module__ == f.__module__
    }
    copy = FunctionType(f.__code__, {**f.__globals__, **own}, f.__name__)
    return njit(copy, error_model="numpy", nogil=True)
