"""A perceptron learning, row by row: the one loop that both engines run.

As plain Python it is the NumPy engine. The fused engine compiles this very source and puts loops in place of the
functions that touch whole rows (`ahead`, `add`, `truncate`) and the formulas' lowered form in place of `respond`.

The arithmetic is that of scikit-learn's stochastic gradient descent, to the bit in float64 and in float32: scores are
summed in float64 in the order of the features, weights are kept as w = scale * v so that the L2 penalty costs one
multiplication a row, and the L1 penalty is the cumulative truncation of Tsuruoka, Tsujii and Ananiadou (*Stochastic
gradient descent training for L1-regularized log-linear models with cumulative penalty*, ACL 2009).
Rows are scored a few at a time while no update has happened; after one, the rows ahead are scored again. That is
faster once mistakes are rare and changes no number.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES

sigmoid, d_sigmoid = ACTIVATIONS["sigmoid"].f, ACTIVATIONS["sigmoid"].df
squared_error, d_squared_error = LOSSES["squared_error"].f, LOSSES["squared_error"].df

AHEAD = 8  # rows scored at once by NumPy

# `numbers`, float64; the weights are SCALE * v, SQUARES and ABSOLUTES their norms as scikit-learn keeps them
BIAS, PULL, LOSS, OBJECTIVE, BEST, SCORE, SCALE, SQUARES, ABSOLUTES = range(9)
# `cells`: two numbers in the weights' own dtype, which rounds what passes through them as scikit-learn does
WORK, STEP = range(2)
# `counts`, int64
AT, EPOCH, STALE, STATE = range(4)
RUNNING, FINISHED, CONVERGED, OVERFLOWED = range(4)


class Plan(NamedTuple):
    """How a unit learns, in numbers.

    `keep` is the factor by which the L2 penalty shrinks the weights at each row (`keep2` its square), `pull` what
    the L1 penalty takes off, `decay` damps the intercept on sparse rows, below the scale `limit` v is rescaled.
    """

    eta: float
    keep: float
    keep2: float
    pull: float
    alpha: float
    l1_ratio: float
    decay: float
    limit: float
    tol: float
    patience: int
    max_iter: int
    smooth: bool  # the sigmoid unit with squared error; otherwise the perceptron rule
    shuffle: bool
    intercept: bool
    penalised: bool
    shrinks: bool
    truncates: bool
    early: bool


class Run(NamedTuple):
    """The arrays of one unit that learns. Those below `again` change; the rest is only read."""

    rows: Any  # X: (n, features), or the three arrays of a CSR matrix
    y: np.ndarray  # (n,) float64
    weight: np.ndarray  # (n,) of each row's update, in the weights' dtype
    shares: np.ndarray  # (n,) of each row's vote in the validation score, float64
    held_out: np.ndarray  # (n,) bool: kept for validation
    validation: np.ndarray  # the numbers of those rows
    again: np.ndarray  # the permutation of each epoch; empty without shuffling
    order: np.ndarray  # (n,)
    w: np.ndarray  # (features,) v
    q: np.ndarray  # (features,) what the L1 penalty has taken off so far; empty without one
    dots: np.ndarray  # float64, as many as rows are scored at once
    cells: np.ndarray
    numbers: np.ndarray
    counts: np.ndarray


def respond(z: float, y: float) -> tuple[float, float]:
    """The sigmoid unit's squared error and its slope by z: l = (a - y)^2, dl/dz = dl/da * da/dz with a = sigmoid(z)."""
    a = sigmoid(z, 0.0)
    return squared_error(y, a, 0.0), d_squared_error(y, a, 0.0) * d_sigmoid(z, a, 0.0)


