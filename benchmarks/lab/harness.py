"""What every file of the lab uses: one core, a clock, a table."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "CHALKNET_NUM_THREADS"):
    os.environ[_name] = "1"  # before NumPy is imported
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-1:])

SECONDS = float(os.environ.get("LAB_SECONDS", "0.05"))  # of one look; the lab's own test asks for less


def best(call: Callable[[], Any]) -> float:
    """Seconds of one call: the best of five looks, each of many calls."""
    call()
    n, seconds = 1, 0.0
    while seconds < SECONDS / 4 and n < 1 << 24:
        n *= 2
        seconds = _look(call, n)
    n = max(1, round(n * SECONDS / max(seconds, 1e-9)))
    return min(_look(call, n) for _ in range(5)) / n


def _look(call: Callable[[], Any], n: int) -> float:
    start = time.process_time()  # other programs on the core do not count
    for _ in range(n):
        call()
    return time.process_time() - start


def show(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    words = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in words) for i in range(len(header))]
    print(f"\n{title}")
    for row in words:
        print(
            "  ".join(
                cell.ljust(w) if i == 0 else cell.rjust(w)
                for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
        )


def check(name: str, difference: float, allowed: float) -> None:
    """Stop where a version is wrong."""
    if not difference <= allowed:
        raise SystemExit(f"{name} is wrong: it differs by {difference:.3g}, and {allowed:g} is allowed")
