"""exp and tanh: NumPy's, the C library's as Numba calls it, and the package's forms that vectorise.

Reference: NumPy in extended precision (float64 for float32), errors in units of the last place.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from functools import partial

from harness import best, check, show  # sets one thread, so it comes first

import numpy as np  # isort: skip
from numba import njit

from chalknet.engines.fused import lowlevel, steps

N = 4096
ALLOWED = 4.0  # units in the last place


@njit
def library_tanh(x: np.ndarray, out: np.ndarray) -> None:
    """The C library's, one number at a time."""
    for i in range(x.size):
        out[i] = math.tanh(x[i])


@njit
def library_silu(x: np.ndarray, out: np.ndarray) -> None:
    """With the C library's exponential."""
    for i in range(x.size):
        out[i] = x[i] / (1.0 + math.exp(-x[i]))


def silu(x: np.ndarray, out: np.ndarray) -> None:
    """By NumPy, in as many passes as it has operations."""
    np.exp(-x, out=out)
    np.add(out, 1.0, out=out)
    np.divide(x, out, out=out)


def compiled(name: str, dtype: str) -> Callable[..., None]:
    """An activation's loop as the kernels call it."""
    number = {"float32": ctypes.c_float, "float64": ctypes.c_double}[dtype]
    pointer, whole = ctypes.c_void_p, ctypes.c_int64
    made = ctypes.CFUNCTYPE(None, pointer, pointer, whole, whole, whole, number)
    return made(steps.address_of("activate", name, dtype))


def main() -> None:
    """Check and time both, in both dtypes."""
    for dtype in ("float32", "float64"):
        x = np.linspace(-8, 8, N).astype(dtype)
        out = np.empty_like(x)
        wide = x.astype(np.float64 if dtype == "float32" else np.longdouble)
        exact = {"tanh": np.tanh(wide), "silu": wide / (1 + np.exp(-wide))}
        rows = []
        for name, plain, library in (("tanh", np.tanh, library_tanh), ("silu", silu, library_silu)):
            step = compiled(name, dtype)
            versions = {
                "NumPy": partial(plain, x, out=out),
                "C library": partial(library, x, out),
                "chalknet": partial(step, lowlevel.pointer(x), lowlevel.pointer(out), 1, N, N, 0.0),
            }
            for version, call in versions.items():
                call()
                ulp = np.spacing(np.maximum(np.abs(exact[name]), 1e-30).astype(dtype))
                error = float(np.max(np.abs(out - exact[name]) / ulp))
                if version == "chalknet":
                    check(f"{name} {dtype}", error, ALLOWED)
                rows.append([f"{name}, {version}", f"{best(call) / N * 1e9:.2f}", f"{error:.1f}"])
        show(f"{dtype}, {N} numbers from -8 to 8", ["", "ns each", "ulp at most"], rows)


if __name__ == "__main__":
    main()
