"""What happens to one batch, compiled: forward, loss, backward, penalties, update.

All buffers lie in one array (see `layout`); formulas are reached through their addresses (see `steps`). The bodies are
plain Python: with NUMBA_DISABLE_JIT=1 they run as such, for reading, debugging and coverage.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines.fused import layout as at
from chalknet.engines.fused.gather import SUMS, U64, draw, in_stream, sparse_backward, sparse_forward
from chalknet.engines.fused.gemm import add_rows, product, transpose
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import address, call, call_float, copy, noinline
from chalknet.engines.random import DROPOUT as DROPOUT_STREAM


@njit(**INNER)
def drop(net, knob, buffer, k, index, seed, epoch):
    """Draw dropout layer k's mask and apply it."""
    noinline()
    n, stride = net[at.WIDTH, k], net[at.STRIDE, k]
    kept, threshold = buffer.dtype.type(knob[at.SHAPE + k]), U64(net[at.DROPPED, k])
    key = in_stream(seed, DROPOUT_STREAM + k, epoch)
    for i in range(index.size):
        begin = i * stride
        a = buffer[net[at.BLOCK, k] + begin : net[at.BLOCK, k] + begin + stride]
        out = buffer[net[at.BLOCK, k + 1] + begin : net[at.BLOCK, k + 1] + begin + stride]
        mask = buffer[net[at.MASK, k + 1] + begin : net[at.MASK, k + 1] + begin + stride]
        first = U64(index[i]) * U64(n)
        for j in range(n):
            mask[j] = kept if draw(key, first + U64(j)) >= threshold else 0
        for j in range(stride):
            out[j] = a[j] * mask[j]


@njit(**INNER)
def activate(net, knob, buffer, k, m):
    """An activation's forward step: block k to block k + 1."""
    number = buffer.dtype.type
    call(
        net[at.FORWARD, k],
        (
            address(buffer, net[at.BLOCK, k]), address(buffer, net[at.BLOCK, k + 1]),
            m, net[at.WIDTH, k], net[at.STRIDE, k], number(knob[at.SHAPE + k]),
        ),
    )  # fmt: skip


@njit(**INNER)
def derive(net, knob, buffer, k, m):
    """An activation's backward step, in place: the gradient by block k + 1 becomes that by block k."""
    number = buffer.dtype.type
    call(
        net[at.BACKWARD, k],
        (
            address(buffer, net[at.BLOCK, k]), address(buffer, net[at.BLOCK, k + 1]), address(buffer, net[at.DELTA, k]),
            m, net[at.WIDTH, k], net[at.STRIDE, k], number(knob[at.SHAPE + k]),
        ),
    )  # fmt: skip


@njit(**INNER)
def forward(net, fact, knob, buffer, rows, index, epoch, training):
    """Blocks 1 … layers, for the rows in block 0 (or the CSR rows of `index`)."""
    noinline()
    m = index.size
    zero = m - m  # int64 variables: a literal would compile `product` once more
    one = zero + 1
    parameters = fact[at.PARAMETERS]
    for k in range(net.shape[1] - 1):
        if net[at.KIND, k] == at.DENSE:
            if k == 0 and rows.sparse != 0:
                sparse_forward(net, fact, buffer, rows, index)
            else:
                stride = net[at.STRIDE, k + 1]
                product(
                    address(buffer, net[at.BLOCK, k]), net[at.STRIDE, k], one,
                    address(buffer, parameters + net[at.WEIGHTS, k]), stride,
                    address(buffer, net[at.BLOCK, k + 1]), stride,
                    address(buffer, parameters + net[at.BIASES, k]), zero,
                    m, stride, net[at.WIDTH, k], buffer,
                )  # fmt: skip
        elif net[at.KIND, k] == at.ACTIVATION:
            activate(net, knob, buffer, k, m)
        elif training != 0:
            drop(net, knob, buffer, k, index, fact[at.SEED], epoch)
        else:
            copy(buffer, net[at.BLOCK, k + 1], buffer, net[at.BLOCK, k], m * net[at.STRIDE, k])


@njit(**SUMS)
def backward(net, fact, knob, buffer, rows, index):
    """The gradient of all parameters, from the loss's derivative by the last block."""
    noinline()
    m = index.size
    zero = m - m
    one = zero + 1
    for k in range(net.shape[1] - 2, fact[at.FIRST] - 1, -1):
        above, stride = net[at.DELTA, k + 1], net[at.STRIDE, k + 1]
        if net[at.KIND, k] == at.DENSE:
            weights = fact[at.GRADIENT] + net[at.WEIGHTS, k]
            if k == 0 and rows.sparse != 0:
                sparse_backward(net, fact, buffer, rows, index)
            else:
                product(
                    address(buffer, net[at.BLOCK, k]), one, net[at.STRIDE, k], address(buffer, above), stride,
                    address(buffer, weights), stride, no_address(buffer), zero,
                    net[at.WIDTH, k], stride, m, buffer,
                )  # fmt: skip
            add_rows(buffer, above, m, stride, fact[at.GRADIENT] + net[at.BIASES, k])
            if k > fact[at.FIRST]:
                below = net[at.STRIDE, k]
                transpose(buffer, fact[at.PARAMETERS] + net[at.WEIGHTS, k], net[at.WIDTH, k], stride, fact[at.TURNED], below)
                product(
                    address(buffer, above), stride, one, address(buffer, fact[at.TURNED]), below,
                    address(buffer, net[at.DELTA, k]), below, no_address(buffer), zero,
                    m, below, net[at.WIDTH, k + 1], buffer,
                )  # fmt: skip
        elif net[at.KIND, k] == at.ACTIVATION:
            derive(net, knob, buffer, k, m)
        else:
            mask = buffer[net[at.MASK, k + 1] : net[at.MASK, k + 1] + m * stride]
            d = buffer[above : above + m * stride]
            for i in range(m * stride):
                d[i] *= mask[i]


