"""Formulas as function pointers: each loop compiled alone, once a dtype, and kept on disk.

The kernels take the addresses as numbers and so hold no formula: a new activation costs them no compilation. A step
closes over strings only (the formula's name and the digest of the sources), which is what makes the disk cache sound.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import carray, cfunc, types

from chalknet.engines.fused import loops, lowlevel
from chalknet.engines.fused.fingerprint import FORMULAS

# Sums may be reordered so that they vectorise; formulas keep the flags of `lowering`.
OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "reassoc"}}
I, F = types.int64, types.float64


def _activate(name, T, fingerprint):
    ptr = types.CPointer(T)

    @cfunc(types.void(ptr, ptr, I, I, I, T), **OPTIONS)
    def step(z, a, m, n, ld, p):
        fingerprint  # noqa: B018  in the closure, so in the cache's key
        loops.activate(name, carray(z, m * ld), carray(a, m * ld), m, n, ld, p)

    return step


def _derive(name, T, fingerprint):
    ptr = types.CPointer(T)

    @cfunc(types.void(ptr, ptr, ptr, I, I, I, T), **OPTIONS)
    def step(z, a, d, m, n, ld, p):
        fingerprint  # noqa: B018
        loops.derive(name, carray(z, m * ld), carray(a, m * ld), carray(d, m * ld), m, n, ld, p)

    return step


def _measure(name, T, fingerprint):
    ptr = types.CPointer(T)

    @cfunc(F(ptr, ptr, ptr, ptr, I, I, I, T, T), **OPTIONS)
    def step(y, a, d, w, m, n, ld, p, scale):
        fingerprint  # noqa: B018
        size = m * ld
        return loops.measure(
            name, carray(y, size), carray(a, size), carray(d, size), carray(w, m), m, n, ld, p, scale
        )

    return step


def _prepare(name, T, fingerprint):
    @cfunc(types.void(F, F, types.CPointer(F), types.CPointer(T)), **OPTIONS)
    def step(rate, t, h, c):
        fingerprint  # noqa: B018
        loops.prepare(name, rate, t, carray(h, 8), carray(c, 8))

    return step


def _update(name, T, fingerprint):
    ptr = types.CPointer(T)

    @cfunc(types.void(ptr, ptr, ptr, ptr, ptr, I, ptr), **OPTIONS)
    def step(w, g, s0, s1, s2, n, c):
        fingerprint  # noqa: B018
        loops.update(name, carray(w, n), carray(g, n), carray(s0, n), carray(s1, n), carray(s2, n), n, carray(c, 8))

    return step


def _pace(name, T, fingerprint):
    @cfunc(F(F, types.CPointer(F), types.CPointer(F)), **OPTIONS)
    def step(rate, clock, h):
        fingerprint  # noqa: B018
        return loops.pace(name, rate, carray(clock, 4), carray(h, 8))

    return step


MAKERS = {
    "activate": _activate,
    "derive": _derive,
    "measure": _measure,
    "prepare": _prepare,
    "update": _update,
    "pace": _pace,
}
_KEPT: list[Any] = []  # a step's code lives as long as its object


@cache
def address_of(kind: str, name: str, dtype: str) -> int:
    """The address of a compiled step (un-jitted: the number of its Python function)."""
    if not lowlevel.JIT:
        number = len(lowlevel.STEPS) + 1
        body = getattr(loops, kind)
        lowlevel.STEPS[number] = lambda *args: body(name, *args)
        return number
    step = MAKERS[kind](name, {"float32": types.float32, "float64": types.float64}[dtype], FORMULAS)
    _KEPT.append(step)
    return step.address


def vector_length(dtype: Any, vector_bytes: int) -> int:
    """How many numbers of a dtype a vector register holds."""
    return vector_bytes // np.dtype(dtype).itemsize
