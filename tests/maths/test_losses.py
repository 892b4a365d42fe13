"""Every row of the table of losses: the safe form and its derivative against the textbook's in 2600 bits."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import ALIASES, LOSSES
from chalknet.maths.rows import ROW_ACTIVATIONS, softmax

ROWS = list(LOSSES.values())
ELEMENTS = [row for row in ROWS if not row.whole_row]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_element = pytest.mark.parametrize("row", ELEMENTS, ids=lambda row: row.name)
both_dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])

NAMES = [
    "squared_error",
    "half_squared_error",
    "absolute_error",
    "huber",
    "log_cosh",
    "quantile",
    "poisson",
    "poisson_log",
    "gamma",
    "gamma_log",
    "gaussian",
    "binary_cross_entropy",
    "binary_cross_entropy_logits",
    "categorical_cross_entropy",
    "sparse_categorical_cross_entropy",
    "softmax_cross_entropy",
    "hinge",
    "squared_hinge",
    "focal",
    "categorical_focal",
    "kl_divergence",
]
OTHER = {"gaussian": -1.25, "huber": 0.3, "quantile": 0.9, "focal": 0.5, "categorical_focal": 0.5}
# Where terms of the size of y and a cancel, no form gives more than a few ulps of those.
CANCELLING = {"poisson", "poisson_log", "gamma_log", "kl_divergence"}


def targets(row):
    if row.targets == (-1.0, 1.0):
        return (-1.0, 1.0)
    if row.above:
        return (0.3, 1.0, 7.25)
    return {0.0: (0.0, 0.3, 1.0) if row.targets[1] == 1.0 else (0.0, 1.0, 7.25)}.get(
        row.targets[0], (-2.5, 0.0, 3.0)
    )


def predictions(row, dtype):
    low, high = row.domain
    if (low, high) == (0.0, 1.0):
        near_one = [1.0 - float(np.finfo(dtype).epsneg), 0.999, 0.7, 0.51, 0.5]
        a = [1e-36, 1e-30, 1e-12, 1e-7, 0.01, 0.3, 0.49, *near_one]
    elif row.above:  # beyond, slopes leave the range of float32
        a = [1e-7, 0.3, 0.999, 1.0, 1.001, 7.2, 7.25, 300.0, 1e18]
    elif low == 0.0:
        a = [1e-29, 1e-7, 0.3, 0.999, 1.0, 1.001, 7.2, 7.25, 300.0, 1e20]
    else:
        half = [1e-30, 1e-9, 1e-3, 0.1, 0.5, 0.999, 1.5, 2.4999, 2.9, 3.0001, 7.0, 20.0, 37.0, 80.0]
        half += [700.0, 1e4, 1e15] if dtype is np.float64 and row.name != "poisson_log" else []
        a = [*(-v for v in half), 0.0, *half]
    return np.array(a, dtype)


def shape(row, p, a):
    """p as engines pass it: an array where it is an output itself."""
    return np.full_like(a, p) if row.d_p else p


def at_kink(row, y, a, p):
    return row.kinks is not None and any(float(a) == k for k in row.kinks(y, p))


def textbook(row):
    return row.textbook or row.f


def sized(row, y, p, exact, name="f"):
    """y log y is 0 at y = 0, where the textbook's formula has no value: there the limit is taken."""
    formula = textbook(row) if name == "f" else row.d_textbook

    def f(a):
        with mpmath.workprec(2600):
            return exact.evaluate(formula, y or mpmath.mpf(2) ** -2500, a, p)

    return f


def test_the_table_has_the_promised_rows_with_distinct_classes():
    assert set(NAMES) == set(LOSSES)
    assert all(name == row.name for name, row in LOSSES.items())
    assert len({row.layer for row in ROWS}) == len(ROWS)
    assert all(row.source for row in ROWS)
    assert set(ALIASES.values()) <= set(LOSSES)
    assert {row.name: (row.p_name, row.p) for row in ROWS if row.p_name} == {
        "huber": ("delta", 1.0),
        "quantile": ("q", 0.5),
        "focal": ("gamma", 2.0),
        "categorical_focal": ("gamma", 2.0),
    }
    assert {row.name for row in ROWS if row.labels} == {"sparse_categorical_cross_entropy"}
    assert {row.name for row in ROWS if row.whole_row} == {"softmax_cross_entropy"}
    assert {row.name for row in ROWS if row.levels} == {"quantile"}
    assert {row.name for row in ROWS if row.d_p} == {"gaussian"}


