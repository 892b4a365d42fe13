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

WORD = ir.IntType(64)


def _vector_bytes() -> int:
    features = llvm.get_host_cpu_features()
    widest = 64 if features.get("avx512f") else 32 if features.get("avx") else 16
    return min(widest, int(os.environ.get("CHALKNET_VECTOR_BYTES", widest)))


VECTOR_BYTES = _vector_bytes()
# Rows of a tile: TALL * 2 accumulators, two vectors of B and a broadcast fill the registers, 32 or 16 of them.
TALL = 8 if VECTOR_BYTES == 64 else 6
SHORT = 4
# Rows of B that are asked for ahead of their use; measured on AVX2 alone (benchmarks/lab/product.py), 0 for none.
AHEAD = 0 if VECTOR_BYTES == 64 else 16
LINE = 64  # bytes that memory hands over at a time


class Vectors:
    """Vector instructions on the numbers that a Numba pointer type points at, while generating code."""

    def __init__(self, builder, pointer_type):
        self.builder = builder
        bits = pointer_type.dtype.bitwidth
        self.size, self.lanes = bits // 8, VECTOR_BYTES * 8 // bits
        self.number = ir.FloatType() if bits == 32 else ir.DoubleType()
        self.vector = ir.VectorType(self.number, self.lanes)
        self.suffix = f"v{self.lanes}f{bits}"

    def fma(self, a, b, c):
        """a * b + c, rounded once."""
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.{self.suffix}")
        return self.builder.call(function, [a, b, c])

    def total(self, v):
        """The sum of a vector's elements, pairwise."""
        kind = ir.FunctionType(self.number, [self.number, self.vector])
        name = f"llvm.vector.reduce.fadd.{self.suffix}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [ir.Constant(self.number, 0.0), v], fastmath=("reassoc",))

    def splat(self, value):
        """The vector whose elements all are `value`."""
        undefined = ir.Constant(self.vector, ir.Undefined)
        one = self.builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None)
        return self.builder.shuffle_vector(one, undefined, zeros)

    def place(self, pointer, offset):
        """The vector at `pointer`, `offset` elements on."""
        return self.builder.bitcast(self.builder.gep(pointer, [offset]), self.vector.as_pointer())

    def load(self, pointer, offset):
        """Read a vector that need not be aligned."""
        return self.builder.load(self.place(pointer, offset), align=self.size)

    def store(self, value, pointer, offset):
        """Write one."""
        self.builder.store(value, self.place(pointer, offset)).align = self.size

    def fetch(self, pointer, offset, vectors):
        """Ask for the memory lines of some vectors, to be read a little later."""
        anything, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [anything, word, word, word])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0i8")
        to_read, keep, data = (ir.Constant(word, i) for i in (0, 3, 1))
        for line in range(0, vectors * self.lanes * self.size, LINE):
            where = self.builder.add(offset, ir.Constant(WORD, line // self.size))
            place = self.builder.bitcast(self.builder.gep(pointer, [where]), anything)
            self.builder.call(function, [place, to_read, keep, data])

    def times(self, x, i):
        """x * i for a constant i."""
        return self.builder.mul(x, ir.Constant(WORD, i))


def _generate(rows, vectors):
    def codegen(context, builder, signature, args):
        a, a_row, a_k, b, b_k, c, c_row, init, init_row, k = args
        v = Vectors(builder, signature.args[0])
        cells = [(i, j) for i in range(rows) for j in range(vectors)]
        sums = {cell: cgutils.alloca_once(builder, v.vector) for cell in cells}
        for i, j in cells:
            where = builder.add(v.times(init_row, i), ir.Constant(WORD, j * v.lanes))
            builder.store(v.load(init, where), sums[i, j])
        with cgutils.for_range(builder, k) as loop:
            row_of_b, column_of_a = builder.mul(loop.index, b_k), builder.mul(loop.index, a_k)
            right = [v.load(b, builder.add(row_of_b, ir.Constant(WORD, j * v.lanes))) for j in range(vectors)]
            if AHEAD and rows > 1:
                v.fetch(b, builder.add(row_of_b, v.times(b_k, AHEAD)), vectors)
            for i in range(rows):
                at = builder.add(column_of_a, v.times(a_row, i))
                left = v.splat(builder.load(builder.gep(a, [at])))
                for j in range(vectors):
                    builder.store(v.fma(left, right[j], builder.load(sums[i, j])), sums[i, j])
        for i, j in cells:
            v.store(
                builder.load(sums[i, j]), c, builder.add(v.times(c_row, i), ir.Constant(WORD, j * v.lanes))
            )
        return context.get_dummy_value()

    return codegen


def _twin(rows, vectors):
    """The tile's meaning in NumPy; "pointers" are arrays (see `lowlevel`)."""

    def view(x, row, column, m, n):
        return np.lib.stride_tricks.as_strided(x, (m, n), (row * x.itemsize, column * x.itemsize))

    def tile(a, a_row, a_k, b, b_k, c, c_row, init, init_row, k):
        n = vectors * lanes(a)
        start = view(init, init_row, 1, rows, n).copy()
        product = view(a, a_row, a_k, rows, k) @ view(b, b_k, 1, k, n) if k else 0
        view(c, c_row, 1, rows, n)[:] = start + product

    return tile


def make_tile(rows: int, vectors: int):
    """The tile of that size: tile(a, a_row, a_k, b, b_k, c, c_row, init, init_row, k); strides are in elements."""
    if not JIT:
        return _twin(rows, vectors)

    @intrinsic
    def tile(typing, a, a_row, a_k, b, b_k, c, c_row, init, init_row, k):
        i = types.int64
        return types.void(a, i, i, b, i, c, i, init, i, i), _generate(rows, vectors)

    return tile


def _dot_products(rows):
    def codegen(context, builder, signature, args):
        a, a_row, w, n, bias, out, out_row = args
        v = Vectors(builder, signature.args[0])
        sums = [cgutils.alloca_once(builder, v.vector) for _ in range(rows)]
        for place in sums:
            builder.store(ir.Constant(v.vector, None), place)
        whole = builder.sdiv(n, ir.Constant(WORD, v.lanes))
        nothing = ir.Constant(v.vector, None)

        def add(vector, mask=None):
            k = v.times(vector, v.lanes)
            weights = v.load(w, k)
            for i in range(rows):
                row = v.load(a, builder.add(k, v.times(a_row, i)))
                row = row if mask is None else builder.select(mask, row, nothing)
                builder.store(v.fma(row, weights, builder.load(sums[i])), sums[i])

        with cgutils.for_range(builder, whole) as loop:
            add(loop.index)
        left = builder.sub(n, v.times(whole, v.lanes))
        with builder.if_then(builder.icmp_signed(">", left, ir.Constant(WORD, 0))):
            places = ir.Constant(ir.VectorType(WORD, v.lanes), list(range(v.lanes)))
            first = builder.insert_element(ir.Constant(places.type, ir.Undefined), left, ir.Constant(WORD, 0))
            same = builder.shuffle_vector(
                first, first, ir.Constant(ir.VectorType(ir.IntType(32), v.lanes), None)
            )
            add(whole, builder.icmp_signed("<", places, same))
        for i in range(rows):
            total = builder.fadd(v.total(builder.load(sums[i])), builder.load(bias))
            builder.store(total, builder.gep(out, [v.times(out_row, i)]))
        return context.get_dummy_value()

    return codegen


def make_dots(rows: int):
    """dots(a, a_row, w, n, bias, out, out_row): out[i] = bias + the sum of a[i, :n] w, for some rows.

    Vectors are read whole; what lies beyond n counts as 0, whatever it is.
    """
    if not JIT:

        def twin(a, a_row, w, n, bias, out, out_row):
            for i in range(rows):
                out[i * out_row] = a[i * a_row : i * a_row + n] @ w[:n] + bias[0]

        return twin

    @intrinsic
    def dots(typing, a, a_row, w, n, bias, out, out_row):
        i = types.int64
        return types.void(a, i, a, i, a, a, i), _dot_products(rows)

    return dots


if JIT:

    @intrinsic
    def lanes(typing, pointer):
        """How many numbers of the pointer's dtype a vector register holds: a constant."""
        n = VECTOR_BYTES * 8 // pointer.dtype.bitwidth
        return types.int64(pointer), lambda context, builder, signature, args: ir.Constant(WORD, n)

else:

    def lanes(pointer):
        """Twin: the same."""
        return VECTOR_BYTES // pointer.itemsize
