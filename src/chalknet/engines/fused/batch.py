"""What happens to one batch around its layers, compiled: rows are gathered, the loss taken, the parameters moved.

The bodies are plain Python: with NUMBA_DISABLE_JIT=1 they run as such, for reading, debugging and coverage. They
take the arguments that `dense` tells of.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines.fused import layout as at
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import call, call_float, columns, copy, integers, number, numbers, shift


def gather(net, fact, knob, buffer, index, m, k):
    """Copy the batch's rows of X into block 0."""
    n, stride, here = fact[at.N_IN], net[at.STRIDE], net[at.BLOCK]
    x = numbers(fact[at.X], buffer)
    for i in range(m):
        copy(shift(buffer, here + i * stride), shift(x, index[i] * n), n)
    return 0.0


def spread_out(net, fact, knob, buffer, index, m, k):
    """The same for CSR rows."""
    stride, block = net[at.STRIDE], shift(buffer, net[at.BLOCK])
    starts, places, x = integers(fact[at.STARTS]), columns(fact[at.COLUMNS]), numbers(fact[at.X], buffer)
    for i in range(m * stride):
        block[i] = number(0.0, buffer)
    for i in range(m):
        for q in range(starts[index[i]], starts[index[i] + 1]):
            block[i * stride + places[q]] += x[q]
    return 0.0


def take_targets(net, fact, knob, buffer, index, m, k):
    """Copy the batch's targets and weights; returns the sum of the weights."""
    n, stride = net[fact[at.LAST] + at.WIDTH], net[fact[at.LAST] + at.STRIDE]
    y = numbers(fact[at.ALL_TARGETS], buffer)
    for i in range(m):
        copy(shift(buffer, fact[at.Y] + i * stride), shift(y, index[i] * n), n)
    return take_weights(fact, buffer, index, m)


def take_labels(net, fact, knob, buffer, index, m, k):
    """The same from class numbers: targets are one-hot."""
    stride = net[fact[at.LAST] + at.STRIDE]
    y, labels = shift(buffer, fact[at.Y]), integers(fact[at.LABELS])
    for i in range(m * stride):
        y[i] = number(0.0, buffer)
    for i in range(m):
        y[i * stride + labels[index[i]]] = number(1.0, buffer)
    return take_weights(fact, buffer, index, m)


@njit(**INNER)
def take_weights(fact, buffer, index, m):
    """Copy the rows' weights; returns their sum. Without weights all of them stay 1."""
    if fact[at.ROW_WEIGHTS] == 0:
        return np.float64(m)
    w, given = shift(buffer, fact[at.W]), numbers(fact[at.ROW_WEIGHTS], buffer)
    total = 0.0
    for i in range(m):
        w[i] = given[index[i]]
        total += w[i]
    return total


def loss(net, fact, knob, buffer, index, m, k):
    """The batch's loss in the objective's own scale; leaves its derivative by the last block (k)."""
    scale = knob[at.PER_OUTPUT]
    if fact[at.SUMMED] == 0:
        scale = scale / knob[at.WEIGHT] if knob[at.WEIGHT] > 0.0 else 0.0
    y, a, d = shift(buffer, fact[at.Y]), shift(buffer, net[k + at.BLOCK]), shift(buffer, net[k + at.DELTA])
    p, factor = number(knob[at.LOSS_P], buffer), number(scale, buffer)
    weights, room = shift(buffer, fact[at.W]), shift(buffer, fact[at.ROOM])
    return scale * call_float(
        fact[at.LOSS_STEP], (y, a, d, weights, room, m, net[k + at.WIDTH], net[k + at.STRIDE], p, factor)
    )


def penalise(net, fact, knob, buffer, index, m, k):
    """Add the gradient of l1 |w| + l2 w²/2, shared out over the batch's weight; returns the penalty."""
    share = 1.0 / knob[at.WEIGHT] if knob[at.WEIGHT] > 0.0 else 0.0
    l1, l2 = number(knob[at.L1] * share, buffer), number(knob[at.L2] * share, buffer)
    squares, sizes = 0.0, 0.0
    for layer in range(fact[at.FIRST], fact[at.LAST], at.NEXT):
        n = net[layer + at.BIASES] - net[layer + at.WEIGHTS]  # 0 where there are none
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


def update(net, fact, knob, buffer, index, m, k):
    """One step of the optimizer."""
    constants = shift(buffer, fact[at.CONSTANTS])
    call(fact[at.PREPARE_STEP], (knob[at.RATE], knob[at.TIME], shift(knob, at.HYPER), constants))
    if fact[at.SEPARATE] == 0:
        step_over(fact, buffer, 0, fact[at.SIZE], constants)
        return 0.0
    for_biases = shift(constants, 8)
    call(fact[at.PREPARE_STEP], (knob[at.RATE], knob[at.TIME], shift(knob, at.HYPER + 8), for_biases))
    for layer in range(fact[at.FIRST], fact[at.LAST], at.NEXT):
        begin, middle = net[layer + at.WEIGHTS], net[layer + at.BIASES]
        if begin < middle:  # a dense layer
            step_over(fact, buffer, begin, middle - begin, constants)
            step_over(fact, buffer, middle, net[layer + at.NEXT + at.STRIDE], for_biases)
    return 0.0


@njit(**INNER)
def step_over(fact, buffer, begin, n, constants):
    """The optimizer's step on parameters begin … begin + n; slots it does not have point at nothing of use."""
    w, g = shift(buffer, begin), shift(buffer, fact[at.GRADIENT] + begin)
    s0, s1 = shift(buffer, fact[at.SLOT0] + begin), shift(buffer, fact[at.SLOT1] + begin)
    s2 = shift(buffer, fact[at.SLOT2] + begin)
    call(fact[at.UPDATE_STEP], (w, g, s0, s1, s2, n, constants))


@njit(**INNER)
def forward(net, fact, knob, buffer, index, m):
    """Gather the rows and pass them through all layers."""
    if fact[at.GATHER] != 0:
        call_float(fact[at.GATHER], (net, fact, knob, buffer, index, m, 0))
    for layer in range(0, fact[at.LAST], at.NEXT):
        call_float(net[layer + at.FORWARD], (net, fact, knob, buffer, index, m, layer))


@njit(**INNER)
def backward(net, fact, knob, buffer, index, m):
    """Pass the loss's derivative back down to the first dense layer."""
    for layer in range(fact[at.LAST] - at.NEXT, fact[at.FIRST] - 1, -at.NEXT):
        call_float(net[layer + at.BACKWARD], (net, fact, knob, buffer, index, m, layer))


def one_batch(net, fact, knob, buffer, index, m, k):
    """Everything for one batch; returns its loss before the update."""
    knob[at.WEIGHT] = call_float(fact[at.TARGETS], (net, fact, knob, buffer, index, m, k))
    forward(net, fact, knob, buffer, index, m)
    cost = knob[at.REPORT] * call_float(fact[at.LOSS], (net, fact, knob, buffer, index, m, fact[at.LAST]))
    backward(net, fact, knob, buffer, index, m)
    if fact[at.PENALTY] != 0:
        cost += call_float(fact[at.PENALTY], (net, fact, knob, buffer, index, m, k))
    if fact[at.CLIP] != 0:
        call_float(fact[at.CLIP], (net, fact, knob, buffer, index, m, k))
    if fact[at.UPDATE] != 0:  # single rows were updated on the way back
        call_float(fact[at.UPDATE], (net, fact, knob, buffer, index, m, k))
    return cost
