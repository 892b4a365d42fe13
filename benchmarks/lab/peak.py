"""FMA alone: how many independent sums it takes until none waits for another.

Reference: two vector FMA instructions a cycle where the processor has them, times lanes, times two operations. The
version that the package measures with is `chalknet.bench.peak.SUMS`.
"""

from __future__ import annotations

from harness import show

from chalknet.bench.peak import SUMS, gflops
from chalknet.engines.fused.tile import VECTOR_BYTES


def main() -> None:
    """Print the rate for each number of sums."""
    rows = []
    for sums in (1, 2, 4, 8, 12, 16, 24):
        rates = [gflops(dtype, sums) for dtype in ("float32", "float64")]
        rows.append(
            [f"{sums} sums{' (the package)' * (sums == SUMS)}", *(f"{rate:.1f}" for rate in rates if rate)]
        )
    show(f"FMA peak, vectors of {8 * VECTOR_BYTES} bits, GF/s", ["", "float32", "float64"], rows)


if __name__ == "__main__":
    main()
