"""Products and transposes over padded blocks equal NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.engines.fused import gemm, lowlevel
from chalknet.engines.fused.sizes import aligned, padded
from chalknet.engines.fused.steps import entry
from chalknet.engines.fused.tile import VECTOR_BYTES

pytestmark = pytest.mark.unjitted
sizes = st.integers(1, 40)


def random(shape, dtype, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(m=sizes, n=st.integers(1, 150), k=st.integers(0, 40), turned=st.booleans(), biased=st.booleans())
def test_a_product(dtype, m, n, k, turned, biased):
    lanes = VECTOR_BYTES // np.dtype(dtype).itemsize
    wide = -(-n // lanes) * lanes
    a, b, c = random((m, k), dtype), random((k, wide), dtype), np.zeros((m, wide), dtype)
    init = random(wide, dtype) if biased else np.zeros(wide, dtype)
    stored = np.ascontiguousarray(a.T if turned else a)
    strides = (1, m) if turned else (k, 1)
    run = entry(gemm.product, dtype, gemm.product_type)
    p = lowlevel.pointer
    spare = [x.reshape(-1) if x.size else np.zeros(1, dtype) for x in (stored, b)]
    run(p(spare[0]), *strides, p(spare[1]), wide, p(c.reshape(-1)), wide, p(init), 0, m, n, k)
    want = a.astype(np.float64) @ b + init
    np.testing.assert_allclose(c, want, rtol=0, atol=(k + 1) * 10 * np.finfo(dtype).eps)


def transpose(source, k, n, target, target_row):
    """The helper as an entry of its own."""
    gemm.transpose(source, k, n, target, target_row)


def transpose_type(T):
    from numba import types

    p, i = types.CPointer(T), types.int64
    return types.void(p, i, i, p, i)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("k", [1, 7, 8, 16, 20, 33])
@pytest.mark.parametrize("n", [3, 16, 40])
def test_a_transpose_fills_its_padding_with_zeros(dtype, k, n):
    wide, tall = padded(n, dtype), padded(k, dtype)
    source, target = random((k, wide), dtype), np.ones((wide, tall), dtype)
    run = entry(transpose, dtype, transpose_type)
    p = lowlevel.pointer
    run(p(source.reshape(-1)), k, wide, p(target.reshape(-1)), tall)
    assert np.array_equal(target[:, :k], source.T)
    assert not target[:, k:].any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_strides(dtype):
    size = np.dtype(dtype).itemsize
    for n in range(1, 2000):
        stride = padded(n, dtype)
        assert n <= stride
        assert stride * size % VECTOR_BYTES == 0
        assert stride * size % 2048 != 0
    assert aligned(100, dtype).ctypes.data % 64 == 0
