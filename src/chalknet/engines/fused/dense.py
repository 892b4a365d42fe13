"""Dense layers, compiled: forward and backward for batches, for single rows, and for a first layer on CSR rows.

Every kernel here and in `pointwise` has the same arguments: the arrays of `layout`, the batch's row numbers, how many
they are, and where the layer's record begins in `net`. They return 0, for all kernels return a number.
"""

from __future__ import annotations

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from chalknet.engines.fused import layout as at
from chalknet.engines.fused.gemm import one_row, transpose
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import JIT, call, columns, integers, number, numbers, shift
from chalknet.engines.fused.tile import WORD, Vectors


def dense_forward(net, fact, knob, buffer, index, m, k):
    """Z = A W + b."""
    above, stride = k + at.NEXT, net[k + at.NEXT + at.STRIDE]
    a, w, z = (
        shift(buffer, net[k + at.BLOCK]),
        shift(buffer, net[k + at.WEIGHTS]),
        shift(buffer, net[above + at.BLOCK]),
    )
    biases = shift(buffer, net[k + at.BIASES])
    call(
        fact[at.PRODUCT],
        (a, net[k + at.STRIDE], 1, w, stride, z, stride, biases, 0, m, stride, net[k + at.WIDTH]),
    )
    return 0.0


def dense_backward(net, fact, knob, buffer, index, m, k):
    """dW = Aᵀ D, db = the sum of D's rows, and above the first dense layer dA = D Wᵀ."""
    above, stride, below = k + at.NEXT, net[k + at.NEXT + at.STRIDE], net[k + at.STRIDE]
    a, d, zeros = (
        shift(buffer, net[k + at.BLOCK]),
        shift(buffer, net[above + at.DELTA]),
        shift(buffer, fact[at.ZEROS]),
    )
    gradient = shift(buffer, fact[at.GRADIENT] + net[k + at.WEIGHTS])
    call(fact[at.PRODUCT], (a, 1, below, d, stride, gradient, stride, zeros, 0, net[k + at.WIDTH], stride, m))
    bias_gradient(net, fact, buffer, m, k)
    if k > fact[at.FIRST]:
        turned, under = shift(buffer, fact[at.TURNED]), shift(buffer, net[k + at.DELTA])
        transpose(shift(buffer, net[k + at.WEIGHTS]), net[k + at.WIDTH], stride, turned, below)
        width = net[above + at.WIDTH]
        call(fact[at.PRODUCT], (d, stride, 1, turned, below, under, below, zeros, 0, m, below, width))
    return 0.0


@njit(**INNER)
def bias_gradient(net, fact, buffer, m, k):
    """The sum of the rows of D: one row of ones times D."""
    stride = net[k + at.NEXT + at.STRIDE]
    gradient = shift(buffer, fact[at.GRADIENT] + net[k + at.BIASES])
    d, zeros, one = (
        shift(buffer, net[k + at.NEXT + at.DELTA]),
        shift(buffer, fact[at.ZEROS]),
        shift(buffer, fact[at.ONE]),
    )
    one_row(one, 0, d, stride, gradient, zeros, stride, m)


def sparse_forward(net, fact, knob, buffer, index, m, k):
    """The same for CSR rows: biases, then a row of weights for each stored number."""
    stride, block = net[k + at.NEXT + at.STRIDE], net[k + at.NEXT + at.BLOCK]
    starts, places, values = integers(fact[at.STARTS]), columns(fact[at.COLUMNS]), numbers(fact[at.X], buffer)
    bias = shift(buffer, net[k + at.BIASES])
    for i in range(m):
        z = shift(buffer, block + i * stride)
        for j in range(stride):
            z[j] = bias[j]
        for q in range(starts[index[i]], starts[index[i] + 1]):
            x, w = values[q], shift(buffer, net[k + at.WEIGHTS] + places[q] * stride)
            for j in range(stride):
                z[j] += x * w[j]
    return 0.0


def sparse_backward(net, fact, knob, buffer, index, m, k):
    """The gradient of a first layer on CSR rows."""
    stride, delta = net[k + at.NEXT + at.STRIDE], net[k + at.NEXT + at.DELTA]
    starts, places, values = integers(fact[at.STARTS]), columns(fact[at.COLUMNS]), numbers(fact[at.X], buffer)
    gradient = shift(buffer, fact[at.GRADIENT] + net[k + at.WEIGHTS])
    for i in range(net[k + at.WIDTH] * stride):
        gradient[i] = number(0.0, buffer)
    for i in range(m):
        d = shift(buffer, delta + i * stride)
        for q in range(starts[index[i]], starts[index[i] + 1]):
            x, g = values[q], shift(gradient, places[q] * stride)
            for j in range(stride):
                g[j] += x * d[j]
    bias_gradient(net, fact, buffer, m, k)
    return 0.0


if JIT:

    @intrinsic
    def dot_then_step(typing, w, d, factor, n):
        """Return the sum of w[i] * d[i]; then w[i] += factor * d[i], in one pass over n (whole vectors)."""

        def codegen(context, builder, signature, args):
            v = Vectors(builder, signature.args[0])
            by = v.splat(args[2])
            total = cgutils.alloca_once(builder, v.vector)
            builder.store(ir.Constant(v.vector, None), total)
            with cgutils.for_range(builder, builder.sdiv(args[3], ir.Constant(WORD, v.lanes))) as loop:
                i = v.times(loop.index, v.lanes)
                weights, delta = v.load(args[0], i), v.load(args[1], i)
                builder.store(v.fma(weights, delta, builder.load(total)), total)
                v.store(v.fma(by, delta, weights), args[0], i)
            return v.total(builder.load(total))

        return w.dtype(w, d, w.dtype, types.int64), codegen

else:

    def dot_then_step(w, d, factor, n):
        """Twin: the same in NumPy."""
        total = w[:n] @ d[:n]
        w[:n] += factor * d[:n]
        return total


def single_forward(net, fact, knob, buffer, index, m, k):
    """z = a W + b, for one row."""
    above, stride = k + at.NEXT, net[k + at.NEXT + at.STRIDE]
    a, w, z = (
        shift(buffer, net[k + at.BLOCK]),
        shift(buffer, net[k + at.WEIGHTS]),
        shift(buffer, net[above + at.BLOCK]),
    )
    one_row(a, 1, w, stride, z, shift(buffer, net[k + at.BIASES]), stride, net[k + at.WIDTH])
    return 0.0


def single_backward(net, fact, knob, buffer, index, m, k):
    """Plain gradient descent on the way back: each weight changes when its input's gradient was taken with it.

    No gradient of weights is ever stored.
    """
    stride, down = net[k + at.NEXT + at.STRIDE], number(-knob[at.RATE], buffer)
    d, a, under = (
        shift(buffer, net[k + at.NEXT + at.DELTA]),
        shift(buffer, net[k + at.BLOCK]),
        shift(buffer, net[k + at.DELTA]),
    )
    dot_then_step(shift(buffer, net[k + at.BIASES]), d, down, stride)
    for i in range(net[k + at.WIDTH]):
        under[i] = dot_then_step(shift(buffer, net[k + at.WEIGHTS] + i * stride), d, down * a[i], stride)
    return 0.0
