"""What happens to one batch, compiled: gather, forward, loss, backward, penalties, update.

Blocks are padded (see `layout`); formulas are reached through their addresses (see `steps`). The bodies are plain Python:
with NUMBA_DISABLE_JIT=1 they run as such, for reading, debugging and coverage.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines.fused.gemm import OPTIONS, add_rows, product, transpose
from chalknet.engines.fused.layout import ACTIVATION, DENSE, DROPOUT
from chalknet.engines.fused.lowlevel import address, call, call_float, copy, noinline
from chalknet.engines.fused.lowering import compiled
from chalknet.engines.random import DROPOUT as DROPOUT_STREAM
from chalknet.engines.random import SHUFFLE
from chalknet.engines.random import draw as plain_draw
from chalknet.engines.random import stream as plain_stream

draw, stream = compiled(plain_draw), compiled(plain_stream)
U64 = np.uint64


@njit(**OPTIONS)
def in_stream(seed, purpose, epoch):
    """The key of a stream of random numbers, see `engines.random`."""
    return stream(U64(seed), U64(purpose), U64(epoch))


@njit(**OPTIONS)
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


@njit(**OPTIONS)
def gather_inputs(net, rows, index, m, memory):
    """Copy the batch's rows of X into block 0 (CSR rows are spread out, unless the first layer reads them itself)."""
    noinline()
    blocks, stride = memory.blocks, net.stride[0]
    if rows.sparse == 0:
        for i in range(m):
            copy(blocks, i * stride, rows.X, index[i] * rows.n_in, rows.n_in)
    elif net.kind[0] != DENSE:
        for i in range(m * stride):
            blocks[i] = 0
        for i in range(m):
            for q in range(rows.indptr[index[i]], rows.indptr[index[i] + 1]):
                blocks[i * stride + rows.indices[q]] += rows.X[q]


@njit(**OPTIONS)
def gather_targets(net, rows, index, m, memory):
    """Copy the batch's targets (class numbers become one-hot rows) and weights; returns the sum of the weights."""
    noinline()
    n, stride = net.width[-1], net.stride[-1]
    y, w = memory.y, memory.w
    if rows.labelled != 0:
        for i in range(m * stride):
            y[i] = 0
        for i in range(m):
            y[i * stride + rows.labels[index[i]]] = 1
    else:
        for i in range(m):
            copy(y, i * stride, rows.y, index[i] * n, n)
    total = 0.0
    for i in range(m):
        w[i] = rows.weights[index[i]] if rows.weighted != 0 else 1
        total += w[i]
    return total


@njit(**OPTIONS)
def sparse_forward(net, rows, index, m, memory):
    """The first dense layer on CSR rows: biases, then a row of weights for each stored number."""
    noinline()
    p, blocks, stride, at = memory.parameters, memory.blocks, net.stride[1], memory.at[1]
    bias = p[net.biases[0] : net.biases[0] + stride]
    for i in range(m):
        z = blocks[at + i * stride : at + (i + 1) * stride]
        for j in range(stride):
            z[j] = bias[j]
        for q in range(rows.indptr[index[i]], rows.indptr[index[i] + 1]):
            x, begin = rows.X[q], net.weights[0] + rows.indices[q] * stride
            w = p[begin : begin + stride]
            for j in range(stride):
                z[j] += x * w[j]


@njit(**OPTIONS)
def sparse_backward(net, rows, index, m, memory):
    """The first dense layer's weight gradient on CSR rows."""
    noinline()
    g, deltas, stride, at = memory.gradient, memory.deltas, net.stride[1], memory.delta_at[1]
    whole = g[net.weights[0] : net.weights[0] + net.width[0] * stride]
    for i in range(whole.size):
        whole[i] = 0
    for i in range(m):
        d = deltas[at + i * stride : at + (i + 1) * stride]
        for q in range(rows.indptr[index[i]], rows.indptr[index[i] + 1]):
            x, begin = rows.X[q], rows.indices[q] * stride
            out = whole[begin : begin + stride]
            for j in range(stride):
                out[j] += x * d[j]


