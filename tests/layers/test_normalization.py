"""Batch and layer normalisation, and standardisation by fixed numbers."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chalknet as cn

KINDS = [cn.BatchNorm, cn.LayerNorm]


def rows(m, n, seed=0):
    return np.random.default_rng(seed).normal(size=(m, n)) * 3 + 1


def differences(f, x, h=1e-6):
    """The central differences of a number by each entry of x, which is put back."""
    out = np.empty_like(x)
    for place in np.ndindex(x.shape):
        kept = x[place]
        x[place] = kept + h
        up = f()
        x[place] = kept - h
        out[place] = (up - f()) / (2 * h)
        x[place] = kept
    return out


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@given(m=st.integers(2, 6), n=st.integers(2, 5), seed=st.integers(0, 1000))
def test_derivatives_are_differences(kind, training, m, n, seed):
    rng = np.random.default_rng(seed)
    layer, x, pull = kind(n), rows(m, n, seed), rng.normal(size=(m, n))
    layer.weights, layer.biases = rng.normal(size=(1, n)), rng.normal(size=(1, n))

    def loss():
        return float((copy.deepcopy(layer).forward(x, training) * pull).sum())

    layer.forward(x, training)
    by_inputs = layer.backward(pull)
    np.testing.assert_allclose(by_inputs, differences(loss, x), atol=2e-5)
    np.testing.assert_allclose(layer.dweights, differences(loss, layer.weights), atol=2e-6)
    np.testing.assert_allclose(layer.dbiases, differences(loss, layer.biases), atol=2e-6)


def test_a_batch_gets_mean_0_and_variance_1_over_its_rows_or_each_row_over_its_units():
    x = rows(50, 4)
    batch = cn.BatchNorm(4, epsilon=1e-12).forward(x, training=True)
    np.testing.assert_allclose([batch.mean(0), batch.var(0)], [[0] * 4, [1] * 4], atol=1e-9)
    row = cn.LayerNorm(4, epsilon=1e-12).forward(x)
    np.testing.assert_allclose([row.mean(1), row.var(1)], [[0] * 50, [1] * 50], atol=1e-9)


def test_running_numbers_come_to_those_of_all_rows_and_predictions_take_them():
    layer, x = cn.BatchNorm(3, momentum=0.9), rows(40, 3)
    for _ in range(300):
        layer.forward(x, training=True)
    np.testing.assert_allclose(layer.mean[0], x.mean(0), rtol=1e-9)
    np.testing.assert_allclose(layer.variance[0], x.var(0, ddof=1), rtol=1e-9)
    alone = layer.forward(x[:1])
    np.testing.assert_allclose(alone, (x[:1] - layer.mean) / np.sqrt(layer.variance + 1e-5))
    np.testing.assert_array_equal(layer.forward(x)[:1], alone)  # whatever its company


def test_a_batch_of_one_row_leaves_the_running_numbers():
    layer = cn.BatchNorm(2)
    layer.forward([[3.0, 5.0]], training=True)
    assert layer.mean.tolist() == [[0.0, 0.0]] and layer.variance.tolist() == [[1.0, 1.0]]


def test_layer_normalisation_is_the_same_in_training():
    layer, x = cn.LayerNorm(4), rows(3, 4)
    np.testing.assert_array_equal(layer.forward(x, training=True), layer.forward(x))


def test_standardize_takes_the_place_of_a_scaler():
    x, pull = rows(20, 3), rows(20, 3, 1)
    layer = cn.Standardize(3)
    layer.mean, layer.variance = x.mean(0), x.var(0)
    np.testing.assert_allclose(layer.forward(x, training=True), (x - x.mean(0)) / x.std(0))
    np.testing.assert_allclose(layer.backward(pull), pull / x.std(0))


@pytest.mark.parametrize("make", [cn.BatchNorm, cn.LayerNorm, cn.Standardize])
def test_what_is_refused(make):
    with pytest.raises(cn.exceptions.ParameterError, match="at least 1, but was given 0"):
        make(0)
    with pytest.raises(cn.exceptions.ParameterError, match="float64 or float32"):
        make(2, dtype="int8")
    with pytest.raises(cn.exceptions.ShapeError, match=r"\(batch, 2\), but was given \(1, 3\)"):
        make(2).forward([[1.0, 2.0, 3.0]])


@pytest.mark.parametrize("options", [{"momentum": 1.0}, {"momentum": -0.1}, {"epsilon": 0.0}])
def test_constants_that_are_refused(options):
    (name,) = options
    with pytest.raises(cn.exceptions.ParameterError, match=name):
        cn.BatchNorm(2, **options)


def test_moments_that_are_refused():
    layer = cn.Standardize(2)
    with pytest.raises(cn.exceptions.ShapeError, match=r"\(1, 2\), but was given shape \(3,\)"):
        layer.mean = [1.0, 2.0, 3.0]
    with pytest.raises(cn.exceptions.DataError, match="finite"):
        layer.mean = [np.nan, 0.0]
    with pytest.raises(cn.exceptions.DataError, match="at least 0"):
        layer.variance = [-1.0, 1.0]
    with pytest.raises(cn.exceptions.DataError, match="variance 1"):
        layer.variance = [0.0, 1.0]
    cn.BatchNorm(2).variance = 0.0  # epsilon stands beside it


def test_how_they_print_and_are_described():
    assert repr(cn.BatchNorm(3)) == "BatchNorm(3)"
    assert repr(cn.BatchNorm(3, momentum=0.5, epsilon=0.1)) == "BatchNorm(3, momentum=0.5, epsilon=0.1)"
    assert repr(cn.LayerNorm(3, dtype="float32")) == "LayerNorm(3, dtype='float32')"
    assert repr(cn.Standardize(3)) == "Standardize(3)"
    from chalknet.layers.catalog import from_config

    for layer in (
        cn.BatchNorm(3, momentum=0.5),
        cn.LayerNorm(2, epsilon=0.1),
        cn.Standardize(2, dtype="float32"),
    ):
        assert repr(from_config(layer.to_config())) == repr(layer)


def small(*between):
    return cn.Network([cn.Dense(2, 3), *between, cn.ReLU(), cn.Dense(3, 1)], loss=cn.MSE(), random_state=0)


def test_scales_and_shifts_lie_in_the_networks_vector_and_moments_beside_it():
    norm = cn.BatchNorm(3)
    net = small(norm)
    assert net.parameters.size == 9 + 6 + 4 and net.buffers.size == 6
    net.parameters[9:15] = [1, 2, 3, 4, 5, 6]
    assert norm.weights.tolist() == [[1, 2, 3]] and norm.biases.tolist() == [[4, 5, 6]]
    norm.mean = 7.0
    assert net.buffers.tolist() == [7, 7, 7, 1, 1, 1]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_has_moments_of_its_own(copied):
    net = small(cn.BatchNorm(3))
    net.fit(rows(20, 2), rows(20, 1), epochs=2, batch_size=10)
    other = copied(net)
    np.testing.assert_array_equal(other.predict(rows(4, 2)), net.predict(rows(4, 2)))
    before = net.buffers.copy()
    other.fit(rows(20, 2), rows(20, 1), epochs=2, batch_size=10)
    np.testing.assert_array_equal(net.buffers, before)
    net.fit(rows(20, 2), rows(20, 1), epochs=2, batch_size=10)
    np.testing.assert_array_equal(net.buffers, other.buffers)
    np.testing.assert_array_equal(net.parameters, other.parameters)


def test_a_layer_that_moves_to_another_network_takes_its_moments_along():
    norm = cn.BatchNorm(3)
    old = small(norm)
    norm.mean = [1.0, 2.0, 3.0]
    old.layers = [cn.Dense(2, 1)]
    new = small(norm)
    assert norm.mean.tolist() == [[1.0, 2.0, 3.0]]
    norm.mean = 0.0
    assert new.buffers[:3].tolist() == [0.0, 0.0, 0.0]


def test_widths_and_dtypes_must_fit():
    with pytest.raises(cn.exceptions.ShapeError, match=r"BatchNorm\(4\), takes 4 inputs, but is given 3"):
        small(cn.BatchNorm(4))
    with pytest.raises(cn.exceptions.ParameterError, match="one dtype"):
        small(cn.LayerNorm(3, dtype="float32"))


def test_batches_of_one_row_are_refused_for_batch_normalisation():
    with pytest.raises(cn.exceptions.ParameterError, match="at least 2, but was given 1"):
        small(cn.BatchNorm(3)).fit(rows(8, 2), rows(8, 1), batch_size=1)
    small(cn.LayerNorm(3)).fit(rows(8, 2), rows(8, 1), batch_size=1, epochs=1)


@pytest.mark.parametrize("early", [False, True])
def test_a_model_file_keeps_everything(tmp_path, early):
    X, y = rows(60, 3), np.sin(rows(60, 3)[:, 0])
    options = {"hidden_layer_sizes": (5, 4), "normalization": "batch", "max_iter": 4, "random_state": 0}
    model = cn.MLPRegressor(**options, early_stopping=early, warm_start=True, tol=0.0)
    with pytest.warns(Warning, match="Maximum iterations"):
        model.fit(X, y)
    cn.save(model, tmp_path / "model.chalk")
    loaded = cn.load(tmp_path / "model.chalk")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    for each in (model, loaded):
        with pytest.warns(Warning, match="Maximum iterations"):
            each.fit(X, y)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.network_.buffers, model.network_.buffers)
