"""The slides' worked example (S9, S10): a network of 2, 4 and 2 units, one sample, and the step α = 0.001."""

from __future__ import annotations

from chalknet import layers
from chalknet.network import Network

X = [[3.0, 5.0]]
Y = [[1.0, 0.0]]
W1 = [[0.5, 1.0, 7.0, 3.0], [1.0, 2.0, 1.0, 0.5]]
W2 = [[1.0, 2.0], [0.5, 0.5], [3.0, 1.0], [2.0, 1.0]]
ALPHA = 0.001


def network() -> Network:
    """The network of S9, with biases of 1 and the mean squared error.

    >>> network().forward(X)
    array([[121.5,  62.5]])
    """
    hidden, out = layers.Dense(2, 4), layers.Dense(4, 2)
    hidden.weights, hidden.biases = W1, 1.0
    out.weights, out.biases = W2, 1.0
    return Network([hidden, out], loss=layers.MSE())
