"""Rows of a shuffled epoch: all at once, a batch at a time, by element, and by row as the package copies them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from harness import best, check, show  # sets one thread, so it comes first

import numpy as np  # isort: skip
from numba import njit

from chalknet.engines.fused import batch, lowlevel, steps
from chalknet.engines.fused import layout as at

SIZES = {
    "W2, 20 columns": (10_000, 20, 32, 200),
    "W3, 784 columns": (20_000, 784, 784, 128),
}  # n, in, stride, batch


@njit
def by_element(x: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
    """Two loops."""
    for i in range(rows.size):
        for j in range(x.shape[1]):
            out[i, j] = x[rows[i], j]


def batches(x: np.ndarray, order: np.ndarray, block: np.ndarray) -> None:
    """By NumPy, into a block that is used again."""
    for i in range(0, len(order), len(block)):
        chosen = order[i : i + len(block)]
        x.take(chosen, axis=0, out=block[: len(chosen)])


def elements(x: np.ndarray, order: np.ndarray, block: np.ndarray) -> None:
    """By two compiled loops."""
    for i in range(0, len(order), len(block)):
        by_element(x, order[i : i + len(block)], block)


def rows(kernel: Callable[..., float], fixed: Sequence[int], places: Sequence[tuple[int, int]]) -> None:
    """By the package's kernel."""
    for where, m in places:
        kernel(*fixed, where, m, 0)


def main() -> None:
    """Check and time a whole epoch of each version."""
    dtype, table = "float32", []
    kernel = steps.entry(batch.gather, dtype, steps.kernel_type)
    for name, (n, width, stride, size) in SIZES.items():
        rng = np.random.default_rng(0)
        x, order = rng.standard_normal((n, width)).astype(dtype), rng.permutation(n)
        net, fact, knob = np.zeros(64, np.int64), np.zeros(at.N_FACTS, np.int64), np.zeros(64)
        room, block = np.zeros((size, stride), dtype), np.zeros((size, width), dtype)
        net[at.STRIDE], fact[at.N_IN], fact[at.X] = stride, width, lowlevel.kept(x)
        fixed = [lowlevel.pointer(a) for a in (net, fact, knob, room)]
        places = [
            (lowlevel.pointer(order[i : i + size]), len(order[i : i + size])) for i in range(0, n, size)
        ]

        versions = {
            "whole epoch, NumPy": partial(x.take, order, axis=0),
            "batches, NumPy": partial(batches, x, order, block),
            "batches, by element": partial(elements, x, order, block),
            "batches, by row: chalknet": partial(rows, kernel, fixed, places),
        }
        rows(kernel, fixed, places)
        last = order[(n - 1) // size * size :]
        check(name, float(np.abs(room[: len(last), :width] - x[last]).max()), 0.0)
        for version, call in versions.items():
            seconds = best(call)
            rate = 2 * x.nbytes / seconds / 1e9
            table.append([f"{name}: {version}", f"{seconds / n * 1e9:.1f}", f"{rate:.0f}"])
    show("Gathering in float32", ["", "ns a row", "GB/s, read and written"], table)


if __name__ == "__main__":
    main()
