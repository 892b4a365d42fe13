"""MLPClassifier: scikit-learn's, on chalknet's engines and with all of its losses."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target, unique_labels
from sklearn.utils.validation import column_or_1d

from chalknet.engines import rules as r
from chalknet.estimators import _build, _labels
from chalknet.estimators._base import BaseMLP
from chalknet.estimators._classes import Answers
from chalknet.estimators._labels import CLASSIFICATION
from chalknet.estimators._sklearn import (
    Interval,
    StrOptions,
    first_partial_fit,
    fit_context,
    read,
    row_weights,
)
from chalknet.exceptions import ParameterError
from chalknet.layers.loss import Loss

__all__ = ["CLASSIFICATION", "MLPClassifier"]


class MLPClassifier(Answers, ClassifierMixin, BaseMLP):
    """Multilayer perceptron for classes, a drop-in for scikit-learn's of the same name.

    Every parameter, fitted attribute, default and error type of ``sklearn.neural_network.MLPClassifier`` is kept. It
    minimises, over weights W and the rows of a batch, mean(cross-entropy) + alpha/(2 m) Σ W², m the batch's rows.

    Args:
        hidden_layer_sizes, activation, solver, alpha, …: as in scikit-learn, and more: `activation` may be any name of
            the library, or one a hidden layer; `solver` any optimizer by name or as an object; "adamw" takes `alpha` as
            decoupled weight decay, the others as L2 penalty.
            Note: the lecture calls the learning rate alpha, which is `learning_rate_init` here.
        loss: "auto" is cross-entropy (of a sigmoid for two classes and for multi-label targets, else of a softmax);
            or a classification loss of the library: "focal", "hinge", "squared_hinge", "squared_error", …, or an
            object such as ``cn.Focal()``, which is taken as it is, its reduction included.
            With more than two classes, losses of single outputs set each class against the rest.
        label_smoothing: the share of each label, in [0, 1), that goes to all classes alike, so that no answer is
            ever learned as certain; with losses of probabilities.
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
        class_weight: None, "balanced" or a dict class -> weight, times any sample weights.
        n_estimators: how many networks are fitted side by side, each from a seed of its own, and asked together:
            predictions are their means. The first is the one that a fit with 1 gives; ``network_``, ``coefs_``,
            ``loss_curve_`` and what callbacks hear are its own, ``estimators_`` holds them all.
        max_time: seconds after which a fit ends with what it has, and a warning; None for no limit.
        dtype: "auto" (that of X), "float32" or "float64".
        engine: "auto" (by the size of the work), "numpy" or "numba"; kept as ``engine_``.
        callbacks: objects with ``on_fit_begin``, ``on_epoch_end`` and ``on_fit_end``.

    Attributes:
        classes_: the classes, in the order of ``predict_proba``'s columns.
        network_: the fitted ``cn.Network``; its loss is the objective whose gradient is used.
        coefs_, intercepts_: its weights and biases; they may be assigned.

    >>> import chalknet as cn
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = cn.MLPClassifier((10,), solver="lbfgs", max_iter=500, random_state=0, engine="numpy").fit(X, y)
    >>> bool(model.score(X, y) > 0.95), model.predict_proba(X[:2]).shape
    (True, (2, 3))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({*_labels.AUTO, *_labels.NAMES}), Loss],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def __init__(
        self,
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
        loss: Any = "auto",
        label_smoothing: float = 0.0,
        dropout: Any = 0.0,
        normalization: str | None = None,
        standardize: bool = False,
        l1: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        max_norm: float | None = None,
        class_weight: Any = None,
        n_estimators: int = 1,
        max_time: float | None = None,
        dtype: str = "auto",
        engine: str = "auto",
        callbacks: Any = None,
    ) -> None:
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
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.dropout = dropout
        self.normalization = normalization
        self.standardize = standardize
        self.l1 = l1
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.max_norm = max_norm
        self.class_weight = class_weight
        self.n_estimators = n_estimators
        self.max_time = max_time
        self.dtype = dtype
        self.engine = engine
        self.callbacks = callbacks

    # targets

    def _learn_classes(self, y: Any) -> None:
        binarizer = LabelBinarizer().fit(y)
        self._kind, self.classes_ = binarizer.y_type_, binarizer.classes_

    def _read(self, X: Any, y: Any, incremental: bool | None, reset: bool) -> tuple[Any, np.ndarray]:
        X, y = read(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            dtype=self._float_types(),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not hasattr(self, "classes_") or (not self.warm_start and incremental is False):
            self._learn_classes(y)
        else:
            self._check_classes(unique_labels(y), all_of_them=self.warm_start and incremental is not None)
        return X, self._encode(y, X.dtype)

    def _check_classes(self, classes: np.ndarray, all_of_them: bool) -> None:
        if all_of_them:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _encode(self, y: Any, dtype: Any) -> np.ndarray:
        targets, self.n_outputs_, self.out_activation_ = _labels.encode(
            y, self.classes_, self._kind, self._loss_row(), dtype
        )
        return targets

    def _loss_row(self) -> Any:
        return _labels.fitting_row(self.loss, self._kind, len(self.classes_))

    def _goal(self) -> tuple[str, Any, float, int]:
        row = self._loss_row()
        output = "identity" if row.link != "identity" else row.pair
        one_of_many = self.n_outputs_ > 1 and not self._kind.startswith("multilabel")
        return (
            output,
            _build.make_loss(row.name, self.loss, self.label_smoothing),
            1.0,
            r.ARGMAX if one_of_many else r.THRESHOLD,
        )

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        return _labels.strata(y, self._kind)

    def _row_weights(self, sample_weight: Any, X: Any, y: np.ndarray) -> np.ndarray | None:
        if self.class_weight is None:
            return super()._row_weights(sample_weight, X, y)
        of_class = _labels.weights_by_class(self.class_weight, y, self.classes_, self._kind)
        return (row_weights(sample_weight, X) * of_class).astype(X.dtype)

    @available_if(lambda est: est._can_learn_in_steps())
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Update the model with one epoch over the given data.

        Args:
            X, y, sample_weight: as in ``fit``.
            classes: (n_classes,) all classes that will ever be met; needed in the first call.
        """
        if self.class_weight == "balanced":
            raise ParameterError(
                "class_weight 'balanced' is not supported for partial_fit: pass a dict of weights, which "
                "sklearn.utils.class_weight.compute_class_weight computes from all labels."
            )
        if first_partial_fit(self, classes):
            if type_of_target(y).startswith("multilabel"):
                self._learn_classes(y)
            else:
                self._learn_classes(classes)
        return self._fit(X, y, sample_weight, incremental=True)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
