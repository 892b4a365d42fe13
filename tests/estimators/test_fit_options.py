"""Validation rows of one's own, limits of time, of gradients and of weights, for both estimators."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chalknet as cn

RNG = np.random.default_rng(0)
X, y = load_iris(return_X_y=True)
ROWS = RNG.permutation(len(X))
TRAIN, OWN = ROWS[:100], ROWS[100:]
ENGINES = ("numpy", "numba")
pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def classifier(**options):
    return cn.MLPClassifier(
        (8,), **{"max_iter": 30, "random_state": 0, "learning_rate_init": 0.01, **options}
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_own_validation_rows_are_scored_and_change_nothing(engine, dtype):
    x = X.astype(dtype)
    model = classifier(engine=engine).fit(x[TRAIN], y[TRAIN], X_val=X[OWN], y_val=y[OWN])
    plain = classifier(engine=engine).fit(x[TRAIN], y[TRAIN])
    np.testing.assert_array_equal(model.coefs_[0], plain.coefs_[0])
    assert len(model.validation_scores_) == model.n_iter_ and plain.validation_scores_ is None
    assert model.validation_scores_[-1] == pytest.approx(model.score(x[OWN], y[OWN]))
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ == min(model.loss_curve_)


@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping_by_them_trains_on_all_rows_and_brings_the_best_back(engine):
    model = classifier(engine=engine, early_stopping=True, max_iter=300, n_iter_no_change=3)
    model.fit(X[TRAIN], y[TRAIN], X_val=X[OWN], y_val=y[OWN])
    assert model.n_iter_ < 300 and model.t_ == 100 * model.n_iter_
    assert model.best_loss_ is None
    assert model.score(X[OWN], y[OWN]) == pytest.approx(model.best_validation_score_)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_matrix, np.asarray])
@pytest.mark.parametrize("own", [sparse.csr_matrix, sparse.csc_matrix, np.asarray])
def test_own_validation_rows_may_be_of_another_form(engine, form, own):
    x = np.where(X > 3, 0.0, X)
    model = classifier(engine=engine, max_iter=3).fit(
        form(x[TRAIN]), y[TRAIN], X_val=own(x[OWN]), y_val=y[OWN]
    )
    assert model.validation_scores_[-1] == pytest.approx(model.score(own(x[OWN]), y[OWN]))


def test_weights_of_theirs_and_regressors():
    t = X[:, 0] * 10
    w = RNG.random(len(OWN))
    model = cn.MLPRegressor(hidden_layer_sizes=(6,), max_iter=20, random_state=0, scale_target=True)
    model.fit(X[TRAIN], t[TRAIN], X_val=X[OWN], y_val=t[OWN], sample_weight_val=w)
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[OWN], t[OWN], w), rel=1e-9)


def test_what_does_not_fit_is_refused():
    model = classifier()
    with pytest.raises(cn.exceptions.ParameterError, match="X_val alone: X_val and y_val belong together"):
        model.fit(X, y, X_val=X)
    with pytest.raises(cn.exceptions.ParameterError, match="sample_weight_val alone"):
        model.fit(X, y, sample_weight_val=np.ones(3))
    with pytest.raises(ValueError, match="X has 2 features"):
        model.fit(X, y, X_val=X[:, :2], y_val=y)
    with pytest.raises(ValueError, match="classes not in"):
        model.fit(X, y, X_val=X, y_val=y + 1)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y, X_val=X, y_val=y[:3])
    with pytest.raises(cn.exceptions.ParameterError, match="needs a solver with epochs"):
        classifier(solver="lbfgs").fit(X, y, X_val=X, y_val=y)
    two = np.column_stack([y, y]).astype(float)
    with pytest.raises(cn.exceptions.ShapeError, match="y_val has 1 outputs, but y has 2"):
        cn.MLPRegressor(max_iter=2).fit(X, two, X_val=X, y_val=two[:, 0])


def test_names_of_columns_are_compared():
    table = pd.DataFrame(X, columns=list("abcd"))
    with pytest.raises(ValueError, match="feature names"):
        classifier().fit(table, y, X_val=table.rename(columns={"a": "e"}), y_val=y)


def test_they_can_be_routed_through_a_pipeline():
    with config_context(enable_metadata_routing=True):
        last = classifier().set_fit_request(X_val=True, y_val=True)
        pipe = make_pipeline(StandardScaler().set_transform_request(copy=False), last)
        pipe.fit(X[TRAIN], y[TRAIN], X_val=StandardScaler().fit(X[TRAIN]).transform(X[OWN]), y_val=y[OWN])
    assert pipe[-1].validation_scores_[-1] == pipe.score(X[OWN], y[OWN])


def test_tables_take_them_as_they_are():
    penguins = cn.data.load("penguins")
    own = penguins.X.iloc[::3]
    model = cn.TabularClassifier(max_iter=5, random_state=0)
    model.fit(penguins.X, penguins.y, X_val=own, y_val=penguins.y.iloc[::3])
    assert len(model.validation_scores_) == 5
    diabetes = cn.data.load("diabetes")
    number = cn.TabularRegressor(max_iter=5, random_state=0)
    number.fit(diabetes.X, diabetes.y, X_val=diabetes.X.iloc[:50], y_val=diabetes.y.iloc[:50])
    assert len(number.validation_scores_) == 5


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs", "tol": 1e-300, "max_fun": 10**9}])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_limit_of_time_ends_a_fit_gently(engine, options):
    rng = np.random.default_rng(0)
    limit = 1e-6 if options else 0.2  # L-BFGS hears of it after its first iteration, and may need few
    x, t = rng.normal(size=(400, 10)), rng.normal(size=400)
    model = cn.MLPRegressor(
        hidden_layer_sizes=(50, 50), engine=engine, max_time=limit, max_iter=10**8, n_iter_no_change=10**8, alpha=0.0,
        **options,
    )  # fmt: skip
    with pytest.warns(
        ConvergenceWarning, match=rf"Stopped by max_time={limit:g} seconds after \d+ iterations?"
    ):
        model.fit(x, t)
    assert 0 < model.n_iter_ < 10**8 and len(model.loss_curve_) == model.n_iter_
    assert np.isfinite(model.predict(x)).all() and np.isfinite(model.loss_)


def test_a_limit_shorter_than_an_epoch_leaves_a_fitted_model():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(20_000, 50)), rng.normal(size=20_000)
    model = cn.MLPRegressor(hidden_layer_sizes=(200, 200), engine="numpy", max_time=1e-6, batch_size=10)
    with pytest.warns(ConvergenceWarning, match="after 0 iterations"):
        model.fit(x, t)
    assert model.n_iter_ == 0 and np.isnan(model.loss_) and model.predict(x[:2]).shape == (2,)


def test_a_population_under_a_limit_of_time():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(400, 10)), rng.normal(size=400)
    models = [
        cn.MLPRegressor(max_time=limit, max_iter=n, n_iter_no_change=10**8, engine="numba", random_state=0)
        for limit, n in ((0.1, 10**8), (None, 3))
    ]
    with pytest.warns(ConvergenceWarning):
        cn.fit_many(models, x, t)
    assert 0 < models[0].n_iter_ < 10**8 and models[1].n_iter_ == 3


@pytest.mark.parametrize("name", ["clip_value", "max_norm", "max_time"])
def test_limits_are_checked_and_kept(name, tmp_path):
    with pytest.raises(ValueError, match=name):
        classifier(**{name: 0.0}).fit(X, y)
    model = classifier(**{name: 50.0})
    assert clone(model).get_params()[name] == 50.0
    cn.save(model.fit(X, y), tmp_path / "m.chalk")
    assert getattr(cn.load(tmp_path / "m.chalk"), name) == 50.0
    if name != "max_time":
        with pytest.raises(cn.exceptions.ParameterError, match=f"{name} needs a stochastic solver"):
            classifier(solver="lbfgs", **{name: 1.0}).fit(X, y)


@pytest.mark.parametrize("engine", ENGINES)
def test_they_do_what_they_say(engine):
    model = classifier(max_norm=0.3, engine=engine).fit(X, y)
    assert max(np.sqrt((w**2).sum(axis=0)).max() for w in model.coefs_) <= 0.3 * (1 + 1e-6)
    slow = classifier(solver="sgd", momentum=0.0, clip_value=1e-4, engine=engine, max_iter=3).fit(X, y)
    first = classifier(solver="sgd", momentum=0.0, max_iter=1, learning_rate_init=1e-300, engine=engine).fit(
        X, y
    )
    assert np.abs(slow.coefs_[0] - first.coefs_[0]).max() <= 3 * 0.01 * 1e-4 * (1 + 1e-9)


def test_a_trace_shows_how_weights_are_held(tmp_path):
    model = classifier(
        max_norm=0.3, solver="sgd", engine="numpy", batch_size=150, shuffle=False, max_iter=2
    ).fit(X, y)
    few = X[:4], y[:4]
    trace = cn.explain(model, *few, precision=8)
    steps = {s.symbol: s for s in trace.steps}
    assert steps["lim1'[0]"].arithmetic.startswith("0.3/max(sqrt(") and steps["V1'[0,0]"].arithmetic
    long = trace.array("V1'")
    factor = 0.3 / np.maximum(np.sqrt((long**2).sum(axis=0)), 0.3)
    np.testing.assert_allclose(trace.array("W1'"), long * factor)
    assert "units' weights at most 0.3" in " ".join(trace.to_text().split())
    assert trace.why("W1[0,0]").new_value == pytest.approx(trace.value("W1'[0,0]"))


@pytest.mark.parametrize("solver", ["lbfgs", "sgd"])
def test_whole_weights_are_repeated_rows(solver):
    w = RNG.integers(0, 3, len(X))
    w[:2] = 1
    again = np.repeat(np.arange(len(X)), w)
    kind = {"lbfgs": {}, "sgd": {"batch_size": 10**6, "shuffle": False, "momentum": 0.0}}[solver]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = classifier(solver=solver, max_iter=15, **kind).fit(X, y, sample_weight=w.astype(float))
        two = classifier(solver=solver, max_iter=15, **kind).fit(X[again], y[again])
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-6)
