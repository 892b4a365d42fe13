"""A batch of one row: what one step of stochastic gradient descent costs, by size, through `Network.fit`.

Reference: a plain NumPy loop (`chalknet.bench.sides.numpy`), whose weights must be the same in the end.
"""

from __future__ import annotations

from dataclasses import replace

from harness import best, check, show  # sets one thread, so it comes first

import numpy as np  # isort: skip

from chalknet.bench import data
from chalknet.bench.peak import gflops
from chalknet.bench.sides import network
from chalknet.bench.sides import numpy as loops
from chalknet.bench.works import WORKS

SIZES = ((2, 10, 10, 2), (8, 32, 2), (20, 100, 2), (64, 64, 64, 8), (784, 32, 10))


def main() -> None:
    """Check and time."""
    rows, peak = [], gflops("float32") or np.nan
    for sizes in SIZES:
        work = replace(
            WORKS["W1"], sizes=sizes, epochs=100, learning_rate=0.001, options=(("engine", "numba"),)
        )
        made = data.make(work)
        few = replace(work, epochs=2)
        theirs, ours = loops.prepare(few, made), network.prepare(few, made)
        numbers = [job.read(job.run()).numbers for job in (theirs, ours)]
        check(work.architecture, float(np.abs(numbers[0] - numbers[1]).max()), 1e-4)
        slow = best(theirs.run) / (few.rows * few.epochs)
        job = network.prepare(work, made)
        quick = best(job.run) / (work.rows * work.epochs)
        share = work.flops / (work.rows * work.epochs) / quick / 1e9 / peak
        rows.append(
            [
                work.architecture,
                f"{slow * 1e6:.1f}",
                f"{quick * 1e6:.3f}",
                f"{slow / quick:.0f}",
                f"{share:.0%}",
            ]
        )
    show("One step in float32, µs", ["network", "NumPy", "chalknet", "ratio", "of peak"], rows)


if __name__ == "__main__":
    main()
