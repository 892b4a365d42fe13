"""MLPRegressor: scikit-learn's, on chalknet's engines and with all of its losses."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

from chalknet.engines import rules as r
from chalknet.estimators import _build
from chalknet.estimators._base import BaseMLP
from chalknet.estimators._fitting import warn_user
from chalknet.estimators._numbers import Answers
from chalknet.estimators._sklearn import StrOptions, fit_context, read
from chalknet.estimators._unit import unit_of, would_help
from chalknet.exceptions import DataError, DataHint, ParameterError
from chalknet.layers.loss import Loss
from chalknet.maths import losses
from chalknet.maths.losses import ALIASES, LOSSES
from chalknet.maths.table import REALS

# Losses of numbers: those meant for outputs that are no probabilities and no margins.
REGRESSION = sorted(
    name
    for name, row in LOSSES.items()
    if row.pair in ("identity", "exp") and row.link == "identity" and row.targets in (REALS, (0.0, np.inf))
)
NAMES = {*REGRESSION, *(alias for alias, name in ALIASES.items() if name in REGRESSION)}


class MLPRegressor(Answers, RegressorMixin, BaseMLP):
    """Multilayer perceptron for numbers, a drop-in for scikit-learn's of the same name.

    Every parameter, fitted attribute, default and error type of ``sklearn.neural_network.MLPRegressor`` is
    kept. It minimises, over weights W and the rows of a batch, mean(loss) + alpha/(2 m) Σ W², m the batch's rows;
    "squared_error" is half the squared error, summed over the outputs.

    Args:
        loss: "squared_error", "poisson", or any regression loss of the library: "absolute_error", "huber", "log_cosh",
            "quantile", … (Poisson's has an exponential output); or an object, ``cn.Huber(delta=2.0)``, which is taken
            as it is: its reduction included, and ``cn.MSE()`` is the whole squared error, not half of it.
            "gaussian" learns a mean and a standard deviation for each row (``predict(X, return_std=True)``),
            ``cn.Quantile(q=(0.05, 0.5, 0.95))`` several quantiles at once, which never cross.
        hidden_layer_sizes, activation, solver, alpha, …: as in scikit-learn, and more: `activation` may be any name of
            the library, or one a hidden layer; `solver` any optimizer by name or as an object.
            Note: `alpha` is the L2 penalty, as in scikit-learn; the lecture calls the learning rate alpha, which is
            `learning_rate_init` here.
        scale_target: learn (y - `target_mean_`) / `target_scale_`, so that targets in large units learn as small ones
            do. Predictions are in y's own unit; losses, `network_` and a loss's parameters are in the learned one.
        dropout: probability, or one a hidden layer, with which hidden units are left out in training.
        normalization: "batch" or "layer" puts ``cn.BatchNorm`` or ``cn.LayerNorm`` before the activation of
            each hidden layer, None nothing; "batch" not with "lbfgs".
        standardize: the network's first layer takes the mean of each column of X from it and divides by its standard
            deviation, so that the model takes raw inputs. ``fit`` learns them from all rows (weighted as they are),
            ``partial_fit`` from all rows seen so far; a ``warm_start`` keeps those of the first fit.
        l1: adds l1/m Σ |W|, which leaves few weights; not with "lbfgs".
        clip_norm: the most that a gradient's length may be, None for no limit; not with "lbfgs".
        clip_value: the most that each number of a gradient may be in size, None for no limit; not with "lbfgs".
        max_norm: the most that the length of a unit's incoming weights may be after an update, None for no limit; not
            with "lbfgs".
        n_estimators: how many networks are fitted side by side, each from a seed of its own, and asked together:
            predictions are their means. The first is the one that a fit with 1 gives; ``network_``, ``coefs_``,
            ``loss_curve_`` and what callbacks hear are its own, ``estimators_`` holds them all.
        max_time: seconds after which a fit ends with what it has, and a warning; None for no limit.
        dtype: "auto" (that of X), "float32" or "float64".
        engine: "auto" (by the size of the work), "numpy" or "numba"; kept as ``engine_``.
        callbacks: objects with ``on_fit_begin``, ``on_epoch_end`` and ``on_fit_end``.

    Attributes:
        network_: the fitted ``cn.Network``; its loss is the objective whose gradient is used.
        coefs_, intercepts_: its weights and biases; they may be assigned.
        target_mean_, target_scale_: (n_outputs,), with ``scale_target=True`` alone: mean and standard deviation of the
            targets of the first call (for losses of targets from 0 on, such as "poisson", 0 and the mean).

    >>> import chalknet as cn
    >>> from sklearn.datasets import make_regression
    >>> X, y = make_regression(n_samples=200, n_features=5, random_state=1)
    >>> model = cn.MLPRegressor(solver="lbfgs", tol=1.0, max_iter=1000, random_state=1, engine="numpy").fit(X, y)
    >>> bool(model.score(X, y) > 0.99)
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions(NAMES), Loss],
        "scale_target": ["boolean"],
    }

    _remedy = "Standardise X, use scale_target=True, or use a smaller learning_rate_init."
    loss_: float
    target_mean_: np.ndarray
    target_scale_: np.ndarray

    def __init__(
        self,
        loss: Any = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: Any = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        scale_target: bool = False,
        dropout: Any = 0.0,
        normalization: str | None = None,
        standardize: bool = False,
        l1: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        max_norm: float | None = None,
        n_estimators: int = 1,
        max_time: float | None = None,
        dtype: str = "auto",
        engine: str = "auto",
        callbacks: Any = None,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.scale_target = scale_target
        self.dropout = dropout
        self.normalization = normalization
        self.standardize = standardize
        self.l1 = l1
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.max_norm = max_norm
        self.n_estimators = n_estimators
        self.max_time = max_time
        self.dtype = dtype
        self.engine = engine
        self.callbacks = callbacks

    def _read(self, X: Any, y: Any, incremental: bool | None, reset: bool) -> tuple[Any, np.ndarray]:
        X, y = read(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=True,
            dtype=self._float_types(),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if y.ndim == 1:
            y = y[:, None]
        row = self._loss_row()
        low = row.targets[0]
        if y.min() < low or (row.above and y.min() == low):
            needed = "above" if row.above else "of at least"
            raise DataError(f'loss="{self.loss}" needs targets {needed} {low:g}, but y holds {y.min():g}.')
        self.n_outputs_ = y.shape[1] * self._made_loss().outputs_per_target
        self.out_activation_ = row.pair
        return X, np.ascontiguousarray(y, X.dtype)

    def _loss_row(self) -> Any:
        if not isinstance(self.loss, Loss):
            return losses.get(self.loss)
        if self.loss.row.name not in REGRESSION:
            raise ParameterError(
                f"loss={self.loss!r} is for classes; a regressor takes one of {', '.join(REGRESSION)}."
            )
        return self.loss.row

    def _goal(self) -> tuple[str, Any, float, int]:
        loss = self._made_loss()
        if loss.name == "half_squared_error" and not isinstance(self.loss, Loss):
            # scikit-learn reports the mean over the outputs and descends by the gradient of their sum
            return "identity", loss, 1.0 / self.n_outputs_, r.R2
        score = (
            r.NEGATIVE_LOSS if loss.outputs_per_target > 1 else r.R2
        )  # whose outputs are no predictions alone
        return loss.row.pair, loss, 1.0, score

    def _made_loss(self) -> Loss:
        row = self._loss_row()
        halved = row.name == "squared_error" and not isinstance(self.loss, Loss)
        return _build.make_loss("half_squared_error") if halved else _build.make_loss(row.name, self.loss)

    def _in_unit(self, y: np.ndarray, weights: np.ndarray | None, first: bool) -> np.ndarray:
        if first:
            for name in ("target_mean_", "target_scale_"):
                self.__dict__.pop(name, None)
            if self.scale_target:
                from_zero = self._loss_row().targets[0] == 0.0
                self.target_mean_, self.target_scale_ = unit_of(y, weights, from_zero)
        if not hasattr(self, "target_mean_"):
            return y
        return np.ascontiguousarray((y - self.target_mean_) / self.target_scale_, y.dtype)

    def _hint(self, y: np.ndarray, weights: np.ndarray | None) -> None:
        if hasattr(self, "target_mean_") or self._goal()[1].name != "half_squared_error" or self._planned:
            return
        size = would_help(y, weights, self.loss_)
        if size is not None:
            warn_user(
                f"The targets are of size {size:.3g}, and the fit explains less than half of them: scale_target=True "
                "learns them in a unit of their own, and predicts in theirs.",
                DataHint,
            )

    def _strata(self, y: np.ndarray) -> None:
        return None

    @available_if(lambda est: est._can_learn_in_steps())
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Update the model with one epoch over the given data; arguments as in ``fit``."""
        return self._fit(X, y, sample_weight, incremental=True)