@njit(**OPTIONS)
def drop(net, k, index, m, memory, seed, epoch):
    """Draw dropout layer k's mask and apply it."""
    noinline()
    n, stride = net.width[k], net.stride[k]
    kept, threshold = memory.blocks.dtype.type(net.shape[k]), net.threshold[k]
    key = in_stream(seed, DROPOUT_STREAM + k, epoch)
    for i in range(m):
        begin = i * stride
        a = memory.blocks[memory.at[k] + begin : memory.at[k] + begin + stride]
        out = memory.blocks[memory.at[k + 1] + begin : memory.at[k + 1] + begin + stride]
        mask = memory.masks[memory.at[k + 1] + begin : memory.at[k + 1] + begin + stride]
        first = U64(index[i]) * U64(n)
        for j in range(n):
            mask[j] = kept if draw(key, first + U64(j)) >= threshold else 0
        for j in range(stride):
            out[j] = a[j] * mask[j]


@njit(**OPTIONS)
def forward(net, rows, index, m, memory, seed, epoch, training):
    """Blocks 0 … layers for m rows."""
    noinline()
    blocks, p = memory.blocks, memory.parameters
    zero = m - m  # int64 variables: a literal would compile `product` once more
    one = zero + 1
    number = blocks.dtype.type
    for k in range(net.kind.size):
        here, there = memory.at[k], memory.at[k + 1]
        if net.kind[k] == DENSE:
            if k == 0 and rows.sparse != 0:
                sparse_forward(net, rows, index, m, memory)
            else:
                product(
                    address(blocks, here), net.stride[k], one, address(p, net.weights[k]), net.stride[k + 1],
                    address(blocks, there), net.stride[k + 1], address(p, net.biases[k]), zero,
                    m, net.stride[k + 1], net.width[k], p,
                )  # fmt: skip
        elif net.kind[k] == ACTIVATION:
            call(
                net.forward[k],
                (address(blocks, here), address(blocks, there), m, net.width[k], net.stride[k], number(net.shape[k])),
            )
        elif training != 0:
            drop(net, k, index, m, memory, seed, epoch)
        else:
            copy(blocks, there, blocks, here, m * net.stride[k])


@njit(**OPTIONS)
def backward(net, rows, index, m, memory):
    """The gradient of all parameters, from the loss's derivative in the last block of deltas."""
    noinline()
    blocks, deltas, p, g, turned = memory.blocks, memory.deltas, memory.parameters, memory.gradient, memory.turned
    zero = m - m
    one = zero + 1
    number = blocks.dtype.type
    for k in range(net.kind.size - 1, net.first - 1, -1):
        above, below = memory.delta_at[k + 1], memory.delta_at[k]
        stride = net.stride[k + 1]
        if net.kind[k] == DENSE:
            if k == 0 and rows.sparse != 0:
                sparse_backward(net, rows, index, m, memory)
            else:
                product(
                    address(blocks, memory.at[k]), one, net.stride[k], address(deltas, above), stride,
                    address(g, net.weights[k]), stride, zero_address(g), zero, net.width[k], stride, m, p,
                )  # fmt: skip
            add_rows(deltas, above, m, stride, g, net.biases[k], stride)
            if k > net.first:
                transpose(p, net.weights[k], net.width[k], stride, stride, turned, net.stride[k])
                product(
                    address(deltas, above), stride, one, address(turned, zero), net.stride[k],
                    address(deltas, below), net.stride[k], zero_address(g), zero, m, net.stride[k], net.width[k + 1], p,
                )  # fmt: skip
        elif net.kind[k] == ACTIVATION:
            call(
                net.backward[k],
                (
                    address(blocks, memory.at[k]), address(blocks, memory.at[k + 1]), address(deltas, above),
                    m, net.width[k], stride, number(net.shape[k]),
                ),
            )  # fmt: skip
        else:
            mask = memory.masks[memory.at[k + 1] : memory.at[k + 1] + m * stride]
            d = deltas[above : above + m * stride]
            for i in range(m * stride):
                d[i] *= mask[i]


