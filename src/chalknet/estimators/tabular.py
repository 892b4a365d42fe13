"""Estimators that take a table as it is: preprocessing and a network in one scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

from chalknet.estimators import _spread
from chalknet.estimators._labels import has_probabilities, has_scores
from chalknet.estimators._tabular_base import Tabular, through
from chalknet.estimators._target import read_classes, read_numbers
from chalknet.estimators._tasks import with_callbacks
from chalknet.estimators._unit import unit_of
from chalknet.estimators.classifier import MLPClassifier
from chalknet.estimators.regressor import MLPRegressor
from chalknet.layers.loss import Loss
from chalknet.maths.losses import ALIASES, LOSSES


class TabularClassifier(ClassifierMixin, Tabular):
    """Predict a class from a table as it is: numbers, categories, dates, missing values.

    A `TablePreprocessor` turns the table into numbers, an `MLPClassifier` learns from them. All parameters but `kinds`
    are the network's, with defaults for tables of a hundred to some ten thousand rows: AdamW with strong weight decay
    and a rate that falls along a cosine, for a fixed number of epochs.

    Args:
        hidden_layer_sizes, activation, loss, dropout, class_weight, shuffle, random_state, verbose, tol, warm_start,
            momentum, nesterovs_momentum, power_t, beta_1, beta_2, epsilon, max_fun, dtype, engine, callbacks:
            see `MLPClassifier`.
        solver: "lbfgs", an optimizer's name or object.
        alpha: weight decay (with solver "adamw"), else the strength of the L2 penalty.
        batch_size: rows in an update; "auto": 16 to 256, growing with the table.
        learning_rate: name of a schedule; learning_rate_init: where it starts.
        max_iter: epochs; without `early_stopping` all of them are done.
        early_stopping: set aside `validation_fraction` of the rows (of each class) and stop when their loss has not
            fallen for `n_iter_no_change` epochs (validation_scores_ hold minus that loss). Where there are too few
            rows for that, a `DataHint` says so.
        kinds: for columns whose kind you know better, {name: "number" | "category" | "date" | "drop"}.

    Attributes:
        preprocessor_: the fitted `TablePreprocessor`.
        estimator_: the fitted `MLPClassifier`; its coefs_, intercepts_, network_, loss_curve_, validation_scores_,
            n_iter_ and the like are read through.
        columns_: (name, kind, note) for each column: what it was taken for.
        target_name_: y's own name, or None.
        classes_, n_features_in_, feature_names_in_: as in scikit-learn.

    Missing targets are left out, with a `DataHint`; a DataError is raised for data that cannot be learned from.

    >>> from chalknet import data
    >>> penguins = data.load("penguins")
    >>> model = TabularClassifier(random_state=0).fit(penguins.X, penguins.y)
    >>> model.columns_[0]
    ('island', 'category', '3 values')
    >>> bool(model.score(penguins.X, penguins.y) > 0.98)
    True
    """

    _network = MLPClassifier
    classes_ = through("classes_")

    def __init__(
        self,
        *,
        hidden_layer_sizes: Sequence[int] | int = (64, 32),
        activation: str | Sequence[str] = "relu",
        solver: Any = "adamw",
        alpha: float = 1.5,
        batch_size: int | str = "auto",
        learning_rate: str = "cosine",
        learning_rate_init: float = 0.003,
        power_t: float = 0.5,
        max_iter: int = 100,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 0.0001,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.2,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 25,
        max_fun: int = 15000,
        loss: Any = "auto",
        dropout: float = 0.0,
        class_weight: Mapping[Any, float] | str | None = None,
        dtype: str = "auto",
        engine: str = "auto",
        callbacks: Any = None,
        kinds: Mapping[str, str] | None = None,
    ) -> None:
        self._set(locals())

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        resume: Any = None,
    ) -> Self:
        """Learn from a table X (DataFrame, array or list of rows; n rows) and class labels y (n,).

        Args:
            X: the table.
            y: labels: text, whole numbers or truth values.
            sample_weight: how much each row counts, (n,); None: all alike.
            X_val, y_val, sample_weight_val: validation rows of your own, as in ``MLPClassifier.fit``.
            resume: the path of a ``cn.Checkpoint`` of this very fit, to go on from where that was written.

        Raises:
            DataError: X is no table or has no column to learn from; y has another length, no label, or one class.
        """
        table, labels, weights = self._prepare(X, y, sample_weight, read_classes)
        own = self._own(X_val, y_val, sample_weight_val, read_classes)
        return self._learn(
            table, labels, weights, np.unique(labels, return_counts=True)[1], own, (X, y), resume
        )

    def predict(self, X: Any) -> np.ndarray:
        """The most likely class of each row, (n,)."""
        return self.fitted().predict(self._inputs(X))

    @available_if(has_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (n, n_classes), in the order of `classes_`."""
        return self.fitted().predict_proba(self._inputs(X))

    @available_if(has_probabilities)
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of `predict_proba`."""
        return self.fitted().predict_log_proba(self._inputs(X))

    @available_if(has_scores)
    def decision_function(self, X: Any) -> np.ndarray:
        """The scores of `MLPClassifier.decision_function`; only with a loss that gives no probabilities ("hinge")."""
        return self.fitted().decision_function(self._inputs(X))


class TabularRegressor(RegressorMixin, Tabular):
    """Predict a number from a table as it is: numbers, categories, dates, missing values.

    A `TablePreprocessor` turns the table into numbers, and an `MLPRegressor` learns (y - `target_mean_`) /
    `target_scale_`; `predict` is in y's own unit. Parameters are those of `TabularClassifier` (no class_weight, and
    `loss` is a regression loss of `MLPRegressor`; one that needs targets above 0, such as "poisson", is learned from y
    divided by its mean, not centred).

    Attributes:
        preprocessor_, estimator_, columns_, target_name_, n_features_in_, feature_names_in_: see `TabularClassifier`.
        target_mean_, target_scale_: what was taken from the target, and by what it was divided.

    >>> from chalknet import data
    >>> diabetes = data.load("diabetes")
    >>> model = TabularRegressor(random_state=0).fit(diabetes.X, diabetes.y)
    >>> bool(model.score(diabetes.X, diabetes.y) > 0.5)
    True
    """

    _network = MLPRegressor
    _numbers = ("target_mean_", "target_scale_")
    loss: Any

    def __init__(
        self,
        *,
        hidden_layer_sizes: Sequence[int] | int = (64, 32),
        activation: str | Sequence[str] = "relu",
        solver: Any = "adamw",
        alpha: float = 1.5,
        batch_size: int | str = "auto",
        learning_rate: str = "cosine",
        learning_rate_init: float = 0.003,
        power_t: float = 0.5,
        max_iter: int = 100,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 0.0001,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.2,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 25,
        max_fun: int = 15000,
        loss: Any = "squared_error",
        dropout: float = 0.0,
        dtype: str = "auto",
        engine: str = "auto",
        callbacks: Any = None,
        kinds: Mapping[str, str] | None = None,
    ) -> None:
        self._set(locals())

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        resume: Any = None,
    ) -> Self:
        """Learn from a table X (DataFrame, array or list of rows; n rows) and numbers y (n,).

        Args:
            X: the table.
            y: what to predict; rows where it is missing or infinite are left out.
            sample_weight: how much each row counts, (n,); None: all alike.
            X_val, y_val, sample_weight_val: validation rows of your own, as in ``MLPClassifier.fit``.
            resume: the path of a ``cn.Checkpoint`` of this very fit, to go on from where that was written.

        Raises:
            DataError: X is no table or has no column to learn from; y has another length, or holds no numbers.
        """
        table, values, weights = self._prepare(X, y, sample_weight, read_numbers)
        if not self._continues():
            self.target_mean_, self.target_scale_ = self._scale(values)
        scaled = (values - self.target_mean_) / self.target_scale_
        own = self._own(X_val, y_val, sample_weight_val, read_numbers)
        if own is not None:
            own = (own[0], (own[1] - self.target_mean_) / self.target_scale_, own[2])
        return self._learn(table, scaled, weights, np.array([len(values)]), own, (X, y), resume)

    def _scale(self, values: np.ndarray) -> tuple[float, float]:
        """What is taken from the target, and by what it is divided."""
        row = self.loss.row if isinstance(self.loss, Loss) else LOSSES.get(ALIASES.get(self.loss, self.loss))
        center, scale = unit_of(values[:, None], None, from_zero=row is not None and row.targets[0] == 0.0)
        return float(center[0]), float(scale[0])

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The number for each row, (n,), in the unit of y; several quantiles in the loss: (n, quantiles).

        With ``return_std`` (``loss="gaussian"``) two arrays (n,): the numbers, and standard deviations around them.
        """
        found = self.fitted().predict(self._inputs(X), return_std=return_std)
        if return_std:
            return found[0] * self.target_scale_ + self.target_mean_, found[1] * self.target_scale_
        return found * self.target_scale_ + self.target_mean_

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the predictions; with several quantiles in the loss the mean D² of their pinball losses."""
        return _spread.score(self.network_.loss, y, self.predict(X), sample_weight)
