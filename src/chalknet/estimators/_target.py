"""Read the target of a table: which rows have one, and its values as scikit-learn knows them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from chalknet.estimators._table import read_column
from chalknet.estimators._text import is_missing, number_style, to_key
from chalknet.exceptions import DataError


def target_name(y: Any) -> str | None:
    """The name that a Series or a table of one column brings along."""
    names = getattr(y, "columns", None)
    name = getattr(y, "name", None) if names is None else names[0] if len(names) == 1 else None
    return None if name is None else str(name)


def _column(y: Any, n_rows: int) -> tuple[Any, str]:
    """The target as a pandas Series or a NumPy vector, and what to call it in a sentence."""
    if y is None:
        raise DataError("This estimator requires y to be passed, but the target y is None.")
    if hasattr(y, "to_pandas"):
        y = y.to_pandas()
    if hasattr(y, "columns") and len(y.columns) == 1:
        y = y.iloc[:, 0]
    name = target_name(y)
    if not hasattr(y, "iloc"):
        y = np.asarray(y)
        if y.ndim > 1 and y.shape[1:] != (1,):
            raise DataError(f"The target y has shape {y.shape}; it must be one column, (n,).")
        y = column_or_1d(y, warn=True)
    elif y.ndim != 1:
        raise DataError(f"The target y has {y.shape[1]} columns; it must be one.")
    if len(y) != n_rows:
        raise DataError(f"X has {n_rows} rows, but the target has {len(y)}; inconsistent numbers of samples.")
    return y, "The target" if name is None else f"The target {name!r}"


def _left_out(known: np.ndarray, called: str, what: str) -> list[str]:
    """A sentence on rows without a target, or an error where no row has one."""
    if not known.any():
        raise DataError(f"{called} has no value in any row.")
    n = int((~known).sum())
    return [f"{called} {what} in {n} of {len(known)} rows; they are left out."] if n else []


def read_classes(y: Any, n_rows: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Class labels: (rows that have one, their labels, sentences on what is odd).

    Labels keep their type (text stays an object array); where missing values had turned whole numbers into floats,
    they are whole again.

    Raises:
        DataError: no label, one class only, labels of types that do not go together, or a wrong length.
        ValueError: labels that are no classes but measurements (scikit-learn's sentence).
    """
    y, called = _column(y, n_rows)
    if hasattr(y, "iloc"):
        known = y.notna().to_numpy(dtype=bool)
        given = y[known]
        labels = np.asarray(given.to_list(), dtype=object) if given.dtype == object else given.to_numpy()
    else:
        known = (
            np.array([not is_missing(v) for v in y.tolist()])
            if y.dtype.kind in "fO"
            else np.ones(len(y), bool)
        )
        labels = y[known]
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        known[known] = np.isfinite(labels)
        labels = labels[np.isfinite(labels)]
    hints = _left_out(known, called, "has no finite value" if labels.dtype.kind == "f" else "has no value")
    if labels.dtype == object and not all(isinstance(v, str) for v in labels):
        try:
            labels = np.array(labels.tolist())
            same = labels.dtype.kind not in "US"
        except ValueError:
            same = False
        if not same:
            raise DataError(
                f"{called} mixes text and other values; make all of its labels text or all numbers."
            )
    if (
        labels.dtype.kind == "f"
        and hints
        and np.isfinite(labels).all()
        and (labels == np.round(labels)).all()
    ):
        labels = labels.astype(np.int64)
    check_classification_targets(labels)
    classes = np.unique(labels)
    if len(classes) < 2:
        only = classes.tolist()[0]
        raise DataError(
            f"{called} has only one class, {only!r}, in all {len(labels)} rows; a classifier needs at least two."
        )
    return np.flatnonzero(known), labels, hints


def read_numbers(y: Any, n_rows: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Numbers to predict: (rows that have one, float64 values, sentences on what is odd).

    Raises:
        DataError: no number, text that is none, or a wrong length.
    """
    y, called = _column(y, n_rows)
    raw = read_column(y, "y")
    style = "plain"
    if raw.sort == "text":
        texts = [to_key(v) for v in raw.values]
        found = number_style(texts, np.ones(len(texts)), share=0.0)
        style, odd = found if found is not None else ("plain", texts)
        if odd:
            raise DataError(f"{called} holds {odd[0]!r}, which is no number; a regressor needs numbers.")
    elif raw.sort == "time":
        raise DataError(f"{called} holds dates; a regressor needs numbers.")
    values = raw.numbers(style)
    known = np.isfinite(values)
    hints = _left_out(known, called, "has no finite value")
    values = values[known]
    if len(np.unique(values)) == 1:
        hints.append(f"{called} is {values[0]:g} in every row; all there is to learn is this constant.")
    return np.flatnonzero(known), values, hints
