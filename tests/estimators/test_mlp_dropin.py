"""Defects that scikit-learn's users reported of its MLPs, and options beyond it, one test each."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_validate
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor

import chalknet as cn
from chalknet.callbacks import Callback, EarlyStopping
from chalknet.exceptions import DataError, DataHint, ParameterError, ShapeError

ENGINES = ("numpy", "numba")
X, Y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
Z, T = load_diabetes(return_X_y=True)
Z = (Z - Z.mean(0)) / Z.std(0)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(**options: Any) -> Any:
    return cn.MLPClassifier(
        **{"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0, "engine": "numpy", **options}
    )


def numbers(**options: Any) -> Any:
    return cn.MLPRegressor(
        **{"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0, "engine": "numpy", **options}
    )


# what was reported of scikit-learn's


def test_probabilities_have_a_column_for_each_class_known() -> None:
    some = Y < 2
    model = small().partial_fit(X[some], Y[some], classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (150, 3)
    assert small().fit(X[some], Y[some]).predict_proba(X).shape == (150, 2)
    for labels in (np.ones(150), np.full(150, "only")):
        single = small().fit(X, labels)
        np.testing.assert_array_equal(single.predict_proba(X), np.ones((150, 1)))
        np.testing.assert_array_equal(single.predict(X), labels)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_ten_and_ten_are_twenty_with_every_schedule(solver: str, engine: str) -> None:
    for rate in ("constant", "invscaling", "adaptive"):
        options = {"solver": solver, "learning_rate": rate, "engine": engine, "batch_size": 16, "tol": 0.0}
        whole = small(max_iter=20, **options).fit(X, Y)
        halves = small(max_iter=10, warm_start=True, **options).fit(X, Y).fit(X, Y)
        np.testing.assert_array_equal(halves.network_.parameters, whole.network_.parameters)
        assert halves.loss_curve_ == whole.loss_curve_
        assert (halves.t_, halves.n_iter_, whole.n_iter_) == (whole.t_, 10, 20)


def test_a_warm_start_goes_on_from_the_best_weights_and_scores() -> None:
    model = small(max_iter=10, early_stopping=True, warm_start=True, n_iter_no_change=99).fit(X, Y)
    best = model.best_validation_score_
    model.fit(X, Y)
    assert len(model.validation_scores_) == 20
    assert model.best_validation_score_ == max(model.validation_scores_) >= best


@pytest.mark.parametrize("outputs", [1, 3])
def test_squared_error_over_several_outputs_is_one_objective(outputs: int) -> None:
    """scikit-learn #8349: it reports the mean over the outputs, and descends by the gradient of their sum."""
    y = np.c_[T, T[::-1], T**2 / 100][:, :outputs].squeeze() / 100
    options = {"hidden_layer_sizes": (5,), "shuffle": False, "random_state": 0, "max_iter": 30}
    ours, theirs = cn.MLPRegressor(**options, engine="numpy").fit(Z, y), TheirRegressor(**options).fit(Z, y)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-7, atol=1e-10)
    assert cn.check_gradients(ours, Z, y)
    columns = y.reshape(len(Z), outputs)
    error = 0.5 * ((ours.network_.predict(Z) - columns) ** 2).sum(axis=1).mean()
    assert ours.network_.evaluate(Z, columns) == pytest.approx(error)
    by_lbfgs = numbers(solver="lbfgs", alpha=0.0, max_iter=300).fit(Z, y)
    assert by_lbfgs.loss_ == pytest.approx(
        by_lbfgs.network_.evaluate(Z, y)
    )  # what it minimised is what it reports


@pytest.mark.parametrize("engine", ENGINES)
def test_targets_in_large_units(engine: str) -> None:
    options = {"max_iter": 60, "learning_rate_init": 0.01, "engine": engine}
    y = T * 1e6
    with pytest.warns(DataHint, match=r"size 1.52e\+08.*scale_target=True"):
        plain = numbers(**options).fit(Z, y)
    scaled = numbers(scale_target=True, **options).fit(Z, y)
    assert plain.score(Z, y) < 0 and scaled.score(Z, y) > 0.5
    assert scaled.target_mean_ == pytest.approx([y.mean()])
    assert scaled.target_scale_ == pytest.approx([y.std()])
    same = numbers(**options).fit(Z, (y - y.mean()) / y.std())
    np.testing.assert_allclose(scaled.predict(Z), same.predict(Z) * y.std() + y.mean(), rtol=1e-9)
    again = type(scaled).from_state(*scaled.to_state())
    np.testing.assert_array_equal(again.predict(Z), scaled.predict(Z))
    assert cn.check_gradients(scaled, Z, y)
    assert not hasattr(scaled.set_params(scale_target=False, max_iter=1).fit(Z, T / 100), "target_mean_")


