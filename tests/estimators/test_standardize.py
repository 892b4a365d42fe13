"""`standardize=True`: means and variances of the inputs live inside the model, which takes raw rows."""

from __future__ import annotations

import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chalknet as cn

ENGINES = ["numpy", "numba"]
X, Y = load_wine(return_X_y=True)
WEIGHTS = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
QUICK: dict[str, Any] = {
    "hidden_layer_sizes": (8,),
    "max_iter": 30,
    "learning_rate_init": 0.01,
    "random_state": 0,
}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def like_scaler(model: Any, rows: np.ndarray, weights: np.ndarray | None = None) -> None:
    scaler = StandardScaler().fit(rows, sample_weight=weights)
    np.testing.assert_allclose(model.input_mean_, scaler.mean_, rtol=1e-10)
    np.testing.assert_allclose(model.input_variance_, scaler.var_, rtol=1e-9)
    assert model.n_samples_seen_ == (len(rows) if weights is None else weights.sum())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "options",
    [{}, {"solver": "lbfgs"}, {"early_stopping": True}, {"normalization": "batch"}, {"batch_size": 1}],
    ids=str,
)
def test_it_is_a_scaler_before_the_network(engine: str, options: dict[str, Any]) -> None:
    settings = {**QUICK, **options, "engine": engine}
    if options.get("batch_size") == 1:
        settings["max_iter"] = 2
    inside = cn.MLPClassifier(standardize=True, **settings).fit(X, Y)
    before = make_pipeline(StandardScaler(), cn.MLPClassifier(**settings)).fit(X, Y)
    np.testing.assert_allclose(inside.predict_proba(X), before.predict_proba(X), rtol=1e-5, atol=1e-8)
    assert [w.shape for w in inside.coefs_] == [(13, 8), (8, 3)] and inside.n_features_in_ == 13
    like_scaler(inside, X)


def test_raw_rows_are_learned_at_once() -> None:
    assert cn.MLPClassifier(standardize=True, **QUICK).fit(X, Y).score(X, Y) > 0.9
    assert cn.MLPClassifier(**QUICK).fit(X, Y).score(X, Y) < 0.8


def test_weights_count() -> None:
    model = cn.MLPRegressor(standardize=True, **QUICK).fit(X, Y, WEIGHTS)
    like_scaler(model, X, WEIGHTS)
    heavy = cn.MLPClassifier(standardize=True, class_weight={0: 3.0}, **QUICK).fit(X, Y)
    like_scaler(heavy, X, np.where(Y == 0, 3.0, 1.0))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stream_keeps_them_running_over_all_rows_seen(engine: str) -> None:
    model = cn.MLPClassifier(standardize=True, engine=engine, **QUICK)
    for k, rows in enumerate(np.array_split(np.random.default_rng(1).permutation(len(X)), 5)):
        model.partial_fit(X[rows], Y[rows], classes=[0, 1, 2] if k < 3 else None)
        assert model.network_.layers[0].mean[0] == pytest.approx(model.input_mean_)
    like_scaler(model, X)
    half = np.repeat([1.0, 0.0], [89, 89])  # rows without weight tell nothing
    one = cn.MLPClassifier(standardize=True, engine=engine, **QUICK).partial_fit(
        X, Y, half, classes=[0, 1, 2]
    )
    like_scaler(one, X, half)
    model.partial_fit(X + 100.0, Y)
    like_scaler(model, np.vstack([X, X + 100.0]))
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_warm_start_keeps_those_of_the_first_fit_and_a_new_fit_learns_them_anew() -> None:
    model = cn.MLPClassifier(standardize=True, warm_start=True, **QUICK).fit(X, Y)
    model.fit(X * 2.0, Y)
    like_scaler(model, X)
    twice = clone(model).fit(X, Y).fit(X, Y)
    whole = clone(model).set_params(max_iter=60).fit(X, Y)
    np.testing.assert_array_equal(twice.network_.parameters, whole.network_.parameters)
    like_scaler(model.set_params(warm_start=False).fit(X * 2.0, Y), X * 2.0)
    plain = model.set_params(standardize=False).fit(X, Y)
    assert not hasattr(plain, "input_mean_")