@every_element
@both_dtypes
def test_values_and_derivatives_are_right_to_a_few_ulps(row, dtype, exact):
    for p in {row.p, OTHER.get(row.name, row.p)}:
        for y in targets(row):
            a = predictions(row, dtype)
            yy = np.full_like(a, y)
            with np.errstate(all="raise", under="ignore"):
                values, slopes = row.f(yy, a, shape(row, p, a)), row.df(yy, a, shape(row, p, a))
            assert values.dtype == slopes.dtype == dtype
            y32 = float(yy[0])
            extra = (abs(y32) + np.abs(a)) * 8 * np.finfo(dtype).eps if row.name in CANCELLING else 0 * a
            for x, value, slope, noise in zip(a.tolist(), values, slopes, extra.tolist(), strict=True):
                if at_kink(row, y32, x, p):
                    continue
                f0, f1, f2 = exact.derivatives(sized(row, y32, p, exact), x)
                far = abs(x) + abs(y32)  # a − y keeps the digits of the larger
                ok = exact.close(dtype, value, f0, f1, far) or abs(value - f0) <= noise
                assert ok, (p, y32, x, value, float(f0))
                mixed = (
                    abs(y32) if row.domain[0] == -math.inf else abs(y32 / x) + abs(y32 / max(1 - x, 1e-30))
                )
                assert exact.close(dtype, slope, f1, abs(f2) * far + mixed, 1.0), (
                    p,
                    y32,
                    x,
                    slope,
                    float(f1),
                )


@every_element
def test_the_textbook_derivative_is_the_same_function(row, exact):
    if row.d_textbook is None:
        return
    p = OTHER.get(row.name, row.p)
    for y in targets(row):
        for x in predictions(row, np.float32).tolist():
            if not at_kink(row, y, x, p) and not (row.p_name == "q" and x == y):
                _, f1, _ = exact.derivatives(sized(row, y, p, exact), x)
                d = sized(row, y, p, exact, "df")(x)
                assert abs(d - f1) <= 1e-15 * (1 + abs(f1)), (y, x)


@every_element
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_derivative_is_the_central_difference(row, data):
    low, high = max(row.domain[0], -20.0), min(row.domain[1], 20.0)
    margin = 0.02 if row.domain != (-math.inf, math.inf) else 0.0
    a = data.draw(st.floats(low + margin, high - margin), label="a")
    if row.targets == (-1.0, 1.0):
        y = data.draw(st.sampled_from([-1.0, 1.0]), label="y")
    else:
        y = data.draw(
            st.floats(max(row.targets[0], -20.0) + 0.1 * row.above, min(row.targets[1], 20.0)), label="y"
        )
    if row.name == "poisson_log":
        a = min(a, 5.0)
    p = (
        data.draw(st.floats(max(row.p_range[0], 0.1), min(row.p_range[1] - 0.1, 3.0)), label="p")
        if row.p_name
        else 0.0
    )
    h = 1e-5
    if row.kinks and any(abs(a - k) < 2 * h for k in row.kinks(y, p)):
        return
    slope = (row.f(y, a + h, p) - row.f(y, a - h, p)) / (2 * h)
    assert row.df(y, a, p) == pytest.approx(slope, abs=3e-5 * (1.0 + abs(row.f(y, a, p))), rel=3e-5)


@every_element
@both_dtypes
def test_nan_passes(row, dtype):
    for y in targets(row):
        yy, a = np.array([y], dtype), np.array([np.nan], dtype)
        value, slope = row.f(yy, a, shape(row, row.p, a)), row.df(yy, a, shape(row, row.p, a))
        assert np.isnan(value).all() or row.pair == "softmax", row.name
        if row.name not in {"squared_error", "categorical_cross_entropy", "sparse_categorical_cross_entropy"}:
            assert np.isnan(slope).all() or row.pair == "softmax", row.name
        assert value.dtype == slope.dtype == dtype
        if y == 1.0:
            assert np.isnan(value).all() and np.isnan(slope).all()


@every_element
def test_certain_predictions_cost_nothing_or_much_but_never_infinity(row):
    if row.domain != (0.0, 1.0):
        return
    for dtype in (np.float64, np.float32):
        y, a = np.array([0, 0, 1, 1], dtype), np.array([0, 1, 0, 1], dtype)
        with np.errstate(all="raise", under="ignore"):
            value, slope = row.f(y, a, row.p), row.df(y, a, row.p)
        assert np.isfinite(value).all() and np.isfinite(slope).all()
        assert value[0] == 0.0 and abs(value[3]) == 0.0
        assert value[2] > 80 and slope[2] < -1e30


def test_logits_of_any_size_cost_what_they_should_without_a_warning():
    row = LOSSES["binary_cross_entropy_logits"]
    z = np.array([-np.inf, -1e308, 1e308, np.inf])
    with np.errstate(all="raise", under="ignore"):
        assert row.f(np.ones(4), z, 0.0).tolist() == [np.inf, 1e308, 0.0, 0.0]
        assert row.f(np.zeros(4), z, 0.0).tolist() == [0.0, 0.0, 1e308, np.inf]
        assert row.df(np.ones(4), z, 0.0).tolist() == [-1.0, -1.0, 0.0, 0.0]
        assert row.df(np.zeros(4), z, 0.0).tolist() == [0.0, 0.0, 1.0, 1.0]


