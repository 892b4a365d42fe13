"""What the two multilayer perceptrons share: scikit-learn's parameters, and fitting them on either engine."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np

from chalknet.engines import rules as r
from chalknet.engines import select
from chalknet.estimators import _build, _ensemble, _fitting, _standard, _tasks, _validation
from chalknet.estimators._fitted import FittedMLP
from chalknet.estimators._lbfgs import lbfgs
from chalknet.estimators._sklearn import Interval, Options, StrOptions, fit_context, row_weights
from chalknet.exceptions import ModelFileError, ParameterError, ShapeError
from chalknet.layers.optimizer import Optimizer
from chalknet.layers.schedule import Schedule
from chalknet.maths.activations import ACTIVATIONS, ALIASES
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.schedules import SCHEDULES

PARTIAL_FIT_CALLS = 200  # what one call of partial_fit counts as where the engine is chosen


class BaseMLP(_tasks.CallbackSupport, FittedMLP):
    """Both estimators but for their targets. Parameters stand in the constructors' signatures only."""

    solver: Any
    normalization: str | None
    standardize: bool
    clip_value: float | None
    max_norm: float | None
    max_time: float | None
    out_activation_: str
    n_outputs_: int
    _remedy = "Standardise X, or use a smaller learning_rate_init."  # for a run that diverged
    _planned = False  # whether to do all of max_iter is the plan, and nothing to warn of
    _by_loss = False  # early stopping by the validation loss; scikit-learn's way is by accuracy or R²

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions({*ACTIVATIONS, *ALIASES, "softmax", "log_softmax"}), list, tuple],
        "solver": [StrOptions({"lbfgs", *OPTIMIZERS}), Optimizer],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({*SCHEDULES}), Schedule],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left"), list, tuple],
        "normalization": [StrOptions({*_build.NORMALIZATIONS}), None],
        "standardize": ["boolean"],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "l1": [Interval(Real, 0, None, closed="left")],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "clip_value": [Interval(Real, 0, None, closed="neither"), None],
        "max_norm": [Interval(Real, 0, None, closed="neither"), None],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "dtype": [StrOptions({"auto", "float32", "float64"})],
        "engine": [StrOptions({*select.ENGINES})],
        "callbacks": "no_validation",  # checked where they are used, with more to say
    }

    @abstractmethod
    def _read(self, X: Any, y: Any, incremental: bool | None, reset: bool) -> tuple[Any, np.ndarray]:
        """Check X and y; the targets as engines take them. incremental=None: nothing will be learned from them."""

    def read_for(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """X, y and weights checked against what was fitted, as engines take them; assigned weights are taken over."""
        self._sync()
        X, y = self._read(X, y, incremental=None, reset=False)
        weights = self._row_weights(sample_weight, X, y)
        return X, self._in_unit(y, weights, first=False), weights

    @abstractmethod
    def _goal(self) -> tuple[str, Any, float, int]:
        """(output activation, loss object, factor of the reported loss, how validation rows are scored)."""

    @abstractmethod
    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        """The groups of which validation rows take equal shares, or None."""

    def _row_weights(self, sample_weight: Any, X: Any, y: np.ndarray) -> np.ndarray | None:
        return None if sample_weight is None else row_weights(sample_weight, X)

    def _float_types(self) -> Any:
        kept = getattr(self, "dtype", "auto")
        return (np.float64, np.float32) if kept == "auto" else np.dtype(kept)

    @fit_context(prefer_skip_nested_validation=True)
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
        """Fit the model to data matrix X and target(s) y.

        Args:
            X: (n_samples, n_features) array, DataFrame or sparse matrix.
            y: (n_samples,) or (n_samples, n_outputs) labels or numbers.
            sample_weight: (n_samples,) weights of the rows in the loss, None for equal ones.
            X_val, y_val: validation rows of your own, in the form of X and y; they are scored after each epoch, into
                ``validation_scores_``, and never trained on. With ``early_stopping`` they take the place of rows that
                are set aside. Not with "lbfgs". In a pipeline they must be what the last step is given.
            sample_weight_val: their weights in the score.
            resume: the path of a ``cn.Checkpoint`` of this very fit, to go on from where that was written. Not with
                "lbfgs" and several networks.

        Returns the fitted estimator.
        """
        with _tasks.fit_task(self, X, y, sample_weight, int(self.max_iter)):
            return self._fit(
                X, y, sample_weight, incremental=False, own=(X_val, y_val, sample_weight_val), resume=resume
            )

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        incremental: bool,
        own: tuple[Any, Any, Any] = (None, None, None),
        resume: Any = None,
    ) -> Self:
        _validation.check_pair(self, *own)
        if resume is not None and (self._by_lbfgs() or self.n_estimators > 1):
            what = 'solver="lbfgs"' if self._by_lbfgs() else f"n_estimators={self.n_estimators}"
            raise ParameterError(
                f"fit was given resume, but a fit with {what} has no checkpoints: leave it out."
            )
        if self.n_estimators > 1:
            _ensemble.fit(self, X, y, sample_weight, incremental=incremental, own=own)
            return self
        before = vars(self).copy()
        self.__dict__.pop("_others", None)
        data = self._prepare(lambda first: self._take(X, y, sample_weight, incremental, first), incremental)
        if self._by_lbfgs():
            if lbfgs(self, *data):
                _fitting.warn_user(_fitting.INTERRUPTED)
        else:
            apart = _validation.rows_apart(self, data[0], *own)
            try:
                run = _fitting.plan(self, *data, incremental, apart, resume)
            except ModelFileError:  # a checkpoint that is refused changes nothing
                self.__dict__.clear()
                self.__dict__.update(before)
                raise
            _fitting.stochastic(run)
        self._show()
        return self

    def _take(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, first: bool
    ) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """X, y and the rows' weights, checked, as engines take them."""
        X, y = self._read(X, y, incremental, first)
        return X, y, self._row_weights(sample_weight, X, y)

    def _prepare(
        self, take: Callable[[bool], tuple[Any, np.ndarray, np.ndarray | None]], incremental: bool
    ) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """All that comes before the first step; returns the data, which `take` reads (given: is it a first fit?)."""
        hidden = _build.hidden_sizes(self.hidden_layer_sizes)
        _build.listeners(self.callbacks)
        first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        given = None
        if not first and not hasattr(
            self, "network_"
        ):  # weights assigned to an estimator that was never fitted
            given = self.coefs_, self.intercepts_
        X, y, weights = take(first)
        y = self._in_unit(y, weights, first or given is not None)
        sizes = [X.shape[1], *hidden, self.n_outputs_]
        if first or given:
            self._begin(sizes, X.dtype)
        else:
            self._check_sizes(sizes)
        if given:
            self.coefs_, self.intercepts_ = given
        self._sync()
        _standard.learn(self, X, weights, first=first or given is not None, incremental=incremental)
        epochs = PARTIAL_FIT_CALLS if incremental else int(self.max_iter)
        if first or given or not incremental:
            batch = _fitting.batch_size(self.batch_size, X.shape[0], warn=False)
            self.engine_ = select.resolve(
                self.engine, X.shape[0], self.network_.parameters.size, batch, epochs
            )
            self.network_.engine_ = self.engine_
        return X, y, weights

    def _begin(self, sizes: list[int], dtype: Any) -> None:
        """A new network, and nothing learned yet."""
        output, loss, _, _ = self._goal()
        random, draw_seed = _build.draw_seed(self.random_state)
        self.network_ = _build.build(
            sizes,
            self.activation,
            self.dropout,
            self.normalization,
            self.standardize,
            output,
            loss,
            dtype,
            random,
        )
        self.network_.seed = draw_seed()
        self.n_layers_ = len(sizes)
        self.n_iter_, self.t_ = 0, 0
        self.loss_curve_ = []
        _fitting.begin_scores(self, self.early_stopping)
        self._last = self.network_.parameters.copy()
        self._show()

    def _check_sizes(self, sizes: list[int]) -> None:
        """Raise ShapeError where the network that is to go on learning is not of these sizes."""
        dense = self.network_.dense
        now = [dense[0].n_in, *(layer.n_out for layer in dense)]
        if now != sizes:
            raise ShapeError(
                f"This {type(self).__name__} has layers of {now} units and cannot go on with {sizes} (inputs, hidden "
                "layers, outputs): keep hidden_layer_sizes and the number of targets, or fit anew with "
                "warm_start=False."
            )

    def _in_unit(self, y: np.ndarray, weights: np.ndarray | None, first: bool) -> np.ndarray:
        """Targets in the unit in which they are learned."""
        return y

    def _hint(self, y: np.ndarray, weights: np.ndarray | None) -> None:
        """Tell what would have helped a run that has ended."""

    def _by_lbfgs(self) -> bool:
        return isinstance(self.solver, str) and self.solver == "lbfgs"

    def _can_learn_in_steps(self) -> bool:
        if self.solver == "lbfgs":
            raise AttributeError(
                f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic."
            )
        return True

    def _scoring(self) -> tuple[float, int]:
        """What to watch for stopping, and how validation rows are scored, where there are any."""
        return (
            r.VALIDATION if self.early_stopping else r.LOSS,
            r.NEGATIVE_LOSS if self._by_loss else self._goal()[3],
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
