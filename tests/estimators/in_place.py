"""A pytest plugin for scikit-learn's own tests: classes of chalknet stand in the place of scikit-learn's.

The environment says which, `IN_PLACE="sklearn.neural_network.MLPClassifier=chalknet.MLPClassifier …"`, and with which
engine, `IN_PLACE_ENGINE`. They are put there before a test is imported, in a process of their own.

Some of scikit-learn's tests look into private attributes. Where chalknet keeps the same thing elsewhere, these tests
find it under scikit-learn's private name, so that they test it too.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest


def named(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def pytest_configure(config: pytest.Config) -> None:
    if "IN_PLACE" not in os.environ:
        return
    for pair in os.environ["IN_PLACE"].split():
        place, _, ours = pair.partition("=")
        module, _, name = place.rpartition(".")
        cls = named(ours)
        if "IN_PLACE_ENGINE" in os.environ:
            cls.__init__.__kwdefaults__["engine"] = os.environ["IN_PLACE_ENGINE"]
        if "neural_network" in place:
            cls._no_improvement_count = property(stale, lambda est, value: None)
            cls._optimizer = property(optimizer)
            cls._loss_grad_lbfgs = loss_and_gradient
        setattr(import_module(module), name, cls)


def stale(est: Any) -> int:
    from chalknet.engines import rules

    return int(est.network_.training_state.counts[rules.STALE])


def optimizer(est: Any) -> Any:
    """Its learning rate, as it is when the run has ended."""
    from chalknet.engines import rules
    from chalknet.maths import schedules

    clock = (0.0, 0.0, 0.0, float(est.t_))
    rate = float(est.network_.training_state.numbers[rules.RATE])
    used = est.network_.optimizer.schedule
    return SimpleNamespace(learning_rate=schedules.get(used.name).rate(rate, clock, used.h))


def loss_and_gradient(est: Any, packed: np.ndarray, X: Any, y: np.ndarray, weights: Any, *_: Any) -> Any:
    """The objective of "lbfgs" at parameters in scikit-learn's order: all weights, then all biases."""
    from chalknet.engines import describe, select
    from chalknet.engines.state import Data
    from chalknet.layers.optimizer import SGD

    net = est.network_
    places = np.split(np.arange(packed.size), np.cumsum([a.size for a in est.coefs_ + est.intercepts_])[:-1])
    n = len(est.coefs_)
    to_ours = np.concatenate([np.concatenate([places[i], places[n + i]]) for i in range(n)])
    d = describe.training(describe.network(net.layers, net.loss), SGD(), l2=est.alpha)
    targets = y.argmax(axis=1) if net.loss.row.labels else y.astype(float)
    data = Data(X, targets, np.arange(len(X)), weights)
    loss, gradient = select.load(est.engine_).slope(d, data)(packed[to_ours])
    packed_gradient = np.empty_like(gradient)
    packed_gradient[to_ours] = gradient
    return loss, packed_gradient


if "sklearn.conftest" not in sys.modules:

    @pytest.fixture
    def global_random_seed() -> int:
        return 42
