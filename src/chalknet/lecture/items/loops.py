"""The slides' training loop (S13, S15), for any row of the lecture's layers; and estimators fitted for a fixed time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from chalknet.lecture.dense import Dense
from chalknet.lecture.losses import mse_loss, mse_loss_derivative


def descend(layers: Sequence[Any], X: np.ndarray, Y: np.ndarray, *, alpha: float, epochs: int) -> list[float]:
    """Train on one sample after the other, and return the mean loss of each epoch; it ends where that is not finite."""
    losses = []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(epochs):
            total = 0.0
            for i in range(len(X)):
                x, y = X[i : i + 1], Y[i : i + 1]
                o = x
                for layer in layers:
                    o = layer.forward(o)
                total += mse_loss(y, o)
                slope = mse_loss_derivative(y, o)
                for layer in reversed(layers):
                    slope = layer.backward(slope)
                for layer in layers:
                    if isinstance(layer, Dense):
                        layer.weights -= alpha * layer.dweights
                        layer.biases -= alpha * layer.dbiases
            losses.append(float(total / len(X)))
            if not np.isfinite(total):
                break
    return losses


def fitted(model: Any, X: Any, y: Any) -> Any:
    """Fit an estimator for as many epochs as it was given: that it might go on is no warning here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)