def test_constant_columns_stay_what_they_are() -> None:
    flat = np.c_[
        np.full(200, 0.1), np.random.default_rng(0).normal(size=200), np.zeros(200), np.full(200, 1e-30)
    ]
    for dtype in (np.float64, np.float32):
        model = cn.MLPRegressor(standardize=True, **QUICK).fit(flat.astype(dtype), flat[:, 1])
        assert model.network_.layers[0].variance[0, [0, 2, 3]].tolist() == [1.0, 1.0, 1.0]
        assert model.score(flat.astype(dtype), flat[:, 1]) > 0.5


def test_float32_rows_far_from_zero() -> None:
    far = (X + 1e4).astype(np.float32)
    model = cn.MLPClassifier(standardize=True, **QUICK).fit(far, Y)
    np.testing.assert_allclose(model.input_variance_, far.astype(np.float64).var(axis=0), rtol=1e-6)
    assert model.coefs_[0].dtype == np.float32 and model.score(far, Y) > 0.9


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"early_stopping": True}], ids=str)
def test_sparse_rows(engine: str, form: Any, options: dict[str, Any]) -> None:
    thin = X * (np.random.default_rng(0).random(X.shape) < 0.3)
    settings = {**QUICK, **options, "engine": engine, "standardize": True}
    a, b = cn.MLPClassifier(**settings).fit(thin, Y), cn.MLPClassifier(**settings).fit(form(thin), Y)
    np.testing.assert_allclose(a.input_variance_, b.input_variance_, rtol=1e-9)
    np.testing.assert_allclose(a.predict_proba(thin), b.predict_proba(form(thin)), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse_rows_are_never_dense_as_a_whole(engine: str, solver: str) -> None:
    rows = sparse.random(20_000, 200, 0.01, "csr", random_state=0)
    y = np.asarray(rows.sum(axis=1)).ravel() > 1.0
    model = cn.MLPClassifier(
        (4,), standardize=True, engine=engine, solver=solver, max_iter=2, early_stopping=solver == "adam"
    )
    model.fit(rows[:500], y[:500])  # imports and compilation
    tracemalloc.start()
    model.fit(rows, y).predict(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * 20_000 * 200 * 8  # half of what they would take


def test_engines_agree_over_blocks_of_rows() -> None:
    rows = sparse.random(3000, 20, 0.2, "csr", random_state=0)
    y = np.asarray(rows @ np.arange(20.0))
    w = np.random.default_rng(0).integers(0, 3, 3000).astype(float)
    fits = [
        cn.MLPRegressor(standardize=True, solver="lbfgs", engine=e, **{**QUICK, "max_iter": 5}).fit(
            rows, y, w
        )
        for e in ENGINES
    ]
    dense = cn.MLPRegressor(standardize=True, solver="lbfgs", engine="numpy", **{**QUICK, "max_iter": 5})
    for other in (fits[1], dense.fit(rows.toarray(), y, w)):
        np.testing.assert_allclose(fits[0].network_.parameters, other.network_.parameters, rtol=1e-7)


def test_it_is_kept_in_every_way(tmp_path: Any) -> None:
    model = cn.MLPClassifier(standardize=True, **QUICK).partial_fit(X[:90], Y[:90], classes=[0, 1, 2])
    cn.save(model, tmp_path / "model.chalk")
    loaded, pickled = cn.load(tmp_path / "model.chalk"), pickle.loads(pickle.dumps(model))
    for other in (loaded, pickled):
        np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))
        other.partial_fit(X[90:], Y[90:])
        like_scaler(other, X)
    model.partial_fit(X[90:], Y[90:])
    np.testing.assert_array_equal(loaded.network_.parameters, model.network_.parameters)
    assert clone(model).standardize is True
    many = cn.fit_many([cn.MLPClassifier(standardize=s, **QUICK) for s in (True, False)], X, Y)
    alone = clone(many[0]).fit(X, Y)
    np.testing.assert_array_equal(many[0].network_.parameters, alone.network_.parameters)


def test_it_is_explained_and_checked() -> None:
    model = cn.MLPClassifier(standardize=True, **{**QUICK, "hidden_layer_sizes": (2,)}).fit(X[:, :2], Y)
    trace = cn.explain(model, X[:1, :2], Y[:1])
    assert trace.array("n0")[0] == pytest.approx(
        (X[0, :2] - model.input_mean_) / np.sqrt(model.input_variance_)
    )
    assert cn.check_gradients(model, X[:5, :2], Y[:5], engine="numba")
    fitted = cn.MLPClassifier(standardize=True, **QUICK).fit(X, Y, X_val=X[:50] + 1.0, y_val=Y[:50])
    assert len(fitted.validation_scores_) == 30
