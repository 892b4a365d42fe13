"""Scores of validation rows inside the compiled call: accuracy, R² and the loss.

They mean what scikit-learn's `accuracy_score` and `r2_score` mean, sample weights included; a prediction that is not
finite makes the score NaN.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines import rules as r
from chalknet.engines.fused import layout as at
from chalknet.engines.fused.batch import forward, summed, weight_of
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import call, call_float, number, shift


@njit(**INNER)
def right(y, z, n, argmax, threshold):
    """Is the row classified as its target says? 0 or 1."""
    best, truth, wrong = 0, 0, 0
    for j in range(n):
        if z[j] > z[best]:
            best = j
        if y[j] > y[truth]:
            truth = j
        if (z[j] > threshold) != (y[j] > 0.5):
            wrong += 1
    if argmax:
        return 1.0 if best == truth else 0.0
    return 1.0 if wrong == 0 else 0.0


@njit(**INNER)
def r2(squares, spread):
    """1 - squares/spread of one output; 1 for a constant that was met, 0 for one that was not."""
    if spread != 0.0:
        return 1.0 - squares / spread
    return 1.0 if squares == 0.0 else 0.0


def score(net, fact, knob, buffer, index, m, k):
    """Score the m validation rows of `index`, block by block."""
    kind, last, block = fact[at.SCORED], fact[at.LAST], fact[at.BLOCK_ROWS]
    n, stride = net[last + at.WIDTH], net[last + at.STRIDE]
    z, y, w = shift(buffer, net[last + at.BLOCK]), shift(buffer, fact[at.Y]), shift(buffer, fact[at.W])
    mean, spread, squares = (
        shift(knob, at.MOMENTS),
        shift(knob, at.MOMENTS + n),
        shift(knob, at.MOMENTS + 2 * n),
    )
    for j in range(3 * n):
        mean[j] = 0.0
    total, weights = 0.0, weight_of(fact, buffer, index, m)
    for begin in range(0, m, block):
        rows, size = shift(index, begin), min(block, m - begin)
        call_float(fact[at.TARGETS], (net, fact, knob, buffer, rows, size, 0))
        forward(net, fact, knob, buffer, rows, size)
        if kind == r.NEGATIVE_LOSS:
            knob[at.WEIGHT] = 1.0
            call_float(fact[at.LOSS], (net, fact, knob, buffer, rows, size, last))
            total = summed(shift(buffer, fact[at.ROW_LOSSES]), size, total)
            continue
        for i in range(size):
            for j in range(n):
                if not np.isfinite(z[i * stride + j]):
                    return np.nan
        if kind == r.R2 and fact[at.LINK_STEP] != 0:
            call(fact[at.LINK_STEP], (z, z, size, n, stride, number(0.0, buffer)))
        for i in range(size):
            share, at_row = np.float64(w[i]), i * stride
            if kind != r.R2:
                total += share * right(
                    shift(y, at_row), shift(z, at_row), n, kind == r.ARGMAX, knob[at.THRESHOLD]
                )
                continue
            for j in range(n):
                mean[j] += share * y[at_row + j]
                error = np.float64(y[at_row + j]) - np.float64(z[at_row + j])
                squares[j] += share * error * error
    if kind == r.NEGATIVE_LOSS:
        return -knob[at.PER_OUTPUT] * total / weights
    if kind != r.R2:
        return total / weights
    for begin in range(0, m, block):  # deviations from the mean, now that it is known
        rows, size = shift(index, begin), min(block, m - begin)
        call_float(fact[at.TARGETS], (net, fact, knob, buffer, rows, size, 0))
        for i in range(size):
            for j in range(n):
                deviation = np.float64(y[i * stride + j]) - mean[j] / weights
                spread[j] += w[i] * deviation * deviation
    for j in range(n):
        total += r2(squares[j], spread[j])
    return total / n if m > 1 else np.nan  # as in scikit-learn, one row has no R²