def permutation(seed: int, n: int) -> np.ndarray:
    """The order in which scikit-learn shuffles n rows: Fisher and Yates' exchanges, drawn by a 32-bit xorshift.

    Marsaglia, *Xorshift RNGs*, Journal of Statistical Software 8 (2003). Every epoch applies the same permutation to
    the order of the epoch before.
    """
    order = np.arange(n)
    if seed == 0:
        seed = 1  # xorshift stays at 0 for ever
    for i in range(n - 1):
        seed = (seed ^ (seed << 13)) & 0xFFFFFFFF
        seed = seed ^ (seed >> 17)
        seed = (seed ^ (seed << 5)) & 0xFFFFFFFF
        j = i + (seed & 0x7FFFFFFF) % (n - i)
        other = order[j]
        order[j] = order[i]
        order[i] = other
    return order


def parts(rows: Any, row: int) -> tuple[Any, np.ndarray]:
    """The columns and values of one row, of a dense matrix or of the three arrays of a CSR matrix."""
    if isinstance(rows, tuple):
        data, columns, starts = rows
        here = slice(starts[row], starts[row + 1])
        return columns[here], data[here]
    return slice(None), rows[row]


def total(values: np.ndarray) -> float:
    """The sum in the order of the elements, in float64 (np.sum adds in pairs)."""
    return float(np.add.accumulate(values, dtype=np.float64)[-1]) if values.size else 0.0


def ahead(rows: Any, order: np.ndarray, at: int, w: np.ndarray, dots: np.ndarray) -> int:
    """Fill `dots` with w·x of the rows order[at], order[at + 1], …; returns how many."""
    n = min(dots.size, order.size - at)
    if isinstance(rows, tuple):
        for i in range(n):
            columns, x = parts(rows, order[at + i])
            dots[i] = total(w[columns] * x)
    else:
        products = rows[order[at : at + n]] * w
        dots[:n] = np.add.accumulate(products, axis=1, dtype=np.float64)[:, -1]
    return n


def add(rows: Any, row: int, w: np.ndarray, numbers: np.ndarray, cells: np.ndarray, norms: bool) -> None:
    """v += x * STEP / SCALE for one row; with `norms`, also the two norms of the weights that the row touches."""
    columns, x = parts(rows, row)
    cells[WORK] = numbers[SCALE]
    cells[STEP] /= cells[WORK]
    w[columns] = w[columns] + x.astype(np.float64) * float(cells[STEP])
    if norms:
        touched = w[columns]
        numbers[SQUARES] = total(touched * touched) * float(cells[WORK] * cells[WORK])
        numbers[ABSOLUTES] = total(np.abs(touched)) * float(cells[WORK])


def truncate(rows: Any, row: int, w: np.ndarray, q: np.ndarray, scale: float, pull: float) -> None:
    """Move the weights of one row's columns towards 0 by what the L1 penalty still owes them, never beyond it."""
    columns, _ = parts(rows, row)
    before, paid = w[columns].astype(np.float64), q[columns].astype(np.float64)
    up = np.maximum(0.0, before - (pull + paid) / scale)
    down = np.minimum(0.0, before + (pull - paid) / scale)
    w[columns] = np.where(before > 0.0, up, np.where(before < 0.0, down, before))
    q[columns] = paid + scale * (w[columns] - before)


def finite(w: np.ndarray) -> bool:
    """Whether every weight is a finite number."""
    return bool(np.isfinite(w).all())


def multiply(w: np.ndarray, factor: float) -> None:
    """w *= factor, in w's own dtype."""
    w *= w.dtype.type(factor)


def reorder(order: np.ndarray, again: np.ndarray) -> None:
    """Apply a permutation to an order."""
    order[:] = order[again]


def vote(run: Run) -> float:
    """The weighted share of validation rows on the right side of w·x + b = 0."""
    right = whole = 0.0
    at = 0
    while at < run.validation.size:
        n = ahead(run.rows, run.validation, at, run.w, run.dots)
        for i in range(n):
            row = run.validation[at + i]
            whole += run.shares[row]
            if (run.dots[i] + run.numbers[BIAS] > 0.0) == (run.y[row] > 0.0):
                right += run.shares[row]
        at += n
    return right / whole


