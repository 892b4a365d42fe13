"""The perceptron: one neuron, or one for each class, trained by the perceptron rule or by gradient descent."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted

from chalknet.engines.perceptron import PARTIAL_CALLS, USUAL_EPOCHS
from chalknet.estimators import _one_versus_all as ova
from chalknet.estimators import _tasks
from chalknet.estimators._fitting import warn_user
from chalknet.estimators._linear import LinearScores, initial
from chalknet.estimators._perceptron_state import from_state, to_state
from chalknet.estimators._sklearn import Interval, StrOptions, fit_context, read, row_weights


class Perceptron(_tasks.CallbackSupport, LinearScores, ClassifierMixin, BaseEstimator):
    """One neuron that draws a line between two classes; one against all others where there are more.

    For each row x in turn, z = w·x + b, and then

    - ``activation="step"``, the perceptron rule: where y z <= 0 (y is -1 or 1), w += eta0 y x and b += eta0 y;
    - ``activation="sigmoid"``, gradient descent on the squared error of a = sigmoid(z) (y is 0 or 1):
      w -= eta0 2 (a - y) a (1 - a) x and b -= eta0 2 (a - y) a (1 - a).

    Drop-in for ``sklearn.linear_model.Perceptron``: parameters, defaults, fitted attributes and, with
    ``activation="step"``, for the same ``random_state`` the very same weights. In the introductory lecture that this
    library follows, ``alpha`` is the learning rate. Here, as in scikit-learn, the learning rate is ``eta0``, and
    ``alpha`` is the strength of the penalty.

    Args:
        penalty: None, "l2", "l1" or "elasticnet".
        alpha: strength of the penalty, from 0.
        l1_ratio: share of L1 in the elastic net, 0 to 1.
        fit_intercept: learn b; otherwise it stays 0.
        max_iter: the most epochs of ``fit``.
        tol: an epoch counts as an improvement when it lowers the mean objective (loss and penalty) by this much; with
            ``early_stopping``, when it raises the validation score by this much. None: all ``max_iter`` epochs.
        shuffle: change the order of the rows before each epoch.
        verbose: print a line for each epoch.
        eta0: the learning rate, above 0.
        n_jobs: threads that learn different classes at the same time.
        random_state: seed of the validation split and of the shuffles; None draws a new one at each call.
        early_stopping: keep rows for validation and stop by their score.
        validation_fraction: share of the rows kept for it.
        n_iter_no_change: epochs without improvement after which to stop.
        class_weight: weight of the updates of each class: a dict, "balanced" or None. With more than two classes, a
            unit's own class has its weight and all others 1, as in scikit-learn.
        warm_start: let ``fit`` go on from the weights of the last one.
        activation: "step" or "sigmoid".
        dtype: of the weights and scores: "float64", "float32", or "auto" for X's own.
        engine: "numpy", "numba", or "auto": "numba" where NumPy would need more than about 50 ms for ``max_iter``
            epochs, or for 25 of them where ``tol`` is given (see ``chalknet.engines.perceptron.choose_engine``). Both
            give the same weights.

    Attributes:
        coef_: weights, (1, features) for two classes, (classes, features) for more.
        intercept_: b, (1,) or (classes,).
        classes_: the labels, sorted; of two, the second is the one at positive scores.
        n_iter_: epochs of the last call, the most over all classes.
        t_: 1 plus the rows seen since the last ``fit`` began.
        loss_curve_: the mean objective of each epoch, averaged over the classes: every row's loss before its own
            update. ``partial_fit`` and warm starts append to it.
        n_features_in_, feature_names_in_: of the X that was learned from.
        engine_: the engine that was used.

    Raises:
        ValueError: data or a parameter that cannot be used (parameters: scikit-learn's InvalidParameterError), or a
            run whose weights became infinite.
        EngineUnavailableError: ``engine="numba"`` where Numba is not installed.

    Logical AND can be split by a line, so the rule ends without mistakes:

    >>> import numpy as np
    >>> from chalknet import Perceptron
    >>> X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 0, 0, 1])
    >>> model = Perceptron(shuffle=False).fit(X, y)
    >>> model.coef_, model.intercept_
    (array([[3., 2.]]), array([-4.]))
    >>> model.predict(X)
    array([0, 0, 0, 1])

    The sigmoid unit gives probabilities:

    >>> soft = Perceptron(activation="sigmoid", eta0=1.0, max_iter=500, tol=None).fit(X, y)
    >>> soft.predict_proba(X)[:, 1].round(1)
    array([0. , 0.1, 0.1, 0.9])

    Source: F. Rosenblatt, *The perceptron*, Psychological Review 65 (1958); the sigmoid unit's rule is that of
    B. Widrow and M. Hoff (1960) with a slope. Scores of exactly 0 go to the first class, as in scikit-learn; the
    lecture's step function, and ``chalknet.lecture.Perceptron``, give them to the second.
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "penalty": [StrOptions({"l2", "l1", "elasticnet"}), None],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "shuffle": ["boolean"],
        "verbose": ["verbose"],
        "eta0": [Interval(Real, 0, None, closed="neither")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "warm_start": ["boolean"],
        "activation": [StrOptions({"step", "sigmoid"})],
        "dtype": [StrOptions({"auto", "float32", "float64"})],
        "engine": [StrOptions({"auto", "numpy", "numba"})],
    }

    def __init__(
        self,
        *,
        penalty: str | None = None,
        alpha: float = 0.0001,
        l1_ratio: float = 0.15,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float | None = 1e-3,
        shuffle: bool = True,
        verbose: int = 0,
        eta0: float = 1.0,
        n_jobs: int | None = None,
        random_state: Any = 0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        class_weight: Any = None,
        warm_start: bool = False,
        activation: str = "step",
        dtype: str = "auto",
        engine: str = "auto",
    ) -> None:
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.eta0 = eta0
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.activation = activation
        self.dtype = dtype
        self.engine = engine

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, coef_init: Any = None, intercept_init: Any = None, sample_weight: Any = None
    ) -> Self:
        """Learn from X and y.

        Args:
            X: (n, features), dense or sparse; CSR is used as it is, and never made dense.
            y: labels (n,), numbers or strings, of at least two classes.
            coef_init: weights to start from, (features,) or (1, features) for two classes, else (classes, features).
            intercept_init: intercepts to start from.
            sample_weight: (n,), multiplies each row's update.
        """
        with _tasks.fit_task(self, X, y, sample_weight):
            return self._fit(X, y, coef_init, intercept_init, sample_weight)

    def _fit(self, X: Any, y: Any, coef_init: Any, intercept_init: Any, sample_weight: Any) -> Self:
        go_on = self.warm_start and hasattr(self, "coef_")
        X, y = self._check(X, y, reset=True)
        start = (
            self.coef_ if coef_init is None and go_on else coef_init,
            self.intercept_ if intercept_init is None and go_on else intercept_init,
        )
        labels, epochs = unique_labels(y), int(self.max_iter)
        expected = epochs if self.tol is None else min(epochs, USUAL_EPOCHS)
        engine = ova.decide_engine(self.engine, X, len(labels), expected, smooth=self.activation == "sigmoid")
        curve = self.loss_curve_ if go_on else []
        self._learn(X, y, labels, sample_weight, start, epochs, engine, 1.0, curve)
        if self.tol is not None and self.n_iter_ == self.max_iter:
            warn_user(
                "Maximum number of iteration reached before convergence. "
                "Consider increasing max_iter to improve the fit.",
                ConvergenceWarning,
            )
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One epoch over these rows, from the weights as they are.

        Args:
            X, y, sample_weight: as for `fit`.
            classes: all labels there will be; needed at the first call.
        """
        first = not hasattr(self, "classes_")
        if first and self.early_stopping:
            raise ValueError("early_stopping should be False with partial_fit")
        if first and self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit. In order to use 'balanced' weights, use "
                "compute_class_weight('balanced', classes=classes, y=y). In place of y you can use a large enough "
                "sample of the full training set target to properly estimate the class frequency distributions. Pass "
                "the resulting weights as the class_weight parameter."
            )
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        labels = self.classes_ if classes is None else unique_labels(classes)
        if not first and not np.array_equal(labels, self.classes_):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit: {self.classes_!r}"
            )
        X, y = self._check(X, y, reset=first)
        if not np.all(np.isin(y, labels)):
            unknown = np.setdiff1d(y, labels).tolist()
            raise ValueError(
                f"y has labels that classes lacks: {unknown}; the first call must be given all labels."
            )
        if first:
            smooth = self.activation == "sigmoid"
            engine = ova.decide_engine(self.engine, X, len(labels), PARTIAL_CALLS, smooth=smooth)
            self._learn(X, y, labels, sample_weight, (None, None), 1, engine, 1.0, [])
        else:
            start = (self.coef_, self.intercept_)
            self._learn(X, y, labels, sample_weight, start, 1, self.engine_, self.t_, self.loss_curve_)
        return self

    def _check(self, X: Any, y: Any, reset: bool) -> tuple[Any, np.ndarray]:
        dtype = [np.float64, np.float32] if self.dtype == "auto" else np.dtype(self.dtype)
        return read(
            self, X, y, accept_sparse="csr", dtype=dtype, order="C", accept_large_sparse=False, reset=reset
        )

    def _learn(
        self,
        X: Any,
        y: np.ndarray,
        labels: np.ndarray,
        sample_weight: Any,
        start: tuple[Any, Any],
        max_iter: int,
        engine: str,
        t: float,
        curve: list[float],
    ) -> None:
        """Learn for `max_iter` epochs, then set what is fitted: a call that fails leaves the model as it was."""
        if len(labels) < 2:
            raise ValueError(f"The number of classes has to be greater than one; got {len(labels)} class")
        units = 1 if len(labels) == 2 else len(labels)
        learned = ova.learn_classes(
            X,
            y,
            labels,
            compute_class_weight(self.class_weight, classes=labels, y=y),
            row_weights(sample_weight, X, zeros=self.early_stopping),
            initial(start[0], "coef_init", (units, X.shape[1]), X.dtype),
            initial(start[1], "intercept_init", (units,), X.dtype),
            self.get_params(deep=False),
            max_iter,
            engine,
        )
        self.classes_ = labels
        self.coef_ = np.array([unit.w for unit in learned])
        self.intercept_ = np.array([unit.bias for unit in learned], dtype=X.dtype)
        self.n_iter_ = max(unit.n_iter for unit in learned)
        self.t_ = t + self.n_iter_ * X.shape[0]
        self.loss_curve_ = curve + ova.mean_curve(learned)
        self.engine_ = engine

    def to_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Everything fitted, as named arrays and a document that JSON can hold (see `from_state`)."""
        check_is_fitted(self, "coef_")
        return to_state(self)

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray], document: dict[str, Any]) -> Self:
        """A fitted estimator from what `to_state` gave."""
        return from_state(cls, arrays, document)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # On data that are not scaled, a step of eta0 = 1 drives a sigmoid into its flat part, for good.
        tags.classifier_tags.poor_score = self.activation == "sigmoid"
        return tags
