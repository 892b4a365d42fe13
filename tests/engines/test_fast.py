"""The functions that vectorise equal the exact ones over the whole range of floats."""

from __future__ import annotations

from functools import cache

import mpmath
import numpy as np
import pytest
from scipy import special

from chalknet.engines.fused import fast, fast_bits, lowlevel
from chalknet.engines.fused.lowering import scalar
from chalknet.maths import ops

pytestmark = pytest.mark.unjitted
EXP_ENDS = {"float32": (-104.5, 89.5), "float64": (-746.5, 710.5)}
TURNS = {"float32": 5e4, "float64": 1e6}  # as far as sine and cosine are exact
NAMES = ["exp", "expm1", "tanh", "log", "log1p", "erf", "erfc", "sin", "cos"]
UNITS = {"erf": 6, "erfc": 6}  # else 4
both_dtypes = pytest.mark.parametrize("dtype", EXP_ENDS)


@cache
def loops(f):
    """Loops of one and of two arguments, compiled once."""
    from numba import njit

    @njit(error_model="numpy")
    def one(x, out):
        for i in range(x.size):
            out[i] = f(x[i])

    @njit(error_model="numpy")
    def two(x, y, out):
        for i in range(x.size):
            out[i] = f(x[i], y[i])

    return one, two


def over(f, *arrays):
    """A function of numbers over arrays: compiled, or un-jitted by its plain body on NumPy arrays."""
    if not lowlevel.JIT:
        with np.errstate(all="ignore"):
            return f(*arrays)
    out = np.empty_like(arrays[0])
    loops(f)[len(arrays) - 1](*arrays, out)
    return out


def evaluate(name, *arrays):
    """A fast function over arrays."""
    dtype = arrays[0].dtype.type
    return over(scalar(fast.FAST[dtype][name], dtype), *arrays)


def samples(name, dtype):
    """Numbers of every size, many near 0, near 1 and near the ends of the range."""
    rng = np.random.default_rng(0)
    n = 1_500 if (name in UNITS and dtype == "float64") else 50_000
    low, high = EXP_ENDS[dtype]
    tiny = rng.choice([-1.0, 1.0], n // 2) * 10.0 ** rng.uniform(
        -35 if dtype == "float32" else -300, 0, n // 2
    )
    parts = [rng.normal(size=n), rng.normal(size=n) * 0.1 + 1.0, tiny, rng.uniform(-12, 12, n)]
    if name in ("exp", "expm1"):
        parts += [rng.uniform(low, high, n), rng.uniform(low, low + 45, n), rng.uniform(high - 2, high, n)]
    elif name in ("erf", "erfc"):
        parts += [rng.uniform(0, 10.3 if dtype == "float32" else 27.5, n)]
    elif name in ("sin", "cos"):
        multiples = np.pi / 2 * rng.integers(-10_000, 10_000, n)
        parts += [rng.uniform(-TURNS[dtype], TURNS[dtype], n), multiples]
    else:
        parts += [10.0 ** rng.uniform(-44, 38, n), rng.uniform(-1, 3, n)]
    info = np.finfo(dtype)
    special_ones = [0.0, -0.0, np.inf, -np.inf, np.nan, 0.34, 0.42, 0.625, 1.0, -1.0, 2.0]
    sizes = [info.smallest_subnormal, info.smallest_normal / 3, info.smallest_normal]
    sizes += [] if name in ("sin", "cos") else [1e30, 1e9, 1e18, info.max]
    return np.concatenate([*parts, special_ones, sizes, np.negative(sizes)]).astype(dtype)


def exact(name, x):
    """The exact values in more digits than x has; where NumPy has no more, its own."""
    if name in UNITS and x.dtype == np.float64:
        f, plain = getattr(mpmath, name), getattr(special, name)
        values = [f(mpmath.mpf(v)) if abs(v) < 100 else plain(v) for v in x.tolist()]
        # As a number and the rest of it: float64 alone would round what is to be compared.
        return np.array([np.longdouble(float(v)) + np.longdouble(float(v - float(v))) for v in values])
    longer = np.finfo(np.longdouble).nmant > np.finfo(x.dtype).nmant
    wide = x.astype(np.longdouble if longer and name not in UNITS else np.float64)
    return getattr(special if name in UNITS else np, name)(wide)