def end_epoch(run: Run, plan: Plan) -> None:
    """Means of the epoch, and whether to stop: no improvement by `tol` for `patience` epochs, overflow, or the last.

    The validation score takes v without its scale, as scikit-learn's does: the L2 penalty would otherwise stop at
    another epoch than there.
    """
    numbers, counts = run.numbers, run.counts
    n_train = run.y.size - run.validation.size
    numbers[LOSS] /= n_train
    numbers[OBJECTIVE] /= n_train
    counts[AT] = 0
    counts[EPOCH] += 1
    if not (math.isfinite(numbers[BIAS]) and finite(run.w)):
        counts[STATE] = OVERFLOWED
        return
    if plan.early:
        numbers[SCORE] = vote(run)
        value = -numbers[SCORE]
    else:
        value = numbers[OBJECTIVE]
    if plan.tol > -np.inf and value > numbers[BEST] - plan.tol:
        counts[STALE] += 1
    else:
        counts[STALE] = 0
    if value < numbers[BEST]:
        numbers[BEST] = value
    if counts[STALE] >= plan.patience:
        counts[STATE] = CONVERGED
    elif counts[EPOCH] >= plan.max_iter:
        counts[STATE] = FINISHED


def learn(run: Run, plan: Plan, curve: np.ndarray, budget: int) -> int:
    """Learn from up to `budget` rows, or until `curve` is full or the run is over; returns the epochs completed.

    For each row: z = w·x + b, then w -= eta * weight * dl/dz * x and b -= eta * weight * dl/dz, where the perceptron
    rule has dl/dz = -y if y z <= 0 else 0 (y in {-1, 1}), and the sigmoid unit what `respond` gives (y in {0, 1}).
    Where a run is cut never changes its numbers.
    """
    rows, y, order, w, cells, numbers, counts = (
        run.rows, run.y, run.order, run.w, run.cells, run.numbers, run.counts
    )  # fmt: skip
    epochs = 0
    while budget > 0 and epochs < curve.size and counts[STATE] == RUNNING:
        at = counts[AT]
        if at == 0:
            numbers[LOSS] = numbers[OBJECTIVE] = 0.0
            if plan.shuffle:
                reorder(order, run.again)
        stop = min(order.size, at + budget)
        budget -= stop - at
        first = ready = at
        bias = numbers[BIAS]
        while at < stop:
            if at >= ready:
                first = at
                ready = at + ahead(rows, order, at, w, run.dots)
            row = order[at]
            cells[WORK] = run.dots[at - first] * numbers[SCALE]
            at += 1
            if run.held_out[row]:
                continue
            z = float(cells[WORK]) + bias
            loss = slope = 0.0
            if plan.smooth:
                loss, slope = respond(z, y[row])
            elif y[row] * z <= 0.0:
                loss, slope = -y[row] * z, -y[row]
            numbers[LOSS] += loss
            numbers[OBJECTIVE] += loss
            if plan.penalised:
                cells[WORK] = math.sqrt(numbers[SQUARES])
                half_square = (1.0 - plan.l1_ratio) * 0.5 * float(cells[WORK] * cells[WORK])
                cells[WORK] = numbers[ABSOLUTES]
                numbers[OBJECTIVE] += plan.alpha * (half_square + plan.l1_ratio * float(cells[WORK]))
            update = -plan.eta * slope * float(run.weight[row])
            if plan.shrinks:
                numbers[SCALE] *= plan.keep
                numbers[SQUARES] *= plan.keep2
                numbers[ABSOLUTES] *= plan.keep
                if numbers[SCALE] < plan.limit:
                    multiply(w, numbers[SCALE])
                    numbers[SCALE] = 1.0
                    ready = at
            if update != 0.0:
                cells[STEP] = update
                add(rows, row, w, numbers, cells, plan.penalised)
                ready = at
                if plan.intercept:
                    bias += update * plan.decay
            if plan.truncates:
                numbers[PULL] += plan.pull
                truncate(rows, row, w, run.q, numbers[SCALE], numbers[PULL])
                ready = at
        numbers[BIAS] = bias
        counts[AT] = at
        if at == order.size:
            end_epoch(run, plan)
            curve[epochs] = numbers[OBJECTIVE]
            epochs += 1
    return epochs
