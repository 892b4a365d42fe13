"""Dense: what it computes, how its numbers are drawn, assigned, bound to a flat vector and copied."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from scipy import sparse

from chalknet.exceptions import DataError, ParameterError, ShapeError, UnknownNameError
from chalknet.layers.catalog import from_config
from chalknet.layers.dense import Dense


def bound(layer):
    """The layer, living in a flat vector with a spare number at each end."""
    flat = np.zeros(layer.weights.size + layer.biases.size + 2, layer.dtype)
    n = 1 + layer.weights.size
    layer.bind(flat[1:n].reshape(layer.weights.shape), flat[n:-1].reshape(layer.biases.shape))
    return flat


def test_first_numbers_are_glorot_uniform_and_zero_and_follow_the_seed():
    a, b = Dense(30, 20, random_state=3), Dense(30, 20, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(a.weights, b.weights)
    assert np.abs(a.weights).max() <= np.sqrt(6 / 50) and not a.biases.any()
    assert a.weights.dtype == np.float64 and a.biases.shape == (1, 20)
    single = Dense(30, 20, dtype="float32", random_state=3)
    np.testing.assert_array_equal(single.weights, a.weights.astype(np.float32))


def test_redrawing_takes_weights_then_biases():
    layer = Dense(3, 2, initializer="sklearn")
    layer.draw(np.random.RandomState(0))
    rng = np.random.RandomState(0)
    np.testing.assert_array_equal(layer.weights, rng.uniform(-np.sqrt(6 / 5), np.sqrt(6 / 5), (3, 2)))
    np.testing.assert_array_equal(layer.biases[0], rng.uniform(-np.sqrt(6 / 5), np.sqrt(6 / 5), 2))


@pytest.mark.parametrize("values", [2, [1, 2], [[1, 2]], np.array([1, 2], np.int8)])
def test_biases_may_be_a_number_or_a_row(values):
    layer = Dense(3, 2)
    layer.biases = values
    np.testing.assert_array_equal(layer.biases, np.broadcast_to(values, (1, 2)))
    assert layer.biases.dtype == np.float64


def test_assignment_copies_and_never_shares():
    layer, w = Dense(2, 2), np.eye(2)
    layer.weights = w
    layer.weights[0, 0] = 5
    assert w[0, 0] == 1
    flat = bound(layer)
    layer.weights = w
    np.testing.assert_array_equal(flat[1:5], [1, 0, 0, 1])


def test_a_bound_layer_lives_in_the_flat_vector():
    layer = Dense(2, 3, random_state=1)
    before = layer.weights.copy()
    flat = bound(layer)
    np.testing.assert_array_equal(layer.weights, before)
    layer.weights = np.arange(6).reshape(2, 3)
    layer.biases = [7, 8, 9]
    layer.weights *= 2
    layer.biases[0, 1] = -1
    np.testing.assert_array_equal(flat, [0, 0, 2, 4, 6, 8, 10, 7, -1, 9, 0])
    flat[1:] = 0.5
    assert (layer.weights == 0.5).all() and (layer.biases == 0.5).all()
    layer.draw(np.random.RandomState(1))
    np.testing.assert_array_equal(flat[1:7], before.ravel())


def test_a_layer_over_views_draws_nothing_and_counts_as_assigned():
    flat = np.arange(8.0)
    layer = Dense.over(flat[:6].reshape(3, 2), flat[6:].reshape(1, 2))
    assert layer.assigned and repr(layer) == "Dense(3, 2)"
    layer.biases = 0
    np.testing.assert_array_equal(flat, [0, 1, 2, 3, 4, 5, 0, 0])


def test_assigned_tells_who_set_the_numbers():
    layer = Dense(2, 2)
    assert not layer.assigned
    bound(layer)
    assert not layer.assigned
    for change in ("weights", "biases"):
        getattr(layer, change)[0, 1] += 1
        assert layer.assigned
        layer.draw(np.random.RandomState(0))
        assert not layer.assigned
        setattr(layer, change, getattr(layer, change).copy())
        assert layer.assigned
        layer.draw(np.random.RandomState(0))


def test_float32_layer_computes_in_float32():
    layer = Dense(2, 2, dtype=np.float32)
    layer.weights = np.eye(2)
    assert layer.forward(np.ones((1, 2))).dtype == np.float32
    assert layer.backward(np.ones((1, 2))).dtype == layer.dweights.dtype == layer.dbiases.dtype == np.float32


@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csr_array, sparse.coo_array, sparse.csc_matrix])
def test_sparse_inputs_give_the_same_numbers(form):
    x = np.array([[0, 1.5, 0], [2, 0, 0]])
    layer, d = Dense(3, 2, random_state=0), np.array([[1.0, 2], [3, 4]])
    want = layer.forward(x), layer.backward(d), layer.dweights
    got = layer.forward(form(x)), layer.backward(d), layer.dweights
    for a, b in zip(want, got, strict=True):
        assert type(b) is np.ndarray
        np.testing.assert_allclose(a, b, rtol=1e-15)
    assert layer.backward(d, need_dinputs=False).shape == (0, 3)


def test_copies_own_their_numbers():
    layer = Dense(2, 2, random_state=0)
    flat = bound(layer)
    layer.forward([[1, 2]])
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(other.weights, layer.weights)
        np.testing.assert_array_equal(other.output, layer.output)
        assert not other.assigned
        other.weights = np.zeros((2, 2))
        assert flat[1:5].all()
    layer.forget()
    assert layer.output is layer.inputs is layer.dweights is None


def test_description_and_repr():
    layer = Dense(2, 4, initializer="he_normal", dtype="float32")
    assert repr(layer) == "Dense(2, 4, initializer='he_normal', dtype='float32')"
    assert repr(from_config(layer.to_config())) == repr(layer)
    state = np.random.get_state()[1].copy()
    from_config(layer.to_config())
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("sizes", [(0, 2), (2, -1), (2.0, 2), ("2", 2), (True, 2), (None, 2)])
def test_sizes_are_whole_numbers(sizes):
    with pytest.raises(ParameterError, match="whole number of at least 1"):
        Dense(*sizes)


def test_other_wrong_uses_get_a_sentence():
    for dtype in ("int64", "nonsense", complex):
        with pytest.raises(ParameterError, match="float64 or float32"):
            Dense(1, 1, dtype=dtype)
    with pytest.raises(UnknownNameError, match="he_normal"):
        Dense(1, 1, initializer="he")
    layer = Dense(2, 3)
    with pytest.raises(ShapeError, match=r"weights of shape \(2, 3\), but was given shape \(3, 2\)"):
        layer.weights = np.zeros((3, 2))
    with pytest.raises(ShapeError, match=r"biases of shape \(1, 3\), but was given shape \(3, 1\)"):
        layer.biases = np.zeros((3, 1))
    for bad in ([["a", "b", "c"]] * 2, np.zeros((2, 3), complex), [[object()] * 3] * 2):
        with pytest.raises(DataError, match="Numbers are needed"):
            layer.weights = bad
    with pytest.raises(ShapeError, match="double brackets"):
        layer.forward([1, 2])
    with pytest.raises(ShapeError, match=r"\(batch, 2\), but was given \(1, 3\)"):
        layer.forward([[1, 2, 3]])
    with pytest.raises(ShapeError, match="forward first"):
        layer.backward([[1, 2, 3]])
    layer.forward([[1, 2]])
    with pytest.raises(ShapeError, match=r"output's shape \(1, 3\), but was given \(1, 2\)"):
        layer.backward([[1, 2]])
    with pytest.raises(ShapeError, match=r"can be bound to \(2, 3\) of float64"):
        layer.bind(np.zeros((2, 3), np.float32), np.zeros((1, 3), np.float32))


def test_a_failed_bind_changes_nothing():
    layer, view = Dense(2, 3), np.zeros((2, 3))
    with pytest.raises(ShapeError, match=r"\(1, 3\)"):
        layer.bind(view, np.zeros((3,)))
    layer.weights[...] = 1
    assert not view.any()


def test_columns_of_a_table_are_numbers():
    layer = Dense(2, 1)
    layer.weights = np.array([[1], [2.5]], dtype=object)
    np.testing.assert_array_equal(layer.weights, [[1], [2.5]])