def test_log_rates_of_minus_infinity_cost_what_they_should_without_a_warning():
    row = LOSSES["poisson_log"]
    with np.errstate(all="raise", under="ignore"):
        assert row.f(np.array([0.0]), np.array([-np.inf]), 0.0).tolist() == [0.0]
        assert row.f(np.array([2.0]), np.array([-np.inf]), 0.0).tolist() == [np.inf]
    with np.errstate(over="ignore"):
        assert row.f(np.array([0.0, 2.0]), np.array([np.inf, np.inf]), 0.0).tolist() == [np.inf, np.inf]


@every_row
def test_pair_link_and_fused_name_rows_that_exist_and_fused_is_the_same_loss(row):
    names = {**ACTIVATIONS, **ROW_ACTIVATIONS}
    assert row.pair in names and row.link in names
    if row.fused is None:
        return
    activation, loss = names[row.fused[0]], LOSSES[row.fused[1]]
    assert row.fused[0] == row.pair == loss.link
    rng = np.random.RandomState(0)
    z = 3.0 * rng.standard_normal((6, 3))
    if activation.name == "softmax":
        y = np.eye(3)[rng.randint(0, 3, 6)]
        a = softmax(z)
        np.testing.assert_allclose(row.f(y, a, row.p).sum(axis=1), loss.f(y, z, loss.p), rtol=1e-13)
        np.testing.assert_allclose(activation.vjp(a, row.df(y, a, row.p)), loss.df(y, z, loss.p), atol=1e-14)
    else:
        y = rng.randint(0, 2, (6, 3)) + 0.5 * row.above
        a = activation.f(z, activation.p)
        np.testing.assert_allclose(row.f(y, a, row.p), loss.f(y, z, loss.p), rtol=1e-13, atol=1e-15)
        chained = row.df(y, a, row.p) * activation.df(z, a, activation.p)
        np.testing.assert_allclose(chained, loss.df(y, z, loss.p), rtol=1e-13, atol=1e-14)


PAIRS = pytest.mark.parametrize("row", [row for row in ROWS if row.d_p], ids=lambda row: row.name)


@PAIRS
@both_dtypes
def test_the_derivative_by_an_output_in_the_shape_parameters_place(row, dtype, exact):
    for y in targets(row):
        for a in (-2.5, 0.0, 0.75):
            p = np.array([-59.0, -12.5, -1.0, 0.0, 0.3, 4.0, 50.0], dtype)
            yy, aa = np.full_like(p, y), np.full_like(p, a)
            with np.errstate(all="raise", under="ignore"):
                slopes = row.d_p(yy, aa, p)
            assert slopes.dtype == dtype
            for x, slope in zip(p.tolist(), slopes, strict=True):
                f = lambda s, y=y, a=a: exact.evaluate(textbook(row), y, a, s)  # noqa: E731
                _, f1, f2 = exact.derivatives(f, x)
                assert exact.close(dtype, slope, f1, abs(f2) * max(abs(x), 1.0), 1.0), (y, a, x, slope)


@PAIRS
def test_certain_answers_cost_no_infinity(row):
    for dtype in (np.float64, np.float32):
        y, a = np.array([1.0, 1.0, 2.0], dtype), np.array([1.0, 1.0, 1.0], dtype)
        p = np.array([-60.0, -1e30, -1e30], dtype)
        with np.errstate(all="raise", under="ignore"):
            assert row.f(y, a, p).tolist()[:2] == [-30.0, -30.0] and np.isfinite(row.f(y, a, p)).all()
            assert row.d_p(y, a, p).tolist() == [0.0, 0.0, 0.0]
        assert np.isnan(row.d_p(y, a, np.full(3, np.nan, dtype))).all()


def test_conventions_at_the_kinks():
    assert LOSSES["absolute_error"].df(np.array([2.0]), np.array([2.0]), 0.0)[0] == 0.0
    assert LOSSES["quantile"].df(np.array([2.0]), np.array([2.0]), 0.5)[0] == 0.0
    assert LOSSES["hinge"].df(np.array([1.0]), np.array([1.0]), 0.0)[0] == 0.0


def test_a_constant_prediction_is_best_at_the_median_the_quantile_and_the_mean():
    y = np.random.RandomState(1).standard_normal(201)
    candidates = np.sort(y)
    for name, p, want in (("absolute_error", 0.0, np.median(y)), ("quantile", 0.9, np.quantile(y, 0.9))):
        cost = [LOSSES[name].f(y, a, p).mean() for a in candidates]
        assert candidates[int(np.argmin(cost))] == pytest.approx(want, abs=0.02)
    slope = LOSSES["squared_error"].df(y, y.mean(), 0.0).mean()
    assert slope == pytest.approx(0.0, abs=1e-15)
