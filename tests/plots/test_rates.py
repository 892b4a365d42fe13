"""The learning-rate range test."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

import chalknet as cn
from chalknet.exceptions import ParameterError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_digits(return_X_y=True)
X = X[:600] / 16.0
Y = Y[:600]


def model(**more: Any) -> Any:
    return cn.MLPClassifier(**{"hidden_layer_sizes": (16,), "random_state": 0, "batch_size": 64, **more})


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_engines_see_the_same_losses_and_the_suggestion_learns(solver: str) -> None:
    found = [cn.learning_rate_range(model(engine=e, solver=solver), X, Y) for e in ("numpy", "numba")]
    np.testing.assert_allclose(found[0].losses, found[1].losses, rtol=1e-4)
    rate = found[0].suggestion
    assert 1e-4 < rate < 2.0 and len(found[0].learning_rates) == len(found[0].losses) <= 100
    assert found[0].losses[0] == pytest.approx(np.log(10), rel=0.2)  # nothing is learned at first
    tried = [model(solver=solver, learning_rate_init=r, max_iter=5) for r in (rate, rate / 1e4)]
    scores = [one.fit(X, Y).score(X, Y) for one in tried]
    assert scores[0] > scores[1] + 0.3


def test_the_model_is_left_as_it_is() -> None:
    fresh = model()
    cn.learning_rate_range(fresh, X, Y, steps=20)
    assert not hasattr(fresh, "network_") and fresh.warm_start is False
    fitted = model(max_iter=20, early_stopping=True, n_estimators=2).fit(X, Y)
    before = pickle.dumps(fitted)
    found = cn.learning_rate_range(fitted, X, Y, steps=20)
    assert pickle.dumps(fitted) == before and found.losses[0] < 0.97 * np.log(10)  # from its weights on


def test_networks_sparse_rows_and_weights() -> None:
    net = cn.Network(
        [cn.Dense(64, 8), cn.Tanh(), cn.Dense(8, 10)], loss=cn.SoftmaxCrossEntropy(), random_state=0
    )
    before = net.parameters.copy()
    dense = cn.learning_rate_range(net, X, Y, steps=30)
    rows = cn.learning_rate_range(net, sparse.csr_matrix(X), Y, steps=30)
    np.testing.assert_allclose(dense.losses, rows.losses)
    weighted = cn.learning_rate_range(
        net, X, Y, steps=30, sample_weight=np.where(Y < 5, 2.0, 0.5), batch_size=600
    )
    assert weighted.losses[0] != dense.losses[0]
    np.testing.assert_array_equal(net.parameters, before)
    assert net.training_state is None


def test_it_ends_where_the_loss_has_blown_up() -> None:
    found = cn.learning_rate_range(model(solver="sgd"), X, Y, highest=1e6, steps=60)
    assert len(found.losses) < 55 and np.isfinite(found.losses).all()


def test_it_draws_itself() -> None:
    found = cn.learning_rate_range(model(), X, Y)
    ax = found.plot()
    assert ax.get_xscale() == "log" and ax.get_xlabel() == "learning rate"
    assert f"{found.suggestion:.2g}" in ax.get_legend().get_texts()[2].get_text()
    assert found.plot(ax=ax) is ax
    assert repr(found).startswith(f"RateRange({len(found.losses)} rates from 1e-06 to ")
    flat = cn.plots.RateRange(np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([1.0, 2.0]), None)
    assert "the loss never falls" in repr(flat) and flat.plot().get_legend() is not None


def test_what_cannot_be_swept_is_refused() -> None:
    for wrong, said in (
        ({"lowest": 0.0}, "lowest must be a number finite and above 0"),
        ({"highest": 1e-7}, "highest must be above lowest, but they are 1e-07 and 1e-06"),
        ({"steps": 3}, "steps must be a whole number of at least 10"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1"),
    ):
        with pytest.raises(ParameterError, match=said):
            cn.learning_rate_range(model(), X, Y, **wrong)
    with pytest.raises(ParameterError, match="needs a solver with a learning rate"):
        cn.learning_rate_range(model(solver="lbfgs"), X, Y)
    with pytest.raises(
        ParameterError, match="takes a Network, an MLPClassifier or an MLPRegressor, but was given 3"
    ):
        cn.learning_rate_range(3, X, Y)
