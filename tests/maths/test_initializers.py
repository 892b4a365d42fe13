"""Initializers: shapes, variances, orthogonality, and the very numbers of scikit-learn and of the lecture."""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from chalknet.maths import initializers
from chalknet.maths.initializers import INITIALIZERS

NAMES = [
    "lecture",
    "zeros",
    "constant",
    "uniform",
    "normal",
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "sklearn",
    "sklearn_logistic",
]


@pytest.mark.parametrize("name", NAMES)
def test_shapes_dtype_and_that_a_seed_gives_the_same_numbers(name):
    row = INITIALIZERS[name]
    for n_in, n_out in ((3, 5), (5, 3), (1, 1)):
        first, second = np.random.RandomState(4), np.random.RandomState(4)
        w, b = row.weights(first, n_in, n_out), row.biases(first, n_in, n_out)
        assert w.shape == (n_in, n_out) and b.shape == (1, n_out)
        assert w.dtype == b.dtype == np.float64 and w.flags.c_contiguous
        np.testing.assert_array_equal(w, row.weights(second, n_in, n_out))
        np.testing.assert_array_equal(b, row.biases(second, n_in, n_out))
    assert row.name == name and set(INITIALIZERS) == set(NAMES)


@pytest.mark.parametrize(
    ("name", "variance", "uniform"),
    [
        ("lecture", 1.0, False),
        ("uniform", 0.05**2 / 3, True),
        ("normal", 0.05**2, False),
        ("glorot_uniform", 2 / 500, True),
        ("glorot_normal", 2 / 500, False),
        ("he_uniform", 2 / 300, True),
        ("he_normal", 2 / 300, False),
        ("lecun_uniform", 1 / 300, True),
        ("lecun_normal", 1 / 300, False),
        ("sklearn", 2 / 500, True),
        ("sklearn_logistic", 2 / 500 / 3, True),
    ],
)
def test_weights_have_the_variance_their_source_derives(name, variance, uniform):
    w = INITIALIZERS[name].weights(np.random.RandomState(0), 300, 200)
    assert w.mean() == pytest.approx(0.0, abs=5 * np.sqrt(variance / w.size))
    assert w.var() == pytest.approx(variance, rel=0.03)
    assert (np.abs(w).max() <= np.sqrt(3 * variance)) == uniform


def test_biases_are_zero_or_one_or_drawn():
    rng = np.random.RandomState(0)
    for name, row in INITIALIZERS.items():
        b = row.biases(rng, 3, 4)
        if name == "lecture":
            assert (b == 1).all()
        elif name.startswith("sklearn"):
            assert len(np.unique(b)) == 4
        elif name == "constant":
            assert (b == 0.1).all()
        else:
            assert (b == 0).all()


@pytest.mark.parametrize(("n_in", "n_out"), [(6, 4), (4, 6), (5, 5)])
def test_orthogonal_weights_keep_lengths(n_in, n_out):
    w = INITIALIZERS["orthogonal"].weights(np.random.RandomState(0), n_in, n_out)
    small = w.T @ w if n_in >= n_out else w @ w.T
    np.testing.assert_allclose(small, np.eye(min(n_in, n_out)), atol=1e-14)


def test_orthogonal_weights_favour_no_sign():
    rng = np.random.RandomState(0)
    entries = [INITIALIZERS["orthogonal"].weights(rng, 2, 2)[0, 0] for _ in range(400)]
    assert abs(np.mean(np.sign(entries))) < 0.15


@pytest.mark.parametrize(("name", "activation"), [("sklearn", "relu"), ("sklearn_logistic", "logistic")])
def test_draws_are_scikit_learns_in_its_order(name, activation):
    theirs = MLPClassifier(activation=activation)
    theirs._random_state = np.random.RandomState(3)
    rng, row = np.random.RandomState(3), INITIALIZERS[name]
    for n_in, n_out in ((4, 7), (7, 5), (5, 1)):
        coef, intercept = theirs._init_coef(n_in, n_out, np.float64)
        np.testing.assert_array_equal(row.weights(rng, n_in, n_out), coef)
        np.testing.assert_array_equal(row.biases(rng, n_in, n_out), intercept[None, :])


def test_the_lectures_draws_come_from_numpys_global_state():
    np.random.seed(7)
    ours = INITIALIZERS["lecture"].weights(np.random, 2, 4)
    np.random.seed(7)
    np.testing.assert_array_equal(ours, np.random.randn(2, 4))


def test_the_three_with_a_size_of_their_own_take_it():
    rng = np.random.RandomState(0)
    assert (initializers.constant(0.5).weights(rng, 2, 2) == 0.5).all()
    assert initializers.uniform(2.0).weights(rng, 100, 100).max() == pytest.approx(2.0, abs=0.01)
    assert initializers.normal(3.0).weights(rng, 100, 100).std() == pytest.approx(3.0, rel=0.05)
