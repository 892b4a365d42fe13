"""Row formulas against exact arithmetic, their derivatives against differences, and what happens at infinity."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chalknet.maths import rows
from chalknet.maths.losses import LOSSES

LOGITS = [
    [0.0, 0.0, 0.0],
    [1.0, 2.0, 3.0],
    [1000.0, 0.0, -1000.0],
    [1e308, -1e308, 1e308],
    [-1e308, -1e308, -1.7e308],
    [1e-300, -1e-300, 0.0],
    [40.0, 3.0, -40.0],
    [-745.0, -744.0, -746.0],
]
logits = arrays(np.float64, (3, 4), elements=st.floats(-20, 20))
gradients = arrays(np.float64, (3, 4), elements=st.floats(-3, 3))


def differences(f, z, h=1e-6):
    """d sum(f(z)) / dz by central differences, entry by entry."""
    d = np.empty_like(z)
    for i in np.ndindex(z.shape):
        e = np.zeros_like(z)
        e[i] = h
        d[i] = (np.sum(f(z + e)) - np.sum(f(z - e))) / (2 * h)
    return d


@pytest.mark.parametrize("row", LOGITS)
def test_safe_equals_textbook_in_exact_arithmetic(row):
    z = np.array([row])
    with np.errstate(all="raise", under="ignore"):
        a, logs = rows.softmax(z)[0], rows.log_softmax(np.clip(z, -8e307, 8e307))[0]
    with mpmath.workprec(1200):
        powers = [mpmath.exp(mpmath.mpf(v)) for v in row]
        clipped = [max(min(v, 8e307), -8e307) for v in row]
        total = mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(v)) for v in clipped))
        for j, power in enumerate(powers):
            exact = power / mpmath.fsum(powers)
            assert abs(mpmath.mpf(a[j]) - exact) <= 1e-15 * exact + 5e-323
            exact = mpmath.mpf(clipped[j]) - total
            assert abs(mpmath.mpf(logs[j]) - exact) <= 1e-15 * abs(exact)


@pytest.mark.parametrize("row", LOGITS)
@pytest.mark.parametrize("label", [0, 1, 2])
def test_cross_entropy_of_logits_is_right_even_where_it_is_tiny(row, label):
    z, y = np.array([row]) / 4, np.eye(3)[[label]]
    with mpmath.workprec(4000):
        powers = [mpmath.exp(mpmath.mpf(v)) for v in z[0].tolist()]
        exact = mpmath.log(mpmath.fsum(powers)) - mpmath.mpf(float(z[0, label]))
        if max(z[0]) - min(z[0]) < 1e4:  # beyond, the sum needs more bits than there are
            textbook = -mpmath.log(powers[label] / mpmath.fsum(powers))
            assert abs(textbook - exact) <= 1e-300
    with np.errstate(all="raise", under="ignore"):
        loss = rows.softmax_cross_entropy(y, z)
    assert loss.shape == (1,)
    assert abs(mpmath.mpf(loss[0]) - exact) <= 4e-16 * abs(exact) + 1e-320


def test_the_textbook_forms_agree_where_they_are_defined():
    z = np.random.RandomState(0).standard_normal((5, 3))
    y = np.eye(3)[[0, 1, 2, 1, 0]]
    for row in rows.ROW_ACTIVATIONS.values():
        np.testing.assert_allclose(row.textbook(z), row.f(z), rtol=1e-14)
        assert row.f(z).min() >= row.low and row.f(z).max() <= row.high
        assert row.source
    row = LOSSES["softmax_cross_entropy"]
    np.testing.assert_allclose(row.textbook(y, z, row.p), row.f(y, z, row.p), rtol=1e-14)


@given(z=logits, d=gradients)
def test_vector_jacobian_products_are_differences(z, d):
    for row in rows.ROW_ACTIVATIONS.values():
        np.testing.assert_allclose(
            row.vjp(row.f(z), d), differences(lambda t, r=row: r.f(t) * d, z), atol=3e-7
        )


@given(z=logits, weights=arrays(np.float64, (3, 4), elements=st.floats(0, 1)))
def test_gradient_of_cross_entropy_is_the_difference_for_any_targets(z, weights):
    row = LOSSES["softmax_cross_entropy"]
    want = differences(lambda t: row.f(weights, t, 0.0), z)
    np.testing.assert_allclose(row.df(weights, z, 0.0), want, atol=3e-7)


def test_infinite_logits_give_the_limit_and_nan_spoils_its_own_row_only():
    inf, nan = np.inf, np.nan
    z = np.array([[inf, 0.0, -inf], [inf, inf, 1.0], [-inf, -inf, -inf], [nan, 0.0, 1.0], [-inf, 0.0, 0.0]])
    with np.errstate(all="raise", under="ignore"):
        a, logs = rows.softmax(z), rows.log_softmax(z)
    np.testing.assert_array_equal(a[0], [1, 0, 0])
    np.testing.assert_array_equal(a[1], [0.5, 0.5, 0])
    np.testing.assert_allclose(a[2], 1 / 3)
    assert np.isnan(a[3]).all() and np.isnan(logs[3]).all()
    np.testing.assert_array_equal(a[4], [0, 0.5, 0.5])
    np.testing.assert_array_equal(logs[0], [0, -inf, -inf])
    with np.errstate(all="raise", under="ignore"):
        loss = rows.softmax_cross_entropy(np.eye(3)[[0, 2, 0, 1, 1]], z)
    np.testing.assert_allclose(loss, [0, inf, np.log(3), nan, np.log(2)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    z, y = np.ones((2, 3), dtype), np.eye(3, dtype=dtype)[:2]
    for row in rows.ROW_ACTIVATIONS.values():
        assert row.f(z).dtype == row.vjp(row.f(z), z).dtype == dtype
    assert rows.softmax_cross_entropy(y, z).dtype == rows.d_softmax_cross_entropy(y, z).dtype == dtype
