"""The exponentials that vectorise equal the exact ones over the whole range of floats."""

from __future__ import annotations

import numpy as np
import pytest

from chalknet.engines.fused import fast, lowlevel
from chalknet.engines.fused.lowering import scalar

pytestmark = pytest.mark.unjitted
EDGES = {"float32": (-104.5, 89.5), "float64": (-746.5, 710.5)}


def evaluate(name, x):
    """A fast function over an array: compiled, or un-jitted by its plain body on NumPy arrays."""
    dtype = x.dtype.type
    if not lowlevel.JIT:
        with np.errstate(all="ignore"):
            return scalar(fast.FAST[dtype][name], dtype)(x)
    from numba import njit

    one = scalar(fast.FAST[dtype][name], dtype)

    @njit(error_model="numpy")
    def loop(x, out):
        for i in range(x.size):
            out[i] = one(x[i])

    out = np.empty_like(x)
    loop(x, out)
    return out


def samples(dtype):
    """Numbers of every size, many near 0 and near the ends of the range."""
    rng = np.random.default_rng(0)
    low, high = EDGES[dtype]
    anywhere = rng.uniform(low, high, 100_000)
    near = rng.normal(size=100_000)
    tiny = rng.choice([-1.0, 1.0], 20_000) * 10.0 ** rng.uniform(-35, 0, 20_000)
    ends = np.concatenate([rng.uniform(low, low + 45, 20_000), rng.uniform(high - 2, high, 20_000)])
    special = [0.0, np.inf, -np.inf, np.nan, 1e30, -1e30, 0.34, 0.42, 0.625, 1.0, -1.0]
    return np.concatenate([anywhere, near, tiny, ends, special]).astype(dtype)


@pytest.mark.parametrize("dtype", EDGES)
@pytest.mark.parametrize("name", ["exp", "expm1", "tanh"])
def test_it_stays_within_4_units_in_the_last_place(name, dtype):
    longer = np.finfo(np.longdouble).nmant > np.finfo(dtype).nmant
    exact_type = np.longdouble if longer else np.float64  # else NumPy's own is the measure
    x = samples(dtype)
    with np.errstate(all="ignore"):
        exact = getattr(np, name)(x.astype(exact_type))
        got, rounded = evaluate(name, x), exact.astype(dtype)
        finite = np.isfinite(rounded) & np.isfinite(got)
        unit = np.spacing(np.abs(rounded[finite])).astype(exact_type)
        assert (np.abs(got[finite] - exact[finite]) <= 4 * unit).all()
    assert np.array_equal(np.isnan(got), np.isnan(x))
    # Where one of the two is infinite, the other is or lies within 4 units of the largest number.
    other = ~finite & ~np.isnan(x)
    top = np.finfo(dtype).max * (1 - 4 * np.finfo(dtype).eps)
    assert ((np.abs(got[other]) >= top) & (np.abs(rounded[other]) >= top)).all()
    assert np.array_equal(np.sign(got[~np.isnan(x)]), np.sign(rounded[~np.isnan(x)]))


def test_plain_exp_is_numpys():
    assert fast.exp(1.0) == np.exp(1.0)
