"""The lecture's worked example, forward and backward, to the last digit."""

from __future__ import annotations

import numpy as np

from chalknet.layers.dense import Dense
from chalknet.layers.loss import MSE

X, Y = np.array([[3, 5]]), np.array([[1, 0]])


def stack():
    first, second = Dense(2, 4), Dense(4, 2)
    first.weights = np.array([[0.5, 1, 7, 3], [1, 2, 1, 0.5]])
    second.weights = np.array([[1, 2], [0.5, 0.5], [3, 1], [2, 1]])
    first.biases = second.biases = 1
    return first, second, MSE()


def test_forward_s9():
    first, second, loss = stack()
    np.testing.assert_array_equal(first.forward(X), [[7.5, 14, 27, 12.5]])
    np.testing.assert_array_equal(second.forward(first.output), [[121.5, 62.5]])
    assert loss.forward(second.output, Y) == 9213.25


def test_backward_s10():
    first, second, loss = stack()
    second.forward(first.forward(X))
    first.backward(second.backward(loss.backward(second.output, Y)))
    np.testing.assert_array_equal(loss.dinputs, [[120.5, 62.5]])
    np.testing.assert_array_equal(
        second.dweights, [[903.75, 468.75], [1687, 875], [3253.5, 1687.5], [1506.25, 781.25]]
    )
    np.testing.assert_array_equal(second.dbiases, [[120.5, 62.5]])
    np.testing.assert_array_equal(second.dinputs, [[245.5, 91.5, 424, 303.5]])
    np.testing.assert_array_equal(
        first.dweights, [[736.5, 274.5, 1272, 910.5], [1227.5, 457.5, 2120, 1517.5]]
    )
    np.testing.assert_array_equal(first.dbiases, [[245.5, 91.5, 424, 303.5]])
    for layer in (first, second):
        layer.weights -= 0.001 * layer.dweights
        layer.biases -= 0.001 * layer.dbiases
    output = second.forward(first.forward(X))
    np.testing.assert_allclose(output, [[-14.19783, -12.73375]], atol=5e-6)
    assert round(loss.forward(output, Y), 4) == 196.5612
