"""Updates with a learning rate that rises from step to step, on a copy of a model."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from chalknet.engines import describe, select
from chalknet.engines import random as counters
from chalknet.engines import rules as r
from chalknet.engines.base import Description
from chalknet.engines.match import check_loss
from chalknet.engines.state import Data, State, Until
from chalknet.estimators import _fitting
from chalknet.estimators._base import BaseMLP
from chalknet.exceptions import ParameterError
from chalknet.layers.optimizer import SGD
from chalknet.network import Network

LIMIT = 4.0  # times the best loss so far: then the sweep has seen enough


class Ready(NamedTuple):
    """A copy of a model, ready to learn."""

    description: Description
    state: State
    data: Data
    engine: str


def sweep(
    model: Any, X: Any, y: Any, rates: np.ndarray, batch_size: int | None, sample_weight: Any
) -> list[float]:
    """The loss of a batch before each update, one update a rate; ends early where it has blown up."""
    ready = prepared(model, X, y, sample_weight, batch_size)
    d, state, data = ready.description, ready.state, ready.data
    n, engine, out, best = data.rows.size, select.load(ready.engine), list[float](), math.inf
    batch, at, epoch = min(d.batch_size, n), 0, 0
    order = counters.order(state.seed, epoch, n)
    smooth = Smooth()
    for rate in rates:
        if at + batch > n:
            at, epoch = 0, epoch + 1
            order = counters.order(state.seed, epoch, n)
        rows, at = data.rows[np.sort(order[at : at + batch])], at + batch
        state.numbers[r.RATE] = rate
        engine.session(d, state, Data(data.X, data.y, rows, data.weights)).run(Until(1))
        loss = state.losses[-1]
        if not math.isfinite(loss):
            break
        out.append(loss)
        mean = smooth(loss)
        best = min(best, mean)
        if len(out) > 10 and mean > LIMIT * best + 1e-12:
            break
    return out


class Smooth:
    """A running mean of the last losses, without bias at its begin (as Adam has it)."""

    def __init__(self, keep: float = 0.9) -> None:
        self.keep, self.mean, self.share = keep, 0.0, 1.0

    def __call__(self, loss: float) -> float:
        """The mean with one more loss."""
        self.mean = self.keep * self.mean + (1.0 - self.keep) * loss
        self.share *= self.keep
        return self.mean / (1.0 - self.share)


def prepared(model: Any, X: Any, y: Any, sample_weight: Any, batch_size: int | None) -> Ready:
    """A copy of the model as its ``fit`` would begin, or go on where it is fitted. The model stays as it is."""
    if isinstance(model, Network):
        return _of_network(copy.deepcopy(model), X, y, sample_weight, batch_size)
    if not isinstance(model, BaseMLP):
        raise ParameterError(
            f"learning_rate_range takes a Network, an MLPClassifier or an MLPRegressor, but was given {model!r}."
        )
    if model.solver == "lbfgs":
        raise ParameterError(
            'learning_rate_range needs a solver with a learning rate: use solver="adam" or "sgd".'
        )
    est = copy.deepcopy(model) if hasattr(model, "network_") else clone(model)
    own = {
        "callbacks": None,
        "verbose": False,
        "early_stopping": False,
        "n_estimators": 1,
        "learning_rate": "constant",
    }
    est.set_params(**own, warm_start=True, **({} if batch_size is None else {"batch_size": batch_size}))
    est._validate_params()
    x, target, w = est._prepare(lambda first: est._take(X, y, sample_weight, False, first), incremental=False)
    run = _fitting.plan(est, x, target, w, incremental=False)
    description = endless(run.description)
    return Ready(description, run.state, run.data, est.engine_)


def endless(d: Description) -> Description:
    """The description with nothing that stops it or sets the rate."""
    return replace(
        d,
        watch=r.NOTHING,
        score=r.NO_SCORE,
        max_epochs=1 << 30,
        schedule="constant",
        schedule_hyper=(),
        shuffle=False,
    )


def _of_network(net: Network, X: Any, y: Any, sample_weight: Any, batch_size: int | None) -> Ready:
    loss: Any = net._objective()
    check_loss(net.layers, loss)
    x = net.inputs_for(X)
    n = x.shape[0]
    target = describe.targets(loss, y, net.layers, n, net.dtype)
    w = describe.weights(sample_weight, n, net.dtype)
    size = min(32 if batch_size is None else batch_size, n)
    d = describe.training(
        describe.network(net.layers, loss), net.optimizer or SGD(), batch_size=size, **net.options_
    )
    state = State.start(net.parameters, endless(d), net.seed, net.buffers)
    name = select.resolve("auto", n, net.parameters.size, size, 10)
    return Ready(endless(d), state, Data(x, target, np.arange(n), w), name)
