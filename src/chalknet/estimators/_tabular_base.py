"""What `TabularClassifier` and `TabularRegressor` share: preprocess, resolve the network's parameters, learn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import estimator_html_repr

from chalknet.estimators import _tasks
from chalknet.estimators._fitting import warn_user
from chalknet.estimators._plain import parameters_from_plain, parameters_to_plain
from chalknet.estimators._preprocess import TablePreprocessor
from chalknet.estimators._sklearn import row_weights
from chalknet.estimators._table import Table, read_table
from chalknet.estimators._target import target_name
from chalknet.estimators._validation import check_pair
from chalknet.exceptions import DataHint, ModelFileError, NotFittedError


def through(name: str) -> Any:
    """An attribute of the fitted network's estimator, read and assigned through."""

    def get(self: Tabular) -> Any:
        return getattr(self.fitted(), name)

    def put(self: Tabular, value: Any) -> None:
        setattr(self.fitted(), name, value)

    return property(get, put, doc=f"`estimator_`'s {name}.")


class Tabular(_tasks.CallbackSupport, BaseEstimator):
    """Both tabular estimators but for the target. Parameters stand in the constructors' signatures only."""

    _network: ClassVar[type[Any]]
    _numbers: ClassVar[tuple[str, ...]] = ()  # fitted numbers beside the two parts
    preprocessor_: TablePreprocessor
    estimator_: Any
    batch_size: int | str
    warm_start: bool
    early_stopping: bool
    validation_fraction: float
    kinds: Mapping[str, str] | None
    target_name_: str | None

    coefs_ = through("coefs_")
    intercepts_ = through("intercepts_")
    network_ = through("network_")
    engine_ = through("engine_")
    loss_ = through("loss_")
    loss_curve_ = through("loss_curve_")
    best_loss_ = through("best_loss_")
    validation_scores_ = through("validation_scores_")
    best_validation_score_ = through("best_validation_score_")
    n_iter_ = through("n_iter_")
    t_ = through("t_")
    n_layers_ = through("n_layers_")
    n_outputs_ = through("n_outputs_")
    out_activation_ = through("out_activation_")

    @property
    def columns_(self) -> list[tuple[str, str, str]]:
        """(name, kind, note) of each column of the table: what it was taken for."""
        self.fitted()
        return self.preprocessor_.columns_

    def fitted(self) -> Any:
        """The network's estimator.

        Raises:
            NotFittedError: `fit` was not called.
        """
        if "estimator_" not in vars(self):
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet; call fit(X, y) first."
            )
        return self.estimator_

    def _html_repr(self) -> str:
        """scikit-learn's diagram, and below it the fitted network with its learning curve."""
        fitted = vars(self).get("estimator_")
        return estimator_html_repr(self) + (fitted._picture() if fitted is not None else "")

    def _set(self, parameters: dict[str, Any]) -> None:
        """Keep a constructor's parameters as scikit-learn wants them kept: each under its name, unchanged."""
        for name, value in parameters.items():
            if name not in ("self", "__class__"):
                setattr(self, name, value)

    def _prepare(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        read: Callable[[Any, int], tuple[np.ndarray, np.ndarray, list[str]]],
    ) -> tuple[Table, np.ndarray, np.ndarray | None]:
        """The rows that have a target: (table, target, weights). `read` is one of `_target`'s functions."""
        table = read_table(X)
        rows, target, hints = read(y, table.n_rows)
        self.target_name_ = target_name(y)
        for hint in hints:
            warn_user(hint, DataHint)
        if sample_weight is not None:
            sample_weight = row_weights(sample_weight, np.empty((table.n_rows, 1)))[rows]
        return (table if len(rows) == table.n_rows else table.take(rows)), target, sample_weight

    def _own(self, X: Any, y: Any, sample_weight: Any, read: Any) -> Any:
        """Validation rows of the user's, read like those that are trained on; None for none."""
        check_pair(self, X, y, sample_weight)
        if X is None:
            return None
        name = self.target_name_
        own = self._prepare(X, y, sample_weight, read)
        self.target_name_ = name
        return own

    def _by_lbfgs(self) -> bool:
        return bool(self.get_params(deep=False)["solver"] == "lbfgs")

    def _continues(self) -> bool:
        """Whether `fit` goes on from the last one: `warm_start`."""
        return bool(self.warm_start) and "estimator_" in vars(self)

    def _learn(
        self,
        table: Table,
        target: np.ndarray,
        weights: np.ndarray | None,
        counts: np.ndarray,
        own: tuple[Table, np.ndarray, np.ndarray | None] | None = None,
        given: tuple[Any, Any] = (None, None),
        resume: Any = None,
    ) -> Self:
        """Fit the preprocessor and the network; `counts`: rows of each class (of all, for numbers).

        `own`: validation rows of the user's, read like the others; `given`: X and y as `fit` was given them.
        """
        if self._continues():
            preprocessor, network = self.preprocessor_, self.estimator_
        else:
            preprocessor, network = TablePreprocessor(self.kinds).fit_table(table), self._network()
        network.set_params(**self._resolved(table.n_rows, counts, set_aside=own is None))
        network._by_loss = True  # the first best accuracy comes long before the best probabilities
        network._planned = True  # a fixed number of epochs is the plan, not a failure to converge
        more: dict[str, Any] = {"resume": resume}
        if own is not None:
            more |= {
                "X_val": preprocessor.transform_table(own[0]),
                "y_val": own[1],
                "sample_weight_val": own[2],
            }
        with _tasks.inner_fit(self, network, given[0], given[1]):
            network.fit(preprocessor.transform_table(table), target, sample_weight=weights, **more)
            self._keep(preprocessor, network)
        return self

    def _keep(self, preprocessor: TablePreprocessor, network: Any) -> None:
        self.preprocessor_, self.estimator_ = preprocessor, network
        self.n_features_in_ = preprocessor.n_features_in_
        if hasattr(preprocessor, "feature_names_in_"):
            self.feature_names_in_ = preprocessor.feature_names_in_
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _resolved(self, n_rows: int, counts: np.ndarray, *, set_aside: bool) -> dict[str, Any]:
        """The network's parameters: ours, with what depends on the data filled in; `set_aside`: from these rows."""
        parameters = self.get_params(deep=False)
        del parameters["kinds"]
        if self.early_stopping and set_aside and not self._can_set_aside(n_rows, counts):
            warn_user(
                f"{n_rows} rows are too few to set aside validation rows of every class; all of them are learned from.",
                DataHint,
            )
            parameters["early_stopping"] = False
        if not parameters["early_stopping"]:
            parameters["n_iter_no_change"] = np.inf  # a falling rate needs all its epochs
        if self.batch_size == "auto":
            aside = self._aside(n_rows) if parameters["early_stopping"] and set_aside else 0
            parameters["batch_size"] = batch_size(n_rows - aside)
        return parameters

    def _aside(self, n_rows: int) -> int:
        """How many rows are set aside where some are."""
        return math.ceil(self.validation_fraction * n_rows)

    def _can_set_aside(self, n_rows: int, counts: np.ndarray) -> bool:
        """Whether a split by class can put two of each class apart, and at least two rows on both sides."""
        aside = self._aside(n_rows)
        least = max(2, len(counts))
        return bool(aside >= least and n_rows - aside >= least and counts.min() >= 2)

    def _inputs(self, X: Any) -> np.ndarray:
        """A table as the network's inputs, (n, n_outputs of the preprocessor)."""
        self.fitted()
        return self.preprocessor_.transform(X)

    def to_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Everything fitted as plain arrays and a JSON-able document: the network's, and the preprocessing.

        Raises:
            NotFittedError: `fit` was not called.
        """
        arrays, network = self.fitted().to_state()
        document = {
            "parameters": parameters_to_plain(self),
            "preprocessing": self.preprocessor_.to_state(),
            "network": network,
            "target_name": self.target_name_,
            **{name: getattr(self, name) for name in self._numbers},
        }
        return arrays, document

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray], document: dict[str, Any]) -> Self:
        """The estimator that `to_state` described; its predictions are the same bits."""
        new = cls(**parameters_from_plain(document["parameters"]))
        network = cls._network.from_state(arrays, document["network"])
        preprocessor = TablePreprocessor.from_state(document["preprocessing"])
        given, taken = len(preprocessor.get_feature_names_out()), network.coefs_[0].shape[0]
        if given != taken:
            raise ModelFileError(f"The preprocessing gives {given} columns, but the network takes {taken}.")
        new._keep(preprocessor, network)
        new.target_name_ = document["target_name"]
        for name in cls._numbers:
            setattr(new, name, document[name])
        return new

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = TablePreprocessor().__sklearn_tags__().input_tags
        return tags


def batch_size(n_rows: int) -> int:
    """Rows in an update: a power of two about a 32nd of the rows, from 16 to 256, but not more than there are.

    >>> [batch_size(n) for n in (10, 344, 1000, 100_000)]
    [10, 16, 32, 256]
    """
    return int(min(n_rows, 256, max(16, 2 ** round(math.log2(n_rows / 32)))))
