"""Read the target of a table: which rows have one, and its values as scikit-learn knows them."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from chalknet.estimators._table import read_column
from chalknet.estimators._text import is_missing, number_style, to_key, to_number
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
        if y.dtype.kind == "c":
            raise DataError("Complex data not supported: the target y holds complex numbers.")
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
        DataError: no label, one class only, labels that are no classes, or a wrong length.
    """
    y, called = _column(y, n_rows)
    known = np.array(
        [not is_missing(v) for v in (y.to_list() if hasattr(y, "iloc") else y.tolist())], dtype=bool
    )
    given = y[known]
    labels = given.to_numpy() if hasattr(given, "iloc") else given
    if labels.dtype == object and len(labels):
        labels = _of_one_type(labels, called)
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        known[known] = np.isfinite(labels)
        labels = labels[np.isfinite(labels)]
    hints = _left_out(known, called, "has no finite value" if labels.dtype.kind == "f" else "has no value")
    if labels.dtype.kind not in "biufUO":
        what = {"M": "dates", "m": "durations", "c": "complex numbers"}.get(
            labels.dtype.kind, "values of another kind"
        )
        raise DataError(f"{called} holds {what}; labels are text, whole numbers or truth values.")
    if (
        labels.dtype.kind == "f"
        and hints
        and (labels == np.round(labels)).all()
        and np.abs(labels).max() < 2**53
    ):
        labels = labels.astype(np.int64)
    try:
        with np.errstate(invalid="ignore"):  # numbers beyond int64, while it looks whether they are whole
            check_classification_targets(labels)
    except ValueError as error:
        raise DataError(f"{called} does not name classes. {error}") from error
    classes = np.unique(labels).tolist()
    if len(classes) < 2:
        raise DataError(
            f"{called} has only one class, {classes[0]!r}, in all {len(labels)} rows; a classifier needs at least two."
        )
    return np.flatnonzero(known), labels, hints


def _of_one_type(labels: np.ndarray, called: str) -> np.ndarray:
    """Python objects as an array of text, or of numbers or truth values."""
    if all(isinstance(v, str) for v in labels):
        return labels
    if all(isinstance(v, (bool, np.bool_)) for v in labels):
        return labels.astype(bool)
    if all(isinstance(v, Real) for v in labels):
        numbers = np.array([to_number(v) for v in labels])
        whole = all(isinstance(v, Integral) for v in labels) and np.abs(numbers).max() < 2**63
        return labels.astype(np.int64) if whole else numbers
    raise DataError(
        f"{called} mixes text and other values; make all of its labels text, or all of them numbers."
    )


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
