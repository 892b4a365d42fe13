"""From what a user calls the truth to the 2-D float array that a loss's formula sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.exceptions import DataError, ShapeError
from chalknet.layers.base import floats
from chalknet.maths.table import REALS, Loss


def one_hot(labels: np.ndarray, n_classes: int, owner: str, dtype: Any = np.float64) -> np.ndarray:
    """Return (m, n_classes) with a 1 in each row at its label's place.

    Raises :class:`DataError` for labels (m,) that are no whole numbers from 0 to ``n_classes`` - 1.

    >>> one_hot(np.array([2, 0]), 3, "loss")
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    values = floats(labels)
    bad = ~((values >= 0) & (values < n_classes) & (values == np.floor(values)))
    if bad.any():
        allowed = f"whole numbers from 0 to {n_classes - 1}"
        raise DataError(f"{owner} takes labels that are {allowed}, but was given {values[bad][0]:g}.")
    return (values[:, None] == np.arange(n_classes)).astype(dtype)


def _within(y: np.ndarray, row: Loss) -> np.ndarray:
    """Return y, whose numbers must be such as the loss has a meaning for; a rounding error more or less is fine."""
    low, high = row.targets
    if (low, high) != REALS:
        bad = (y < low - 1e-6) | (y > high + 1e-6)
        if bad.any():
            allowed = f"at least {low:g}" if high == REALS[1] else f"from {low:g} to {high:g}"
            raise DataError(f"{row.layer} takes y_true {allowed}, but was given {y[bad][0]:g}.")
    if row.above and (y <= low).any():
        raise DataError(f"{row.layer} takes y_true above {low:g}, but was given {y[y <= low][0]:g}.")
    return y


def as_targets(row: Loss, y_true: Any, n_outputs: int, n_rows: int | None, dtype: Any) -> np.ndarray:
    """Return y_true as floats (m, n_outputs); ``row`` tells whether labels are allowed or needed.

    One row's targets may come without the outer brackets, one output's as a flat array.
    """
    y = np.asarray(y_true)
    given = y.shape
    labels_allowed = row.labels or row.whole_row
    if y.ndim == 1 and n_rows == 1 and not row.labels and y.shape[0] == n_outputs:
        y = y[None, :]  # one row without its outer brackets
    if labels_allowed and (y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1 and n_outputs > 1)):
        if n_rows is None or y.size == n_rows:
            return one_hot(y.reshape(-1), n_outputs, row.layer, dtype or np.float64)
    elif not row.labels:
        if y.ndim == 1 and n_outputs == 1:
            y = y[:, None]
        if y.ndim == 2 and y.shape[1] == n_outputs and n_rows in (None, y.shape[0]):
            return _within(floats(y, dtype), row)
    m = "rows" if n_rows is None else str(n_rows)
    shapes = [] if row.labels else [f"({m}, {n_outputs})"]
    shapes += [f"({m},) holding integer labels"] if labels_allowed else []
    hint = "; CategoricalCrossEntropy takes one-hot rows" if row.labels and len(given) == 2 else ""
    raise ShapeError(f"{row.layer} takes y_true of shape {' or '.join(shapes)}, but was given {given}{hint}.")
