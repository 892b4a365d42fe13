"""What a regressor's outputs say of its targets: a number, several quantiles, or a mean with a standard deviation."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import d2_pinball_score, r2_score

from chalknet.exceptions import ParameterError
from chalknet.layers.loss import Loss

LEAST = -60.0  # where the loss holds log-variances


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
    return out[:, :half], np.exp(0.5 * np.maximum(out[:, half:], LEAST))


def pooled(loss: Any, outs: Any) -> np.ndarray:
    """The outputs of several networks (networks, n, outputs) as those of one: their mean.

    Of means and log-variances: the mean of the means, and the variance of the mixture, which is the mean of the
    variances and the variance of the means (Lakshminarayanan, Pritzel and Blundell 2017, arXiv:1612.01474, section
    2.4).
    """
    outs = np.asarray(outs)
    if loss.row.d_p is None:
        return outs.mean(axis=0)
    half = outs.shape[2] // 2
    means, variances = outs[..., :half], np.exp(np.maximum(outs[..., half:], LEAST))
    return np.concatenate([means.mean(axis=0), np.log(variances.mean(axis=0) + means.var(axis=0))], axis=1)


def levels_of(loss: Loss) -> tuple[float, ...]:
    """The quantiles that a loss asks for at once; none where it asks for one."""
    return loss.p if isinstance(loss.p, tuple) else ()


def pair_for(loss: Loss, coverage: float) -> tuple[int, int]:
    """Which two of the loss's quantiles have this much between them.

    Raises ParameterError where it has not both of them.
    """
    levels = levels_of(loss)
    low, high = 0.5 - 0.5 * coverage, 0.5 + 0.5 * coverage
    found = [[i for i, q in enumerate(levels) if abs(q - wanted) < 1e-9] for wanted in (low, high)]
    if not all(found):
        raise ParameterError(
            f'predict_interval(coverage={coverage:g}) needs loss="gaussian" or cn.Quantile(q=({low:g}, {high:g})), but '
            f"loss={loss!r} was fitted."
        )
    return found[0][0], found[1][0]


def flat(values: np.ndarray) -> np.ndarray:
    """Numbers (n, targets), (n,) where there is one target.

    >>> flat(np.ones((3, 1))).shape, flat(np.ones((3, 2))).shape
    ((3,), (3, 2))
    """
    return values.ravel() if values.shape[1] == 1 else values


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
