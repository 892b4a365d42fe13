"""S6 and S8 to S10: the lecture's examples by hand, with its numbers."""

import numpy as np
import pytest

from chalknet.lecture import Dense, mse_loss, mse_loss_derivative

W1 = np.array([[0.5, 1, 7, 3], [1, 2, 1, 0.5]])
W2 = np.array([[1, 2], [0.5, 0.5], [3, 1], [2, 1]])
x = np.array([[3, 5]])
y = np.array([[1, 0]])


@pytest.fixture
def layers():
    one, two = Dense(2, 4), Dense(4, 2)
    one.weights, two.weights = W1.copy(), W2.copy()
    return one, two


def test_s6_one_weight():
    point, w, b, target = 1, 3, 0, 1
    guess = w * point + b
    assert guess == 3  # not the slide's 4
    assert mse_loss(target, guess) == 4
    gradient = mse_loss_derivative(target, guess) * point
    assert gradient == 4
    assert w - gradient == -1


@pytest.mark.parametrize(
    ("alpha", "weights"),
    [(1, [3, -1, 3, -1, 3]), (0.8, [3, -0.2, 1.72, 0.568, 1.2592]), (1.5, [3, -3, 9, -15, 33])],
)
def test_s6_steps(alpha, weights):
    w = 3.0
    for expected in weights:
        assert w == pytest.approx(expected, rel=1e-12)
        w -= alpha * mse_loss_derivative(1, w * 1)


def test_s6_settles_and_moves_the_bias():
    w, b = 3.0, 0.0
    for _ in range(60):
        slope = mse_loss_derivative(1, w + b)
        w, b = w - 0.3 * slope, b - 0.3 * slope
    assert w + b == pytest.approx(1, abs=1e-12)
    assert (w, b) == (pytest.approx(2), pytest.approx(-1))  # both moved by the same


def test_s9_forward(layers):
    one, two = layers
    h = one.forward(x)
    np.testing.assert_array_equal(h, [[7.5, 14, 27, 12.5]])
    o = two.forward(np.array(h))
    np.testing.assert_array_equal(o, [[121.5, 62.5]])
    assert mse_loss(y, o) == 9213.25
    np.testing.assert_array_equal(one.inputs, x)
    np.testing.assert_array_equal(one.output, h)


def test_s8_nodes_equal_matrix(layers):
    h = layers[0].forward(x)
    for j in range(4):
        assert h[0, j] == 3 * W1[0, j] + 5 * W1[1, j] + 1


def test_s10_backward_and_a_step(layers):
    one, two = layers
    o = two.forward(one.forward(x))
    slope = mse_loss_derivative(y, o)
    np.testing.assert_array_equal(slope, [[120.5, 62.5]])
    two.backward(slope)
    one.backward(two.dinputs)
    np.testing.assert_array_equal(
        two.dweights, [[903.75, 468.75], [1687, 875], [3253.5, 1687.5], [1506.25, 781.25]]
    )
    np.testing.assert_array_equal(two.dbiases, [[120.5, 62.5]])
    np.testing.assert_array_equal(two.dinputs, [[245.5, 91.5, 424, 303.5]])
    np.testing.assert_array_equal(one.dweights, [[736.5, 274.5, 1272, 910.5], [1227.5, 457.5, 2120, 1517.5]])
    np.testing.assert_array_equal(one.dbiases, [[245.5, 91.5, 424, 303.5]])
    alpha = 0.001
    one.weights -= alpha * one.dweights
    two.weights -= alpha * two.dweights
    one.biases -= alpha * one.dbiases
    two.biases -= alpha * two.dbiases
    o = two.forward(one.forward(x))
    np.testing.assert_allclose(o, [[-14.19783, -12.73375]], atol=5e-6)
    assert mse_loss(y, o) == pytest.approx(196.5612, abs=5e-5)


def test_first_numbers_come_from_the_global_state_in_order(plain):
    weights, _ = plain.draw(7, 2, 4, 2)
    following = np.random.randn()
    np.random.seed(7)
    one, two = Dense(2, 4), Dense(4, 2)
    np.testing.assert_array_equal(one.weights, weights[0])
    np.testing.assert_array_equal(two.weights, weights[1])
    np.testing.assert_array_equal(one.biases, np.ones((1, 4)))
    assert np.random.randn() == following


def test_whole_numbers_may_be_assigned():
    layer = Dense(2, 2)
    layer.weights = np.array([[1, 2], [3, 4]])
    layer.biases = np.array([[0, 1]])
    np.testing.assert_array_equal(layer.forward(x), [[18, 27]])
    layer.backward(np.array([[1, 1]]))
    layer.weights -= 0.5 * layer.dweights
    layer.biases -= 0.5 * layer.dbiases
    np.testing.assert_array_equal(layer.weights, [[-0.5, 0.5], [0.5, 1.5]])
    np.testing.assert_array_equal(layer.biases, [[-0.5, 0.5]])