@njit(**INNER)
def no_address(like):
    """No initial values, for `product`."""
    return like.size - like.size


@njit(**INNER)
def loss(net, fact, knob, buffer, m, total_weight):
    """The batch's loss in the objective's own scale; leaves its derivative by the last block."""
    k = net.shape[1] - 1
    number = buffer.dtype.type
    scale = knob[at.PER_OUTPUT]
    if fact[at.SUMMED] == 0:
        scale = scale / total_weight if total_weight > 0.0 else 0.0
    weighted = call_float(
        fact[at.LOSS_STEP],
        (
            address(buffer, fact[at.Y]), address(buffer, net[at.BLOCK, k]), address(buffer, net[at.DELTA, k]),
            address(buffer, fact[at.W]), m, net[at.WIDTH, k], net[at.STRIDE, k], number(knob[at.LOSS_P]), number(scale),
        ),
    )  # fmt: skip
    return weighted * scale


@njit(**SUMS)
def penalise(net, fact, knob, buffer, total_weight):
    """Add the gradient of l1 |w| + l2 w²/2, shared out over the batch's weight; returns the penalty."""
    noinline()
    number = buffer.dtype.type
    share = 1.0 / total_weight if total_weight > 0.0 else 0.0
    l1, l2 = number(knob[at.L1] * share), number(knob[at.L2] * share)
    squares, sizes = 0.0, 0.0
    for k in range(net.shape[1] - 1):
        if net[at.KIND, k] == at.DENSE:
            n, begin = net[at.WIDTH, k] * net[at.STRIDE, k + 1], net[at.WEIGHTS, k]
            w = buffer[fact[at.PARAMETERS] + begin : fact[at.PARAMETERS] + begin + n]
            g = buffer[fact[at.GRADIENT] + begin : fact[at.GRADIENT] + begin + n]
            square, size = number(0), number(0)
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


@njit(**SUMS)
def clip(fact, knob, buffer):
    """Limit the gradient's elements, then its length."""
    noinline()
    g = buffer[fact[at.GRADIENT] : fact[at.GRADIENT] + fact[at.SIZE]]
    number = g.dtype.type
    if knob[at.CLIP_VALUE] > 0.0:
        bound = number(knob[at.CLIP_VALUE])
        for i in range(g.size):
            g[i] = min(max(g[i], -bound), bound)
    if knob[at.CLIP_NORM] > 0.0:
        square = 0.0
        for i in range(g.size):
            square += np.float64(g[i]) * np.float64(g[i])
        length = np.sqrt(square)
        if length > knob[at.CLIP_NORM]:
            factor = number(knob[at.CLIP_NORM] / length)
            for i in range(g.size):
                g[i] *= factor


@njit(**INNER)
def update(net, fact, knob, buffer, rate, t):
    """One step of the optimizer."""
    noinline()
    constants = fact[at.CONSTANTS]
    call(fact[at.PREPARE_STEP], (rate, t, address(knob, at.HYPER), address(buffer, constants)))
    if fact[at.SEPARATE] == 0:
        step_over(fact, buffer, constants - constants, fact[at.SIZE], constants)
        return
    call(fact[at.PREPARE_STEP], (rate, t, address(knob, at.HYPER + 8), address(buffer, constants + 8)))
    for k in range(net.shape[1] - 1):
        if net[at.KIND, k] == at.DENSE:
            step_over(fact, buffer, net[at.WEIGHTS, k], net[at.WIDTH, k] * net[at.STRIDE, k + 1], constants)
            step_over(fact, buffer, net[at.BIASES, k], net[at.STRIDE, k + 1], constants + 8)


@njit(**INNER)
def step_over(fact, buffer, begin, n, constants):
    """The optimizer's step on parameters begin … begin + n; slots it does not have point at nothing of use."""
    call(
        fact[at.UPDATE_STEP],
        (
            address(buffer, fact[at.PARAMETERS] + begin), address(buffer, fact[at.GRADIENT] + begin),
            address(buffer, fact[at.SLOT0] + begin), address(buffer, fact[at.SLOT1] + begin),
            address(buffer, fact[at.SLOT2] + begin), n, address(buffer, constants),
        ),
    )  # fmt: skip