def test_a_scaled_target_keeps_the_unit_of_the_first_call() -> None:
    model = numbers(scale_target=True).partial_fit(Z[:100], T[:100] * 1e3)
    unit = model.target_scale_.copy()
    model.partial_fit(Z[100:], T[100:] * 1e4)
    np.testing.assert_array_equal(model.target_scale_, unit)
    counts = numbers(scale_target=True, loss="poisson", max_iter=100).fit(Z, T)
    assert (counts.target_mean_, counts.target_scale_) == (0.0, pytest.approx(T.mean()))
    assert counts.predict(Z).min() > 0
    several = numbers(scale_target=True).fit(Z, np.c_[T, np.zeros_like(T)])
    assert several.target_scale_.tolist() == [pytest.approx(T.std()), 1.0]
    weights = np.r_[np.ones(200), np.zeros(len(T) - 200)]
    weighted = numbers(scale_target=True).fit(Z, T, weights)
    assert weighted.target_mean_ == pytest.approx([T[:200].mean()])
    huge = numbers(scale_target=True).fit(Z, T * 1e200)
    assert np.isfinite(huge.predict(Z)).all()


@pytest.mark.filterwarnings("error::chalknet.exceptions.DataHint")
def test_no_hint_where_the_target_is_learned_or_small() -> None:
    numbers(solver="lbfgs", max_iter=500).fit(Z, T)
    numbers(max_iter=2).fit(Z, T / 1000)
    numbers(max_iter=2, loss="absolute_error").fit(Z, T)
    numbers(max_iter=2).partial_fit(Z, T)


def test_early_stopping_may_be_switched_between_warm_starts() -> None:
    model = small(warm_start=True).fit(X, Y)
    steps = int(model.network_.training_state.counts[0])
    model.set_params(early_stopping=True).fit(X, Y)
    assert len(model.validation_scores_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ is None
    assert model.network_.training_state.counts[0] == steps + model.n_iter_  # the optimizer went on
    model.set_params(early_stopping=False).fit(X, Y)
    assert model.validation_scores_ is None and model.best_validation_score_ is None
    assert model.best_loss_ <= min(model.loss_curve_)


def test_early_stopping_on_few_rows_names_the_class() -> None:
    with pytest.raises(DataError, match=r"too small.*0\.1 of 10 rows leave 1 of at least 2"):
        small(early_stopping=True).fit(X[45:55], Y[45:55])
    with pytest.raises(DataError, match=r"only 1 member.*class 'rare'.*early_stopping=False"):
        small(early_stopping=True).fit(X[:40], ["rare"] + ["often"] * 39)
    one_class = small(early_stopping=True).fit(X[:40], np.zeros(40))
    assert one_class.predict_proba(X).shape == (150, 1)


def test_a_warm_start_wants_the_same_sizes() -> None:
    model = small(warm_start=True).fit(X, Y)
    with pytest.raises(ShapeError, match=re.escape("[4, 8, 3] units and cannot go on with [4, 9, 3]")):
        model.set_params(hidden_layer_sizes=(9,)).fit(X, Y)
    regressor = numbers().partial_fit(X, X[:, 0])
    with pytest.raises(ShapeError, match="number of targets"):
        regressor.partial_fit(X, X[:, :2])


def test_a_fold_may_lack_a_class_and_lbfgs_takes_weights() -> None:
    found = cross_validate(small(max_iter=100, learning_rate_init=0.05), X, Y, cv=3)
    assert np.isfinite(found["test_score"]).all()
    weights = np.where(Y == 0, 0.0, 1.0)
    options: dict[str, Any] = {"hidden_layer_sizes": (3,), "solver": "lbfgs", "alpha": 1.0, "random_state": 0}
    ours = cn.MLPClassifier(**options, max_iter=1000, engine="numpy").fit(X, Y, weights)
    theirs = TheirClassifier(**options, max_iter=1000).fit(X, Y, weights)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-5)


# losses by alias and as objects


