"""One perceptron learned by either engine: the choice of the engine, the slices of a run, what `verbose` prints."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import get_blas_funcs

from chalknet.engines import chalkboard_perceptron as plain
from chalknet.engines import select
from chalknet.engines.chalkboard_perceptron import (
    ABSOLUTES,
    BEST,
    BIAS,
    CONVERGED,
    EPOCH,
    LOSS,
    OBJECTIVE,
    OVERFLOWED,
    RUNNING,
    SCALE,
    SCORE,
    SQUARES,
    STATE,
    Plan,
)
from chalknet.exceptions import EngineUnavailableError

# NumPy needs about 4 µs for a row of the perceptron and 10 µs for one of the sigmoid unit; a network's step is 100 µs
ROWS_A_STEP = {False: 25, True: 10}
USUAL_EPOCHS = 25  # with a `tol`, learning has mostly stopped by then (measured: after 6 to 26)
PARTIAL_CALLS = 200  # a first `partial_fit` expects as many
SLICE = 50_000_000  # multiplications in one compiled call, about 0.1 s, after which Ctrl-C is served
LONGEST_CURVE = 4096  # epochs in one call


def choose_engine(
    engine: str, rows: int, features: float, units: int, epochs: int, *, smooth: bool = False
) -> str:
    """The engine that will learn: "numpy" or "numba".

    With "auto": Numba where the NumPy loop would need more than about 50 ms for all epochs, that is where
    rows * units * epochs * (4 µs + 1.2 ns * features) is above that (10 µs for `smooth`, the sigmoid unit), and where
    Numba is installed.

    Raises:
        EngineUnavailableError: "numba" was asked for and is not installed.

    >>> choose_engine("auto", rows=4, features=2, units=1, epochs=100)
    'numpy'
    """
    name = select.resolve(engine, rows * units, int(features), ROWS_A_STEP[smooth], epochs)
    if name == "numba" and not select.available():
        raise EngineUnavailableError(
            'engine="numba" needs Numba, which is not installed: `pip install numba`, or use engine="numpy".'
        )
    return name


@dataclass
class Task:
    """What one unit learns from.

    `rows` is X: C-ordered (n, features), or the tuple (data, columns, starts) of a CSR matrix. `y` holds -1 and 1 for
    the perceptron rule, 0 and 1 for the sigmoid unit. `weight` multiplies each row's update, `shares` its vote in the
    validation score. `w` is where the learning starts; it is not changed.
    """

    rows: Any
    y: np.ndarray
    weight: np.ndarray
    shares: np.ndarray
    held_out: np.ndarray
    w: np.ndarray
    bias: float
    seed: int


@dataclass
class Learned:
    """Weights and intercept after `n_iter` epochs; `curve` holds each epoch's mean objective."""

    w: np.ndarray
    bias: float
    n_iter: int
    curve: list[float]


def learn_unit(task: Task, plan: Plan, engine: str, verbose: int = 0) -> Learned:
    """Run the epochs of one unit.

    Raises:
        ValueError: weights or intercept became infinite or NaN.
    """
    if engine == "numba":
        from chalknet.engines.fused import perceptron as fused
        from chalknet.engines.fused.lowlevel import writable

        learn, permutation = fused.compiled()
        block = 1 if isinstance(task.rows, tuple) else fused.AHEAD
    else:
        learn, permutation, block = plain.learn, plain.permutation, plain.AHEAD

        def writable(array: np.ndarray) -> np.ndarray:
            return array

    n, w, dtype = task.y.size, task.w.copy(), task.w.dtype
    sparse = isinstance(task.rows, tuple)
    numbers, counts, order = np.zeros(9), np.zeros(4, np.int64), np.arange(n)
    numbers[BIAS], numbers[BEST], numbers[SCALE] = task.bias, np.inf, 1.0
    if plan.penalised:
        dot, asum = get_blas_funcs(("dot", "asum"), (w,))
        numbers[SQUARES], numbers[ABSOLUTES] = dot(w, w), asum(w)
    run = plain.Run(
        rows=tuple(map(writable, task.rows)) if sparse else writable(task.rows).reshape(task.rows.shape),
        y=task.y,
        weight=task.weight,
        shares=task.shares,
        held_out=task.held_out,
        validation=np.flatnonzero(task.held_out),
        again=permutation(int(task.seed), n) if plan.shuffle else order[:0],
        order=order,
        w=w,
        q=np.zeros(w.size if plan.truncates else 0, dtype),
        # where w changes at every row, there is nothing to score ahead
        dots=np.empty(1 if plan.smooth or plan.truncates else block),
        cells=np.zeros(2, dtype),
        numbers=numbers,
        counts=counts,
    )
    per_row = task.rows[0].size / n if sparse else w.size
    budget = max(1, int(SLICE / (per_row + 16)))
    part = np.empty(1 if verbose else min(plan.max_iter, LONGEST_CURVE))
    curve: list[float] = []
    start = time.perf_counter()
    while counts[STATE] == RUNNING:
        if verbose and counts[plain.AT] == 0:
            print(f"-- Epoch {counts[EPOCH] + 1}")
        with np.errstate(all="ignore"):  # an overflow is found at the end of its epoch
            done = learn(run, plan, part, budget)
        curve += part[:done].tolist()
        if verbose and done and counts[STATE] != OVERFLOWED:
            report(run, plan, time.perf_counter() - start)
    if counts[STATE] == OVERFLOWED:
        raise ValueError(
            f"Floating-point under-/overflow occurred at epoch #{counts[EPOCH]}."
            " Scaling input data with StandardScaler or MinMaxScaler might help."
            f" A smaller eta0 (given: {plan.eta:g}) may help, too."
        )
    if numbers[SCALE] != 1.0:
        plain.multiply(w, numbers[SCALE])
    return Learned(w, float(numbers[BIAS]), int(counts[EPOCH]), curve)


def report(run: plain.Run, plan: Plan, seconds: float) -> None:
    """Print an epoch as scikit-learn does."""
    numbers, epoch, w = run.numbers, run.counts[EPOCH], run.w * run.numbers[SCALE]
    seen = epoch * (run.y.size - run.validation.size)
    score = f", Validation score: {numbers[SCORE]:.6f}" if plan.early else ""
    print(
        f"Norm: {np.linalg.norm(w):.2f}, NNZs: {np.count_nonzero(w)}, Bias: {numbers[BIAS]:.6f}, T: {seen}, "
        f"Avg. loss: {numbers[LOSS]:.6f}, Objective: {numbers[OBJECTIVE]:.6f}{score}"
    )
    print(f"Total training time: {seconds:.2f} seconds.")
    if run.counts[STATE] == CONVERGED:
        print(f"Convergence after {epoch} epochs took {seconds:.2f} seconds")
