"""`standardize=True`: the means and variances of X's columns, kept in the network's first layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from chalknet.layers.normalization import Standardize
from chalknet.maths.normalization import joined

ROWS = 4096  # read at a time: X is never copied as a whole
KEPT = ("input_mean_", "input_variance_", "n_samples_seen_")


def learn(est: Any, X: Any, weights: np.ndarray | None, *, first: bool, incremental: bool) -> None:
    """Learn from the rows of X: anew at first, on top of all rows seen so far in `partial_fit`.

    A fit that goes on from an earlier one keeps that one's numbers, so that its weights keep their meaning.
    """
    layer = est.network_.layers[0]
    if first:
        forget(est)
    if not isinstance(layer, Standardize) or not (first or incremental):
        return
    n = getattr(est, "n_samples_seen_", 0.0)
    mean = getattr(est, "input_mean_", np.zeros(X.shape[1]))
    variance = getattr(est, "input_variance_", np.zeros(X.shape[1]))
    rows = X.tocsr() if sparse.issparse(X) else X
    for begin in range(0, X.shape[0], ROWS):
        w = None if weights is None else weights[begin : begin + ROWS].astype(np.float64)
        block = rows[begin : begin + ROWS]
        m = float(block.shape[0]) if w is None else float(w.sum())
        if m > 0.0:
            mean, variance = joined(n, mean, variance, m, *moments(block, w))
            n += m
    est.input_mean_, est.input_variance_, est.n_samples_seen_ = mean, variance, n
    noise = (n * np.finfo(np.float64).eps * mean) ** 2  # a constant column has the variance of its rounding
    layer.mean = mean
    scaled = np.where(variance > noise, variance, 1.0).astype(layer.dtype)
    layer.variance = np.where(scaled > 0.0, scaled, layer.dtype.type(1.0))


def moments(block: Any, w: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The columns' means and variances over some rows, weighted, in float64."""
    if sparse.issparse(block):
        mean, variance = mean_variance_axis(block.astype(np.float64), axis=0, weights=w)
        return mean, variance
    x = block.astype(np.float64)
    mean = np.average(x, axis=0, weights=w)
    return mean, np.average(np.square(x - mean), axis=0, weights=w)


def forget(est: Any) -> None:
    """Drop what was learned of X."""
    for name in KEPT:
        vars(est).pop(name, None)
