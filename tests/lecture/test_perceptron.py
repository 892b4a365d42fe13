"""S3: the perceptron, beside the same descent in plain NumPy."""

import re

import numpy as np
import pytest

from chalknet.exceptions import DataError, ParameterError, ShapeError
from chalknet.lecture import Perceptron


def alone(seed, X, y, epochs, alpha):
    """One sigmoid unit, squared error, a step after each sample."""
    np.random.seed(seed)
    w, b, history = np.random.randn(X.shape[1]), 0, []
    for _ in range(epochs):
        total = 0
        for x, t in zip(X, y, strict=True):
            p = 1 / (1 + np.exp(-(np.dot(x, w) + b)))
            total += (p - t) ** 2
            g = 2 * (p - t) * p * (1 - p)
            w, b = w - alpha * g * x, b - alpha * g
        history.append(total / len(X))
    return w, b, history


@pytest.mark.parametrize("seed", range(5))
def test_same_as_plain_numpy(blobs, seed, capsys):
    X, y, _ = blobs
    w, b, history = alone(seed, X, y, 20, 0.01)
    np.random.seed(seed)
    unit = Perceptron(ninputs=2, epochs=20)
    unit.fit(X, y)
    np.testing.assert_allclose(unit.weights, w, rtol=1e-12)
    np.testing.assert_allclose(unit.bias, b, rtol=1e-12)
    np.testing.assert_allclose(unit.loss_history, history, rtol=1e-12)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 20
    for i, line in enumerate(lines):
        found = re.fullmatch(r"Epoch (\d+)/20, Error: (\S+)", line)
        assert found and int(found[1]) == i + 1
        assert float(found[2]) == unit.loss_history[i]


def test_learns_and_predicts(blobs, capsys):
    X, y, _ = blobs
    np.random.seed(0)
    unit = Perceptron(2, 50, alpha=0.1)
    assert unit.bias == 0
    assert unit.loss_history == []
    unit.fit(X, y[:, np.newaxis])
    predicted = unit.predict(X)
    assert predicted.dtype.kind == "i"
    assert np.mean(predicted == y) == 1
    assert unit.predict(X[0]) == y[0]  # one row
    np.testing.assert_array_equal(unit.forward(X) >= 0.5, predicted)
    unit.fit(X.tolist(), y.tolist())  # goes on where it was
    assert len(unit.loss_history) == 100


def test_assigned_weights(capsys):
    unit = Perceptron(2, 1, alpha=1)
    unit.weights, unit.bias = np.array([1, -1]), 0
    np.testing.assert_array_equal(unit.predict([[0, 0], [0, 1]]), [1, 0])  # 0.5 counts as class 1
    unit.fit([[1, 1]], [0])
    np.testing.assert_allclose(unit.weights, [0.75, -1.25])
    assert unit.bias == -0.25
    assert capsys.readouterr().out == "Epoch 1/1, Error: 0.25\n"


def test_no_epochs(capsys):
    Perceptron(1, 0).fit([[1.0]], [1])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("args", [(0, 1), (2, -1), (2, 1.5), (2, 1, -0.1), (2, 1, "fast")])
def test_refuses_parameters(args):
    with pytest.raises(ParameterError, match="Perceptron"):
        Perceptron(*args)


@pytest.mark.parametrize(
    ("X", "y"),
    [([1.0, 2.0], [1]), ([[1.0]], [1]), ([[1.0, 2.0]], [1, 0]), (np.empty((0, 2)), []), ([["a", "b"]], [1])],
)
def test_refuses_data(X, y):
    with pytest.raises((ShapeError, DataError)):
        Perceptron(2, 1).fit(X, y)
