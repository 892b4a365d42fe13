"""Matrix product C = A B + bias at the sizes of the benchmark's works: BLAS, a plain compiled loop, the tile.

Reference: NumPy in float64. Plain loops in Numba are vectorised along a row of B, but keep no sums in registers:
each sum is written to memory and read again for every k. The tile (`engines/fused/tile.py`) keeps 8 x 2 vectors, or
6 x 2 where there are but 16 registers. Arrays lie as in a run: on cache lines, in strides that do not clash.
"""

from __future__ import annotations

from functools import partial

from harness import best, check, show  # sets one thread, so it comes first

import numpy as np  # isort: skip
from numba import njit

from chalknet.bench.peak import gflops
from chalknet.engines.fused import gemm, lowlevel, steps
from chalknet.engines.fused.sizes import aligned, padded

SIZES = {  # name -> rows, k, n
    "W2 forward": (200, 20, 100),
    "W2 output": (200, 100, 2),
    "W3 small": (128, 784, 128),
    "W3 large": (128, 512, 512),
    "W6": (10_000, 32, 16),
    "square": (512, 512, 512),
}


@njit(fastmath={"contract"})
def plain(a: np.ndarray, b: np.ndarray, bias: np.ndarray, c: np.ndarray) -> None:
    """The loop one writes: rows, then k, then a row of B."""
    for i in range(a.shape[0]):
        c[i] = bias
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


def blas(a: np.ndarray, b: np.ndarray, bias: np.ndarray, c: np.ndarray) -> None:
    """NumPy's, and a pass for the bias."""
    np.matmul(a, b, out=c)
    np.add(c, bias, out=c)


def placed(values: np.ndarray) -> np.ndarray:
    """The same numbers where a run would have them; a view of them."""
    stride = padded(values.shape[-1], values.dtype)
    rows = aligned(values[..., 0].size * stride, values.dtype).reshape(*values.shape[:-1], stride)
    rows[..., : values.shape[-1]] = values
    return rows[..., : values.shape[-1]]


def main() -> None:
    """Check and time the versions in both dtypes."""
    for dtype in ("float32", "float64"):
        peak, rows = gflops(dtype) or np.nan, []
        tile = steps.entry(gemm.product, dtype, gemm.product_type)
        for name, (m, k, n) in SIZES.items():
            rng = np.random.default_rng(0)
            a, b, c, bias = (
                placed(rng.standard_normal(s).astype(dtype)) for s in ((m, k), (k, n), (m, n), (n,))
            )
            along, row = (x.strides[0] // x.itemsize for x in (a, b))
            at = [lowlevel.pointer(x) for x in (a, b, c, bias)]
            exact = a.astype(np.float64) @ b.astype(np.float64) + bias
            cells = [f"{name} {m}x{k}x{n}"]
            for version in (
                partial(blas, a, b, bias, c),
                partial(plain, a, b, bias, c),
                partial(tile, at[0], along, 1, at[1], row, at[2], row, at[3], 0, m, n, k),
            ):
                c[:] = 0
                version()
                allowed = 2 * k * np.finfo(dtype).eps
                check(name, float(np.abs(c - exact).max() / np.abs(exact).max()), allowed)
                rate = 2 * m * n * k / best(version) / 1e9
                cells += [f"{rate:.1f}", f"{rate / peak:.0%}"]
            rows.append(cells)
        header = ["rows x k x n", "BLAS", "of peak", "plain loop", "of peak", "chalknet", "of peak"]
        show(f"Products in {dtype}, GF/s (peak {peak:.0f})", header, rows)


if __name__ == "__main__":
    main()
