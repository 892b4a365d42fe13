"""Normalisations, compiled: batch and layer normalisation with scales and shifts, and standardisation. See `dense`.

`MASK` names where a layer keeps its normalised numbers for the way back (its own output, where there is no way back);
`SPREAD` where it keeps 1/√(v + ε), one a unit for a batch normalisation, one a row for a layer normalisation, with room
behind; `RUNNING` the means of a layer that keeps moments, with the variances one stride on.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines.fused import layout as at
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import number, shift
from chalknet.engines.fused.pointwise import shape

SOME = 64  # rows whose sum is taken by itself: float32 sums of many rows stay exact to a few digits of the last place


@njit(**INNER)
def ahead(net, buffer, k):
    """A layer's places on the way forward: what goes in and comes out, X̂, the room of `SPREAD`, γ and β."""
    return (
        shift(buffer, net[k + at.BLOCK]),
        shift(buffer, net[k + at.NEXT + at.BLOCK]),
        shift(buffer, net[k + at.MASK]),
        shift(buffer, net[k + at.SPREAD]),
        shift(buffer, net[k + at.WEIGHTS]),
        shift(buffer, net[k + at.BIASES]),
    )


@njit(**INNER)
def back(net, buffer, k):
    """And on the way back: the derivative by what comes out, by what goes in, X̂, the room of `SPREAD`, γ."""
    return (
        shift(buffer, net[k + at.NEXT + at.DELTA]),
        shift(buffer, net[k + at.DELTA]),
        shift(buffer, net[k + at.MASK]),
        shift(buffer, net[k + at.SPREAD]),
        shift(buffer, net[k + at.WEIGHTS]),
    )


