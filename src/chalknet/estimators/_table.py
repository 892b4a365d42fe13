"""Any table (DataFrame, array, list of rows) as raw columns of four sorts, in NumPy arrays only.

pandas is used through the table that is given and never imported here unless there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from chalknet.estimators._text import is_blank, to_key, to_number, to_time
from chalknet.exceptions import DataError


@dataclass(frozen=True)
class Raw:
    """One column as it was given.

    `sort` is "number" (`data`: float64, NaN where missing), "truth" (the same, 0 and 1), "time" (datetime64[us]) or
    "text" (`data`: positions in `values`, -1 where missing). `declared`: its type says that it holds categories.
    """

    sort: str
    data: np.ndarray
    values: tuple[Any, ...] = ()
    declared: bool = False

    def take(self, rows: np.ndarray) -> Raw:
        """Some of the rows."""
        return replace(self, data=self.data[rows])

    def missing(self) -> np.ndarray:
        """Which cells hold nothing."""
        if self.sort == "text":
            return self.data < 0
        return np.isnat(self.data) if self.sort == "time" else np.isnan(self.data)

    def numbers(self, style: str = "plain") -> np.ndarray:
        """The cells as numbers, NaN where they are none."""
        if self.sort == "text":
            table = [to_number(v, style) for v in self.values]
            return np.array([*table, np.nan])[self.data]
        return np.full(len(self.data), np.nan) if self.sort == "time" else self.data

    def times(self, style: str = "year-month-day") -> np.ndarray:
        """The cells as points in time, NaT where they are none."""
        if self.sort == "text":
            table = [to_time(v, style) for v in self.values]
            return np.array([*table, "NaT"], dtype="datetime64[us]")[self.data]
        return self.data if self.sort == "time" else np.full(len(self.data), "NaT", dtype="datetime64[us]")

    def keys(self) -> tuple[np.ndarray, list[str]]:
        """The cells as categories: (positions, names), -1 where missing; no name twice."""
        if self.sort == "text":
            names, codes = [to_key(v) for v in self.values], self.data
        else:
            distinct, codes = np.unique(self.data, return_inverse=True)
            absent = np.isnat(distinct) if self.sort == "time" else np.isnan(distinct)
            names = [to_key(bool(v) if self.sort == "truth" else v) for v in distinct[~absent]]
            codes = np.where(codes < len(names), codes, -1)  # missing values sort last
        levels = sorted(set(names))
        place = {name: i for i, name in enumerate(levels)}
        return np.array([*(place[n] for n in names), -1], dtype=np.intp)[codes], levels


def _from_values(codes: np.ndarray, values: list[Any], declared: bool = False) -> Raw:
    """A column of Python objects; `codes` say which of the distinct values stands in each row."""
    keep = [not is_blank(v) for v in values]
    if not all(keep):
        renumber = np.array([*np.where(keep, np.cumsum(keep) - 1, -1), -1], dtype=np.intp)
        codes, values = renumber[codes], [v for v, k in zip(values, keep, strict=True) if k]
    values = [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values]
    raw = Raw("text", np.asarray(codes, dtype=np.intp), tuple(values), declared)
    if declared or not values:
        return raw
    if all(isinstance(v, (bool, np.bool_)) for v in values):
        return Raw("truth", raw.numbers())
    if all(isinstance(v, (Real, Decimal)) for v in values):
        return Raw("number", raw.numbers())
    if all(isinstance(v, (date, np.datetime64)) for v in values):
        return Raw("time", raw.times())
    return raw


def _from_array(column: np.ndarray, name: str) -> Raw:
    """A column of a NumPy array."""
    kind = column.dtype.kind
    if kind in "biuf":
        return Raw("truth" if kind == "b" else "number", column.astype(np.float64))
    if kind == "M":
        return Raw("time", column.astype("datetime64[us]"))
    if kind == "m":
        return Raw("number", np.where(np.isnat(column), np.nan, column / np.timedelta64(1, "s")))
    if kind == "c":
        raise DataError(
            f"Complex data not supported: column {name!r} holds complex numbers; give their parts."
        )
    seen: dict[Any, int] = {}
    values: list[Any] = []
    codes = np.empty(len(column), dtype=np.intp)
    for i, value in enumerate(column.tolist()):
        key = value if value.__hash__ else repr(value)  # a list in a cell
        codes[i] = seen.setdefault(key, len(values))
        if codes[i] == len(values):
            values.append(value)
    return _from_values(codes, values)


def _from_series(series: Any, name: str) -> Raw:
    """A column of a pandas DataFrame, of whatever dtype."""
    import pandas as pd
    from pandas.api import types

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _from_values(series.cat.codes.to_numpy(), list(series.cat.categories), declared=True)
    if isinstance(dtype, pd.SparseDtype):
        return _from_series(series.sparse.to_dense(), name)
    if isinstance(dtype, pd.PeriodDtype):
        return _from_series(series.dt.to_timestamp(), name)
    if types.is_datetime64_any_dtype(dtype):
        zone = getattr(getattr(dtype, "pyarrow_dtype", dtype), "tz", None)
        clock = series if zone is None else series.dt.tz_localize(None)  # what a clock there shows
        return Raw("time", clock.to_numpy("datetime64[us]", na_value=np.datetime64("NaT")))
    if types.is_timedelta64_dtype(dtype):
        return Raw("number", series.dt.total_seconds().to_numpy(np.float64, na_value=np.nan))
    if types.is_complex_dtype(dtype):
        return _from_array(series.to_numpy(), name)
    if types.is_numeric_dtype(dtype):
        numbers = series.to_numpy(np.float64, na_value=np.nan)
        return Raw("truth" if types.is_bool_dtype(dtype) else "number", numbers)
    try:
        codes, values = pd.factorize(series)
    except TypeError:  # lists and the like in cells
        return _from_array(series.to_numpy(dtype=object), name)
    return _from_values(codes, list(values))


@dataclass(frozen=True)
class Table:
    """Raw columns, and their names where the table had some."""

    columns: list[Raw]
    names: list[str] | None
    n_rows: int

    def take(self, rows: np.ndarray) -> Table:
        """Some of the rows."""
        return Table([c.take(rows) for c in self.columns], self.names, len(rows))


def read_column(values: Any, name: str) -> Raw:
    """One column: a pandas Series or anything that NumPy takes for a vector."""
    if hasattr(values, "to_pandas"):
        values = values.to_pandas()
    if hasattr(values, "iloc"):
        return _from_series(values, name)
    return _from_array(np.asarray(values), name)


def read_table(X: Any) -> Table:
    """Read a DataFrame (pandas, or anything with `to_pandas`), a two-dimensional array or a list of rows.

    Raises:
        DataError: it is no table, is empty, or has two columns of one name.
        TypeError: it is a sparse matrix.
    """
    if hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        names = [str(c) for c in X.columns]
        twice = sorted({n for n in names if names.count(n) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise DataError(
                f"The column name {twice[0]!r} occurs more than once; give every column its own name."
            )
        _check_size(X.shape)
        return Table([_from_series(X.iloc[:, i], n) for i, n in enumerate(names)], names, len(X))
    if hasattr(X, "toarray"):
        raise TypeError(
            "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert it."
        )
    array = X if isinstance(X, np.ndarray) else _as_array(X)
    if array.ndim != 2:
        raise DataError(
            f"Expected 2D array, got {array.ndim}D array instead. X must have one row for each sample and one column "
            "for each feature. Reshape your data: X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one sample."
        )
    _check_size(array.shape)
    return Table([_from_array(array[:, i], f"x{i}") for i in range(array.shape[1])], None, len(array))


def _as_array(rows: Any) -> np.ndarray:
    """A list of rows as an array that keeps each cell's own type."""
    try:
        array = np.asarray(rows)
        return array if array.dtype.kind in "biufcmM" else np.array(rows, dtype=object)
    except ValueError as error:
        raise DataError("The rows of X differ in length; give each the same number of values.") from error


def _check_size(shape: tuple[int, ...]) -> None:
    for axis, noun in enumerate(("sample", "feature")):
        if shape[axis] == 0:
            raise DataError(f"Found array with 0 {noun}(s) (shape={shape}) while a minimum of 1 is required.")
