"""Scores of validation rows inside the compiled call: accuracy, R² and the loss.

They mean what scikit-learn's `accuracy_score` and `r2_score` mean, sample weights included; a prediction that is not
finite makes the score NaN.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines import rules as r
from chalknet.engines.fused import gather as g
from chalknet.engines.fused import kernels as k
from chalknet.engines.fused import layout as at
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import address, call, noinline


@njit(**INNER)
def right(y, z, argmax, threshold):
    """Is the row classified as its target says? All finite: 0 or 1; else NaN."""
    best, truth, wrong = 0, 0, 0
    for j in range(z.size):
        if not np.isfinite(z[j]):
            return np.nan
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
    if not np.isfinite(squares):
        return np.nan
    return 1.0 if squares == 0.0 else 0.0


@njit(**INNER)
def score(net, fact, knob, buffer, rows):
    """Score the validation rows, block by block."""
    noinline()
    kind, batch, size = fact[at.SCORED], fact[at.BATCH], rows.validation.size
    n, stride, last = net[at.WIDTH, -1], net[at.STRIDE, -1], net[at.BLOCK, -1]
    total, weights = 0.0, 0.0
    mean, spread, squares = np.zeros(n), np.zeros(n), np.zeros(n)
    for begin in range(0, size, batch):
        index = rows.validation[begin : min(begin + batch, size)]
        m = index.size
        weights += g.gather(net, fact, buffer, rows, index, 1)
        k.forward(net, fact, knob, buffer, rows, index, 0, 0)
        if kind == r.NEGATIVE_LOSS:
            total -= k.loss(net, fact, knob, buffer, m, 1.0)
            continue
        if kind == r.R2 and fact[at.LINK_STEP] != 0:
            outputs = address(buffer, last)
            call(fact[at.LINK_STEP], (outputs, outputs, m, n, stride, buffer.dtype.type(0)))
        for i in range(m):
            z = buffer[last + i * stride : last + i * stride + n]
            y = buffer[fact[at.Y] + i * stride : fact[at.Y] + i * stride + n]
            w = np.float64(buffer[fact[at.W] + i])
            if kind != r.R2:
                total += w * right(y, z, kind == r.ARGMAX, knob[at.THRESHOLD])
                continue
            for j in range(n):
                mean[j] += w * y[j]
                squares[j] += w * (np.float64(y[j]) - np.float64(z[j])) ** 2
    if kind != r.R2:
        return total / weights
    for begin in range(0, size, batch):  # deviations from the mean, now that it is known
        index = rows.validation[begin : min(begin + batch, size)]
        g.gather(net, fact, buffer, rows, index, 1)
        for i in range(index.size):
            for j in range(n):
                deviation = np.float64(buffer[fact[at.Y] + i * stride + j]) - mean[j] / weights
                spread[j] += buffer[fact[at.W] + i] * deviation**2
    for j in range(n):
        total += r2(squares[j], spread[j])
    return total / n
