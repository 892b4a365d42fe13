"""What happens to one batch around its layers, compiled: rows are gathered, the loss taken, the parameters moved.

The bodies are plain Python: with NUMBA_DISABLE_JIT=1 they run as such, for reading, debugging and coverage. They
take the arguments that `dense` tells of.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines.fused import layout as at
from chalknet.engines.fused.lowering import FLAGS, INNER
from chalknet.engines.fused.lowlevel import (
    address,
    call,
    call_float,
    columns,
    copy,
    integers,
    number,
    numbers,
    shift,
)
from chalknet.engines.fused.team import work


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
    """Copy the rows' targets and weights."""
    n, stride = net[fact[at.LAST] + at.WIDTH], net[fact[at.LAST] + at.STRIDE]
    y = numbers(fact[at.ALL_TARGETS], buffer)
    for i in range(m):
        copy(shift(buffer, fact[at.Y] + i * stride), shift(y, index[i] * n), n)
    take_weights(fact, buffer, index, m)
    return 0.0


def take_labels(net, fact, knob, buffer, index, m, k):
    """The same from class numbers: targets are one-hot."""
    stride = net[fact[at.LAST] + at.STRIDE]
    y, labels = shift(buffer, fact[at.Y]), integers(fact[at.LABELS])
    for i in range(m * stride):
        y[i] = number(0.0, buffer)
    for i in range(m):
        y[i * stride + labels[index[i]]] = number(1.0, buffer)
    take_weights(fact, buffer, index, m)
    return 0.0


@njit(**INNER)
def take_weights(fact, buffer, index, m):
    """Copy the rows' weights. Without weights all of them stay 1."""
    if fact[at.ROW_WEIGHTS] != 0:
        w, given = shift(buffer, fact[at.W]), numbers(fact[at.ROW_WEIGHTS], buffer)
        for i in range(m):
            w[i] = given[index[i]]


@njit(**INNER)
def loss_scale(fact, knob):
    """What the sum of the rows' losses is multiplied by in the objective."""
    if fact[at.SUMMED] != 0:
        return knob[at.PER_OUTPUT]
    return knob[at.PER_OUTPUT] / knob[at.WEIGHT] if knob[at.WEIGHT] > 0.0 else 0.0


def loss(net, fact, knob, buffer, index, m, k):
    """The rows' losses, whose sum is returned; leaves the objective's derivative by the last block (k)."""
    y, a, d = shift(buffer, fact[at.Y]), shift(buffer, net[k + at.BLOCK]), shift(buffer, net[k + at.DELTA])
    p, factor = shift(buffer, fact[at.LOSS_P]), number(loss_scale(fact, knob), buffer)
    weights, room = shift(buffer, fact[at.W]), shift(buffer, fact[at.ROOM])
    out = shift(buffer, fact[at.ROW_LOSSES])
    call(
        fact[at.LOSS_STEP], (y, a, d, weights, out, room, m, net[k + at.WIDTH], net[k + at.STRIDE], p, factor)
    )
    return summed(out, m, 0.0)


@njit(**INNER, fastmath=FLAGS)  # else it would take over its caller's leave to reorder sums
def summed(numbers_of_rows, m, total):
    """The sum of m numbers on top of `total`, in their order: the same however rows are divided into blocks."""
    for i in range(m):
        total += np.float64(numbers_of_rows[i])
    return total


@njit(**INNER)
def prepare(fact, knob, buffer):
    """The optimizer's constants of this step, for weights and where they differ for biases."""
    constants = shift(buffer, fact[at.CONSTANTS])
    call(fact[at.PREPARE_STEP], (knob[at.RATE], knob[at.TIME], shift(knob, at.HYPER), constants))
    if fact[at.SEPARATE] != 0:
        call(
            fact[at.PREPARE_STEP],
            (knob[at.RATE], knob[at.TIME], shift(knob, at.HYPER + 8), shift(constants, 8)),
        )


def update(net, fact, knob, buffer, index, m, k):
    """One step of the optimizer over everything."""
    constants = shift(buffer, fact[at.CONSTANTS])
    if fact[at.SEPARATE] == 0:
        step_over(fact, buffer, 0, fact[at.SIZE], constants)
        return 0.0
    for layer in range(fact[at.FIRST], fact[at.LAST], at.NEXT):
        begin, middle = net[layer + at.WEIGHTS], net[layer + at.BIASES]
        if begin < middle:  # it learns
            own = constants if net[layer + at.PLAIN] != 0 else shift(constants, 8)
            step_over(fact, buffer, begin, middle - begin, own)
            step_over(fact, buffer, middle, net[layer + at.NEXT + at.STRIDE], shift(constants, 8))
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
        if net[layer + at.BACKWARD] != 0:
            call_float(net[layer + at.BACKWARD], (net, fact, knob, buffer, index, m, layer))


