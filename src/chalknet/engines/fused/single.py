"""Plain gradient descent one row at a time: the update is made on the way back, and no gradient is ever stored."""

from __future__ import annotations

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from chalknet.engines.fused import layout as at
from chalknet.engines.fused import lowlevel
from chalknet.engines.fused.gemm import row_narrow, row_wide
from chalknet.engines.fused.kernels import activate, derive
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import address, shift
from chalknet.engines.fused.tile import VECTOR_BYTES, splat

if lowlevel.JIT:

    @intrinsic
    def dot_then_step(typing, buffer, w, d, factor, n):
        """Return the sum of buffer[w + i] * buffer[d + i]; then buffer[w + i] += factor * buffer[d + i], in one pass."""

        def codegen(context, builder, signature, args):
            bits = signature.args[0].dtype.bitwidth
            lanes, align, word = VECTOR_BYTES * 8 // bits, bits // 8, ir.IntType(64)
            number = ir.FloatType() if bits == 32 else ir.DoubleType()
            vector = ir.VectorType(number, lanes)
            begin = lowlevel.data_pointer(context, builder, signature.args[0], args[0])
            fma = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f{bits}"
            )
            add = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(number, [number, vector]), f"llvm.vector.reduce.fadd.v{lanes}f{bits}"
            )
            by = splat(builder, args[3], vector)
            total = cgutils.alloca_once(builder, vector)
            builder.store(ir.Constant(vector, None), total)
            with cgutils.for_range(builder, builder.sdiv(args[4], ir.Constant(word, lanes))) as loop:
                o = builder.mul(loop.index, ir.Constant(word, lanes))
                place = builder.bitcast(builder.gep(begin, [builder.add(args[1], o)]), vector.as_pointer())
                other = builder.bitcast(builder.gep(begin, [builder.add(args[2], o)]), vector.as_pointer())
                weights, delta = builder.load(place, align=align), builder.load(other, align=align)
                builder.store(builder.call(fma, [weights, delta, builder.load(total)]), total)
                builder.store(builder.call(fma, [by, delta, weights]), place).align = align
            return builder.call(add, [ir.Constant(number, 0.0), builder.load(total)], fastmath=("reassoc",))

        i = types.int64
        return buffer.dtype(buffer, i, i, buffer.dtype, i), codegen

else:

    def dot_then_step(buffer, w, d, factor, n):
        """Twin: the same in NumPy."""
        total = buffer[w : w + n] @ buffer[d : d + n]
        buffer[w : w + n] += factor * buffer[d : d + n]
        return total


@njit(**INNER)
def forward_row(net, fact, knob, buffer):
    """Blocks 1 … layers, of one row."""
    lanes = VECTOR_BYTES // buffer.itemsize
    one = net[at.KIND, 0] - net[at.KIND, 0] + 1
    for k in range(net.shape[1] - 1):
        if net[at.KIND, k] == at.ACTIVATION:
            activate(net, knob, buffer, k, one)
            continue
        stride = net[at.STRIDE, k + 1]
        a = address(buffer, net[at.BLOCK, k])
        w = address(buffer, fact[at.PARAMETERS] + net[at.WEIGHTS, k])
        b = address(buffer, fact[at.PARAMETERS] + net[at.BIASES, k])
        z = address(buffer, net[at.BLOCK, k + 1])
        j = one - one
        while j + 4 * lanes <= stride:
            row_wide(
                a, one, one, shift(w, j, buffer), stride, shift(z, j, buffer), stride, shift(b, j, buffer), stride,
                net[at.WIDTH, k], buffer,
            )  # fmt: skip
            j += 4 * lanes
        while j < stride:
            row_narrow(
                a, one, one, shift(w, j, buffer), stride, shift(z, j, buffer), stride, shift(b, j, buffer), stride,
                net[at.WIDTH, k], buffer,
            )  # fmt: skip
            j += lanes


@njit(**INNER)
def backward_row(net, fact, knob, buffer, rate):
    """Change all parameters by -rate times the gradient, each layer's after its inputs' gradient was taken with it."""
    one = net[at.KIND, 0] - net[at.KIND, 0] + 1
    number = buffer.dtype.type
    down = number(-rate)
    for k in range(net.shape[1] - 2, fact[at.FIRST] - 1, -1):
        if net[at.KIND, k] == at.ACTIVATION:
            derive(net, knob, buffer, k, one)
            continue
        stride, above, below = net[at.STRIDE, k + 1], net[at.DELTA, k + 1], net[at.DELTA, k]
        dot_then_step(buffer, fact[at.PARAMETERS] + net[at.BIASES, k], above, down, stride)
        weights, inputs = fact[at.PARAMETERS] + net[at.WEIGHTS, k], net[at.BLOCK, k]
        for i in range(net[at.WIDTH, k]):
            buffer[below + i] = dot_then_step(buffer, weights + i * stride, above, down * buffer[inputs + i], stride)


def fits(description, sparse) -> bool:
    """May this path be taken? It depends on the network and its options alone."""
    plain = description.optimizer == "sgd" and description.batch_size == 1 and not sparse
    free = not (description.l1 or description.l2 or description.clip_norm or description.clip_value)
    return plain and free and all(s.kind != "dropout" for s in description.layers)


