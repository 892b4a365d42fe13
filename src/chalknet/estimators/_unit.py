"""The unit in which targets are learned: centred and divided, so that their size does not set the pace."""

from __future__ import annotations

from typing import Any

import numpy as np


def unit_of(y: np.ndarray, weights: np.ndarray | None, from_zero: bool) -> tuple[np.ndarray, np.ndarray]:
    """What is taken from targets y (n, k), and by what they are divided: two arrays (k,) of float64.

    Mean and standard deviation of the (weighted) rows; where targets begin at 0 by their nature, 0 and the mean.

    >>> unit_of(np.array([[1.0], [3.0]]), None, from_zero=False)
    (array([2.]), array([1.]))
    >>> unit_of(np.array([[1.0], [3.0]]), None, from_zero=True)
    (array([0.]), array([2.]))
    """
    y = y.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.average(y, axis=0, weights=weights)
        deviation = np.sqrt(np.average((y - mean) ** 2, axis=0, weights=weights))
    center, scale = (np.zeros_like(mean), mean) if from_zero else (mean, deviation)
    wide = ~np.isfinite(deviation)  # squares of values beyond 1e154 overflow
    center, scale = np.where(wide, 0.0, center), np.where(wide, np.abs(y).max(axis=0), scale)
    return center, np.where(scale > 0.0, scale, 1.0)


def would_help(y: np.ndarray, weights: np.ndarray | None, half_squared_error: Any) -> float | None:
    """The size of targets y (n, k) where it kept a run from learning: it is large, and at most half is explained.

    None where it did not; `half_squared_error` is what the run has come to, its mean over rows and outputs.
    """
    center, scale = unit_of(y, weights, from_zero=False)
    size = float(np.max(np.maximum(np.abs(center), scale)))
    half_explained = 0.25 * float(np.mean(scale**2))
    return size if size >= LARGE and half_squared_error > half_explained else None


LARGE = 10.0  # standardised targets are of size 1, and default learning rates are made for them
