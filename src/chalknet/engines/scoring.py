"""Scores of validation rows on the chalkboard engine, as scikit-learn's metrics define them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import r2_score

from chalknet.engines import rules as r
from chalknet.engines.base import Description
from chalknet.engines.state import Data
from chalknet.layers import activation

if TYPE_CHECKING:
    from chalknet.engines.board import Board


def score(board: Board, data: Data, description: Description) -> float:
    """Accuracy, R² or the negative loss of the validation rows.

    NaN where a prediction is not finite, where no row has weight, and for the R² of a single row.
    """
    x, given, w = data.scored()
    output = board.forward(x)
    if w is not None and not w.any():
        return float("nan")
    if description.score == r.NEGATIVE_LOSS:
        total = float(len(given)) if w is None else float(w.sum(dtype=np.float64))
        rows = board.loss.rows(output, given)
        return -float(np.sum(rows if w is None else w * rows, dtype=np.float64)) / total
    if not np.isfinite(output).all():
        return float("nan")
    y = board.loss.targets(given, description.n_out, len(given), output.dtype)
    if description.score == r.R2:
        if len(given) == 1:
            return float("nan")
        link = description.output_link()
        prediction = output if link == "identity" else activation.find(link)().forward(output)
        return float(r2_score(y, prediction, sample_weight=w))
    if description.score == r.ARGMAX:
        right = output.argmax(axis=1) == y.argmax(axis=1)
    else:
        right = ((output > description.threshold) == (y > 0.5)).all(axis=1)
    return float(np.average(right, weights=w))