def block(net, fact, knob, buffer, index, m, k):
    """Everything that is done to the rows of block number k."""
    net, fact = shift(net, k * fact[at.NET_SIZE]), shift(fact, k * at.N_FACTS)
    index, m = shift(integers(fact[at.ROWS]), fact[at.FROM]), fact[at.COUNT]
    if fact[at.TARGETS] != 0:
        call_float(fact[at.TARGETS], (net, fact, knob, buffer, index, m, 0))
    forward(net, fact, knob, buffer, index, m)
    call_float(fact[at.LOSS], (net, fact, knob, buffer, index, m, fact[at.LAST]))
    backward(net, fact, knob, buffer, index, m)
    return 0.0


def form(net, fact, knob, buffer, index, m, k):
    """The gradient of range number k, and if it is complete and nothing else is to be done to it, the step with it."""
    span = shift(integers(fact[at.RANGES]), 4 * k)
    layer = span[0]
    call_float(net[layer + at.LEARN], (net, fact, knob, buffer, span, 0, layer))
    if fact[at.FINAL] != 0:
        constants, stride, row = (
            shift(buffer, fact[at.CONSTANTS]),
            net[layer + at.NEXT + at.STRIDE],
            net[layer + at.ROW],
        )
        begin, n = net[layer + at.WEIGHTS] + span[1] * row, (span[2] - span[1]) * row
        separate = fact[at.SEPARATE] != 0
        step_over(
            fact, buffer, begin, n, shift(constants, 8 * np.int64(separate and net[layer + at.PLAIN] == 0))
        )
        if span[3] != 0:
            step_over(
                fact,
                buffer,
                net[layer + at.BIASES],
                stride,
                shift(constants, 8 * np.int64(separate)),
            )
    return 0.0


@njit(**INNER, fastmath=FLAGS)
def weight_of(fact, buffer, index, m):
    """The sum of the rows' weights."""
    if fact[at.ROW_WEIGHTS] == 0:
        return np.float64(m)
    given, total = numbers(fact[at.ROW_WEIGHTS], buffer), 0.0
    for i in range(m):
        total += np.float64(given[index[i]])
    return total


def one_batch(net, fact, knob, buffer, index, m, k):
    """Everything for one batch, a few blocks of its rows at a time; returns its loss before the update."""
    knob[at.WEIGHT] = weight_of(fact, buffer, index, m)
    updating, together = fact[at.UPDATE] != 0, fact[at.UPDATE_RANGES] != 0
    if updating:
        prepare(fact, knob, buffer)
    rows, begin, total = fact[at.BLOCK_ROWS], 0, 0.0
    where = address(index)
    while begin < m:
        fact[at.FRESH] = begin == 0
        fact[at.ACTIVE] = min(fact[at.BLOCKS], (m - begin + rows - 1) // rows)
        for b in range(fact[at.ACTIVE]):
            here = shift(fact, b * at.N_FACTS)
            here[at.ROWS], here[at.FROM], here[at.COUNT] = where, begin, min(rows, m - begin)
            begin += here[at.COUNT]
        fact[at.FINAL] = begin == m and together
        work(net, fact, knob, buffer, fact[at.BLOCK_KERNEL], fact[at.ACTIVE])
        for b in range(fact[at.ACTIVE]):
            here = shift(fact, b * at.N_FACTS)
            total = summed(shift(buffer, here[at.ROW_LOSSES]), here[at.COUNT], total)
        work(net, fact, knob, buffer, fact[at.FORM_KERNEL], fact[at.N_RANGES])
    cost = knob[at.REPORT] * loss_scale(fact, knob) * total
    if fact[at.PENALTY] != 0:
        cost += call_float(fact[at.PENALTY], (net, fact, knob, buffer, index, m, k))
    if fact[at.CLIP] != 0:
        call_float(fact[at.CLIP], (net, fact, knob, buffer, index, m, k))
    if updating and not together:
        call_float(fact[at.UPDATE], (net, fact, knob, buffer, index, m, k))
        if fact[at.LIMIT] != 0:
            call_float(fact[at.LIMIT], (net, fact, knob, buffer, index, m, k))
    return cost


def single(net, fact, knob, buffer, index, m, k):
    """The same for a batch of one row whose update is made on the way back."""
    knob[at.WEIGHT] = weight_of(fact, buffer, index, m)
    call_float(fact[at.TARGETS], (net, fact, knob, buffer, index, m, k))
    forward(net, fact, knob, buffer, index, m)
    total = call_float(fact[at.LOSS], (net, fact, knob, buffer, index, m, fact[at.LAST]))
    backward(net, fact, knob, buffer, index, m)
    return knob[at.REPORT] * loss_scale(fact, knob) * total
