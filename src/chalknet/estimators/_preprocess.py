"""`TablePreprocessor`: a raw table in, the columns of numbers that a network learns from out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from chalknet.estimators._decide import decide
from chalknet.estimators._fitting import warn_user
from chalknet.estimators._kinds import Kind, from_plain, to_plain
from chalknet.estimators._table import Table, read_table
from chalknet.exceptions import DataError, DataHint


class TablePreprocessor(TransformerMixin, BaseEstimator):
    """Turn a raw table into numbers about the size of 1; a scikit-learn transformer.

    Numbers are standardised and kept from running away (missing ones become the median, and a column tells which
    they were), two categories become -1 and 1, more become one column each, dates their time and their place in
    year, week and day. Constant columns, identifiers and text that never repeats are left out.

    Args:
        kinds: for columns whose kind you know better, {name: "number" | "category" | "date" | "drop"}.

    Attributes:
        columns_: (name, kind, note) of each column of the table.
        feature_names_in_: names of the columns, where the table had names.
        n_features_in_: how many they are.

    >>> table = TablePreprocessor().fit([[1.0, "red"], [2.0, "blue"], [4.0, None]])
    >>> table.get_feature_names_out().tolist()
    ['x0', 'x1=red', 'x1 missing']
    >>> table.transform([[2.0, "red"]]).round(2).tolist()
    [[-0.27, 1.0, 0.0]]
    """

    def __init__(self, kinds: Mapping[str, str] | None = None) -> None:
        self.kinds = kinds

    def fit(self, X: Any, y: Any = None) -> Self:
        """Decide what each column is and learn its medians, scales and categories.

        Raises:
            DataError: X is no table, `kinds` names no column, or no column can be learned from.
        """
        return self.fit_table(read_table(X))

    def fit_table(self, table: Table) -> Self:
        """`fit` on a table that has been read."""
        names = table.names or [f"x{i}" for i in range(len(table.columns))]
        forced = dict(self.kinds or {})
        for name in forced:
            if name not in names:
                raise DataError(
                    f"kinds names the column {name!r}, which X does not have; it has {_some(names)}."
                )
        decided = [
            decide(raw, name, forced.get(name)) for raw, name in zip(table.columns, names, strict=True)
        ]
        self._keep([kind for kind, _ in decided], table.names is not None)
        for hint in (hint for _, hints in decided for hint in hints):
            warn_user(hint, DataHint)
        if not len(self.get_feature_names_out()):
            reasons = "; ".join(f"{c.name!r}: {c.note}" for c in self._kinds[:5])
            raise DataError(f"X has no column to learn from (n_samples = {table.n_rows}; {reasons}).")
        return self

    def _keep(self, kinds: list[Kind], named: bool) -> None:
        self._kinds = kinds
        self.columns_ = [(k.name, k.kind, k.note) for k in kinds]
        self.n_features_in_ = len(kinds)
        if named:
            self.feature_names_in_ = np.array([k.name for k in kinds], dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def transform(self, X: Any) -> np.ndarray:
        """The columns for a network, float64 (n, n_outputs). Columns are found by name where both tables have names.

        Extra columns are ignored, missing values and unknown categories are fine.

        Raises:
            DataError: a column is missing, or an array has another number of columns.
            NotFittedError: `fit` was not called.
        """
        return self.transform_table(read_table(X))

    def transform_table(self, table: Table) -> np.ndarray:
        """`transform` on a table that has been read."""
        check_is_fitted(self)
        raws = self._select(table)
        return np.hstack([kind.encode(raw) for kind, raw in zip(self._kinds, raws, strict=True)])

    def _select(self, table: Table) -> list[Any]:
        """The table's columns in the order of `fit`."""
        if table.names is None or not hasattr(self, "feature_names_in_"):
            if len(table.columns) != self.n_features_in_:
                raise DataError(
                    f"X has {len(table.columns)} features, but {type(self).__name__} is expecting "
                    f"{self.n_features_in_} features as input."
                )
            return table.columns
        place = {name: i for i, name in enumerate(table.names)}
        absent = [k.name for k in self._kinds if k.name not in place]
        if absent:
            raise DataError(f"X lacks the column(s) {_some(absent)}, which the model was fitted with.")
        return [table.columns[place[k.name]] for k in self._kinds]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that `transform` gives."""
        check_is_fitted(self)
        return np.array([name for kind in self._kinds for name in kind.outputs], dtype=object)

    def to_state(self) -> dict[str, Any]:
        """What was learned as JSON-able data; JSON's numbers are exact, so the same values come out again."""
        check_is_fitted(self)
        return {
            "kinds": None if self.kinds is None else dict(self.kinds),
            "named": hasattr(self, "feature_names_in_"),
            "columns": [to_plain(kind) for kind in self._kinds],
        }

    @classmethod
    def from_state(cls, document: dict[str, Any]) -> Self:
        """The preprocessor that `to_state` described."""
        new = cls(document["kinds"])
        new._keep([from_plain(c) for c in document["columns"]], document["named"])
        return new

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def _some(names: list[str], limit: int = 10) -> str:
    """Names for a sentence, not more than `limit` of them."""
    more = [f"… ({len(names) - limit} more)"] if len(names) > limit else []
    return ", ".join([repr(n) for n in names[:limit]] + more)