def test_losses_by_alias_are_the_losses() -> None:
    for alias, name in (("mse", "squared_error"), ("mae", "absolute_error"), ("pinball", "quantile")):
        a, b = (numbers(loss=loss, max_iter=3).fit(Z, T / 100) for loss in (alias, name))
        np.testing.assert_array_equal(a.predict(Z), b.predict(Z))
        assert a.loss_curve_ == b.loss_curve_
    a, b = (small(loss=loss).fit(X, Y) for loss in ("cross_entropy", "auto"))
    np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loss_object_is_taken_as_it_is(engine: str) -> None:
    y = np.c_[T, T[::-1]] / 100
    options = {"engine": engine, "max_iter": 3, "alpha": 0.0}
    narrow, wide = (numbers(loss=cn.Huber(delta=d), **options).fit(Z, y) for d in (0.01, 2.0))
    assert narrow.network_.loss == cn.Huber(delta=0.01)
    assert not np.allclose(narrow.predict(Z), wide.predict(Z))
    named = numbers(loss="huber", **options).fit(Z, y)
    as_named = numbers(loss=cn.Huber(reduction="mean_rows"), **options).fit(Z, y)
    np.testing.assert_array_equal(named.predict(Z), as_named.predict(Z))
    mean = numbers(loss=cn.MSE(), **options, solver="lbfgs").fit(Z, y)
    assert mean.loss_ == pytest.approx(((mean.predict(Z) - y) ** 2).mean())
    focal = small(loss=cn.Focal(), engine=engine).fit(X, Y)
    assert focal.predict_proba(X).shape == (150, 3)
    assert (
        small(loss=cn.SoftmaxCrossEntropy()).fit(X[:100], Y[:100]).network_.loss.name
        == "binary_cross_entropy"
    )
    for model in (wide, focal):
        again = type(model).from_state(*model.to_state())
        assert again.loss == model.loss
        assert clone(model).loss == model.loss


def test_a_loss_object_of_the_other_kind_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"Huber\(\) is for numbers; a classifier takes one of .*focal"):
        small(loss=cn.Huber()).fit(X, Y)
    with pytest.raises(ParameterError, match=r"Hinge\(\) is for classes; a regressor takes one of .*huber"):
        numbers(loss=cn.Hinge()).fit(Z, T)
    with pytest.raises(ParameterError, match=r"KLDivergence\(\) compares distributions"):
        small(loss=cn.KLDivergence()).fit(X[:100], Y[:100])


@pytest.mark.parametrize("classes", [2, 3])
def test_losses_of_margins_have_scores_instead_of_probabilities(classes: int) -> None:
    rows = classes > Y
    model = small(loss="hinge", max_iter=100, learning_rate_init=0.02).fit(X[rows], Y[rows])
    assert not hasattr(model, "predict_proba")
    scores = model.decision_function(X[rows])
    assert scores.shape == ((100,) if classes == 2 else (150, 3))
    said = (scores > 0).astype(int) if classes == 2 else scores.argmax(axis=1)
    np.testing.assert_array_equal(said, model.predict(X[rows]))
    assert not hasattr(small(), "decision_function")
    with pytest.raises(AttributeError, match="decision_function") as caught:
        small().decision_function(X)
    assert "use predict_proba" in str(caught.value.__cause__)
    assert hasattr(small(loss="nonsense"), "predict_proba")  # fit will say what is wrong


def test_weights_of_classes_with_several_labels_under_a_margin_loss() -> None:
    labels = np.c_[X[:, 0] > 0, X[:, 1] > 0].astype(int)
    model = small(loss="hinge", class_weight="balanced", max_iter=100)
    assert model.fit(X, labels).predict(X).shape == (150, 2)


