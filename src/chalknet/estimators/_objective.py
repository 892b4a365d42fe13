"""What a model minimises: its network, the data as engines take them, the rows' weights, the penalty."""

from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import column_or_1d

from chalknet.engines import describe
from chalknet.estimators import _build
from chalknet.estimators._base import BaseMLP
from chalknet.estimators._tabular_base import Tabular
from chalknet.estimators._target import read_numbers
from chalknet.estimators.perceptron import Perceptron
from chalknet.exceptions import NotFittedError, ParameterError
from chalknet.layers import activation
from chalknet.layers.dense import Dense
from chalknet.network import Network


class Objective(NamedTuple):
    """mean(network.loss) + l2/(2 m) Σ W² over the rows of X, m being their weight; `weights` None: 1 a row.

    Where labels are smoothed, y is, and the network is a shallow copy whose loss does it no more.
    """

    network: Network
    X: Any  # (n, in), dense or sparse
    y: np.ndarray  # (n, out) targets, or (n,) class numbers
    weights: np.ndarray | None
    l2: float


def objective(model: Any, X: Any, y: Any, sample_weight: Any = None, *, rule: bool = False) -> Objective:
    """Read X and y as the ``fit`` of a network or fitted estimator does; nothing of it is changed.

    A ``Perceptron`` with ``activation="sigmoid"`` is one layer under the squared error, summed over its units; its
    penalty and class weights, which belong to its way of updating, are left out. With ``activation="step"`` there is
    no gradient; only who knows its `rule` is given its one layer.

    Raises:
        NotFittedError: the estimator has no network yet.
        ParameterError: the model is no such estimator, learns by a rule that is no gradient, or has no loss.
        ShapeError, DataError: X, y or sample_weight do not fit the model.
    """
    if isinstance(model, Network):
        return _of_network(model, X, y, sample_weight)
    if isinstance(model, Tabular):
        X, y, sample_weight = _of_table(model, X, y, sample_weight)
        model = model.fitted()
    if isinstance(model, Perceptron):
        return _of_perceptron(model, X, y, sample_weight, rule)
    if not isinstance(model, BaseMLP):
        raise ParameterError(
            f"A Network or a fitted estimator of chalknet is needed, but was given {_called(model)}."
        )
    if not hasattr(model, "network_"):
        raise NotFittedError(f"This {type(model).__name__} is not fitted yet: call fit(X, y) first.")
    X, y, weights = model.read_for(X, y, sample_weight)
    net = model.network_
    loss: Any = net.loss
    target = describe.settle(loss, y, net.layers, net.dtype)
    return Objective(_settled(net), X, target, weights, _build.l2_of(model))


def _settled(net: Network) -> Network:
    loss: Any = net.loss
    if loss.smoothing:
        net = copy(net)
        net.loss = describe.settled(loss)
    return net


def _called(model: Any) -> str:
    """The class with its library, since scikit-learn's classes have the same names."""
    return f"{type(model).__module__.partition('.')[0]}.{type(model).__name__}"


def _of_network(net: Network, X: Any, y: Any, sample_weight: Any) -> Objective:
    if net.loss is None:
        raise ParameterError(
            "A network without a loss was given: make it with one, as in Network(layers, loss=MSE())."
        )
    x = net.inputs_for(X)
    target = describe.targets(net.loss, y, net.layers, x.shape[0], net.dtype)
    return Objective(_settled(net), x, target, describe.weights(sample_weight, x.shape[0], net.dtype), 0.0)


def _of_table(model: Tabular, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """The table as the network's inputs and the target in the network's unit; rows without a number are left out."""
    estimator = model.fitted()
    inputs = model._inputs(X)
    if hasattr(estimator, "classes_"):
        return inputs, np.asarray(column_or_1d(y)), sample_weight
    rows, values, _ = read_numbers(y, len(inputs))
    numbers: Any = model
    scaled = (values - numbers.target_mean_) / numbers.target_scale_
    return inputs[rows], scaled, None if sample_weight is None else np.asarray(sample_weight)[rows]


def _of_perceptron(model: Perceptron, X: Any, y: Any, sample_weight: Any, rule: bool) -> Objective:
    if not hasattr(model, "coef_"):
        raise NotFittedError("This Perceptron is not fitted yet: call fit(X, y) first.")
    if model.activation != "sigmoid" and not rule:
        raise ParameterError(
            'A Perceptron with activation="step" learns by its rule and has no gradient; with "sigmoid" it has one.'
        )
    X, labels = model._check(X, y, reset=False)
    unknown = np.setdiff1d(labels, model.classes_).tolist()
    if unknown:
        raise ParameterError(f"y holds the labels {unknown}, but the classes are {model.classes_.tolist()}.")
    own = model.classes_[1:] if len(model.classes_) == 2 else model.classes_
    layer = Dense.over(np.ascontiguousarray(model.coef_.T), model.intercept_.reshape(1, -1).copy())
    loss = _build.make_loss("squared_error")
    net = Network([layer, activation.find(model.activation)()], loss)
    return Objective(net, X, (labels[:, None] == own).astype(X.dtype), sample_weight, 0.0)
