"""`n_estimators` networks in one estimator, Monte-Carlo dropout, and the intervals that they give."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import norm
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.estimator_checks import estimator_checks_generator

import chalknet as cn
from chalknet.exceptions import DataError, ParameterError

ENGINES = ["numpy", "numba"]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 3))
Y = X[:, 0] * X[:, 1] + 0.2 * RNG.standard_normal(240)
THREE = np.array(["a", "b", "c"])[np.digitize(Y, [-0.4, 0.4])]
QUICK: dict[str, Any] = {
    "hidden_layer_sizes": (8,),
    "max_iter": 15,
    "learning_rate_init": 0.01,
    "random_state": 0,
}
quiet = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def parameters(model: Any) -> list[np.ndarray]:
    return [member.network_.parameters.copy() for member in model.estimators_]


def same(a: Any, b: Any) -> None:
    for one, other in zip(parameters(a), parameters(b), strict=True):
        np.testing.assert_array_equal(one, other)


@quiet
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "options",
    [{}, {"solver": "lbfgs"}, {"early_stopping": True}, {"standardize": True, "dropout": 0.1}],
    ids=str,
)
def test_each_member_is_what_its_own_fit_gives(engine: str, options: dict[str, Any]) -> None:
    model = cn.MLPClassifier(n_estimators=3, engine=engine, **{**QUICK, **options}).fit(X, THREE)
    members = model.estimators_
    assert len(members) == 3 and members[0].network_ is model.network_
    assert all(member.n_estimators == 1 and len(member.estimators_) == 1 for member in members)
    for member in members:
        alone = clone(member).fit(X, THREE)
        np.testing.assert_array_equal(alone.network_.parameters, member.network_.parameters)
        assert alone.loss_curve_ == member.loss_curve_ and alone.n_iter_ == member.n_iter_
    single = clone(model).set_params(n_estimators=1).fit(X, THREE)
    np.testing.assert_array_equal(single.coefs_[0], model.coefs_[0])
    assert not np.array_equal(members[1].coefs_[0], members[2].coefs_[0])


@quiet
def test_predictions_are_means_of_the_members() -> None:
    model = cn.MLPClassifier(n_estimators=4, **QUICK).fit(X, THREE)
    each = np.stack([member.predict_proba(X) for member in model.estimators_])
    np.testing.assert_allclose(model.predict_proba(X), each.mean(axis=0), rtol=1e-13)
    np.testing.assert_array_equal(model.predict(X), model.classes_[each.mean(axis=0).argmax(axis=1)])
    np.testing.assert_array_equal(model.predict_samples(X), each)
    two = cn.MLPClassifier(loss="hinge", n_estimators=2, **QUICK).fit(X, Y > 0)
    scores = np.stack([member.decision_function(X) for member in two.estimators_])
    np.testing.assert_allclose(two.decision_function(X), scores.mean(axis=0))
    np.testing.assert_array_equal(two.predict_samples(X), scores)
    numbers = cn.MLPRegressor(n_estimators=3, scale_target=True, **QUICK).fit(X, np.c_[Y, 1e6 * Y])
    found = np.stack([member.predict(X) for member in numbers.estimators_])
    np.testing.assert_allclose(numbers.predict(X), found.mean(axis=0), rtol=1e-10)
    mean, std = numbers.predict(X, return_std=True)
    np.testing.assert_allclose(mean, numbers.predict(X))
    np.testing.assert_allclose(std, found.std(axis=0))
    assert numbers.predict(X.astype(np.float32)).shape == (240, 2)


@quiet
def test_a_gaussian_ensemble_is_a_mixture() -> None:
    model = cn.MLPRegressor("gaussian", n_estimators=3, scale_target=True, **QUICK).fit(X, 50 * Y)
    each = [member.predict(X, return_std=True) for member in model.estimators_]
    means, variances = np.stack([m for m, _ in each]), np.stack([s**2 for _, s in each])
    mean, std = model.predict(X, return_std=True)
    np.testing.assert_allclose(mean, means.mean(axis=0))
    np.testing.assert_allclose(std**2, variances.mean(axis=0) + means.var(axis=0))
    for coverage in (0.5, 0.9):
        reach = norm.ppf(0.5 + coverage / 2) * std
        np.testing.assert_allclose(
            model.predict_interval(X, coverage), np.c_[mean - reach, mean + reach], rtol=1e-10, atol=1e-9
        )
    both = cn.MLPRegressor("gaussian", **QUICK).fit(X, np.c_[Y, Y])
    assert both.predict_interval(X).shape == (240, 2, 2)


@quiet
@pytest.mark.parametrize("engine", ENGINES)
def test_going_on(engine: str, tmp_path: Any) -> None:
    options = {**QUICK, "engine": engine, "n_estimators": 3}
    whole = cn.MLPRegressor(**{**options, "max_iter": 20}).fit(X, Y)
    halves = cn.MLPRegressor(**{**options, "max_iter": 10, "warm_start": True}).fit(X, Y)
    cn.save(halves, tmp_path / "model.chalk")
    loaded, pickled = cn.load(tmp_path / "model.chalk"), pickle.loads(pickle.dumps(halves))
    for model in (halves, loaded, pickled):
        same(model.fit(X, Y), whole)
        np.testing.assert_array_equal(model.predict(X), whole.predict(X))
    # more members join, fewer stay
    halves.set_params(n_estimators=5).fit(X, Y)
    assert [member.t_ for member in halves.estimators_] == [7200, 7200, 7200, 2400, 2400]
    five = cn.MLPRegressor(**{**options, "n_estimators": 5, "max_iter": 10}).fit(X, Y)
    np.testing.assert_array_equal(halves.estimators_[4].coefs_[0], five.estimators_[4].coefs_[0])
    assert len(halves.set_params(n_estimators=2).fit(X, Y).estimators_) == 2
    assert len(halves.set_params(n_estimators=1).fit(X, Y).estimators_) == 1
    with pytest.raises(ParameterError, match="predict_samples needs networks that differ"):
        halves.predict_samples(X)


@quiet
def test_a_stream() -> None:
    model = cn.MLPClassifier(n_estimators=2, standardize=True, **QUICK)
    alone = cn.MLPClassifier(standardize=True, **QUICK)
    for rows in np.array_split(np.arange(240), 4):
        model.partial_fit(X[rows], THREE[rows], classes=["a", "b", "c"])
        alone.partial_fit(X[rows], THREE[rows], classes=["a", "b", "c"])
    np.testing.assert_array_equal(model.coefs_[0], alone.coefs_[0])
    assert [member.n_samples_seen_ for member in model.estimators_] == [240, 240]
    assert model.t_ == 240 and model.score(X, THREE) > 0.3
    fresh = model.fit(X, THREE)  # anew
    same(fresh, clone(model).fit(X, THREE))


@quiet
def test_weights_own_rows_and_sparse_rows() -> None:
    weights = np.where(X[:, 0] > 0, 2.0, 0.5)
    for form in (sparse.csr_matrix, sparse.csc_matrix, np.asfortranarray):
        model = cn.MLPRegressor(n_estimators=2, **QUICK).fit(form(X), Y, weights, X_val=X[:40], y_val=Y[:40])
        for member in model.estimators_:
            alone = clone(member).fit(form(X), Y, weights, X_val=X[:40], y_val=Y[:40])
            np.testing.assert_array_equal(alone.network_.parameters, member.network_.parameters)
            assert alone.validation_scores_ == member.validation_scores_
    balanced = cn.MLPClassifier(n_estimators=2, class_weight="balanced", **QUICK).fit(X, THREE)
    alone = clone(balanced.estimators_[1]).fit(X, THREE)
    np.testing.assert_array_equal(alone.coefs_[0], balanced.estimators_[1].coefs_[0])


def test_what_members_warn_of_is_said_once_and_failures_are_raised() -> None:
    with pytest.warns(ConvergenceWarning) as said:
        cn.MLPRegressor(n_estimators=4, **QUICK).fit(X, Y)
    assert len(said) == 1
    wild = cn.MLPRegressor(n_estimators=2, **{**QUICK, "solver": "sgd", "learning_rate_init": 1e6})
    with pytest.raises(DataError, match="non-finite"):
        wild.fit(X, Y)
    with pytest.raises(
        ParameterError, match=r"fit_many takes single networks, but estimators.0. has n_estimators=2"
    ):
        cn.fit_many([cn.MLPRegressor(n_estimators=2)], X, Y)
    with pytest.raises(ValueError, match="n_estimators"):
        cn.MLPRegressor(n_estimators=0).fit(X, Y)
    with pytest.raises(AttributeError, match="not fitted yet: it has no estimators_"):
        _ = cn.MLPRegressor(n_estimators=2).estimators_


@quiet
def test_random_states() -> None:
    for state in (3, np.random.RandomState(3)):
        again = np.random.RandomState(3) if isinstance(state, np.random.RandomState) else 3
        a, b = (
            cn.MLPRegressor(n_estimators=3, **{**QUICK, "random_state": s}).fit(X, Y) for s in (state, again)
        )
        same(a, b)
    free = cn.MLPRegressor(n_estimators=2, **{**QUICK, "random_state": None}).fit(X, Y)
    assert not np.array_equal(*(member.coefs_[0] for member in free.estimators_))


@quiet
def test_callbacks_hear_of_the_first_and_limits_hold_for_all() -> None:
    heard: list[int] = []

    class Hears(cn.Callback):
        def on_epoch_end(self, context: Any) -> None:
            heard.append(context.epoch)

    cn.MLPRegressor(n_estimators=3, callbacks=Hears(), engine="numba", **QUICK).fit(X, Y)
    assert heard == list(range(1, 16))
    begun = time.perf_counter()
    model = cn.MLPRegressor(
        n_estimators=3, engine="numba", max_time=0.5, **{**QUICK, "max_iter": 10**7, "tol": 0.0}
    ).fit(X, Y)
    assert time.perf_counter() - begun < 30 and all(member.n_iter_ > 0 for member in model.estimators_)


@quiet
@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does")
def test_ctrl_c_keeps_the_networks_that_have_begun() -> None:
    options = {**QUICK, "max_iter": 10**7, "n_iter_no_change": np.inf, "max_time": 60}
    model = cn.MLPRegressor(n_estimators=40, engine="numba", **options)
    cn.MLPRegressor(engine="numba", **{**QUICK, "max_iter": 1}).fit(X, Y)  # compiled before
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.warns(
        UserWarning, match=r"interrupted by user. \d+ of 40 networks have begun to learn and are kept"
    ):
        model.fit(X, Y)
    timer.join()
    assert 1 <= len(model.estimators_) < 40
    assert np.isfinite(model.predict(X)).all() and all(member.n_iter_ >= 0 for member in model.estimators_)


# Monte-Carlo dropout


@quiet
def test_engines_draw_the_same_samples() -> None:
    models = [cn.MLPClassifier(dropout=0.3, engine=e, **QUICK).fit(X, THREE) for e in ENGINES]
    found = [model.predict_samples(X, 5, random_state=1) for model in models]
    np.testing.assert_allclose(*found, rtol=1e-9)
    assert found[0].shape == (5, 240, 3)
    np.testing.assert_allclose(found[0].sum(axis=2), 1.0)
    assert not np.allclose(found[0][0], found[0][1])
    models[0].predict_samples(X[:2].tolist(), 3)  # lists, and fresh draws
    wide = models[0].predict_samples(X, 400, random_state=0).mean(axis=0)
    assert np.abs(wide - models[0].predict_proba(X)).max() < 0.2


@quiet
def test_samples_of_an_ensemble_are_drawn_from_all_members_in_turn() -> None:
    model = cn.MLPRegressor(dropout=0.2, n_estimators=3, **QUICK).fit(X, Y)
    found = model.predict_samples(X, 7, random_state=np.random.RandomState(0))
    random = np.random.RandomState(0)
    for i, count in enumerate((3, 2, 2)):
        own = model.estimators_[i].predict_samples(X, count, random_state=random)
        np.testing.assert_array_equal(found[i::3], own)
    assert model.predict_samples(X, 2).shape == (2, 240)


@quiet
def test_intervals_with_dropout_are_pooled() -> None:
    model = cn.MLPRegressor("gaussian", dropout=0.3, **QUICK).fit(X, Y)
    plain, pooled = model.predict_interval(X), model.predict_interval(X, n_samples=50, random_state=0)
    assert (pooled[:, 1] - pooled[:, 0]).mean() > (plain[:, 1] - plain[:, 0]).mean()
    np.testing.assert_array_equal(pooled, model.predict_interval(X, n_samples=50, random_state=0))


@quiet
def test_quantiles_are_intervals() -> None:
    model = cn.MLPRegressor(cn.Quantile(q=(0.05, 0.25, 0.5, 0.75, 0.95)), n_estimators=2, **QUICK).fit(X, Y)
    found = model.predict(X)
    np.testing.assert_array_equal(model.predict_interval(X, 0.9), found[:, [0, 4]])
    np.testing.assert_array_equal(model.predict_interval(X, 0.5), found[:, [1, 3]])
    with pytest.raises(
        ParameterError, match=r"coverage=0.8\) needs loss=\"gaussian\" or cn.Quantile\(q=\(0.1, 0.9\)\)"
    ):
        model.predict_interval(X, 0.8)
    for wrong in (0.0, 1.0, "all"):
        with pytest.raises(ParameterError, match="coverage must be a number in"):
            model.predict_interval(X, wrong)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"needs loss=\"gaussian\" or cn.Quantile"):
        cn.MLPRegressor(n_estimators=2, **QUICK).fit(X, Y).predict_interval(X)
    for ask in ("predict_interval", "predict_samples"):
        with pytest.raises(NotFittedError):
            getattr(cn.MLPRegressor("gaussian"), ask)(X)


@quiet
def test_an_ensemble_is_explained_by_its_first_network() -> None:
    model = cn.MLPRegressor(n_estimators=2, **{**QUICK, "hidden_layer_sizes": (2,)}).fit(X, Y)
    trace = cn.explain(model, X[:1], Y[:1])
    np.testing.assert_array_equal(trace.array("W1"), model.coefs_[0])
    assert cn.check_gradients(model, X[:3], Y[:3])
    model.coefs_[0][...] = 0.0  # assigned weights are the first's
    np.testing.assert_array_equal(model.estimators_[0].coefs_[0], 0.0)


@pytest.mark.parametrize("cls", [cn.MLPClassifier, cn.MLPRegressor])
def test_check_estimator(cls: Any) -> None:
    failed = []
    for estimator, check in estimator_checks_generator(cls(n_estimators=2, max_iter=100, engine="numpy")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                check(estimator)
            except Exception as error:  # noqa: BLE001  all failures are to be seen at once
                if type(error).__name__ not in ("SkipTest", "SkipTestWarning"):
                    failed.append((getattr(check, "func", check).__name__, repr(error)[:200]))
    assert failed == []
