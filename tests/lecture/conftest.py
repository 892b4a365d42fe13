"""What the lecture's tests share: its data, and its loop written once more without any of chalknet."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.datasets import make_blobs, make_moons
from sklearn.preprocessing import StandardScaler


@pytest.fixture(scope="session")
def blobs():
    """S13's points, classes and one-hot classes."""
    X, y = make_blobs(n_samples=100, centers=2, n_features=2, random_state=42)
    return X, y, np.eye(2)[y]


@pytest.fixture(scope="session")
def moons():
    """Two moons, each feature with mean 0 and deviation 1."""
    X, y = make_moons(n_samples=100, noise=0.1, random_state=42)
    return StandardScaler().fit_transform(X), y, np.eye(2)[y]


def draw(seed, *sizes):
    """The slide's first numbers: layer by layer, standard normal weights and biases of 1."""
    np.random.seed(seed)
    weights = [np.random.randn(m, n) for m, n in pairwise(sizes)]
    return weights, [np.ones((1, n)) for n in sizes[1:]]


def descend(weights, biases, X, Y, *, alpha, epochs, relu):
    """Per-sample descent in plain NumPy; ``relu`` says for each layer whether it ends in ReLU.

    Works on copies; returns each epoch's mean loss and the numbers in the end.
    """
    W, b = [w.copy() for w in weights], [v.copy() for v in biases]
    curve = []
    for _ in range(epochs):
        total = 0
        for i in range(len(X)):
            values, y, seen, sums = X[i : i + 1], Y[i : i + 1], [], []
            for k, rectified in enumerate(relu):
                seen.append(values)
                sums.append(np.dot(values, W[k]) + b[k])
                values = np.maximum(0, sums[k]) if rectified else sums[k]
            total += np.mean((values - y) ** 2)
            d = 2 * (values - y) / y.size
            steps = []
            for k in reversed(range(len(relu))):
                if relu[k]:
                    d = d * np.where(sums[k] > 0, 1, 0)
                steps.append((k, np.dot(seen[k].T, d), np.sum(d, axis=0, keepdims=True)))
                d = np.dot(d, W[k].T)
            for k, dw, db in steps:
                W[k] -= alpha * dw
                b[k] -= alpha * db
        curve.append(total / len(X))
    return np.array(curve), W, b


@pytest.fixture(scope="session")
def plain():
    """``plain.draw`` and ``plain.descend``."""
    return type("plain", (), {"draw": staticmethod(draw), "descend": staticmethod(descend)})
