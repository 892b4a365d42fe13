"""S13 and S15 with the lecture's own objects, beside the same descent in plain NumPy."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from chalknet.lecture import ActivationRelu, Dense, mse_loss, mse_loss_derivative


def train(layers, X, Y, *, alpha, epochs):
    """The slides' loop over samples, for any list of the lecture's layers."""
    curve = []
    for _ in range(epochs):
        total = 0
        for i in range(len(X)):
            sample = np.expand_dims(X[i], axis=0)
            target = np.expand_dims(Y[i], axis=0)
            o = sample
            for layer in layers:
                o = layer.forward(o)
            total += mse_loss(target, o)
            slope = mse_loss_derivative(target, o)
            for layer in reversed(layers):
                layer.backward(slope)
                slope = layer.dinputs
            for layer in layers:
                if isinstance(layer, Dense):
                    layer.weights -= alpha * layer.dweights
                    layer.biases -= alpha * layer.dbiases
        curve.append(total / len(X))
    return np.array(curve)


def linear(seed):
    np.random.seed(seed)
    return [Dense(2, 4), Dense(4, 2)]


def rectified(seed):
    np.random.seed(seed)
    return [Dense(2, 10), ActivationRelu(), Dense(10, 10), ActivationRelu(), Dense(10, 2), ActivationRelu()]


def assert_same_bits(layers, expected):
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    for layer, w, b in zip(dense, expected[1], expected[2], strict=True):
        np.testing.assert_array_equal(layer.weights, w)
        np.testing.assert_array_equal(layer.biases, b)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_s13_as_printed_mostly_overflows(blobs):
    X, _, Y = blobs
    lost = [not np.isfinite(train(linear(seed), X, Y, alpha=0.01, epochs=10)[-1]) for seed in range(30)]
    assert sum(lost) == 27


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_s13_smaller_steps(blobs, plain, seed):
    X, _, Y = blobs
    layers = linear(seed)
    curve = train(layers, X, Y, alpha=0.0005, epochs=10)
    expected = plain.descend(*plain.draw(seed, 2, 4, 2), X, Y, alpha=0.0005, epochs=10, relu=[False, False])
    np.testing.assert_array_equal(curve, expected[0])
    assert_same_bits(layers, expected)
    assert curve[-1] < 0.5
    assert curve[-1] < curve[0] / 10


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_s13_standardised(blobs, plain, seed):
    X, y, Y = blobs
    X = StandardScaler().fit_transform(X)
    layers = linear(seed)
    curve = train(layers, X, Y, alpha=0.01, epochs=10)
    expected = plain.descend(*plain.draw(seed, 2, 4, 2), X, Y, alpha=0.01, epochs=10, relu=[False, False])
    np.testing.assert_array_equal(curve, expected[0])
    assert_same_bits(layers, expected)
    assert curve[-1] < 0.015
    assert np.all(layers[1].forward(layers[0].forward(X)).argmax(axis=1) == y)


@pytest.mark.parametrize("seed", [0, 1, 4, 5])
def test_s15_as_printed_every_unit_dies(blobs, plain, seed):
    X, _, Y = blobs
    layers = rectified(seed)
    curve = train(layers, X, Y, alpha=0.1, epochs=3)
    expected = plain.descend(*plain.draw(seed, 2, 10, 10, 2), X, Y, alpha=0.1, epochs=3, relu=[True] * 3)
    np.testing.assert_array_equal(curve, expected[0])
    assert_same_bits(layers, expected)
    assert curve[1] == curve[2] == 0.5
    o = X
    for layer in layers:
        o = layer.forward(o)
    assert not o.any()
    # Nothing moves an output that is 0 everywhere: the next epoch leaves every weight as it is.
    before = [layer.weights.copy() for layer in layers[::2]]
    assert train(layers, X, Y, alpha=0.1, epochs=1) == [0.5]
    for layer, w in zip(layers[::2], before, strict=True):
        np.testing.assert_array_equal(layer.weights, w)


@pytest.mark.parametrize("seed", [1, 10])
def test_s15_identity_outputs_learn_with_small_steps(moons, plain, seed):
    X, _, Y = moons
    layers = rectified(seed)[:-1]
    curve = train(layers, X, Y, alpha=0.01, epochs=30)
    relu = [True, True, False]
    expected = plain.descend(*plain.draw(seed, 2, 10, 10, 2), X, Y, alpha=0.01, epochs=30, relu=relu)
    np.testing.assert_array_equal(curve, expected[0])
    assert_same_bits(layers, expected)
    assert curve[-1] < 0.08
