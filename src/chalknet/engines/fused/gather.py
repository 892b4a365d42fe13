"""From the data to a batch's blocks: the epoch's order, rows of X, targets and weights; the first layer on CSR rows."""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines.fused import layout as at
from chalknet.engines.fused.lowering import INNER, compiled
from chalknet.engines.fused.lowlevel import copy, noinline
from chalknet.engines.random import SHUFFLE
from chalknet.engines.random import draw as plain_draw
from chalknet.engines.random import stream as plain_stream

draw, stream = compiled(plain_draw), compiled(plain_stream)
U64 = np.uint64
SUMS = {**INNER, "fastmath": {"contract", "nsz", "reassoc"}}  # sums may be reordered, so that they vectorise


@njit(**INNER)
def in_stream(seed, purpose, epoch):
    """The key of a stream of random numbers, see `engines.random`."""
    return stream(U64(seed), U64(purpose), U64(epoch))


@njit(**INNER)
def shuffle(order, train, seed, epoch, wanted):
    """Fill `order` with the training rows, in the epoch's order."""
    noinline()
    n = train.size
    for i in range(n):
        order[i] = train[i]
    if wanted != 0:
        key = in_stream(seed, SHUFFLE, epoch)
        for i in range(n - 1, 0, -1):
            j = np.int64(draw(key, U64(i)) * U64(i + 1) >> U64(32))
            order[i], order[j] = order[j], order[i]


@njit(**INNER)
def gather(net, fact, buffer, rows, index, learning):
    """Copy the batch's rows of X into block 0 and, when learning, targets and weights; returns the sum of the weights.

    CSR rows are spread out, unless the first layer reads them itself. Class numbers become one-hot targets.
    """
    noinline()
    m, here, stride = index.size, net[at.BLOCK, 0], net[at.STRIDE, 0]
    if rows.sparse == 0:
        for i in range(m):
            copy(buffer, here + i * stride, rows.X, index[i] * rows.n_in, rows.n_in)
    elif net[at.KIND, 0] != at.DENSE:
        for i in range(m * stride):
            buffer[here + i] = 0
        for i in range(m):
            for q in range(rows.indptr[index[i]], rows.indptr[index[i] + 1]):
                buffer[here + i * stride + rows.indices[q]] += rows.X[q]
    if learning == 0:
        return 0.0
    n, stride = net[at.WIDTH, -1], net[at.STRIDE, -1]
    y, w = fact[at.Y], fact[at.W]
    if rows.labelled != 0:
        for i in range(m * stride):
            buffer[y + i] = 0
        for i in range(m):
            buffer[y + i * stride + rows.labels[index[i]]] = 1
    else:
        for i in range(m):
            copy(buffer, y + i * stride, rows.y, index[i] * n, n)
    total = 0.0
    for i in range(m):
        buffer[w + i] = rows.weights[index[i]] if rows.weighted != 0 else 1
        total += buffer[w + i]
    return total


@njit(**SUMS)
def sparse_forward(net, fact, buffer, rows, index):
    """The first dense layer on CSR rows: biases, then a row of weights for each stored number."""
    noinline()
    stride, parameters = net[at.STRIDE, 1], fact[at.PARAMETERS]
    bias = buffer[parameters + net[at.BIASES, 0] : parameters + net[at.BIASES, 0] + stride]
    for i in range(index.size):
        begin = net[at.BLOCK, 1] + i * stride
        z = buffer[begin : begin + stride]
        for j in range(stride):
            z[j] = bias[j]
        for q in range(rows.indptr[index[i]], rows.indptr[index[i] + 1]):
            x, begin = rows.X[q], parameters + net[at.WEIGHTS, 0] + rows.indices[q] * stride
            w = buffer[begin : begin + stride]
            for j in range(stride):
                z[j] += x * w[j]


@njit(**SUMS)
def sparse_backward(net, fact, buffer, rows, index):
    """The first dense layer's weight gradient on CSR rows."""
    noinline()
    stride, gradient = net[at.STRIDE, 1], fact[at.GRADIENT] + net[at.WEIGHTS, 0]
    whole = buffer[gradient : gradient + net[at.WIDTH, 0] * stride]
    for i in range(whole.size):
        whole[i] = 0
    for i in range(index.size):
        begin = net[at.DELTA, 1] + i * stride
        d = buffer[begin : begin + stride]
        for q in range(rows.indptr[index[i]], rows.indptr[index[i] + 1]):
            x, begin = rows.X[q], rows.indices[q] * stride
            out = whole[begin : begin + stride]
            for j in range(stride):
                out[j] += x * d[j]
