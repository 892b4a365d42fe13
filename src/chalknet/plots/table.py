"""A table of features, array or DataFrame, read for drawing: names, kinds of columns, and rows on a grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from chalknet.exceptions import ParameterError, ShapeError


class Column(NamedTuple):
    """One feature as an axis sees it.

    A numeric column's ``values`` are its numbers. A categorical one has ``categories`` in their order, and
    ``values`` holds each row's position among them (NaN where the category is missing).
    """

    name: str
    values: np.ndarray  # (m,) float
    categories: tuple[Any, ...] | None = None

    def typical(self) -> Any:
        """The median, or the most frequent category; NaN or None where every value is missing."""
        known = self.values[~np.isnan(self.values)]
        if self.categories is None:
            return float(np.median(known)) if known.size else float("nan")
        return self.categories[int(np.bincount(known.astype(int)).argmax())] if known.size else None

    def at(self, positions: np.ndarray) -> np.ndarray:
        """What stands in a table at places on the axis: the numbers, or the nearest category of each."""
        if self.categories is None:
            return positions
        index = np.clip(np.rint(positions), 0, len(self.categories) - 1).astype(int)
        cells = np.empty(len(self.categories), dtype=object)
        cells[:] = self.categories
        return cells[index]


class Table:
    """X as given, with its columns by number or name.

    Args:
        X: (m, n) array, list of rows, sparse matrix or DataFrame.

    Raises:
        ShapeError: X has not two dimensions, or no rows.
    """

    def __init__(self, X: Any) -> None:
        self.frame = X if hasattr(X, "iloc") and hasattr(X, "columns") else None
        if self.frame is None:
            X = np.asarray(X.toarray() if hasattr(X, "toarray") else X)
        if len(X.shape) != 2 or 0 in X.shape:
            raise ShapeError(
                f"X has shape {tuple(X.shape)}; figures need a table (rows, features) with at least one of each"
            )
        self.X: Any = X
        self.rows, self.width = X.shape
        self.names = (
            [str(c) for c in X.columns]
            if self.frame is not None
            else [f"feature {i}" for i in range(self.width)]
        )

    def index(self, feature: int | str) -> int:
        """Number of a column, from its number (negative counts from the end) or name.

        Raises:
            ParameterError: there is no such column.
        """
        if isinstance(feature, (int, np.integer)) and -self.width <= feature < self.width:
            return int(feature) % self.width
        if (
            self.frame is not None
            and str(feature) in self.names
            and not isinstance(feature, (int, np.integer))
        ):
            return self.names.index(str(feature))
        shown = ", ".join(map(repr, self.names[:8])) + (", ..." if self.width > 8 else "")
        allowed = f"0 to {self.width - 1}" + (f" or one of {shown}" if self.frame is not None else "")
        raise ParameterError(f"features holds {feature!r}, which is no column of X; allowed are {allowed}")

    def column(self, index: int) -> Column:
        """Column number ``index``."""
        raw = self.X.iloc[:, index] if self.frame is not None else self.X[:, index]
        return read_column(self.names[index], raw)

    def filled(self, cells: Mapping[int, np.ndarray], fixed: Mapping[int, Any]) -> Any:
        """A table of X's own kind whose columns hold ``cells`` (one value a row) or stay ``fixed``."""
        rows = len(next(iter(cells.values())))
        if self.frame is None:
            out = np.empty((rows, self.width), dtype=self.X.dtype if self.X.dtype.kind in "fO" else float)
            for i in range(self.width):
                out[:, i] = cells[i] if i in cells else fixed[i]
            return out
        columns = {}  # by number, for two columns may share a name
        for i, dtype in enumerate(self.frame.dtypes):
            values = cells[i] if i in cells else np.full(rows, fixed[i], dtype=_kind(fixed[i]))
            columns[i] = _restore(values, dtype)
        made = type(self.frame)(columns)
        made.columns = self.frame.columns
        return made


def read_column(name: str, raw: Any) -> Column:
    """A column of an array or DataFrame: numbers stay numbers, all else becomes positions among its categories.

    >>> read_column("colour", np.array(["red", "blue", "red"], dtype=object)).values.tolist()
    [1.0, 0.0, 1.0]
    """
    dtype = getattr(raw, "dtype", None)
    if hasattr(raw, "cat"):
        codes = np.asarray(raw.cat.codes, dtype=float)
        return Column(name, np.where(codes < 0, np.nan, codes), tuple(raw.cat.categories))
    values = raw.to_numpy() if hasattr(raw, "to_numpy") else np.asarray(raw)
    if dtype is not None and getattr(dtype, "kind", "O") in "fiu":
        if hasattr(raw, "to_numpy") and getattr(dtype, "na_value", None) is not None:
            values = raw.to_numpy(dtype=float, na_value=np.nan)  # pandas' nullable numbers
        return Column(name, np.asarray(values, dtype=float))
    if all(_is_number(v) for v in values):
        return Column(name, np.asarray([np.nan if v is None else v for v in values], dtype=float))
    present = {v for v in values if not _is_missing(v)}
    try:
        categories = tuple(sorted(present))
    except TypeError:  # of several types: no order among them but that of their names
        categories = tuple(sorted(present, key=str))
    place = {c: float(i) for i, c in enumerate(categories)}
    return Column(name, np.array([np.nan if _is_missing(v) else place[v] for v in values]), categories)


def _is_missing(value: Any) -> bool:
    try:
        return value is None or bool(value != value)  # NaN and NaT differ from themselves
    except TypeError:  # pandas.NA, which is neither true nor false
        return True


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float, np.number)) and not isinstance(value, bool))


def _kind(value: Any) -> Any:
    return float if isinstance(value, float) else object


def _restore(values: np.ndarray, dtype: Any) -> Any:
    """Values as a pandas column, in the column's own type unless it is a whole-number one (medians need halves)."""
    from pandas import Series

    if getattr(dtype, "kind", "O") in "iu":
        return Series(values, dtype=float)
    return Series(list(values) if values.dtype == object else values).astype(dtype)
