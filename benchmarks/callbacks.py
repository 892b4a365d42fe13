"""What a callback costs an epoch: none, one that overrides nothing, one that does nothing, and the same less often.

    python benchmarks/callbacks.py

Prints microseconds an epoch, the least of several runs in turns, and what that is more than without a callback.
"""

from __future__ import annotations

import time

import numpy as np

import chalknet as cn
from chalknet.callbacks import Callback, EarlyStopping, ProgressBar, Recorder

RUNS, EPOCHS = 7, {"numba": 4000, "numpy": 400}


class Nothing(Callback):
    """Is called, and does nothing."""

    def __init__(self, every: int | str = 1) -> None:
        self.every = every

    def on_epoch_end(self, context: object) -> None:
        """Nothing."""


CASES = {
    "no callback": list,
    "one that overrides nothing": lambda: [Callback()],
    "does nothing, every epoch": lambda: [Nothing()],
    "does nothing, every 10th epoch": lambda: [Nothing(10)],
    "does nothing, every 0.5 s": lambda: [Nothing("0.5s")],
    "EarlyStopping": lambda: [EarlyStopping(10**6)],
    "Recorder(every=10)": lambda: [Recorder(10)],
    "ProgressBar (not a terminal)": lambda: [ProgressBar()],
}


def microseconds(engine: str, callbacks: list[Callback], epochs: int) -> float:
    """An epoch of a small network: one step of 50 rows through 4-8-1 units."""
    X = np.random.default_rng(0).normal(size=(50, 4))
    net = cn.Network([cn.Dense(4, 8), cn.Tanh(), cn.Dense(8, 1)], loss=cn.MSE(), random_state=0)
    begun = time.perf_counter()
    net.fit(X, X[:, :1], epochs=epochs, batch_size=50, engine=engine, callbacks=callbacks)
    return (time.perf_counter() - begun) / epochs * 1e6


def main() -> None:
    """Print a table for each engine."""
    for engine, epochs in EPOCHS.items():
        for make in CASES.values():
            microseconds(engine, make(), 5)  # compiles, and fills the caches
        best = dict.fromkeys(CASES, np.inf)
        for _ in range(RUNS):
            for name, make in CASES.items():
                best[name] = min(best[name], microseconds(engine, make(), epochs))
        print(f"engine={engine!r}: microseconds an epoch, and more than without a callback")
        for name, least in best.items():
            print(f"  {name:32} {least:8.2f} {least - best['no callback']:+8.2f}")


if __name__ == "__main__":
    main()
