"""Scores of validation rows inside the compiled call: accuracy, R² and the loss.

They mean what scikit-learn's `accuracy_score` and `r2_score` mean, sample weights included; a prediction that is not
finite makes the score NaN.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines import rules as r
from chalknet.engines.fused import kernels as k
from chalknet.engines.fused.gemm import OPTIONS
from chalknet.engines.fused.lowlevel import address, call, noinline


@njit(**OPTIONS)
def right(y, z, n, argmax, threshold):
    """Is the row classified as its target says? All finite: 0 or 1; else NaN."""
    for j in range(n):
        if not np.isfinite(z[j]):
            return np.nan
    if argmax:
        best, truth = 0, 0
        for j in range(1, n):
            if z[j] > z[best]:
                best = j
            if y[j] > y[truth]:
                truth = j
        return 1.0 if best == truth else 0.0
    for j in range(n):
        if (z[j] > threshold) != (y[j] > 0.5):
            return 0.0
    return 1.0


@njit(**OPTIONS)
def score(net, goal, rows, batch, kind, memory):
    """Score the validation rows, block by block."""
    noinline()
    last = net.kind.size
    n, stride, at = net.width[last], net.stride[last], memory.at[last]
    total, weights = 0.0, 0.0
    sums = np.zeros((4, n))  # w y, w y², w (y - a)², of each output
    for begin in range(0, rows.validation.size, batch):
        m = min(batch, rows.validation.size - begin)
        index = rows.validation[begin : begin + m]
        k.gather_inputs(net, rows, index, m, memory)
        weight = k.gather_targets(net, rows, index, m, memory)
        k.forward(net, rows, index, m, memory, 0, 0, 0)
        weights += weight
        if kind == r.NEGATIVE_LOSS:
            value = k.loss(net, goal, m, 1.0, memory)
            total -= value
            continue
        if kind == r.R2 and goal.link != 0:
            outputs = address(memory.blocks, at)
            call(goal.link, (outputs, outputs, m, n, stride, memory.blocks.dtype.type(0)))
        for i in range(m):
            z = memory.blocks[at + i * stride : at + i * stride + n]
            y = memory.y[i * stride : i * stride + n]
            w = float(memory.w[i])
            if kind == r.R2:
                for j in range(n):
                    sums[0, j] += w * y[j]
                    sums[1, j] += w * (float(y[j]) - z[j]) ** 2
            else:
                total += w * right(y, z, n, kind == r.ARGMAX, goal.threshold)
    if kind != r.R2:
        return total / weights
    for begin in range(0, rows.validation.size, batch):  # deviations from the mean, now that it is known
        m = min(batch, rows.validation.size - begin)
        k.gather_targets(net, rows, rows.validation[begin : begin + m], m, memory)
        for i in range(m):
            for j in range(n):
                deviation = memory.y[i * stride + j] - sums[0, j] / weights
                sums[2, j] += memory.w[i] * deviation**2
    for j in range(n):
        if sums[2, j] != 0.0:
            total += 1.0 - sums[1, j] / sums[2, j]
        elif sums[1, j] == 0.0:
            total += 1.0
        elif not np.isfinite(sums[1, j]):
            total += np.nan
    return total / n
