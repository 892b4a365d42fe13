"""Measure a model on rows of one's own while it learns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from sklearn.metrics import check_scoring

from chalknet.callbacks.base import Callback, Context
from chalknet.engines.due import pace
from chalknet.exceptions import ParameterError


class Metrics(Callback):
    """Scores the model on rows of one's own after each epoch, by any of scikit-learn's metrics.

    The numbers go into ``context.metrics`` too, where the progress bar and `CSVLog` find them, if they come later in
    the list of callbacks.

    Args:
        X, y: the rows and their targets, as the model's ``predict`` and ``score`` take them. (Inside a pipeline or a
            tabular estimator these are what the network's estimator is given.)
        scoring: the name of a metric of scikit-learn ("accuracy", "neg_log_loss", …), several names, a callable
            ``(model, X, y) -> number``, or a dict name -> one of these; None: the model's own ``score``. A
            ``Network`` takes callables.
        prefix: what the names begin with.
        every: epochs, or seconds as in "0.5s", between two measurements.

    Attributes:
        epochs_: the epochs after which was measured.
        history_: name -> the number after each of these epochs.

    Raises:
        ParameterError: at the begin of a fit: a name that scikit-learn does not know.

    >>> import chalknet as cn
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> measured = cn.Metrics(X[::2], y[::2], ["accuracy", "neg_log_loss"])
    >>> model = cn.MLPClassifier((8,), solver="lbfgs", max_iter=20, tol=1, random_state=0, callbacks=measured)
    >>> _ = model.fit(X[1::2], y[1::2])
    >>> sorted(measured.history_), measured.epochs_[0]
    (['accuracy', 'neg_log_loss'], 1)
    """

    def __init__(
        self, X: Any, y: Any, scoring: Any = None, *, prefix: str = "", every: int | str = 1
    ) -> None:
        self.X, self.y, self.scoring, self.prefix, self.every = X, y, scoring, prefix, every
        pace("Metrics", every)
        self.epochs_: list[int] = []
        self.history_: dict[str, list[float]] = {}

    def __repr__(self) -> str:
        return f"Metrics(X, y, {self.scoring!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Metrics:
        """A copy for another estimator, as scikit-learn's clones have: the rows are shared."""
        return Metrics(self.X, self.y, self.scoring, prefix=self.prefix, every=self.every)

    def on_fit_begin(self, context: Context) -> None:
        """Find the scorers, and forget the last run."""
        self._scorers = {self.prefix + name: f for name, f in self._find(context.estimator).items()}
        self.epochs_, self.history_ = [], {name: [] for name in self._scorers}
        context.metrics |= dict.fromkeys(self._scorers, math.nan)  # who comes later knows the names

    def on_epoch_end(self, context: Context) -> None:
        """Measure."""
        self.epochs_.append(context.epoch)
        for name, score in self._scorers.items():
            value = float(score(context.estimator, self.X, self.y))
            self.history_[name].append(value)
            context.metrics[name] = value

    def _find(self, model: Any) -> dict[str, Callable[..., Any]]:
        given = self.scoring
        named: Mapping[str, Any] = (
            given
            if isinstance(given, Mapping)
            else {name: name for name in given}
            if isinstance(given, (list, tuple, set))
            else {given if isinstance(given, str) else getattr(given, "__name__", "score"): given}
        )
        return {str(name): one if callable(one) else self._known(model, one) for name, one in named.items()}

    @staticmethod
    def _known(model: Any, name: Any) -> Callable[..., Any]:
        if not hasattr(model, "get_params"):
            raise ParameterError(
                f"Metrics: a {type(model).__name__} is scored by a function (model, X, y) -> number, but scoring is "
                f"{name!r}."
            )
        try:
            return check_scoring(model, name)
        except (ValueError, TypeError) as error:
            raise ParameterError(
                f"Metrics: scoring must be a metric of scikit-learn (see sklearn.metrics.get_scorer_names()), a "
                f"function (model, X, y) -> number, or several of them, but was given {name!r}."
            ) from error