@both_dtypes
@pytest.mark.parametrize("name", NAMES)
def test_it_stays_within_few_units_in_the_last_place(name, dtype):
    x, units = samples(name, dtype), UNITS.get(name, 4)
    with np.errstate(all="ignore"), mpmath.workprec(150):
        right = exact(name, x)
        got, rounded = evaluate(name, x), right.astype(dtype)
        finite = np.isfinite(rounded) & np.isfinite(got)
        unit = np.spacing(np.abs(rounded[finite])).astype(right.dtype)
        assert (np.abs(got[finite] - right[finite]) <= units * unit).all()
    assert np.array_equal(np.isnan(got), np.isnan(rounded))
    # Where one of the two is infinite, the other is or lies within some units of the largest number.
    other = ~finite & ~np.isnan(rounded)
    top = np.finfo(dtype).max * (1 - 4 * np.finfo(dtype).eps)
    assert ((np.abs(got[other]) >= top) & (np.abs(rounded[other]) >= top)).all()
    number = ~np.isnan(rounded)
    assert np.array_equal(np.sign(got[number]), np.sign(rounded[number]))


@both_dtypes
def test_what_lies_between_minus_1_and_1_does_not_leave_it(dtype):
    x = np.concatenate([samples(name, dtype) for name in ("tanh", "sin", "log")])
    for name in ("tanh", "erf", "sin", "cos"):
        assert np.nanmax(np.abs(evaluate(name, x))) <= 1.0


@both_dtypes
def test_tanh_is_odd_and_keeps_the_sign_of_zero(dtype):
    x = samples("tanh", dtype)
    x = x[~np.isnan(x)]
    assert np.array_equal(evaluate("tanh", -x), -evaluate("tanh", x))
    assert np.array_equal(np.signbit(evaluate("tanh", x)), np.signbit(x))


@both_dtypes
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_beyond_their_range_sine_and_cosine_are_as_wrong_as_a_last_digit_of_x(name, dtype):
    far = np.geomspace(TURNS[dtype], 1e7 if dtype == "float32" else 1e12, 1000).astype(dtype)
    error = np.abs(evaluate(name, far) - getattr(np, name)(far.astype(np.longdouble)))
    assert (error <= np.spacing(far)).all()


@both_dtypes
def test_xlogy_is_scipys(dtype):
    sizes = np.array([0.0, 1e-30, 0.3, 1.0, 7.0, 1e30, np.inf, np.nan, -1.0], dtype)
    x, y = (v.ravel() for v in np.meshgrid(sizes, sizes))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(evaluate("xlogy", x, y), special.xlogy(x, y), rtol=5 * np.finfo(dtype).eps)


@both_dtypes
def test_a_number_falls_into_its_exponent_and_the_rest(dtype):
    x = samples("log", dtype)
    x = x[(x >= np.finfo(dtype).smallest_normal) & (x < np.inf)]
    k, rest = over(fast_bits.exponent, x), over(fast_bits.mantissa, x)
    assert np.array_equal(np.ldexp(rest, k.astype(int)), x)
    assert ((rest >= 0.7071) & (rest < 1.41422)).all()


def test_in_plain_python_they_are_numpys():
    assert fast.exp(1.0) == np.exp(1.0)
    assert fast.log1p(1.0) == np.log1p(1.0)


@both_dtypes
def test_compiled_code_calls_them_by_their_usual_names(dtype):
    if not lowlevel.JIT:  # overloads are for compiled code
        return
    x = np.array([0.0, 0.1, 0.7, 2.0], dtype)
    log1p, exp, erf, erfc, xlogy = fast.log1p, fast.exp, ops.erf, ops.erfc, ops.xlogy

    from numba import njit

    @njit(error_model="numpy")
    def every(v):
        return log1p(v), exp(v), erf(v), erfc(v), xlogy(v, v)

    got = np.array([every(v) for v in x]).T
    right = [np.log1p(x), np.exp(x), special.erf(x), special.erfc(x), special.xlogy(x, x)]
    np.testing.assert_allclose(got, right, rtol=6 * np.finfo(dtype).eps)