@njit(**OPTIONS)
def zero_address(like):
    """No initial values, for `product`."""
    return like.size - like.size


@njit(**OPTIONS)
def loss(net, goal, m, total_weight, memory):
    """The batch's loss in the objective's own scale; leaves its derivative in the last block of deltas."""
    noinline()
    k = net.kind.size
    number = memory.blocks.dtype.type
    scale = goal.per_output
    if goal.summed == 0:
        scale = scale / total_weight if total_weight > 0.0 else 0.0
    weighted = call_float(
        goal.loss,
        (
            address(memory.y, 0), address(memory.blocks, memory.at[k]), address(memory.deltas, memory.delta_at[k]),
            address(memory.w, 0), m, net.width[k], net.stride[k], number(goal.p), number(scale),
        ),
    )  # fmt: skip
    return weighted * scale


@njit(**OPTIONS)
def penalise(net, goal, total_weight, memory):
    """Add the gradient of l1 |w| + l2 w²/2, shared out over the batch's weight; returns the penalty."""
    noinline()
    number = memory.blocks.dtype.type
    share = 1.0 / total_weight if total_weight > 0.0 else 0.0
    l1, l2 = number(goal.l1 * share), number(goal.l2 * share)
    squares, sizes = 0.0, 0.0
    for k in range(net.kind.size):
        if net.kind[k] == DENSE:
            n = net.width[k] * net.stride[k + 1]
            w = memory.parameters[net.weights[k] : net.weights[k] + n]
            g = memory.gradient[net.weights[k] : net.weights[k] + n]
            square = number(0)
            for i in range(n):
                g[i] += l2 * w[i]
                square += w[i] * w[i]
            squares += square
            if goal.l1 != 0.0:
                size = number(0)
                for i in range(n):
                    g[i] += l1 * np.sign(w[i])
                    size += abs(w[i])
                sizes += size
    return (0.5 * goal.l2 * squares + goal.l1 * sizes) * share


@njit(**OPTIONS)
def clip(goal, memory):
    """Limit the gradient's elements, or its length."""
    noinline()
    g = memory.gradient
    number = g.dtype.type
    if goal.clip_value > 0.0:
        bound = number(goal.clip_value)
        for i in range(g.size):
            g[i] = min(max(g[i], -bound), bound)
    if goal.clip_norm > 0.0:
        square = 0.0
        for i in range(g.size):
            square += g[i] * g[i]
        length = np.sqrt(square)
        if length > goal.clip_norm:
            factor = number(goal.clip_norm / length)
            for i in range(g.size):
                g[i] *= factor


@njit(**OPTIONS)
def update(net, pace, rate, t, memory):
    """One step of the optimizer."""
    noinline()
    c = memory.constants
    call(pace.prepare, (rate, t, address(pace.hyper.ravel(), 0), address(c, 0)))
    if pace.separate == 0:
        step_over(pace, 0, memory.parameters.size, 0, memory)
    else:
        call(pace.prepare, (rate, t, address(pace.hyper.ravel(), 8), address(c, 8)))
        for k in range(net.kind.size):
            if net.kind[k] == DENSE:
                step_over(pace, net.weights[k], net.width[k] * net.stride[k + 1], 0, memory)
                step_over(pace, net.biases[k], net.stride[k + 1], 8, memory)


@njit(**OPTIONS)
def step_over(pace, begin, n, constants, memory):
    """The optimizer's step on parameters begin … begin + n."""
    s0 = begin if pace.slots > 0 else 0
    s1 = begin if pace.slots > 1 else 0
    s2 = begin if pace.slots > 2 else 0
    call(
        pace.update,
        (
            address(memory.parameters, begin), address(memory.gradient, begin), address(memory.s0, s0),
            address(memory.s1, s1), address(memory.s2, s2), n, address(memory.constants, constants),
        ),
    )  # fmt: skip
