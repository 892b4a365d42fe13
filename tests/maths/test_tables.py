"""Every row of the table of activations, against arithmetic of 2600 bits and against what the row says of itself."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.exceptions import UnknownNameError
from chalknet.maths import activations, initializers, losses, optimizers, rows, schedules
from chalknet.maths.activations import ACTIVATIONS

ROWS = list(ACTIVATIONS.values())
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
both_dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])

NAMES = [
    "identity",
    "step",
    "sigmoid",
    "tanh",
    "hard_sigmoid",
    "hard_tanh",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "celu",
    "gelu",
    "gelu_tanh",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "swish",
    "gaussian",
    "sine",
    "exp",
]
OTHER = {"leaky_relu": 0.3, "elu": 0.5, "celu": 2.5, "swish": 3.0}  # a second value of the shape parameter


def grid(dtype):
    """Numbers of every size that the dtype has, both signs, the extremes included."""
    info = np.finfo(dtype)
    sizes = [info.smallest_subnormal, info.smallest_normal, *np.geomspace(1e-30, 1e30, 31), 1e-3, 0.1, 0.5]
    sizes += [
        1.2,
        2.0,
        2.5,
        3.0,
        4.0,
        5.0,
        6.0,
        6.5,
        8.0,
        12.0,
        17.0,
        25.0,
        37.0,
        88.0,
        103.0,
        300.0,
        709.0,
        744.0,
    ]
    sizes += [799.0, 1e4, float(info.max) / 4, info.max]
    half = np.array(sizes, dtype=dtype)
    return np.concatenate([-half[::-1], np.zeros(1, dtype), half])


def textbook(row, p):
    """z -> a in exact arithmetic, as a textbook writes it."""
    return row.textbook or row.f


def near_kink(row, z, p):
    return any(abs(float(z) - k) < 1e-100 for k in row.kinks_at(p))


def quietly(row, f, *args):
    """The formula's value; only a true overflow, and the sine of infinity, may warn."""
    with np.errstate(all="raise", under="ignore", over="ignore"):
        return f(*args)


def test_the_table_has_the_promised_rows_with_distinct_classes():
    assert set(NAMES) == set(ACTIVATIONS)
    assert all(name == row.name for name, row in ACTIVATIONS.items())
    assert len({row.layer for row in ROWS}) == len(ROWS)
    assert all(row.source for row in ROWS)
    assert {row.name: (row.p_name, row.p) for row in ROWS if row.p_name} == {
        "leaky_relu": ("slope", 0.01),
        "elu": ("alpha", 1.0),
        "celu": ("alpha", 1.0),
        "swish": ("beta", 1.0),
    }
    assert all(row.p_range[0] < row.p < row.p_range[1] for row in ROWS)


@pytest.mark.parametrize(
    ("table", "alias", "name"),
    [
        (activations, "logistic", "sigmoid"),
        (losses, "mse", "squared_error"),
        (losses, "cross_entropy", "softmax_cross_entropy"),
        (optimizers, "adam", "adam"),
        (schedules, "cosine", "cosine"),
        (initializers, "he_normal", "he_normal"),
        (rows, "softmax", "softmax"),
    ],
)
def test_rows_are_found_by_name_or_alias_and_unknown_names_are_answered_with_the_list(table, alias, name):
    assert table.get(alias).name == name
    with pytest.raises(UnknownNameError, match=rf"unknown [a-z ]+ 'nonsense': use one of .*{name}"):
        table.get("nonsense")


def test_a_near_miss_is_named_and_a_name_that_is_no_string_is_refused():
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        activations.get("rellu")
    with pytest.raises(UnknownNameError, match="unknown activation 3"):
        activations.get(3)


@every_row
@both_dtypes
def test_values_and_derivatives_are_right_to_a_few_ulps_over_all_floats(row, dtype, exact):
    for p in {row.p, OTHER.get(row.name, row.p)}:
        z = grid(dtype)
        a = quietly(row, row.f, z, p)
        d = quietly(row, row.df, z, a, p)
        assert a.dtype == d.dtype == dtype
        for x, value, slope in zip(z, a, d, strict=True):
            f0, f1, f2 = exact.derivatives(lambda t, p=p: exact.evaluate(textbook(row, p), t, p), float(x))
            assert near_kink(row, x, p) or exact.close(dtype, value, f0, f1, float(x)), (p, x, value)
            assert near_kink(row, x, p) or exact.close(dtype, slope, f1, f2, float(x)), (p, x, slope)


