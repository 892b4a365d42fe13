"""What is taken from scikit-learn's private modules, in one place, and its checks of data with more to say."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import _fit_context as fit_context
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils._param_validation import validate_parameter_constraints as check_parameters
from sklearn.utils.multiclass import _check_partial_fit_first_call as first_partial_fit
from sklearn.utils.validation import _check_sample_weight, validate_data

from chalknet.exceptions import DataError

__all__ = [
    "Interval",
    "Options",
    "StrOptions",
    "check_parameters",
    "first_partial_fit",
    "fit_context",
    "read",
    "row_weights",
]

# scikit-learn 1.9 refuses weights that are all 0
_ZEROS: dict[str, Any] = (
    {"allow_all_zero_weights": True}
    if "allow_all_zero_weights" in signature(_check_sample_weight).parameters
    else {}
)


def read(est: Any, X: Any, *y: Any, **options: Any) -> Any:
    """scikit-learn's ``validate_data``: X, or X and y, checked and as arrays, or X as a sparse matrix.

    Raises DataError for missing values in X, which says what takes them; scikit-learn's errors for all else.
    """
    try:
        return validate_data(est, X, *y, **options)
    except ValueError as error:
        if not str(error).startswith("Input X contains NaN"):
            raise
        raise DataError(
            "Input X contains NaN. Fill the gaps first, as in make_pipeline(SimpleImputer(), model), or use "
            "TabularClassifier or TabularRegressor, which take tables with missing values."
        ) from error


def row_weights(sample_weight: Any, X: Any, *, zeros: bool = False) -> np.ndarray:
    """Sample weights (n,) of X's dtype, a new array; ones for None. `zeros`: they may all be 0.

    Raises ValueError for another shape, and for weights that are not finite or all 0.
    """
    weights = _check_sample_weight(sample_weight, X, dtype=X.dtype, copy=True, **(_ZEROS if zeros else {}))
    if not zeros and not weights.any():  # scikit-learn before 1.9 does not look
        raise DataError("Sample weights must contain at least one non-zero number.")
    return weights
