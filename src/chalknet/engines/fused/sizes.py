"""How large the pieces are that a run works on: padded rows, blocks of rows, ranges of gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.engines.fused.tile import LINE, VECTOR_BYTES

NARROW = 4  # outputs at most
SMALL_BATCH = 256  # rows
CACHE = 256 * 1024  # bytes of the second-level cache that a block of rows may fill
CLASH = 2048 if VECTOR_BYTES == 64 else 512  # bytes; on AVX2 measured with strides of 512 to 576
RANGE = 256 * 1024  # bytes of gradient that are formed before they are used


def aligned(n: int, dtype: Any) -> np.ndarray:
    """Zeros that begin on a cache line."""
    dtype = np.dtype(dtype)
    raw = np.zeros(max(n, 1) * dtype.itemsize + 64, np.uint8)
    begin = -raw.ctypes.data % 64
    return raw[begin : begin + max(n, 1) * dtype.itemsize].view(dtype)


def padded(n: int, dtype: Any) -> int:
    """The stride of rows of `n` numbers: whole vectors, and no multiple of what falls into few sets of the cache."""
    size = np.dtype(dtype).itemsize
    lanes = VECTOR_BYTES // size
    stride = -(-n // lanes) * lanes
    return stride + LINE // size if stride * size % CLASH == 0 else stride


def is_narrow(n_in: int, n_out: int, dtype: Any) -> bool:
    """Whether a layer's outputs fill so little of a vector that its products are better taken along the inputs."""
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    along = -(-n_in // lanes)
    return n_out <= NARROW and n_out * (2 * along + 8) < 2 * n_in  # 8: the sum of a vector's numbers


def block_rows(batch: int, row_bytes: int, blocks: int) -> int:
    """Rows of a block: a whole batch where it is small; else what stays in the second-level cache."""
    most = batch if batch <= SMALL_BATCH else min(max(CACHE // row_bytes, SMALL_BATCH // 2), 2 * SMALL_BATCH)
    rounds = -(-batch // (most * blocks))
    return min(batch, -(-batch // (rounds * blocks * 8)) * 8)
