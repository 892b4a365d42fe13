"""Validation rows: those that are set aside, and those that a user brings along."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.engines import describe
from chalknet.engines.state import Apart
from chalknet.exceptions import ParameterError, ShapeError


def check_pair(est: Any, X_val: Any, y_val: Any, sample_weight_val: Any) -> None:
    """Raise ParameterError for one without the other, and for a solver that has no epochs to score."""
    given = {"X_val": X_val, "y_val": y_val}
    named = [name for name, value in given.items() if value is not None]
    if len(named) == 1 or (sample_weight_val is not None and not named):
        what = named[0] if named else "sample_weight_val"
        raise ParameterError(f"fit was given {what} alone: X_val and y_val belong together.")
    if named and est._by_lbfgs():
        raise ParameterError(
            'X_val needs a solver with epochs: use solver="adam", or leave it out with "lbfgs".'
        )


def rows_apart(est: Any, X: Any, X_val: Any, y_val: Any, sample_weight_val: Any) -> Apart | None:
    """A user's own validation rows, checked, in the form of the rows that are trained on.

    Raises:
        ShapeError: y_val has another number of outputs than y.
        ValueError: what scikit-learn says of rows, labels or weights that do not fit.
    """
    if X_val is None:
        return None
    outputs = est.n_outputs_, est.out_activation_
    x, y = est._read(X_val, y_val, incremental=None, reset=False)
    own = est.n_outputs_
    est.n_outputs_, est.out_activation_ = outputs
    if own != est.n_outputs_:
        raise ShapeError(f"y_val has {own} outputs, but y has {est.n_outputs_}.")
    weights = est._row_weights(sample_weight_val, x, y)
    dtype, net = X.dtype, est.network_
    y = describe.settle(net.loss, est._in_unit(y, weights, first=False), net.layers, dtype)
    return Apart(
        describe.alike(x.astype(dtype, copy=False), X),
        y.astype(dtype, copy=False) if y.dtype.kind == "f" else y,
        None if weights is None else np.asarray(weights, dtype),
    )
