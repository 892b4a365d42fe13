"""`explain`: from a network or estimator and some rows to a `Trace` of the update that they make."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from chalknet.chalk.ledger import calculate
from chalknet.chalk.trace import STYLES, Trace
from chalknet.engines import describe
from chalknet.engines import rules as r
from chalknet.engines.base import Description
from chalknet.engines.state import State
from chalknet.estimators import _build, _fitting
from chalknet.estimators._base import BaseMLP
from chalknet.estimators._objective import objective
from chalknet.estimators._one_versus_all import SPARSE_INTERCEPT_DECAY
from chalknet.estimators._tabular_base import Tabular
from chalknet.estimators.perceptron import Perceptron
from chalknet.exceptions import ParameterError
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
            step (a network that was never fitted, and an estimator fitted by "lbfgs", has ``SGD()``); a number: plain
            gradient descent with it, without penalties or clipping.
        optimizer: another optimizer object, from its start; penalties and clipping stay the model's.
        style: "node", an equation for every number, or "matrix", one for every array.
        precision: decimals that results are printed with; operands get as many as that needs.
        steps: how many updates, one after another on the same rows: as ``fit`` with so many epochs and all rows as one
            batch, so a schedule of the learning rate goes on from one to the next.
        code: beside each array the line of NumPy that computes it.
        sample_weight: (rows,) weights in the loss.
        jacobian: spell softmax with cross-entropy out through softmax's Jacobian too.

    A float32 model is explained in float64, with its own numbers. ``Perceptron(activation="sigmoid")`` is one layer
    under the squared error, summed over its units. With ``activation="step"`` its rule is shown,
    w′ = w − α (ŷ − y) x with targets y of 0 and 1, as a step down the criterion (ŷ − y) z, whose slope by z is ŷ − y.
    Either learns from one row at a time, so one row shows what it does.

    Raises ``ParameterError`` for options out of range, a network without a loss and a ``Perceptron`` with an L1 penalty
    or class weights, ``NotFittedError`` for an estimator that is not fitted.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(2, 1)], loss=cn.MSE())
    >>> net.layers[0].weights, net.layers[0].biases = [[0.5], [1.0]], 1.0
    >>> trace = cn.explain(net, [[3.0, 5.0]], [[1.0]], learning_rate=0.1)
    >>> trace.steps[0].symbol, trace.steps[0].arithmetic, trace.steps[0].value
    ('z1[0]', '3*0.5 + 5*1 + 1', 7.5)
    """
    if style not in STYLES:
        raise ParameterError(f'explain: style must be "node" or "matrix", but was given {style!r}.')
    precision = whole("explain", "precision", precision, 0)
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
    if learning_rate is not None:
        optimizer = SGD(learning_rate)
    model = apart(net_or_estimator)
    rule = isinstance(model, Perceptron) and model.activation == "step"
    given = objective(model, X, y, sample_weight, rule=rule)
    description, state = present(model, given.network, optimizer, plain=learning_rate is not None)
    x, target, weights = double(given.X), double(given.y), double(given.weights)
    damped = damping(model, sparse.issparse(given.X) and optimizer is None)
    book = calculate(description, state, x, target, weights, steps, rule=rule, damped=damped)
    return Trace(book, style=style, precision=precision, code=code, jacobian=jacobian)


def apart(model: Any) -> Any:
    """A copy of an estimator with a network of its own: weights that were assigned are taken over there."""
    if isinstance(model, Tabular) and "estimator_" in vars(model):
        model = copy(model)
        model.estimator_ = apart(model.estimator_)
    elif isinstance(model, BaseMLP) and hasattr(model, "network_"):
        model = copy(model)
        model.network_ = deepcopy(model.network_)
    elif isinstance(model, Perceptron) and hasattr(model, "coef_"):
        model = copy(model).densify()
    return model


def double(values: Any) -> Any:
    """Floats as a new dense float64 array; class numbers and None as they are."""
    if values is None or values.dtype.kind != "f":
        return values
    return np.array(values.toarray() if sparse.issparse(values) else values, np.float64, order="C")


def present(
    model: Any, net: Network, optimizer: Optimizer | None, *, plain: bool
) -> tuple[Description, State]:
    """Description and state of the update: the model's own optimizer where it stands, or another from its start.

    float32 networks are explained in float64: their numbers exactly, and the arithmetic on them to all digits.
    """
    if isinstance(model, Tabular):
        model = model.estimator_
    if isinstance(model, Perceptron):
        chosen, options = optimizer or SGD(float(model.eta0)), {} if optimizer else penalty_of(model)
    elif isinstance(model, BaseMLP):
        # L-BFGS is no rule for one step: plain gradient descent stands for it
        own = SGD() if model.solver == "lbfgs" else _build.make_optimizer(model)
        watch = r.VALIDATION if model.early_stopping else r.LOSS  # with which its state was begun
        chosen, options = optimizer or own, {**_build.limits_of(model), "watch": watch}
    else:
        chosen, options = optimizer or net.optimizer or SGD(), dict(net.options_)
    d = describe.training(describe.network(net.layers, net.loss), chosen, **({} if plain else options))
    if isinstance(model, BaseMLP) and not plain:
        state = _fitting.start(model, d, chosen)
    elif net.training_state is not None and chosen == net.optimizer and not plain:
        state = net.training_state
    else:
        state = State.start(net.parameters, d, net.seed)
    slots = state.slots.astype(np.float64)
    state = State(
        net.parameters.astype(np.float64), slots, state.seed, state.counts, state.numbers,
        buffers=net.buffers.astype(np.float64),
    )  # fmt: skip
    return replace(d, watch=r.NOTHING, dtype="float64"), state


def penalty_of(model: Perceptron) -> dict[str, float]:
    """A perceptron's penalty as one of the loss. Raises ParameterError for what is no gradient of a loss of rows."""
    odd = {
        "penalty": model.penalty in ("l1", "elasticnet"),
        "class_weight": model.class_weight is not None,
    }
    for name, there in odd.items():
        if there:
            raise ParameterError(
                f"explain: a Perceptron with {name}={getattr(model, name)!r} does not learn by a gradient alone: "
                "give a learning_rate to see its loss go down by plain gradient descent."
            )
    return {"l2": float(model.alpha)} if model.penalty == "l2" else {}


def damping(model: Any, own: bool) -> float:
    """What a perceptron's intercept moves by, as a share of its step; `own`: by its own rule, on sparse rows."""
    if not isinstance(model, Perceptron):
        return 1.0
    return 0.0 if not model.fit_intercept else SPARSE_INTERCEPT_DECAY if own else 1.0
