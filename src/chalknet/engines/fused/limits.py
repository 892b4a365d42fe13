"""What gradients and weights are held to, compiled: penalties, clipping, lengths of units' weights. See `dense`."""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines.fused import layout as at
from chalknet.engines.fused.lowering import FLAGS, INNER
from chalknet.engines.fused.lowlevel import number, shift


def penalise(net, fact, knob, buffer, index, m, k):
    """Add the gradient of l1 |w| + l2 w²/2, shared out over the batch's weight; returns the penalty."""
    share = 1.0 / knob[at.WEIGHT] if knob[at.WEIGHT] > 0.0 else 0.0
    l1, l2 = number(knob[at.L1] * share, buffer), number(knob[at.L2] * share, buffer)
    squares, sizes = 0.0, 0.0
    for layer in range(fact[at.FIRST], fact[at.LAST], at.NEXT):
        if net[layer + at.PLAIN] == 0:
            continue
        n = net[layer + at.BIASES] - net[layer + at.WEIGHTS]
        w = shift(buffer, net[layer + at.WEIGHTS])
        g = shift(buffer, fact[at.GRADIENT] + net[layer + at.WEIGHTS])
        square, size = number(0.0, buffer), number(0.0, buffer)
        for i in range(n):
            g[i] += l2 * w[i]
            square += w[i] * w[i]
        if knob[at.L1] != 0.0:
            for i in range(n):
                g[i] += l1 * np.sign(w[i])
                size += abs(w[i])
        squares += square
        sizes += size
    return (0.5 * knob[at.L2] * squares + knob[at.L1] * sizes) * share


def clip(net, fact, knob, buffer, index, m, k):
    """Limit the gradient's elements, then its length."""
    g = shift(buffer, fact[at.GRADIENT])
    if knob[at.CLIP_VALUE] > 0.0:
        bound = number(knob[at.CLIP_VALUE], buffer)
        for i in range(fact[at.SIZE]):
            g[i] = min(max(g[i], -bound), bound)
    if knob[at.CLIP_NORM] > 0.0:
        square = 0.0
        for i in range(fact[at.SIZE]):
            square += np.float64(g[i]) * np.float64(g[i])
        length = np.sqrt(square)
        if length > knob[at.CLIP_NORM]:
            factor = number(knob[at.CLIP_NORM] / length, buffer)
            for i in range(fact[at.SIZE]):
                g[i] *= factor
    return 0.0


def limit(net, fact, knob, buffer, index, m, k):
    """Hold each unit's incoming weights to the length that they may have; sums run over the inputs in their order."""
    longest, one = number(knob[at.MAX_NORM], buffer), number(1.0, buffer)
    factors = shift(buffer, fact[at.LENGTHS])
    for layer in range(fact[at.FIRST], fact[at.LAST], at.NEXT):
        if net[layer + at.PLAIN] == 0:
            continue
        w, row = shift(buffer, net[layer + at.WEIGHTS]), net[layer + at.ROW]
        rows = (net[layer + at.BIASES] - net[layer + at.WEIGHTS]) // row
        if net[layer + at.TURN] != 0:  # a unit's weights are a row
            for i in range(rows):
                length = np.sqrt(squared(shift(w, i * row), row))
                factor = longest / length if length > longest else one
                for j in range(row):
                    w[i * row + j] *= factor
            continue
        for j in range(row):
            factors[j] = number(0.0, buffer)
        for i in range(rows):
            for j in range(row):
                factors[j] += w[i * row + j] * w[i * row + j]
        for j in range(row):
            length = np.sqrt(factors[j])
            factors[j] = longest / length if length > longest else one
        for i in range(rows):
            for j in range(row):
                w[i * row + j] *= factors[j]
    return 0.0


@njit(**INNER, fastmath=FLAGS)
def squared(w, n):
    """The sum of n squares, in their order."""
    total = number(0.0, w)
    for i in range(n):
        total += w[i] * w[i]
    return total