# parameters


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hidden_layer_sizes": (3.5,)}, "whole numbers, one a hidden layer.*holds 3.5"),
        ({"hidden_layer_sizes": ("a", 3)}, "holds 'a'"),
        ({"hidden_layer_sizes": [[3]]}, r"holds \[3\]"),
        ({"hidden_layer_sizes": (3, True)}, "holds True"),
        ({"hidden_layer_sizes": (3, 3), "dropout": [0.5, 1.5]}, r"shares in \[0, 1\).*holds 1.5"),
        ({"hidden_layer_sizes": (3, 3), "dropout": [0.5, "a"]}, "holds 'a'"),
        ({"callbacks": [3]}, "but 3 is without on_fit_begin"),
        ({"callbacks": [EarlyStopping]}, "a class: make an object of it"),
        ({"callbacks": 3}, "callbacks must be objects with on_fit_begin, on_epoch_end, on_fit_end"),
    ],
)
def test_parameters_are_refused_in_a_sentence(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        small(**options).fit(X, Y)


def test_missing_values_are_refused_with_what_takes_them() -> None:
    gaps = X.copy()
    gaps[3, 1] = np.nan
    for act in (lambda: small().fit(gaps, Y), lambda: small().fit(X, Y).predict(gaps)):
        with pytest.raises(DataError, match=r"Input X contains NaN.*SimpleImputer.*TabularClassifier"):
            act()
    with pytest.raises(ValueError, match="infinity"):
        small().fit(np.full_like(X, np.inf), Y)


def test_an_optimizer_object_leaves_alpha_the_l2_penalty() -> None:
    free, bound = (
        small(solver=cn.AdamW(0.01, weight_decay=0.0), alpha=a, max_iter=50).fit(X, Y) for a in (0.0, 50.0)
    )
    assert np.linalg.norm(bound.coefs_[0]) < np.linalg.norm(free.coefs_[0])


class Seen(Callback):
    def __init__(self, stop: int | None = None) -> None:
        self.stop, self.losses, self.norms = stop, [], []

    def on_epoch_end(self, context: Any) -> None:
        self.losses.append(context.loss)
        self.norms.append(float(np.linalg.norm(context.estimator.network_.parameters)))
        if context.epoch == self.stop:
            context.stop()


def test_callbacks_are_told_of_iterations_of_lbfgs_and_may_stop_it() -> None:
    seen = Seen()
    model = small(solver="lbfgs", callbacks=seen, max_iter=15).fit(X, Y)
    assert seen.losses == model.loss_curve_
    assert len(seen.losses) == model.n_iter_ == 15
    assert len(set(seen.norms)) == 15
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # stopped on purpose: nothing to warn of
        stopped = small(solver="lbfgs", callbacks=[Seen(4)], max_iter=15).fit(X, Y)
    assert (stopped.n_iter_, stopped.loss_curve_) == (4, model.loss_curve_[:4])
    assert stopped.loss_ == stopped.loss_curve_[-1]


def test_warnings_point_at_the_line_of_the_user() -> None:
    calls = (
        lambda: small(max_iter=1).fit(X, Y),
        lambda: small(max_iter=1, solver="lbfgs").fit(X, Y),
        lambda: small(batch_size=1000, max_iter=300).partial_fit(X, Y, classes=[0, 1, 2]),
        lambda: cn.Perceptron(max_iter=1, tol=1e-9).fit(X, Y),
        lambda: numbers(max_iter=1).fit(Z, T),
    )
    for call in calls:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        assert caught
        assert {w.filename for w in caught} == {__file__}
        assert any(issubclass(w.category, (ConvergenceWarning, UserWarning, DataHint)) for w in caught)


@pytest.mark.parametrize("engine", ENGINES)
def test_l1_leaves_small_weights_and_clipping_shortens_steps(engine: str) -> None:
    options = {"engine": engine, "max_iter": 200, "learning_rate_init": 0.01, "alpha": 0.0}
    plain, sparse = (small(**options, l1=l1).fit(X, Y) for l1 in (0.0, 3.0))
    few, many = (np.mean(np.abs(m.coefs_[0]) < 0.01) for m in (sparse, plain))
    assert few > 0.4 > many
    wild = {"engine": engine, "solver": "sgd", "learning_rate_init": 1.0, "momentum": 0.0, "max_iter": 1}
    start = small(**wild).partial_fit(X, Y, classes=[0, 1, 2])
    before = start.network_.parameters.copy()
    start.set_params(clip_norm=1e-3).partial_fit(X, Y)
    assert np.linalg.norm(start.network_.parameters - before) == pytest.approx(1e-3)
    with pytest.raises(ParameterError, match="l1 needs a stochastic solver"):
        small(solver="lbfgs", l1=0.1).fit(X, Y)
    with pytest.raises(ParameterError, match="clip_norm needs a stochastic solver"):
        small(solver="lbfgs", clip_norm=1.0).fit(X, Y)
    with pytest.raises(ValueError, match="clip_norm"):
        small(clip_norm=0.0).fit(X, Y)


def test_explain_shows_l1_and_clipping() -> None:
    model = small(l1=0.5, clip_norm=0.01, batch_size=150).fit(X, Y)
    trace = cn.explain(model, X, Y, style="matrix")
    model.partial_fit(X, Y)
    np.testing.assert_allclose(trace.array("W1'"), model.coefs_[0], atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_gamma_learns_sizes_that_spread_with_their_mean(engine):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (400, 2))
    mean = np.exp(1 + x[:, 0])
    y = rng.gamma(4.0, mean / 4.0)
    model = numbers(loss="gamma", solver="lbfgs", alpha=0.0, max_iter=200, engine=engine, tol=1e-3).fit(x, y)
    assert model.predict(x).min() > 0
    assert np.mean(np.abs(np.log(model.predict(x) / mean))) < 0.15
    with pytest.raises(DataError, match='loss="gamma" needs targets above 0, but y holds 0'):
        model.fit(x, y * 0.0)


@pytest.mark.parametrize("engine", ENGINES)
def test_focal_loss_of_several_classes_is_one_softmax(engine):
    model = small(loss="focal", engine=engine).fit(X, Y)
    assert model.out_activation_ == "softmax" and model.network_.loss.name == "categorical_focal"
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0, rtol=1e-6)
    assert small(loss="categorical_focal", engine=engine).fit(X, Y > 0).network_.loss.name == "focal"
    sharp = small(loss=cn.Focal(gamma=3.0), engine=engine).fit(X, Y)
    assert sharp.network_.loss.p == 3.0 and sharp.network_.loss.name == "categorical_focal"
