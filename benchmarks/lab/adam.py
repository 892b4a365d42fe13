"""Adam's step over a flat vector of weights: NumPy's passes, the textbook's loop, the package's split form.

Reference: NumPy in float64. The textbook's loop raises beta to the power t for each weight; the package does it once
a step (`scales`), and each weight then costs its 28 bytes of traffic and a square root.
"""

from __future__ import annotations

import ctypes
from functools import partial

from harness import best, check, show  # sets one thread, so it comes first

import numpy as np  # isort: skip
from numba import njit

from chalknet.engines.fused import lowlevel, steps
from chalknet.maths import optimizers

RATE, B1, B2, EPS, T = 1e-3, 0.9, 0.999, 1e-8, 10
SIZES = {"W2, 2 402 weights": 2_402, "W3 small, 109 000": 109_386, "W3 large, 670 000": 669_706}


@njit(error_model="numpy")
def textbook(w: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray) -> None:
    """As a book has it."""
    for i in range(w.size):
        m[i] = B1 * m[i] + (1 - B1) * g[i]
        v[i] = B2 * v[i] + (1 - B2) * g[i] * g[i]
        rate = RATE * np.sqrt(1 - B2 ** np.float64(T)) / (1 - B1 ** np.float64(T))
        w[i] -= rate * m[i] / (np.sqrt(v[i]) + EPS)


def passes(w: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray) -> None:
    """By NumPy."""
    m *= B1
    m += (1 - B1) * g
    v *= B2
    v += (1 - B2) * g * g
    w -= RATE * float(np.sqrt(1 - B2**T) / (1 - B1**T)) * m / (np.sqrt(v) + EPS)


def main() -> None:
    """Check and time the versions, in float32 and float64."""
    for dtype in ("float32", "float64"):
        number, rows = np.dtype(dtype), []
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5, ctypes.c_int64, ctypes.c_void_p)
        step = kind(steps.address_of("update", "adam", dtype))
        constants = np.zeros(8, dtype)
        scales = optimizers.get("adam").scales(RATE, float(T), (B1, B2, EPS))
        constants[: len(scales)] = scales
        for name, n in SIZES.items():
            rng = np.random.default_rng(0)
            start = [rng.standard_normal(n).astype(dtype), rng.standard_normal(n).astype(dtype) * 0.1]
            start += [np.zeros(n, dtype), np.full(n, 0.01, dtype)]
            exact = [x.astype(np.float64) for x in start]
            passes(*exact)
            cells = [name]
            for version in ("NumPy", "textbook", "chalknet"):
                w, g, m, v = arrays = [x.copy() for x in start]
                at = [lowlevel.pointer(x) for x in (*arrays, v, constants)]
                call = {
                    "NumPy": partial(passes, w, g, m, v),
                    "textbook": partial(textbook, w, g, m, v),
                    "chalknet": partial(step, *at[:5], n, at[5]),
                }[version]
                call()
                check(f"{version} {dtype}", float(np.abs(w - exact[0]).max()), 8 * np.finfo(dtype).eps)
                seconds = best(call)
                cells += [f"{seconds / n * 1e9:.2f}"]
            cells.append(f"{7 * number.itemsize * n / seconds / 1e9:.0f}")
            rows.append(cells)
        show(f"Adam in {dtype}, ns a weight", ["", "NumPy", "textbook", "chalknet", "its GB/s"], rows)


if __name__ == "__main__":
    main()
