"""A few rows that need no further look: for one row scikit-learn's checks take ten times longer than the network."""

from __future__ import annotations

from typing import Any

import numpy as np

FEW = 16  # rows


def plain(est: Any, X: Any) -> bool:
    """Whether X is a few finite rows, just as the fitted estimator's network takes them."""
    known = est.__dict__
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and 0 < X.shape[0] <= FEW
        and X.dtype.char in "fd"
        and X.dtype.isnative
        and X.shape[1] == known.get("n_features_in_")
        and "network_" in known
        and "feature_names_in_" not in known  # else a warning is due
        and bool(np.isfinite(X).all())
    )
