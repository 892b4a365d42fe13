"""Formulas and kernels as addresses: each compiled alone, on first use, once a dtype, and kept on disk.

Kernels call formulas, and each other, through these numbers. So a new activation costs the kernels no compilation,
what a run does not use is never compiled, and nothing is compiled twice as part of different callers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from numba import types
from numba.core.ccallback import CFunc

from chalknet.engines.fused import loops, lowlevel
from chalknet.engines.fused.disk import DiskCache
from chalknet.engines.fused.fingerprint import FORMULAS, KERNELS
from chalknet.engines.fused.lowering import FLAGS
from chalknet.engines.fused.tile import VECTOR_BYTES

OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": FLAGS}
DTYPES = {"float32": types.float32, "float64": types.float64}
I, F, VOID = types.int64, types.float64, types.void
INTEGERS, FLOATS = types.CPointer(I), types.CPointer(F)


def build(function: Any, signature: Any, sources: str, label: str, flags: set[str] = FLAGS) -> Any:
    """Compile a function for a C signature, or take it from the disk."""
    made = CFunc(
        function, (signature.args, signature.return_type), locals={}, options=OPTIONS | {"fastmath": flags}
    )
    made._cache = DiskCache(function, sources, label)  # noqa: SLF001  `enable_caching` would put Numba's own here
    made.compile()
    return made


def _activate(name, T):
    def step(z, a, m, n, ld, p):
        loops.activate(name, z, a, m, n, ld, p)

    return step, VOID(types.CPointer(T), types.CPointer(T), I, I, I, T)


def _derive(name, T):
    def step(z, a, d, m, n, ld, p):
        loops.derive(name, z, a, d, m, n, ld, p)

    return step, VOID(*[types.CPointer(T)] * 3, I, I, I, T)


def _measure(name, T):
    def step(y, a, d, w, out, room, m, n, ld, p, scale):
        loops.measure(name, y, a, d, w, out, room, m, n, ld, p, scale)

    return step, VOID(*[types.CPointer(T)] * 6, I, I, I, types.CPointer(T), T)


def _prepare(name, T):
    def step(rate, t, h, c):
        loops.prepare(name, rate, t, h, c)

    return step, VOID(F, F, FLOATS, types.CPointer(T))


def _update(name, T):
    def step(w, g, s0, s1, s2, n, c):
        loops.update(name, w, g, s0, s1, s2, n, c)

    return step, VOID(*[types.CPointer(T)] * 5, I, types.CPointer(T))


def _pace(name, T):
    def step(rate, clock, h):
        return loops.pace(name, rate, clock, h)

    return step, F(F, FLOATS, FLOATS)


MAKERS: dict[str, Callable[..., Any]] = {
    "activate": _activate,
    "derive": _derive,
    "measure": _measure,
    "prepare": _prepare,
    "update": _update,
    "pace": _pace,
}
_KEPT: list[Any] = []  # compiled code lives as long as its object


def _number(function: Callable[..., Any]) -> int:
    """Un-jitted: the number under which `lowlevel.call` finds a Python function."""
    number = len(lowlevel.STEPS) + 1
    lowlevel.STEPS[number] = function
    return number


@cache
def address_of(kind: str, name: str, dtype: str) -> int:
    """The address of a formula's compiled loop (un-jitted: the number of its Python function)."""
    function, signature = MAKERS[kind](name, DTYPES[dtype])
    if not lowlevel.JIT:
        return _number(function)
    _KEPT.append(build(function, signature, FORMULAS, f"{kind} {name} {dtype}"))
    return _KEPT[-1].address


def kernel_type(T: Any) -> Any:
    """The C signature that all kernels share: kernel(net, fact, knob, buffer, index, m, k) -> float64."""
    return F(INTEGERS, INTEGERS, FLOATS, types.CPointer(T), INTEGERS, I, I)


@cache
def kernel(function: Callable[..., Any], dtype: str, signature: Callable[..., Any] = kernel_type) -> int:
    """The address of a compiled kernel; `signature` makes its C signature from the dtype."""
    if not lowlevel.JIT:
        return _number(function)
    # Sums over a batch may be reordered, so that they vectorise; formulas are not among what a kernel computes.
    flags = FLAGS | {"reassoc"}
    _KEPT.append(
        build(
            function,
            signature(DTYPES[dtype]),
            f"{KERNELS} {VECTOR_BYTES}",
            f"{function.__name__} {dtype}",
            flags,
        )
    )
    return _KEPT[-1].address


_C = {I: ctypes.c_int64, F: ctypes.c_double, VOID: None}


@cache
def entry(function: Callable[..., Any], dtype: str, signature: Callable[..., Any]) -> Callable[..., Any]:
    """The same, to be called from Python with arrays' `lowlevel.pointer` and numbers; releases the GIL."""
    if not lowlevel.JIT:
        return function
    where, kind = kernel(function, dtype, signature), signature(DTYPES[dtype])
    arguments: list[Any] = [_C.get(t, ctypes.c_void_p) for t in kind.args]
    return ctypes.CFUNCTYPE(_C[kind.return_type], *arguments)(where)
