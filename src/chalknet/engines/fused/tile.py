"""The matrix product's inner tile: a few rows times a few vectors, kept in registers.

C[r, :] = init[r, :] + sum over k of A[r, k] * B[k, :], for `rows` rows and `vectors` vector registers of columns. Each
element's sum runs over k in rising order, one fused multiply-add at a time, whatever the tile: so a result does not
depend on how rows are grouped. LLVM keeps the accumulators in registers; unrolled loops in plain Numba it does not.
"""

from __future__ import annotations

import os

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chalknet.engines.fused.lowlevel import JIT


def _vector_bytes() -> int:
    features = llvm.get_host_cpu_features()
    widest = 64 if features.get("avx512f") else 32 if features.get("avx") else 16
    return min(widest, int(os.environ.get("CHALKNET_VECTOR_BYTES", widest)))


VECTOR_BYTES = _vector_bytes()
TALL = 8 if VECTOR_BYTES == 64 else 4  # rows: TALL * 2 accumulators, two vectors of B and a broadcast fill the registers


def _load(builder, pointer, offset, vector, align):
    at = builder.bitcast(builder.gep(pointer, [offset]), vector.as_pointer())
    return builder.load(at, align=align)


def _store(builder, value, pointer, offset, vector, align):
    at = builder.bitcast(builder.gep(pointer, [offset]), vector.as_pointer())
    builder.store(value, at).align = align


def splat(builder, value, vector):
    """The vector whose elements all are `value`."""
    undefined = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    return builder.shuffle_vector(one, undefined, zeros)


def _generate(rows, vectors):
    def codegen(context, builder, signature, args):
        a, a_row, a_k, b, b_k, c, c_row, init, init_row, k = args
        bits = signature.args[10].dtype.bitwidth
        lanes, align, word = VECTOR_BYTES * 8 // bits, bits // 8, ir.IntType(64)
        number = ir.FloatType() if bits == 32 else ir.DoubleType()
        vector = ir.VectorType(number, lanes)
        a, b, c, init_at = (builder.inttoptr(x, number.as_pointer()) for x in (a, b, c, init))

        def times(x, i):
            return builder.mul(x, ir.Constant(word, i))

        cells = [(i, j) for i in range(rows) for j in range(vectors)]
        sums = {cell: cgutils.alloca_once(builder, vector) for cell in cells}
        with builder.if_else(builder.icmp_signed("!=", init, ir.Constant(word, 0))) as (given, absent):
            with given:
                for i, j in cells:
                    at = builder.add(times(init_row, i), ir.Constant(word, j * lanes))
                    builder.store(_load(builder, init_at, at, vector, align), sums[i, j])
            with absent:
                for cell in cells:
                    builder.store(ir.Constant(vector, None), sums[cell])
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f{bits}"
        )
        with cgutils.for_range(builder, k) as loop:
            row_of_b = builder.mul(loop.index, b_k)
            column_of_a = builder.mul(loop.index, a_k)
            right = [
                _load(builder, b, builder.add(row_of_b, ir.Constant(word, j * lanes)), vector, align)
                for j in range(vectors)
            ]
            for i in range(rows):
                left = splat(
                    builder, builder.load(builder.gep(a, [builder.add(column_of_a, times(a_row, i))])), vector
                )
                for j in range(vectors):
                    builder.store(builder.call(fma, [left, right[j], builder.load(sums[i, j])]), sums[i, j])
        for i, j in cells:
            at = builder.add(times(c_row, i), ir.Constant(word, j * lanes))
            _store(builder, builder.load(sums[i, j]), c, at, vector, align)
        return context.get_dummy_value()

    return codegen


def _twin(rows, vectors):
    """The tile's meaning in NumPy; "addresses" are arrays (see `lowlevel`)."""

    def view(x, row, column, m, n):
        return np.lib.stride_tricks.as_strided(x, (m, n), (row * x.itemsize, column * x.itemsize))

    def tile(a, a_row, a_k, b, b_k, c, c_row, init, init_row, k, like):
        n = vectors * VECTOR_BYTES // like.itemsize
        start = 0 if isinstance(init, int) else view(init, init_row, 1, rows, n).copy()
        product = view(a, a_row, a_k, rows, k) @ view(b, b_k, 1, k, n) if k else 0
        view(c, c_row, 1, rows, n)[:] = start + product

    return tile


def make_tile(rows: int, vectors: int):
    """The tile of that size: tile(a, a_row, a_k, b, b_k, c, c_row, init, init_row, k, like).

    Addresses a, b, c, init (0: start from zero); strides in elements; `like` is any array of the dtype.
    """
    if not JIT:
        return _twin(rows, vectors)

    @intrinsic
    def tile(typing, a, a_row, a_k, b, b_k, c, c_row, init, init_row, k, like):
        signature = types.void(*[types.int64] * 10, like)
        return signature, lambda cx, b_, s, args: _generate(rows, vectors)(cx, b_, s, args[:10])

    return tile
