"""The lecture's activations and losses, and what they refuse."""

import numpy as np
import pytest

import chalknet as cn
from chalknet import lecture
from chalknet.exceptions import DataError, ShapeError
from chalknet.lecture import ActivationRelu, ActivationSig, SoftmaxCrossEntropy, mse_loss, mse_loss_derivative

Z = np.array([[-1e4, -30.0, -1.0, -0.0], [0.0, 0.3, 5.0, 1e4]])


def test_names():
    assert sorted(lecture.__all__) == lecture.__all__
    for name in lecture.__all__:
        assert getattr(lecture, name).__doc__


def test_relu():
    relu = ActivationRelu()
    np.testing.assert_array_equal(relu.forward(Z), np.maximum(0, Z))
    assert relu.output is not None
    np.testing.assert_array_equal(relu.inputs, Z)
    relu.backward(np.full(Z.shape, 2.0))
    np.testing.assert_array_equal(relu.dinputs, 2.0 * (Z > 0))


def test_sigmoid():
    sig = ActivationSig()
    a = sig.forward(Z)  # no warning, though exp(1e4) overflows
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-Z))
    np.testing.assert_allclose(a, expected, rtol=1e-15)
    sig.backward(np.full(Z.shape, 2.0))
    np.testing.assert_allclose(sig.dinputs, 2.0 * (expected * (1 - expected)), atol=1e-15)


def test_they_are_the_librarys_layers():
    assert isinstance(lecture.Dense(2, 3), cn.Dense)
    for ours, theirs in ((ActivationRelu(), cn.ReLU()), (ActivationSig(), cn.Sigmoid())):
        assert ours.to_config() == theirs.to_config()
        np.testing.assert_array_equal(ours.forward(Z), theirs.forward(Z))


def test_mse_of_a_batch():
    y, a = np.array([[1, 0], [0, 1]]), np.array([[0.5, 0.5], [2, 3]])
    assert mse_loss(y, a) == np.mean((a - y) ** 2)
    np.testing.assert_array_equal(mse_loss_derivative(y, a), 2 * (a - y) / 4)


@pytest.mark.parametrize("function", [mse_loss, mse_loss_derivative])
@pytest.mark.parametrize(
    ("y", "a"), [([1, 0], [[1.0], [0.0]]), ([1, 0, 0], [1.0, 0.0]), (1, [1.0, 2.0]), ([], []), (["a"], [1.0])]
)
def test_mse_refuses(function, y, a):
    with pytest.raises((ShapeError, DataError)):
        function(y, a)


def test_softmax_cross_entropy_is_the_slides():
    rng = np.random.default_rng(0)
    logits, y = rng.normal(0, 3, (5, 3)), np.eye(3)[[0, 1, 2, 1, 0]]
    loss = SoftmaxCrossEntropy()
    value = loss.forward(logits, y)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = np.clip(p / p.sum(axis=1, keepdims=True), 1e-7, 1 - 1e-7)
    np.testing.assert_allclose(loss.y_pred, p, rtol=1e-15)
    assert value == pytest.approx(-np.sum(y * np.log(p)) / 5, rel=1e-14)
    np.testing.assert_allclose(loss.backward(y), p - y, atol=1e-15)


def test_softmax_cross_entropy_slip():
    logits, y = np.array([[1.0, 2.0], [0.5, -0.5]]), np.array([[1, 0], [0, 1]])
    ours, right = SoftmaxCrossEntropy(), cn.SoftmaxCrossEntropy()
    assert ours.forward(logits, y) == pytest.approx(right.forward(logits, y))
    np.testing.assert_allclose(ours.backward(y) / 2, right.backward(logits, y))


def test_softmax_cross_entropy_clips():
    loss = SoftmaxCrossEntropy()
    assert loss.forward([[1000.0, 0.0]], [[0, 1]]) == pytest.approx(-np.log(1e-7))
    np.testing.assert_allclose(loss.y_pred, [[1 - 1e-7, 1e-7]], rtol=1e-12)
    np.testing.assert_allclose(loss.backward([[0, 1]]), [[1 - 1e-7, 1e-7 - 1]], rtol=1e-12)


def test_softmax_cross_entropy_refuses():
    loss = SoftmaxCrossEntropy()
    with pytest.raises(ShapeError, match="forward first"):
        loss.backward([[1, 0]])
    with pytest.raises(ShapeError, match="one shape"):
        loss.forward([[1.0, 2.0]], [1, 0])
    with pytest.raises(ShapeError, match="one shape"):
        loss.forward([[1.0, 2.0]], [[1, 0, 0]])
    loss.forward([[1.0, 2.0]], [[1, 0]])
    with pytest.raises(ShapeError, match="logits' shape"):
        loss.backward([1, 0])
