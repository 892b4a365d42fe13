"""Every fitted estimator is explained as it stands, and its update is the one that it makes next."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import chalknet as cn
from chalknet.maths.optimizers import OPTIMIZERS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
TWO = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
THREE = np.array(["a", "b", "c"])[RNG.integers(0, 3, 40)]
LABELS = RNG.integers(0, 2, (40, 3))
NUMBERS = X @ [1.0, 2.0, 3.0]
COUNTS = RNG.poisson(2.0, 40)
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0, "engine": "numba"}
KINDS = {
    "two classes": (cn.MLPClassifier, {}, TWO),
    "three classes": (cn.MLPClassifier, {"activation": ["gelu"]}, THREE),
    "several labels": (cn.MLPClassifier, {}, LABELS),
    "class weights": (cn.MLPClassifier, {"class_weight": {"a": 2, "b": 1, "c": 0.5}}, THREE),
    "hinge": (cn.MLPClassifier, {"loss": "hinge"}, TWO),
    "focal and dropout": (cn.MLPClassifier, {"loss": "focal", "dropout": 0.3}, TWO),
    "a number": (cn.MLPRegressor, {"alpha": 0.1}, NUMBERS),
    "two numbers": (cn.MLPRegressor, {"hidden_layer_sizes": (3, 2)}, np.c_[NUMBERS, -NUMBERS]),
    "counts": (cn.MLPRegressor, {"loss": "poisson"}, COUNTS),
    "huber": (cn.MLPRegressor, {"loss": "huber", "batch_size": 6}, NUMBERS),
    "falling rate": (cn.MLPClassifier, {"solver": "sgd", "learning_rate": "invscaling"}, TWO),
    "a rate along a cosine": (cn.MLPClassifier, {"learning_rate": "cosine", "solver": "adamw"}, TWO),
}


def fitted(kind, **options):
    cls, more, y = KINDS[kind]
    return cls(**{**SMALL, **more, **options}).fit(X, y), y


def new_parameters(trace, primes=1):
    """The trace's parameters after so many updates, flat."""
    numbers = range(1, len(trace.book.description.dense) + 1)
    return np.concatenate([trace.array(f"{c}{n}{chr(39) * primes}").ravel() for n in numbers for c in "Wb"])


def same_as_partial_fit(est, X, y, tolerance=1e-12, steps=2):
    """The trace changes nothing, and its two updates are those of the next two calls of partial_fit."""
    before = pickle.dumps(est)
    trace = cn.explain(est, X, y, steps=steps, style="matrix")
    assert trace.steps and trace.remarks is not None and pickle.dumps(est) == before
    for k in range(1, steps + 1):
        est.partial_fit(X, y)
        np.testing.assert_allclose(new_parameters(trace, k), est.network_.parameters, rtol=0, atol=tolerance)
    return trace


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimators_update_is_its_next_partial_fit(traces, kind):
    est, y = fitted(kind)
    trace = cn.explain(est, X[:3], y[:3])
    left = {s["symbol"].partition("[")[0] for s in traces.arithmetic(trace) if s["part"] != "given"}
    assert left <= {"mask1"}
    # a cosine runs over one call: over both updates of a trace, but over each partial_fit
    same_as_partial_fit(est, X[:6], y[:6], steps=1 if kind == "a rate along a cosine" else 2)


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_of_every_solver(solver):
    est, y = fitted("three classes", solver=solver)
    same_as_partial_fit(est, X[:6], y[:6])


def test_weights_that_were_assigned_are_explained_and_the_optimizer_starts_anew():
    est, y = fitted("two classes")
    est.coefs_[0] = est.coefs_[0] * 2
    trace = same_as_partial_fit(est, X[:6], y[:6])
    assert not trace.array("mW1").any()


def test_options_that_were_changed_since_count():
    est, y = fitted("two classes")
    assert cn.explain(est.set_params(alpha=0.5), X[:6], y[:6]).book.description.l2 == 0.5
    same_as_partial_fit(est.set_params(learning_rate_init=0.1), X[:6], y[:6])


def test_a_model_from_a_file(tmp_path):
    est, y = fitted("focal and dropout")
    cn.save(est, tmp_path / "model.chalk")
    same_as_partial_fit(cn.load(tmp_path / "model.chalk"), X[:6], y[:6])


@pytest.mark.slow
def test_float32_is_explained_in_float64():
    cls, more, y = KINDS["two classes"]
    est = cls(**{**SMALL, **more}).fit(X.astype(np.float32), y)
    trace = same_as_partial_fit(est, X[:6].astype(np.float32), y[:6], 1e-7)
    assert trace.array("x").dtype == np.float64


@pytest.mark.parametrize("kind", ["sparse", "frame"])
def test_rows_come_as_fit_takes_them(kind):
    make = {"sparse": sparse.csr_matrix, "frame": lambda rows: pd.DataFrame(rows, columns=list("abc"))}[kind]
    est = cn.MLPClassifier(**SMALL).fit(make(X), TWO)
    same_as_partial_fit(est, make(X[:6]), TWO[:6])


def test_early_stopping_and_lbfgs():
    est, y = fitted("two classes", early_stopping=True)
    assert cn.explain(est, X[:2], y[:2]).array("mW1").any()
    est, y = fitted("two classes", solver="lbfgs")
    trace = cn.explain(est, X, y)
    assert trace.book.description.optimizer == "sgd" and trace.book.description.l2 == 1e-4


def test_sample_weights():
    est, y = fitted("two classes")
    weights = np.arange(1.0, 7.0)
    trace = cn.explain(est, X[:6], y[:6], sample_weight=weights)
    assert trace.value("s[2]") == 3.0
    est._fit(X[:6], y[:6], weights, incremental=True)
    np.testing.assert_allclose(new_parameters(trace), est.network_.parameters, rtol=0, atol=1e-12)


def test_raw_tables():
    table = cn.data.load("penguins")
    model = cn.TabularClassifier(random_state=0, max_iter=2, batch_size=3).fit(table.X, table.y)
    before = pickle.dumps(model)
    trace = cn.explain(model, table.X[:3], table.y[:3], style="matrix")
    assert pickle.dumps(model) == before
    model.estimator_.partial_fit(model.preprocessor_.transform(table.X[:3]), np.asarray(table.y[:3]))
    np.testing.assert_allclose(new_parameters(trace), model.network_.parameters, rtol=0, atol=1e-12)


def test_raw_tables_with_a_number_as_target_are_explained_in_the_networks_unit():
    table = cn.data.load("diabetes")
    model = cn.TabularRegressor(random_state=0, max_iter=2, batch_size=3).fit(table.X, table.y)
    trace = cn.explain(model, table.X[:3], table.y[:3], style="matrix")
    scaled = (np.asarray(table.y[:3]) - model.target_mean_) / model.target_scale_
    np.testing.assert_allclose(trace.array("y")[:, 0], scaled)
    model.estimator_.partial_fit(model.preprocessor_.transform(table.X[:3]), scaled)
    np.testing.assert_allclose(new_parameters(trace), model.network_.parameters, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cls", [cn.MLPClassifier, cn.TabularRegressor, cn.Perceptron])
def test_an_estimator_must_be_fitted(cls):
    with pytest.raises(cn.NotFittedError, match="not fitted yet"):
        cn.explain(cls(), X, TWO)
