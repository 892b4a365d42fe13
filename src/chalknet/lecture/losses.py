"""The lecture's losses: mean squared error (S12), and softmax with cross-entropy in one (S19)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.exceptions import ShapeError
from chalknet.layers.base import floats
from chalknet.maths.losses import LOSSES
from chalknet.maths.rows import ROW_ACTIVATIONS

SQUARED = LOSSES["squared_error"]
CROSS_ENTROPY = LOSSES["categorical_cross_entropy"]
SOFTMAX = ROW_ACTIVATIONS["softmax"]


def _pair(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as float arrays; a column beside a row would quietly make a square of differences, so it is refused."""
    y, a = floats(y_true), floats(y_pred)
    try:
        size = np.broadcast(y, a).size
    except ValueError:
        size = -1
    if not size == y.size == a.size or size == 0:
        raise ShapeError(
            f"y_true and y_pred must have the same shape and some numbers, but have {y.shape} and {a.shape}."
        )
    return y, a


def mse_loss(y_true: Any, y_pred: Any) -> float:
    """Mean squared error over all elements: mean((ŷ - y)²).

    Args:
        y_true: what the network should give, any shape.
        y_pred: what it gave, of the same shape.

    Raises:
        ShapeError: the shapes differ.

    >>> print(mse_loss([[1, 0]], [[121.5, 62.5]]))
    9213.25
    """
    y, a = _pair(y_true, y_pred)
    return np.mean(SQUARED.f(y, a, SQUARED.p))


def mse_loss_derivative(y_true: Any, y_pred: Any) -> np.ndarray:
    """Derivative of :func:`mse_loss` by each prediction: 2 (ŷ - y) / size, of the shape of ``y_pred``.

    >>> mse_loss_derivative([[1, 0]], [[121.5, 62.5]])
    array([[120.5,  62.5]])
    """
    y, a = _pair(y_true, y_pred)
    return SQUARED.df(y, a, SQUARED.p) / y.size


class SoftmaxCrossEntropy:
    """Softmax and categorical cross-entropy in one, exactly as the slide has them.

    forward: ŷ = softmax(logits) clipped to [1e-7, 1 - 1e-7], loss = -1/N Σ y log ŷ; backward: ŷ - y.

    The slide slips in ``backward``: the loss is a mean over the N rows, so its derivative is (ŷ - y)/N, and with a
    batch of N rows this one is N times too long (with one row at a time, as the lecture trains, they are the same).
    The clipping, too, makes a very wrong prediction cost log(1e7) = 16.1 at most, while ŷ - y goes on growing.
    :class:`chalknet.SoftmaxCrossEntropy` has neither: it divides by N, and log-sum-exp needs no clipping.

    Args of both methods:
        logits: (N, classes), the last layer's output before any activation.
        y_true: (N, classes), one-hot.

    >>> loss = SoftmaxCrossEntropy()
    >>> print(round(loss.forward([[0.0, 0.0]], [[1, 0]]), 6))
    0.693147
    >>> loss.backward([[1, 0]])
    array([[-0.5,  0.5]])
    """

    y_pred: Any = None

    def forward(self, logits: Any, y_true: Any) -> float:
        """Return the mean loss of the rows, and keep the clipped probabilities in ``y_pred``."""
        z, y = floats(logits), floats(y_true)
        if z.ndim != 2 or z.shape != y.shape or z.size == 0:
            raise ShapeError(
                "SoftmaxCrossEntropy takes logits and one-hot y_true of one shape (rows, classes), "
                f"but was given {z.shape} and {y.shape}."
            )
        self.y_pred = np.clip(SOFTMAX.f(z), 1e-7, 1 - 1e-7)
        return np.sum(CROSS_ENTROPY.f(y, self.y_pred, CROSS_ENTROPY.p)) / len(y)

    def backward(self, y_true: Any) -> np.ndarray:
        """Return ŷ - y, (N, classes): the slide's gradient, without the mean's 1/N."""
        if self.y_pred is None:
            raise ShapeError("SoftmaxCrossEntropy.backward needs predictions; call forward first.")
        y = floats(y_true)
        if y.shape != self.y_pred.shape:
            raise ShapeError(f"y_true must have the logits' shape {self.y_pred.shape}, but has {y.shape}.")
        return self.y_pred - y
