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
from chalknet.engines.fused.tile import VECTOR_BYTES, WORD, Vectors, make_dots

MANY = 8 if VECTOR_BYTES == 64 else 4
many_dots, one_dot = make_dots(MANY), make_dots(1)


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
        (
            a,
            net[k + at.STRIDE],
            1,
            w,
            stride,
            z,
            stride,
            biases,
            0,
            m,
            net[above + at.WIDTH],
            net[k + at.WIDTH],
        ),
    )
    return 0.0


def dense_backward(net, fact, knob, buffer, index, m, k):
    """dA = D Wᵀ. The first dense layer has none."""
    above, stride, below = k + at.NEXT, net[k + at.NEXT + at.STRIDE], net[k + at.STRIDE]
    d, zeros = shift(buffer, net[above + at.DELTA]), shift(buffer, fact[at.ZEROS])
    turned, under = shift(buffer, fact[at.TURNED]), shift(buffer, net[k + at.DELTA])
    transpose(shift(buffer, net[k + at.WEIGHTS]), net[k + at.WIDTH], stride, turned, below)
    n, width = net[k + at.WIDTH], net[above + at.WIDTH]
    call(fact[at.PRODUCT], (d, stride, 1, turned, below, under, below, zeros, 0, m, n, width))
    return 0.0


def dense_learn(net, fact, knob, buffer, index, m, k):
    """dW = Aᵀ D for a range of W's rows, and db."""
    learn(net, fact, buffer, index, k, at.BLOCK, at.NEXT + at.DELTA)
    return 0.0


@njit(**INNER)
def learn(net, fact, buffer, index, k, left, right):
    """Leftᵀ Right for a range of the gradient's rows, and db = the sum of D's rows, if it belongs to the range.

    `left` and `right` say where a block's record names its two factors: A and D, or D and A where weights lie turned.
    The sums run over the rows of all blocks, in their order, on top of what the batch's earlier blocks have left.
    """
    begin, end, with_biases = index[1], index[2], index[3]
    above, row = net[k + at.NEXT + at.STRIDE], net[k + at.ROW]
    left_row = net[k + at.STRIDE] if left == at.BLOCK else above
    n = net[k + at.NEXT + at.WIDTH] if left == at.BLOCK else net[k + at.WIDTH]
    zeros, one = shift(buffer, fact[at.ZEROS]), shift(buffer, fact[at.ONE])
    gradient = shift(buffer, fact[at.GRADIENT] + net[k + at.WEIGHTS] + begin * row)
    biases = shift(buffer, fact[at.GRADIENT] + net[k + at.BIASES])
    for b in range(fact[at.ACTIVE]):
        place = shift(net, b * fact[at.NET_SIZE] + k)
        one_side, other = shift(buffer, place[left] + begin), shift(buffer, place[right])
        rows, fresh = fact[b * at.N_FACTS + at.COUNT], b == 0 and fact[at.FRESH] != 0
        init, init_row = (zeros, 0) if fresh else (gradient, row)
        call(
            fact[at.PRODUCT],
            (one_side, 1, left_row, other, row, gradient, row, init, init_row, end - begin, n, rows),
        )
        if with_biases != 0:
            d = shift(buffer, place[at.NEXT + at.DELTA])
            one_row(one, 0, d, above, biases, zeros if fresh else biases, above, rows)


def narrow_forward(net, fact, knob, buffer, index, m, k):
    """Z = A W + b for a layer whose weights lie turned: a sum along the inputs for each output."""
    above, stride, below = k + at.NEXT, net[k + at.NEXT + at.STRIDE], net[k + at.STRIDE]
    a, z = shift(buffer, net[k + at.BLOCK]), shift(buffer, net[above + at.BLOCK])
    n_in = net[k + at.WIDTH]
    some = m // MANY * MANY
    for j in range(net[above + at.WIDTH]):
        w, bias = shift(buffer, net[k + at.WEIGHTS] + j * below), shift(buffer, net[k + at.BIASES] + j)
        for i in range(0, some, MANY):
            many_dots(shift(a, i * below), below, w, n_in, bias, shift(z, i * stride + j), stride)
        for i in range(some, m):
            one_dot(shift(a, i * below), below, w, n_in, bias, shift(z, i * stride + j), stride)
    return 0.0


def narrow_backward(net, fact, knob, buffer, index, m, k):
    """dA = D Wᵀ, which is there already."""
    above, below = k + at.NEXT, net[k + at.STRIDE]
    d, zeros = shift(buffer, net[above + at.DELTA]), shift(buffer, fact[at.ZEROS])
    turned, under = shift(buffer, net[k + at.WEIGHTS]), shift(buffer, net[k + at.DELTA])
    call(
        fact[at.PRODUCT],
        (
            d,
            net[above + at.STRIDE],
            1,
            turned,
            below,
            under,
            below,
            zeros,
            0,
            m,
            net[k + at.WIDTH],
            net[above + at.WIDTH],
        ),
    )
    return 0.0


def narrow_learn(net, fact, knob, buffer, index, m, k):
    """dWᵀ = Dᵀ A for a range of the outputs, and db."""
    learn(net, fact, buffer, index, k, at.NEXT + at.DELTA, at.BLOCK)
    n_in, row = net[k + at.WIDTH], net[k + at.ROW]
    gradient = shift(buffer, fact[at.GRADIENT] + net[k + at.WEIGHTS])
    for j in range(index[1], index[2]):  # the inputs' padding need not be zero
        for i in range(n_in, row):
            gradient[j * row + i] = number(0.0, buffer)
    return 0.0


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


def sparse_learn(net, fact, knob, buffer, index, m, k):
    """The gradient of a first layer on CSR rows, which is one range."""
    stride = net[k + at.NEXT + at.STRIDE]
    starts, places, values = integers(fact[at.STARTS]), columns(fact[at.COLUMNS]), numbers(fact[at.X], buffer)
    gradient = shift(buffer, fact[at.GRADIENT] + net[k + at.WEIGHTS])
    biases = shift(gradient, net[k + at.WIDTH] * stride)
    if fact[at.FRESH] != 0:
        for i in range((net[k + at.WIDTH] + 1) * stride):
            gradient[i] = number(0.0, buffer)
    for b in range(fact[at.ACTIVE]):
        here = shift(fact, b * at.N_FACTS)
        delta, rows = (
            net[b * fact[at.NET_SIZE] + k + at.NEXT + at.DELTA],
            shift(integers(here[at.ROWS]), here[at.FROM]),
        )
        one_row(
            shift(buffer, fact[at.ONE]),
            0,
            shift(buffer, delta),
            stride,
            biases,
            biases,
            stride,
            here[at.COUNT],
        )
        for i in range(here[at.COUNT]):
            d = shift(buffer, delta + i * stride)
            for q in range(starts[rows[i]], starts[rows[i] + 1]):
                x, g = values[q], shift(gradient, places[q] * stride)
                for j in range(stride):
                    g[j] += x * d[j]
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