@njit(**INNER)
def momentum(net, fact, knob, k):
    """The layer's second number."""
    return knob[np.int64(knob[at.SHAPE]) + fact[at.LAST] // at.NEXT + net[k + at.NUMBER]]


@njit(**INNER)
def means(z, stride, n, m, out, part):
    """The mean of each of n columns over m rows."""
    for j in range(n):
        out[j] = number(0.0, z)
    for begin in range(0, m, SOME):
        for j in range(n):
            part[j] = number(0.0, z)
        for i in range(begin, min(begin + SOME, m)):
            row = shift(z, i * stride)
            for j in range(n):
                part[j] += row[j]
        for j in range(n):
            out[j] += part[j]
    share = number(1.0 / m, z)
    for j in range(n):
        out[j] *= share


@njit(**INNER)
def squares(z, stride, n, m, mean, out):
    """The square of what is left of each number without its column's mean."""
    for i in range(m):
        row, square = shift(z, i * stride), shift(out, i * stride)
        for j in range(n):
            square[j] = (row[j] - mean[j]) * (row[j] - mean[j])


@njit(**INNER)
def follow(running, new, n, kept, share):
    """Running numbers follow a batch's."""
    for j in range(n):
        running[j] = kept * running[j] + share * new[j]


def batch_norm(net, fact, knob, buffer, index, m, k):
    """A = γ (Z − μ)/√(v + ε) + β by the batch's own moments while learning, else by the running ones."""
    n, stride, one = net[k + at.WIDTH], net[k + at.STRIDE], number(1.0, buffer)
    z, out, normal, turn, gain, offset = ahead(net, buffer, k)
    mean, variance = shift(buffer, net[k + at.RUNNING]), shift(buffer, net[k + at.RUNNING] + stride)
    epsilon = number(shape(net, knob, k), buffer)
    if fact[at.LEARNING] != 0:
        own, part = shift(turn, stride), shift(turn, 2 * stride)
        means(z, stride, n, m, own, part)
        squares(z, stride, n, m, own, normal)  # which are put there for a moment
        means(normal, stride, n, m, turn, part)
        if m > 1:
            kept = momentum(net, fact, knob, k)
            share = number(1.0 - kept, buffer)
            follow(mean, own, n, number(kept, buffer), share)
            follow(variance, turn, n, number(kept, buffer), number((1.0 - kept) * m / (m - 1.0), buffer))
        mean, variance = own, turn
    for j in range(n):
        turn[j] = one / np.sqrt(variance[j] + epsilon)
    for i in range(m):
        row, hat, a = shift(z, i * stride), shift(normal, i * stride), shift(out, i * stride)
        for j in range(n):
            value = (row[j] - mean[j]) * turn[j]
            hat[j] = value
            a[j] = gain[j] * value + offset[j]
    return 0.0


def batch_norm_back(net, fact, knob, buffer, index, m, k):
    """D = (γ/√(v + ε)) (D − mean(D) − X̂ mean(D X̂)) over the batch; by running moments only the factor is left."""
    n, stride = net[k + at.WIDTH], net[k + at.STRIDE]
    d, under, normal, turn, gain = back(net, buffer, k)
    shared, slanted, part = shift(turn, stride), shift(turn, 2 * stride), shift(turn, 3 * stride)
    for j in range(n):
        shared[j], slanted[j] = number(0.0, buffer), number(0.0, buffer)
    if fact[at.LEARNING] != 0:
        means(d, stride, n, m, shared, part)
        share = number(1.0 / m, buffer)
        for i in range(m):
            row, hat = shift(d, i * stride), shift(normal, i * stride)
            for j in range(n):
                slanted[j] += row[j] * hat[j]
        for j in range(n):
            slanted[j] *= share
    for i in range(m):
        row, hat, below = shift(d, i * stride), shift(normal, i * stride), shift(under, i * stride)
        for j in range(n):
            below[j] = gain[j] * turn[j] * (row[j] - shared[j] - hat[j] * slanted[j])
    return 0.0


def layer_norm(net, fact, knob, buffer, index, m, k):
    """A = γ (Z − μ)/√(v + ε) + β by each row's own moments."""
    n, stride, one = net[k + at.WIDTH], net[k + at.STRIDE], number(1.0, buffer)
    z, out, normal, turn, gain, offset = ahead(net, buffer, k)
    epsilon, share = number(shape(net, knob, k), buffer), number(1.0 / n, buffer)
    for i in range(m):
        row, hat, a = shift(z, i * stride), shift(normal, i * stride), shift(out, i * stride)
        mean, variance = number(0.0, buffer), number(0.0, buffer)
        for j in range(n):
            mean += row[j]
        mean *= share
        for j in range(n):
            variance += (row[j] - mean) * (row[j] - mean)
        turn[i] = one / np.sqrt(share * variance + epsilon)
        for j in range(n):
            value = (row[j] - mean) * turn[i]
            hat[j] = value
            a[j] = gain[j] * value + offset[j]
    return 0.0


def layer_norm_back(net, fact, knob, buffer, index, m, k):
    """D = (G − mean(G) − X̂ mean(G X̂))/√(v + ε) with G = γ D, over each row."""
    n, stride = net[k + at.WIDTH], net[k + at.STRIDE]
    d, under, normal, turn, gain = back(net, buffer, k)
    share = number(1.0 / n, buffer)
    for i in range(m):
        row, hat, below = shift(d, i * stride), shift(normal, i * stride), shift(under, i * stride)
        shared, slanted = number(0.0, buffer), number(0.0, buffer)
        for j in range(n):
            shared += gain[j] * row[j]
            slanted += gain[j] * row[j] * hat[j]
        shared *= share
        slanted *= share
        for j in range(n):
            below[j] = turn[i] * (gain[j] * row[j] - shared - hat[j] * slanted)
    return 0.0


def norm_learn(net, fact, knob, buffer, index, m, k):
    """dγ = the sum of D X̂ over the rows, dβ = that of D, on top of what the batch's earlier blocks have left."""
    n, stride = net[k + at.WIDTH], net[k + at.STRIDE]
    gain = shift(buffer, fact[at.GRADIENT] + net[k + at.WEIGHTS])
    offset = shift(buffer, fact[at.GRADIENT] + net[k + at.BIASES])
    if fact[at.FRESH] != 0:
        for j in range(n):
            gain[j], offset[j] = number(0.0, buffer), number(0.0, buffer)
    for b in range(fact[at.ACTIVE]):
        place = shift(net, b * fact[at.NET_SIZE] + k)
        d, normal = shift(buffer, place[at.NEXT + at.DELTA]), shift(buffer, place[at.MASK])
        for i in range(fact[b * at.N_FACTS + at.COUNT]):
            row, hat = shift(d, i * stride), shift(normal, i * stride)
            for j in range(n):
                gain[j] += row[j] * hat[j]
                offset[j] += row[j]
    return 0.0


def standardize(net, fact, knob, buffer, index, m, k):
    """A = (Z − mean)/√variance by fixed numbers."""
    n, stride = net[k + at.WIDTH], net[k + at.STRIDE]
    z, out = shift(buffer, net[k + at.BLOCK]), shift(buffer, net[k + at.NEXT + at.BLOCK])
    mean, variance = shift(buffer, net[k + at.RUNNING]), shift(buffer, net[k + at.RUNNING] + stride)
    for i in range(m):
        row, a = shift(z, i * stride), shift(out, i * stride)
        for j in range(n):
            a[j] = (row[j] - mean[j]) / np.sqrt(variance[j])
    return 0.0


def standardize_back(net, fact, knob, buffer, index, m, k):
    """D = D/√variance, in place."""
    n, stride = net[k + at.WIDTH], net[k + at.STRIDE]
    d, variance = shift(buffer, net[k + at.DELTA]), shift(buffer, net[k + at.RUNNING] + stride)
    for i in range(m):
        row = shift(d, i * stride)
        for j in range(n):
            row[j] /= np.sqrt(variance[j])
    return 0.0
