"""Layers without weights, compiled: activations, whose formulas are called by address, and dropout. See `dense`."""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines.fused import layout as at
from chalknet.engines.fused.lowering import INNER, compiled
from chalknet.engines.fused.lowlevel import call, copy, number, shift
from chalknet.engines.random import DROPOUT
from chalknet.engines.random import draw as plain_draw
from chalknet.engines.random import stream as plain_stream

draw, stream = compiled(plain_draw), compiled(plain_stream)
U64 = np.uint64


@njit(**INNER)
def shape(net, knob, k):
    """The layer's one number: a shape parameter, or 1/(1 - rate)."""
    return knob[np.int64(knob[at.SHAPE]) + net[k + at.NUMBER]]


def activate(net, fact, knob, buffer, index, m, k):
    """A = f(Z)."""
    z, a = shift(buffer, net[k + at.BLOCK]), shift(buffer, net[k + at.NEXT + at.BLOCK])
    p = number(shape(net, knob, k), buffer)
    call(net[k + at.FORWARD_STEP], (z, a, m, net[k + at.WIDTH], net[k + at.STRIDE], p))
    return 0.0


def derive(net, fact, knob, buffer, index, m, k):
    """D = D * f'(Z), in place."""
    z, a = shift(buffer, net[k + at.BLOCK]), shift(buffer, net[k + at.NEXT + at.BLOCK])
    d, p = shift(buffer, net[k + at.DELTA]), number(shape(net, knob, k), buffer)
    call(net[k + at.BACKWARD_STEP], (z, a, d, m, net[k + at.WIDTH], net[k + at.STRIDE], p))
    return 0.0


def drop(net, fact, knob, buffer, index, m, k):
    """Draw dropout's mask and apply it; where nothing is learned or sampled, pass the block on."""
    n, stride = net[k + at.WIDTH], net[k + at.STRIDE]
    a, out = shift(buffer, net[k + at.BLOCK]), shift(buffer, net[k + at.NEXT + at.BLOCK])
    if fact[at.LEARNING] == 0 and fact[at.SAMPLING] == 0:
        copy(out, a, m * stride)
        return 0.0
    mask = shift(buffer, net[k + at.MASK])
    kept, none, threshold = number(shape(net, knob, k), buffer), number(0.0, buffer), U64(net[k + at.DROPPED])
    key = stream(U64(fact[at.SEED]), U64(DROPOUT + net[k + at.NUMBER]), U64(fact[at.EPOCH]))
    for i in range(m):
        first = U64(index[i]) * U64(n)
        for j in range(n):
            mask[i * stride + j] = kept if draw(key, first + U64(j)) >= threshold else none
    for i in range(m * stride):
        out[i] = a[i] * mask[i]
    return 0.0


def undrop(net, fact, knob, buffer, index, m, k):
    """D = D * mask, in place; without training there is no mask."""
    if fact[at.LEARNING] == 0:
        return 0.0
    d, mask = shift(buffer, net[k + at.DELTA]), shift(buffer, net[k + at.MASK])
    for i in range(m * net[k + at.STRIDE]):
        d[i] *= mask[i]
    return 0.0
