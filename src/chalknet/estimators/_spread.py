"""What a regressor's outputs say of its targets: a number, several quantiles, or a mean with a standard deviation."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import d2_pinball_score, r2_score

from chalknet.layers.loss import Loss


def in_order(out: np.ndarray, several: int) -> np.ndarray:
    """Outputs (n, quantiles x targets) as (n, targets, quantiles) that never cross.

    Quantiles that have come out of order are put into it, which brings them nearer to the true ones (Chernozhukov,
    Fernández-Val and Galichon 2010, proposition 4).

    >>> in_order(np.array([[2.0, 1.0, 3.0]]), 3)
    array([[[1., 2., 3.]]])
    """
    return np.sort(out.reshape(len(out), several, -1), axis=1).transpose(0, 2, 1)


def mean_and_std(out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outputs (n, 2 x targets) of a network under a Gaussian loss as two arrays (n, targets)."""
    half = out.shape[1] // 2
    return out[:, :half], np.exp(0.5 * np.maximum(out[:, half:], -60.0))  # where the loss holds them


def levels_of(loss: Loss) -> tuple[float, ...]:
    """The quantiles that a loss asks for at once; none where it asks for one."""
    return loss.p if isinstance(loss.p, tuple) else ()


def score(loss: Loss, y: Any, predicted: np.ndarray, sample_weight: Any) -> float:
    """R² of predictions; of several quantiles the mean D².

    D² is the share of the pinball loss of constant quantiles that is explained. `predicted` is what ``predict`` gives.
    """
    levels = levels_of(loss)
    if not levels:
        return float(r2_score(y, predicted, sample_weight=sample_weight))
    shares = [
        d2_pinball_score(y, predicted[..., i], alpha=level, sample_weight=sample_weight)
        for i, level in enumerate(levels)
    ]
    return float(np.mean(shares))
