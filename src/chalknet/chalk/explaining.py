"""`explain`: from a network or estimator and some rows to a `Trace` of the update that they make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from chalknet.chalk.ledger import calculate
from chalknet.chalk.trace import STYLES, Trace
from chalknet.engines import describe
from chalknet.engines import rules as r
from chalknet.engines.base import Description, State
from chalknet.estimators import _build
from chalknet.estimators._base import BaseMLP
from chalknet.exceptions import NotFittedError, ParameterError
from chalknet.layers.config import ABOVE_ZERO, number, whole
from chalknet.layers.optimizer import SGD, Optimizer
from chalknet.network import Network


def explain(
    net_or_estimator: Any,
    X: Any,
    y: Any,
    *,
    learning_rate: float | None = None,
    optimizer: Optimizer | None = None,
    style: str = "node",
    precision: int = 4,
    steps: int = 1,
    code: bool = False,
    sample_weight: Any = None,
    jacobian: bool = False,
) -> Trace:
    """Show an update as chalkboard arithmetic: forward, loss, backward, update, and the loss after it.

    The rows of X are one batch. Nothing is changed: parameters and optimizer state stay as they are.

    Args:
        net_or_estimator: a ``Network`` with a loss, or a fitted estimator of chalknet.
        X, y: rows and targets, as ``fit`` takes them (an estimator's y are its class labels or numbers).
        learning_rate: None: the model's own optimizer in its present state, with its penalties and clipping, takes the
            step (a network that was never fitted has ``SGD()``); a number: plain gradient descent with it.
        optimizer: another optimizer object, from its start.
        style: "node", an equation for every number, or "matrix", one for every array.
        precision: decimals that results are printed with; operands get as many as that needs.
        steps: how many updates, one after another on the same rows.
        code: beside each array the line of NumPy that computes it.
        sample_weight: (rows,) weights in the loss.
        jacobian: spell softmax with cross-entropy out through softmax's Jacobian too.

    Raises ``ParameterError`` for options out of range, ``NotFittedError`` for an estimator that is not fitted.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(2, 1)], loss=cn.MSE())
    >>> net.layers[0].weights, net.layers[0].biases = [[0.5], [1.0]], 1.0
    >>> trace = cn.explain(net, [[3.0, 5.0]], [[1.0]], learning_rate=0.1)
    >>> trace.steps[0].symbol, trace.steps[0].arithmetic, trace.steps[0].value
    ('z1[0]', '3*0.5 + 5*1 + 1', 7.5)
    """
    if style not in STYLES:
        raise ParameterError(f'explain: style must be "node" or "matrix", but was given {style!r}.')
    precision = whole("explain", "precision", precision)
    steps = whole("explain", "steps", steps)
    if learning_rate is not None:
        if optimizer is not None:
            raise ParameterError(
                "explain: give a learning_rate (plain gradient descent) or an optimizer, not both."
            )
        learning_rate = number("explain", "learning_rate", learning_rate, ABOVE_ZERO)
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise ParameterError(
            f"explain: optimizer must be an object such as SGD(0.1), but was given {optimizer!r}."
        )
    net, x, target, weights, options = prepared(net_or_estimator, X, y, sample_weight)
    if learning_rate is not None:
        optimizer, options = SGD(learning_rate), {}
    last = getattr(
        net_or_estimator, "_last", None
    )  # an estimator whose weights were assigned starts its optimizer anew
    assigned = last is not None and not np.array_equal(last, net.parameters)
    description, state = present(net, optimizer, options, assigned)
    book = calculate(description, state, x, target, weights, steps)
    return Trace(book, style=style, precision=precision, code=code, jacobian=jacobian)


def prepared(
    model: Any, X: Any, y: Any, sample_weight: Any
) -> tuple[Network, np.ndarray, np.ndarray, np.ndarray | None, dict[str, Any]]:
    """(network, rows, targets, weights, training options) of a network or estimator, in float64."""
    if isinstance(model, Network):
        if model.loss is None:
            raise ParameterError(
                "explain: this network has no loss: give one, as in Network(layers, loss=MSE())."
            )
        x = model.inputs_for(X)
        target = describe.targets(model.loss, y, model.layers, x.shape[0], model.dtype)
        weights = describe.weights(sample_weight, x.shape[0], model.dtype)
        return model, dense(x), double(target), double(weights), dict(model.options_)
    inner = getattr(model, "estimator_", None)
    if inner is not None and hasattr(model, "preprocess"):
        X, y = model.preprocess(X, y)
        model = inner
    if not isinstance(model, BaseMLP):
        raise ParameterError(
            f"explain takes a Network or a fitted chalknet estimator, but was given {model!r}."
        )
    if not hasattr(model, "network_"):
        raise NotFittedError(f"This {type(model).__name__} is not fitted yet: call fit(X, y) before explain.")
    x, target, weights = model.read_for(X, y, sample_weight)
    options = {"l2": _build.l2_of(model)} if model.solver != "lbfgs" else {"l2": float(model.alpha)}
    return model.network_, dense(x), double(target), double(weights), options


def dense(x: Any) -> np.ndarray:
    """Rows as a dense float64 array."""
    return np.ascontiguousarray(x.toarray() if sparse.issparse(x) else x, np.float64)


def double(values: Any) -> Any:
    """Floats as float64; class numbers and None as they are."""
    return values.astype(np.float64) if values is not None and values.dtype.kind == "f" else values


def present(
    net: Network, optimizer: Optimizer | None, options: dict[str, Any], assigned: bool
) -> tuple[Description, State]:
    """Description and state of the update: the model's own optimizer where it stands, or another from its start."""
    own = net.optimizer or SGD()
    chosen = optimizer if optimizer is not None else own
    d = describe.training(describe.network(net.layers, net.loss), chosen, **options)
    # float32 networks are explained in float64: their numbers exactly, and the arithmetic on them to all digits
    d = replace(d, watch=r.NOTHING, dtype="float64")
    parameters, kept = net.parameters.astype(np.float64), net.training_state
    if kept is None or chosen != own or assigned:
        return d, State.start(parameters, d, net.seed)
    return d, State(parameters, kept.slots.astype(np.float64), kept.seed, kept.counts, kept.numbers)
