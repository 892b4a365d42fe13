"""From a formula to compiled code: the same function object, for one number, in the data's dtype.

A formula of `maths` is a plain function over NumPy ufuncs and `maths.ops`. Lowering copies it with its float
constants retyped (a float64 constant would drag float32 arithmetic up to float64, at a third of the speed), lowers the
formulas it calls in the same way, and compiles the copy. No second text of any formula exists.
"""

from __future__ import annotations

import dis
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import lower_builtin, overload, type_callable

from chalknet.engines.fused import fast
from chalknet.maths import ops

# Reassociation and reciprocals are left out: a formula's careful form would lose its care.
FLAGS = {"contract", "nsz"}
# Only called from compiled code: the wrappers for Python would take longer to compile than the formula.
INNER: dict[str, Any] = {
    "error_model": "numpy",
    "nogil": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
DTYPES = {types.float32: np.float32, types.float64: np.float64}


@type_callable(ops.where)
def _type_where(context):
    def typer(condition, a, b):
        unified = context.unify_types(a, b)
        return None if unified is None else unified(types.boolean, unified, unified)

    return typer


@lower_builtin(ops.where, types.boolean, types.Any, types.Any)
def _where(context, builder, signature, args):  # np.where costs a thousand times more on scalars
    return builder.select(*args)


def globals_of(f: FunctionType) -> dict[str, Any]:
    """The module-level objects that a function reads, by name (attributes such as np.exp's name are not among them)."""
    names = {i.argval for i in dis.get_instructions(f) if i.opname == "LOAD_GLOBAL"}
    return {n: f.__globals__[n] for n in names if n in f.__globals__}


def _is_formula(g: Any) -> bool:
    inside = getattr(g, "__module__", "").startswith((ops.__package__, fast.__name__))
    return isinstance(g, FunctionType) and inside and g.__module__ != ops.__name__


@cache
def _numpy(dtype: Any) -> ModuleType:
    """NumPy as formulas see it, with the functions of `fast` in the place of its own."""
    module = ModuleType("numpy")
    module.__dict__.update(vars(np) | {name: scalar(f, dtype) for name, f in fast.FAST[dtype].items()})
    return module


@cache
def scalar(f: FunctionType, dtype: Any) -> Any:
    """Compile a formula for one number of `dtype` (np.float32 or np.float64)."""
    used = globals_of(f)
    own: dict[str, Any] = {n: scalar(g, dtype) for n, g in used.items() if _is_formula(g)}
    own |= {n: dtype(g) for n, g in used.items() if type(g) is float}
    if used.get("np") is np and not f.__module__.startswith(fast.__name__):
        own["np"] = _numpy(dtype)
    constants = tuple(dtype(c) if type(c) is float else c for c in f.__code__.co_consts)
    copy = FunctionType(f.__code__.replace(co_consts=constants), {**f.__globals__, **own}, f.__name__)
    return njit(copy, fastmath=FLAGS, forceinline=True, **INNER)


def _picks(name: str, arguments: int) -> Any:
    """The overload that picks one of `fast`'s functions by dtype."""

    def one(x):
        f = scalar(fast.FAST[DTYPES[x]][name], DTYPES[x])
        return lambda x: f(x)

    def two(x, y):
        f = scalar(fast.FAST[DTYPES[x]][name], DTYPES[x])
        return lambda x, y: f(x, y)

    return two if arguments == 2 else one


for _function, _count in ((ops.erf, 1), (ops.erfc, 1), (ops.xlogy, 2), (fast.exp, 1), (fast.log1p, 1)):
    overload(_function)(_picks(_function.__name__, _count))


@cache
def compiled(f: FunctionType) -> Any:
    """Compile a plain function of the package as it stands, together with the plain functions it calls."""
    used = globals_of(f)
    own = {
        n: compiled(g)
        for n, g in used.items()
        if isinstance(g, FunctionType) and g.__module__ == f.__module__
    }
    copy = FunctionType(f.__code__, {**f.__globals__, **own}, f.__name__)
    return njit(copy, **INNER)
