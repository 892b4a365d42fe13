"""The lecture's perceptron: one sigmoid unit, trained on one sample after the other (S2, S3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.layers.base import floats
from chalknet.layers.config import number, whole
from chalknet.lecture.activations import SIGMOID
from chalknet.lecture.losses import SQUARED


class Perceptron:
    """One unit for two classes, 0 and 1: ŷ = sigmoid(w·x + b), and class 1 where ŷ ≥ 0.5.

    After each sample, with dL/dz = 2 (ŷ - y) · ŷ (1 - ŷ):  w ← w - alpha dL/dz x  and  b ← b - alpha dL/dz.
    (The slide's formula lacks the brackets around 1 - sig(z); its listing has them right.)

    Args:
        ninputs: number of features.
        epochs: passes over the data.
        alpha: the learning rate. In scikit-learn ``alpha`` is the L2 penalty, and the rate is called ``eta0``.

    ``weights`` (ninputs,) begin standard normal, from NumPy's global state, and ``bias`` at 0. ``loss_history`` gets
    one mean squared error an epoch, of predictions made before each sample's own step. See ``chalknet.Perceptron``
    for the estimator.

    >>> import numpy as np
    >>> np.random.seed(0)
    >>> unit = Perceptron(ninputs=1, epochs=2, alpha=0.5)
    >>> unit.fit(np.array([[-1.0], [1.0]]), np.array([0, 1]))
    Epoch 1/2, Error: 0.02139887...
    Epoch 2/2, Error: 0.02010137...
    >>> unit.predict([[-3.0], [3.0]])
    array([0, 1])
    """

    def __init__(self, ninputs: int, epochs: int, alpha: float = 0.01) -> None:
        self.ninputs = whole("Perceptron", "ninputs", ninputs)
        self.n_epochs = whole("Perceptron", "epochs", epochs, least=0)
        self.alpha = number("Perceptron", "alpha", alpha)
        if self.alpha < 0:
            raise ParameterError(
                f"Perceptron: alpha, the learning rate, must be at least 0, but was given {alpha!r}."
            )
        self.weights: Any = np.random.randn(ninputs)
        self.bias: Any = 0
        self.loss_history: list[float] = []

    def _inputs(self, x: Any, *dims: int) -> np.ndarray:
        """``x`` as floats, with ``ninputs`` numbers a row and one of the given numbers of dimensions."""
        rows = floats(x)
        if rows.ndim not in dims or rows.shape[-1] != self.ninputs:
            raise ShapeError(
                f"Perceptron({self.ninputs}, ...) takes rows of {self.ninputs} numbers, "
                f"but was given an array of shape {rows.shape}."
            )
        return rows

    def fit(self, X: Any, y: Any) -> None:
        """Train on rows ``X`` (m, ninputs) and classes ``y`` (m,), in their order, and print each epoch's error.

        Raises :class:`ShapeError` where X or y do not fit.
        """
        rows, labels = self._inputs(X, 2), floats(y)
        if labels.shape not in ((len(rows),), (len(rows), 1)) or len(rows) == 0:
            raise ShapeError(
                f"Perceptron.fit needs one class for each row, but was given {rows.shape} and {labels.shape}."
            )
        self.weights = floats(self.weights)  # assigned whole numbers could not take a step in place
        for epoch in range(self.n_epochs):
            error: Any = 0
            for x, label in zip(rows, labels.ravel(), strict=True):
                z = np.dot(x, self.weights) + self.bias
                pred = SIGMOID.f(z, SIGMOID.p)
                error += SQUARED.f(label, pred, SQUARED.p)
                slope = SQUARED.df(label, pred, SQUARED.p) * SIGMOID.df(z, pred, SIGMOID.p)  # dL/dz
                self.weights -= self.alpha * (slope * x)
                self.bias -= self.alpha * slope
            self.loss_history.append(error / len(rows))
            print(f"Epoch {epoch + 1}/{self.n_epochs}, Error: {self.loss_history[-1]}")

    def forward(self, x: Any) -> np.ndarray:
        """Return ŷ = sigmoid(w·x + b) for rows (m, ninputs), or for one row (ninputs,)."""
        return SIGMOID.f(np.dot(self._inputs(x, 1, 2), self.weights) + self.bias, SIGMOID.p)

    def predict(self, x: Any) -> np.ndarray:
        """Return class 1 where ŷ ≥ 0.5, else 0, for rows (m, ninputs), or for one row (ninputs,)."""
        return (self.forward(x) >= 0.5).astype(int)
