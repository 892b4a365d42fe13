"""The lecture's worked numbers, from the tables alone: S6, S9, S10, S12, S19."""

import numpy as np
import pytest

from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS

MSE, CROSS, SGD = LOSSES["squared_error"], LOSSES["softmax_cross_entropy"], OPTIMIZERS["sgd"]
X, Y = np.array([[3.0, 5.0]]), np.array([[1.0, 0.0]])
W1 = np.array([[0.5, 1.0, 7.0, 3.0], [1.0, 2.0, 1.0, 0.5]])
W2 = np.array([[1.0, 2.0], [0.5, 0.5], [3.0, 1.0], [2.0, 1.0]])
B1, B2 = np.ones((1, 4)), np.ones((1, 2))


def descend(w, alpha, steps):
    """S6: x = 1, b = 0, y = 1."""
    path = [w]
    for t in range(steps):
        w, _ = SGD.step(w, MSE.df(1.0, w, 0.0), (), SGD.constants(alpha, t + 1.0))
        path.append(w)
    return path


def test_s6_one_point():
    assert MSE.f(1.0, 3.0, 0.0) == 4.0 and MSE.df(1.0, 3.0, 0.0) == 4.0
    assert descend(3.0, 1.0, 4) == [3.0, -1.0, 3.0, -1.0, 3.0]
    assert descend(3.0, 0.8, 60)[-1] == pytest.approx(1.0, abs=1e-12)
    assert abs(descend(3.0, 1.1, 60)[-1]) > 1e4


def forward(w1, b1, w2, b2):
    identity = ACTIVATIONS["identity"]
    h = identity.f(X @ w1 + b1, 0.0)
    return h, identity.f(h @ w2 + b2, 0.0)


def test_s9_and_s10_forward_backward_and_one_step():
    h, o = forward(W1, B1, W2, B2)
    assert h.tolist() == [[7.5, 14.0, 27.0, 12.5]] and o.tolist() == [[121.5, 62.5]]
    assert MSE.f(Y, o, 0.0).mean() == 9213.25
    do = MSE.df(Y, o, 0.0) / o.size
    assert do.tolist() == [[120.5, 62.5]]
    do = do * ACTIVATIONS["identity"].df(o, o, 0.0)
    dw2, dh = h.T @ do, do @ W2.T
    assert dw2.tolist() == [[903.75, 468.75], [1687.0, 875.0], [3253.5, 1687.5], [1506.25, 781.25]]
    assert dh.tolist() == [[245.5, 91.5, 424.0, 303.5]]
    dw1 = X.T @ dh
    assert dw1.tolist() == [[736.5, 274.5, 1272.0, 910.5], [1227.5, 457.5, 2120.0, 1517.5]]
    c = SGD.constants(0.001, 1.0)
    new = [SGD.step(w, g, (), c)[0] for w, g in ((W1, dw1), (B1, dh), (W2, dw2), (B2, do))]
    _, o = forward(*new)
    np.testing.assert_allclose(o, [[-14.19783, -12.73375]], atol=5e-6)
    assert MSE.f(Y, o, 0.0).mean() == pytest.approx(196.5612, abs=5e-5)


def test_s12_mean_squared_error_and_its_derivative():
    y, a = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.5, 2.0], [2.0, 6.0]])
    assert MSE.f(y, a, 0.0).mean() == np.mean((y - a) ** 2)
    np.testing.assert_array_equal(MSE.df(y, a, 0.0) / a.size, 2 * (a - y) / y.size)


def test_s19_softmax_with_cross_entropy_has_the_gradient_prediction_minus_truth():
    z = np.array([[2.0, 1.0, 0.1], [0.5, 2.5, -1.0]])
    y = np.eye(3)[[0, 1]]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    predicted = e / e.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(CROSS.f(y, z, 0.0), -np.log((predicted * y).sum(axis=1)), rtol=1e-14)
    np.testing.assert_allclose(CROSS.df(y, z, 0.0) / len(y), (predicted - y) / len(y), rtol=1e-14)