@every_row
def test_the_textbook_derivative_is_the_same_function(row, exact):
    if row.d_textbook is None:
        return
    p = OTHER.get(row.name, row.p)
    for x in grid(np.float32)[::2]:
        if not near_kink(row, x, p):
            f0, f1, f2 = exact.derivatives(lambda t: exact.evaluate(textbook(row, p), t, p), float(x))
            d = exact.evaluate(row.d_textbook, float(x), f0, p)
            assert exact.close(np.float64, float(d), f1, f2, float(x)), x


@every_row
@settings(max_examples=60, deadline=None)
@given(z=st.floats(-30, 30), shape=st.floats(0.5, 3))
def test_derivative_is_the_central_difference(row, z, shape):
    p = shape if row.p_name else row.p
    h = 1e-5
    if any(abs(z - k) <= 2 * h for k in row.kinks_at(p)):
        return
    slope = (row.f(z + h, p) - row.f(z - h, p)) / (2 * h)
    scale = 1.0 + abs(row.f(z, p))
    assert row.df(z, row.f(z, p), p) == pytest.approx(slope, abs=2e-5 * scale, rel=2e-5)


@every_row
@both_dtypes
def test_infinities_give_the_limit_and_nan_passes(row, dtype):
    z = np.array([-np.inf, np.inf, np.nan], dtype)
    if row.name == "sine":  # it has no limit: NaN, and NumPy says so
        with pytest.warns(RuntimeWarning, match="invalid"):
            assert np.isnan(row.f(z, row.p)).all()
        return
    a = quietly(row, row.f, z, row.p)
    d = quietly(row, row.df, z, a, row.p)
    assert a.dtype == d.dtype == dtype
    assert np.isnan(a[2]) and np.isnan(d[2])
    big = np.array([-1e30, 1e30], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        near_a, near_d = row.f(big, row.p), row.df(big, row.f(big, row.p), row.p)
    limit = [math.copysign(math.inf, v) if abs(v) > 1e20 else v for v in near_a]
    np.testing.assert_array_equal(a[:2], limit)
    np.testing.assert_allclose(d[:2], np.where(np.abs(near_d) < 1e-20, 0.0, near_d), atol=1e-30)


@every_row
def test_outputs_stay_in_the_range_the_row_gives_and_reach_it(row):
    z = np.concatenate([grid(np.float64), np.linspace(-10.0, 10.0, 20001)])
    with np.errstate(over="ignore"):
        a = row.f(z, row.p)
    slack = 4 * np.finfo(float).eps
    assert row.low - slack <= a.min() and a.max() <= row.high + slack
    if math.isfinite(row.low):
        assert a.min() == pytest.approx(row.low, abs=1e-6)
    if math.isfinite(row.high):
        assert a.max() == pytest.approx(row.high, abs=1e-6)


@every_row
def test_the_row_says_truly_whether_zero_stays_zero(row):
    assert row.zero == (row.f(np.zeros(1), row.p)[0] == 0.0)


@every_row
def test_the_derivative_jumps_at_the_kinks_and_nowhere_else(row):
    for p in {row.p, OTHER.get(row.name, row.p)}:
        z = np.arange(-8.0, 8.0, 1 / 64) + 1 / 128  # never on a kink
        d = row.df(z, row.f(z, p), p)
        jumps = (
            np.abs(np.diff(row.f(z, p))) + np.abs(np.diff(d)) if row.name == "step" else np.abs(np.diff(d))
        )
        at = (z[:-1] + z[1:]) / 2
        if row.name not in {"exp", "swish", "celu", "gaussian"}:  # smooth, and steep
            found = at[jumps > 0.12]
            assert found.tolist() == list(row.kinks_at(p)) or (row.name, p) == ("leaky_relu", 1.0)


def test_at_a_kink_the_convention_holds():
    zero = np.zeros(1)

    def slope(name, p=None, z=zero):
        row = ACTIVATIONS[name]
        p = row.p if p is None else p
        return row.df(z, row.f(z, p), p)[0]

    assert slope("relu") == 0.0
    assert slope("leaky_relu") == 0.01
    assert slope("leaky_relu", 0.3) == 0.3
    assert ACTIVATIONS["step"].f(zero, 0.0)[0] == 1.0 and slope("step") == 0.0
    assert slope("relu6", z=np.array([6.0])) == 0.0
    assert slope("hard_tanh", z=np.array([1.0])) == 0.0
    assert slope("hard_sigmoid", z=np.array([-3.0])) == 0.0
    assert ACTIVATIONS["elu"].kinks_at() == () and ACTIVATIONS["elu"].kinks_at(0.5) == (0.0,)
