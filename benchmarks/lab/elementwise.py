"""What formulas cost: nanoseconds an element of all activations and losses, f and df, as the compiled engine runs them.

    python benchmarks/lab/elementwise.py [NAME ...]

Each formula is lowered as for the engine, in a loop over a block of 8192 numbers, which stays in the cache. Printed is
the least time of several runs on one thread; float32 and float64 beside each other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from chalknet.engines.fused.lowering import FLAGS, scalar
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES

SIZE, TIMES, RUNS = 8192, 10, 40


def loop_over(formula: Callable[..., Any], dtype: Any) -> Callable[..., None]:
    """Compile `TIMES` rounds of out = formula(x, y, p) over a block; each writes, so none can be left out."""
    f = scalar(formula, dtype)

    @njit(error_model="numpy", fastmath=FLAGS)
    def three(x: np.ndarray, y: np.ndarray, p: float, out: np.ndarray) -> None:
        for _ in range(TIMES):
            for i in range(x.size):
                out[i] = f(x[i], y[i], p)

    @njit(error_model="numpy", fastmath=FLAGS)
    def two(x: np.ndarray, y: np.ndarray, p: float, out: np.ndarray) -> None:
        for _ in range(TIMES):
            for i in range(x.size):
                out[i] = f(x[i], p)

    return two if formula.__code__.co_argcount == 2 else three


def cost(formula: Callable[..., Any], dtype: Any, x: np.ndarray, y: np.ndarray, p: float) -> float:
    """Nanoseconds an element."""
    run, out = loop_over(formula, dtype), np.empty(SIZE, dtype)
    x, y, p = x.astype(dtype), y.astype(dtype), dtype(p)
    run(x, y, p, out)
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run(x, y, p, out)
        times.append(time.perf_counter() - start)
    return min(times) / (SIZE * TIMES) * 1e9


def main(names: list[str]) -> None:
    """Print the table, of the named rows or of all."""
    rng = np.random.default_rng(0)
    print(f"{'ns/element':34}{'float32 f':>10}{'df':>8}{'float64 f':>12}{'df':>8}")
    z, share, hit = rng.normal(size=SIZE), rng.uniform(0.05, 0.95, SIZE), rng.uniform(size=SIZE).round()
    rows = [(row, z, row.f(z, row.p)) for row in ACTIVATIONS.values()]
    rows += [(row, hit, share) for row in LOSSES.values() if not row.whole_row]
    for row, x, y in rows:
        if not names or row.name in names:
            slope = getattr(row, "slope", row.df)
            costs = [cost(f, t, x, y, row.p) for t in (np.float32, np.float64) for f in (row.f, slope)]
            print("{:34}{:10.2f}{:8.2f}{:12.2f}{:8.2f}".format(row.name, *costs), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
