"""Every row of every table, and every option, trained by the fused engine while the NumPy engine is forbidden."""

from __future__ import annotations

import numpy as np
import pytest

from chalknet.engines import rules as r
from chalknet.engines.select import load
from chalknet.maths import losses
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.rows import ROW_ACTIVATIONS
from chalknet.maths.schedules import SCHEDULES

pytestmark = pytest.mark.unjitted

MLP = (5, 9, "tanh", 4)
# tol: a loss that stays the same is no improvement, whatever its last digit does
COMMON = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 8, "max_epochs": 3, "tol": 1e-6}


def _loss_case(name):
    row = losses.get(name)
    end = () if row.pair == "identity" else (row.pair,)
    return ((5, 9, "tanh", 4, *end), {"loss": name}, {})


SCORES = {"argmax": r.ARGMAX, "threshold": r.THRESHOLD, "r2": r.R2, "negative_loss": r.NEGATIVE_LOSS}
# name: (layers, options, data)
CASES: dict = {f"activation {name}": ((5, 9, name, 4), {}, {}) for name in (*ACTIVATIONS, *ROW_ACTIVATIONS)}
CASES |= {f"last {name}": ((5, 9, "tanh", 4, name), {}, {}) for name in (*ACTIVATIONS, *ROW_ACTIVATIONS)}
CASES |= {f"loss {name}": _loss_case(name) for name in LOSSES}
CASES |= {f"loss {name} from the other side": ((5, 9, 4), {"loss": name}, {}) for name in ("poisson_log",)}
CASES |= {
    "loss of several quantiles": ((5, 9, "tanh", 6), {"loss": "quantile", "loss_p": (0.1, 0.5, 0.9)}, {}),
    "single rows of several quantiles": (
        (5, 9, "tanh", 2),
        {"loss": "quantile", "loss_p": (0.1, 0.9), "optimizer": "sgd", "batch_size": 1},
        {},
    ),
    "single rows of means and variances": (
        MLP,
        {"loss": "gaussian", "optimizer": "sgd", "batch_size": 1},
        {},
    ),
}
CASES |= {f"optimizer {name}": (MLP, {"optimizer": name}, {}) for name in OPTIMIZERS}
CASES |= {f"schedule {name}": (MLP, {"schedule": name}, {}) for name in SCHEDULES}
CASES |= {
    f"single rows, {name}": ((5, 9, name, 4), {"optimizer": "sgd", "batch_size": 1}, {})
    for name in ACTIVATIONS
}
CASES |= {
    f"score {name}": (
        (5, 9, "relu", 4),
        {"loss": loss, "score": score, "watch": r.VALIDATION, "tol": 1e-3, "patience": 1.0},
        {"validation": 13, "weights": weights},
    )
    for name, score in SCORES.items()
    for loss in [
        "softmax_cross_entropy" if name == "argmax" else "poisson_log" if name == "r2" else "squared_error"
    ]
    for weights in (False, True)
}
CASES |= {
    "dropout everywhere": (
        (5, ("dropout", 0.2), 9, ("dropout", 0.5), "relu", ("dropout", 0.1), 4, ("dropout", 0.3)),
        {},
        {},
    ),
    "dropout of single rows": ((5, 9, "relu", ("dropout", 0.5), 4), {"optimizer": "sgd", "batch_size": 1}, {}),
    "weights": (MLP, {}, {"weights": True}),
    "weights, one row a batch": (MLP, {"optimizer": "sgd", "batch_size": 1}, {"weights": True}),
    "csr": (MLP, {}, {"csr": True}),
    "csr, one row a batch": (MLP, {"optimizer": "sgd", "batch_size": 1}, {"csr": True}),
    "csr below dropout": ((5, ("dropout", 0.2), 9, "relu", 4), {}, {"csr": True}),
    "csr below an activation": ((5, "tanh", 9, "relu", 4), {}, {"csr": True}),
    "class numbers": (MLP, {"loss": "softmax_cross_entropy"}, {"labels": True}),
    "l1": (MLP, {"l1": 0.1}, {}),
    "l2": (MLP, {"l2": 0.5}, {}),
    "both penalties, weights, adaptive rate": (
        MLP,
        {"l1": 0.1, "l2": 0.5, "schedule": "adaptive", "watch": r.LOSS, "tol": 1.0, "patience": 0.0, "max_epochs": 40},
        {"weights": True},
    ),
    "clipped values": (MLP, {"clip_value": 0.01}, {}),
    "clipped length": (MLP, {"clip_norm": 0.05}, {}),
    "both clips": (MLP, {"clip_value": 0.02, "clip_norm": 0.05}, {}),
    "sum": (MLP, {"reduction": "sum"}, {}),
    "mean of rows": (MLP, {"reduction": "mean_rows"}, {}),
    "converged": (MLP, {"watch": r.LOSS, "tol": 1.0, "patience": 2.0, "max_epochs": 50}, {}),
    "in order": (MLP, {"shuffle": False}, {}),
    "whole batch": (MLP, {"batch_size": 40}, {}),
    "larger than a block": (MLP, {"batch_size": 200}, {"n": 200}),
    "linear": ((5, 1), {}, {}),
    "wide": ((70, 130, "relu", 67, "tanh", 35), {}, {}),
    "wide single rows": ((70, 130, "relu", 67, "tanh", 35), {"optimizer": "sgd", "batch_size": 1}, {}),
    "diverged": ((5, 9, 4), {"optimizer": "sgd", "learning_rate": 1e6, "max_epochs": 100}, {}),
    "diverged single rows": ((5, 9, 4), {"optimizer": "sgd", "learning_rate": 1e6, "batch_size": 1}, {}),
}  # fmt: skip


def make(engines, name):
    """The description and the data of a case."""
    layers, options, how = CASES[name]
    description = engines.description(layers, **(COMMON | options))
    return description, engines.data(description, **how)


@pytest.fixture(scope="module")
def by_numpy(engines):
    """All cases by the NumPy engine, before it is forbidden."""
    return {name: engines.train("numpy", *make(engines, name)) for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_the_fused_engine_alone_gives_the_same_numbers(engines, by_numpy, no_chalkboard, name):
    if name.startswith("diverged"):
        fused = engines.train("numba", *make(engines, name))
        assert fused[0] == by_numpy[name][0] == r.DIVERGED
        assert len(fused[1].losses) == len(by_numpy[name][1].losses)
        return
    engines.same(engines.train("numba", *make(engines, name)), by_numpy[name], 1e-10)


def test_the_cases_are_what_they_are_called(by_numpy):
    assert by_numpy["converged"][0] == r.CONVERGED
    assert by_numpy["both penalties, weights, adaptive rate"][1].numbers[r.RATE] < 0.01
    assert all(
        np.abs(by_numpy[name][1].parameters).max() < 50 for name in CASES if not name.startswith("diverged")
    )


def test_the_numpy_engine_is_really_forbidden(engines, no_chalkboard):
    with pytest.raises(AssertionError, match="called the NumPy engine"):
        load("numpy").session(None, None, None)


@pytest.mark.parametrize(
    "name", ["activation relu", "loss softmax_cross_entropy", "dropout everywhere", "csr", "wide"]
)
def test_float32_follows_closely(engines, no_chalkboard, name):
    layers, options, how = CASES[name]
    runs = []
    for dtype in ("float32", "float64"):
        description = engines.description(layers, **(COMMON | options | {"dtype": dtype}))
        runs.append(engines.train("numba", description, engines.data(description, **how))[1])
    assert runs[0].parameters.dtype == np.float32
    np.testing.assert_allclose(runs[0].losses, runs[1].losses, rtol=3e-4)
