"""Matrix products and transposes over padded blocks, from tiles. No BLAS: at these sizes its overhead costs more."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import JIT, number, shift
from chalknet.engines.fused.tile import SHORT, TALL, WORD, Vectors, lanes, make_tile

tall_wide, tall_narrow = make_tile(TALL, 2), make_tile(TALL, 1)
short_wide, short_narrow = make_tile(SHORT, 2), make_tile(SHORT, 1)
row_wide, row_narrow = make_tile(1, 4), make_tile(1, 1)


def product_type(T):
    """The C signature of `product`."""
    p, i = types.CPointer(T), types.int64
    return types.void(p, i, i, p, i, p, i, p, i, i, i, i)


def product(a, a_row, a_k, b, b_k, c, c_row, init, init_row, m, n, k):
    """C[m, n] = init + A[m, k] B[k, n]; strides in elements.

    Whole vectors of columns are computed, so rows of B, C and init must be that long. A may be read along either axis
    (its two strides); init_row 0 repeats one row (a bias, or zeros).
    """
    wide = lanes(b)
    n = (n + wide - 1) // wide * wide
    tall, short = divided(m)
    j = 0
    while short > 0 and j + 2 * wide <= n:
        bj, cj, ij = shift(b, j), shift(c, j), shift(init, j)
        for i in range(0, tall, TALL):
            ai, ci, ii = shift(a, i * a_row), shift(cj, i * c_row), shift(ij, i * init_row)
            tall_wide(ai, a_row, a_k, bj, b_k, ci, c_row, ii, init_row, k)
        for i in range(tall, short, SHORT):
            ai, ci, ii = shift(a, i * a_row), shift(cj, i * c_row), shift(ij, i * init_row)
            short_wide(ai, a_row, a_k, bj, b_k, ci, c_row, ii, init_row, k)
        j += 2 * wide
    if short > 0 and j < n:
        bj, cj, ij = shift(b, j), shift(c, j), shift(init, j)
        for i in range(0, tall, TALL):
            ai, ci, ii = shift(a, i * a_row), shift(cj, i * c_row), shift(ij, i * init_row)
            tall_narrow(ai, a_row, a_k, bj, b_k, ci, c_row, ii, init_row, k)
        for i in range(tall, short, SHORT):
            ai, ci, ii = shift(a, i * a_row), shift(cj, i * c_row), shift(ij, i * init_row)
            short_narrow(ai, a_row, a_k, bj, b_k, ci, c_row, ii, init_row, k)
    for i in range(short, m):
        one_row(shift(a, i * a_row), a_k, b, b_k, shift(c, i * c_row), shift(init, i * init_row), n, k)


@njit(**INNER)
def divided(m):
    """Where the rows that tall tiles take end, and those of short ones: fewer than two rows are left over, or few."""
    shorts = m % TALL // SHORT
    if TALL == 6:  # 8 rows, 6 of them in a tall tile, leave 2: two short ones take all
        shorts = m % TALL // 2 * 2 % 3
    if shorts * SHORT > m:
        shorts = m // SHORT
    tall = (m - shorts * SHORT) // TALL * TALL
    return tall, tall + shorts * SHORT


@njit(**INNER)
def one_row(a, a_k, b, b_k, c, init, n, k):
    """One row of a product."""
    wide, j = lanes(b), 0
    while j + 4 * wide <= n:
        row_wide(a, 0, a_k, shift(b, j), b_k, shift(c, j), 0, shift(init, j), 0, k)
        j += 4 * wide
    while j < n:
        row_narrow(a, 0, a_k, shift(b, j), b_k, shift(c, j), 0, shift(init, j), 0, k)
        j += wide


if JIT:

    @intrinsic
    def transpose_square(typing, source, row, target, target_row):
        """Transpose one square of vector length in registers, by rounds of interleaving."""

        def codegen(context, builder, signature, args):
            v = Vectors(builder, signature.args[0])
            half = v.lanes // 2
            mask = ir.VectorType(ir.IntType(32), v.lanes)
            low = ir.Constant(mask, [i // 2 + i % 2 * v.lanes for i in range(v.lanes)])
            high = ir.Constant(mask, [half + i // 2 + i % 2 * v.lanes for i in range(v.lanes)])
            square = [v.load(args[0], builder.mul(args[1], ir.Constant(WORD, i))) for i in range(v.lanes)]
            rounds = v.lanes
            while rounds > 1:
                square = [
                    builder.shuffle_vector(square[i // 2], square[i // 2 + half], low if i % 2 == 0 else high)
                    for i in range(v.lanes)
                ]
                rounds //= 2
            for i in range(v.lanes):
                v.store(square[i], args[2], builder.mul(args[3], ir.Constant(WORD, i)))
            return context.get_dummy_value()

        return types.void(source, types.int64, target, types.int64), codegen

else:

    def transpose_square(source, row, target, target_row):
        """Twin: the same square, by indexing."""
        wide = lanes(source)
        i, j = np.arange(wide)[:, None], np.arange(wide)
        target[j * target_row + i] = source[i * row + j]


@njit(**INNER)
def transpose(source, k, n, target, target_row):
    """Transpose k rows of n (padded) columns into n rows, whose padding becomes zero."""
    wide = lanes(source)
    whole = k // wide * wide
    for i in range(0, whole, wide):
        for j in range(0, n, wide):
            transpose_square(shift(source, i * n + j), n, shift(target, j * target_row + i), target_row)
    for j in range(n):
        for i in range(whole, k):
            target[j * target_row + i] = source[i * n + j]
        for i in range(k, target_row):
            target[j * target_row + i] = number(0.0, target)


@njit(**INNER)
def turn_back(source, m, n, target):
    """Transpose n (padded) rows of m columns into m rows of n."""
    wide = lanes(source)
    whole = m // wide * wide
    for j in range(0, n, wide):
        for i in range(0, whole, wide):
            transpose_square(shift(source, j * m + i), m, shift(target, i * n + j), n)
        for i in range(whole, m):
            for q in range(j, j + wide):
                target[i * n + q] = source[q * m + i]
