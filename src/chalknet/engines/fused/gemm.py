"""Matrix products and transposes over padded blocks, from tiles. No BLAS: at these sizes its overhead costs more."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from chalknet.engines.fused import lowlevel
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import JIT, noinline, shift
from chalknet.engines.fused.tile import TALL, VECTOR_BYTES, make_tile


SHORT = TALL // 2
tall_wide, tall_narrow = make_tile(TALL, 2), make_tile(TALL, 1)
short_wide, short_narrow = make_tile(SHORT, 2), make_tile(SHORT, 1)
row_wide, row_narrow = make_tile(1, 4), make_tile(1, 1)


@njit(**INNER)
def product(a, a_row, a_k, b, b_k, c, c_row, init, init_row, m, n, k, like):
    """C[m, n] = init + A[m, k] B[k, n]; addresses and strides in elements, n a multiple of the vector length.

    A may be read along either axis (its two strides); init is 0 for none, init_row 0 repeats one row (a bias).
    """
    noinline()
    lanes = VECTOR_BYTES // like.itemsize
    tall = m // TALL * TALL
    short = tall + (m - tall) // SHORT * SHORT
    j = 0
    while short > 0 and j + 2 * lanes <= n:
        bj, cj, ij = shift(b, j, like), shift(c, j, like), start(init, j, like)
        for i in range(0, tall, TALL):
            tall_wide(
                shift(a, i * a_row, like), a_row, a_k, bj, b_k, shift(cj, i * c_row, like), c_row,
                start(ij, i * init_row, like), init_row, k, like,
            )  # fmt: skip
        if short > tall:
            short_wide(
                shift(a, tall * a_row, like), a_row, a_k, bj, b_k, shift(cj, tall * c_row, like), c_row,
                start(ij, tall * init_row, like), init_row, k, like,
            )  # fmt: skip
        j += 2 * lanes
    if short > 0 and j < n:
        bj, cj, ij = shift(b, j, like), shift(c, j, like), start(init, j, like)
        for i in range(0, tall, TALL):
            tall_narrow(
                shift(a, i * a_row, like), a_row, a_k, bj, b_k, shift(cj, i * c_row, like), c_row,
                start(ij, i * init_row, like), init_row, k, like,
            )  # fmt: skip
        if short > tall:
            short_narrow(
                shift(a, tall * a_row, like), a_row, a_k, bj, b_k, shift(cj, tall * c_row, like), c_row,
                start(ij, tall * init_row, like), init_row, k, like,
            )  # fmt: skip
    for i in range(short, m):
        ai, ci, ii = shift(a, i * a_row, like), shift(c, i * c_row, like), start(init, i * init_row, like)
        j = 0
        while j + 4 * lanes <= n:
            row_wide(
                ai, a_row, a_k, shift(b, j, like), b_k, shift(ci, j, like), c_row,
                start(ii, j, like), init_row, k, like,
            )  # fmt: skip
            j += 4 * lanes
        while j < n:
            row_narrow(
                ai, a_row, a_k, shift(b, j, like), b_k, shift(ci, j, like), c_row,
                start(ii, j, like), init_row, k, like,
            )  # fmt: skip
            j += lanes


if JIT:

    @njit(inline="always")
    def start(init, n, like):
        """The address of the initial values `n` elements on; 0 stays 0."""
        return shift(init, n, like) if init != 0 else init

    @intrinsic
    def transpose_square(typing, source, at, row, target, to, target_row):
        """Transpose one square of vector length in registers, by rounds of interleaving."""

        def codegen(context, builder, signature, args):
            bits = signature.args[0].dtype.bitwidth
            lanes, align, word = VECTOR_BYTES * 8 // bits, bits // 8, ir.IntType(64)
            vector = ir.VectorType(ir.FloatType() if bits == 32 else ir.DoubleType(), lanes)
            mask = ir.VectorType(ir.IntType(32), lanes)
            half = lanes // 2
            low = ir.Constant(mask, [i // 2 + i % 2 * lanes for i in range(lanes)])
            high = ir.Constant(mask, [half + i // 2 + i % 2 * lanes for i in range(lanes)])

            def place(array, i, offset, stride):
                begin = lowlevel.data_pointer(context, builder, signature.args[array], args[array])
                index = builder.add(args[offset], builder.mul(args[stride], ir.Constant(word, i)))
                return builder.bitcast(builder.gep(begin, [index]), vector.as_pointer())

            v = [builder.load(place(0, i, 1, 2), align=align) for i in range(lanes)]
            rounds = lanes
            while rounds > 1:
                v = [
                    builder.shuffle_vector(v[i // 2], v[i // 2 + half], low if i % 2 == 0 else high)
                    for i in range(lanes)
                ]
                rounds //= 2
            for i in range(lanes):
                builder.store(v[i], place(3, i, 4, 5)).align = align
            return context.get_dummy_value()

        i = types.int64
        return types.void(source, i, i, target, i, i), codegen

else:

    def start(init, n, like):
        """Twin: the array from there on; 0 stays 0."""
        return shift(init, n, like)

    def transpose_square(source, at, row, target, to, target_row):
        """Twin: the same square, by indexing."""
        lanes = VECTOR_BYTES // source.itemsize
        i, j = np.arange(lanes)[:, None], np.arange(lanes)
        target[to + j * target_row + i] = source[at + i * row + j]


@njit(**INNER)
def transpose(buffer, begin, k, n, target, target_row):
    """Transpose the k rows of n (padded) columns at `begin` into n rows at `target`, whose padding becomes zero."""
    noinline()
    lanes = VECTOR_BYTES // buffer.itemsize
    whole = k // lanes * lanes
    for i in range(0, whole, lanes):
        for j in range(0, n, lanes):
            transpose_square(buffer, begin + i * n + j, n, buffer, target + j * target_row + i, target_row)
    for j in range(n):
        for i in range(whole, k):
            buffer[target + j * target_row + i] = buffer[begin + i * n + j]
        for i in range(k, target_row):
            buffer[target + j * target_row + i] = 0


@njit(**INNER)
def add_rows(buffer, begin, m, row, target):
    """The sum of the m rows at `begin`, into one row at `target`."""
    noinline()
    out = buffer[target : target + row]
    for j in range(row):
        out[j] = 0
    for i in range(m):
        one = buffer[begin + i * row : begin + (i + 1) * row]
        for j in range(row):
            out[j] += one[j]
