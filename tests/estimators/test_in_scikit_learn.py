"""Each of scikit-learn's tools that takes an estimator, with ours in it."""

from __future__ import annotations

import pickle
from typing import Any

import joblib
import matplotlib.pyplot
import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import BaggingClassifier, VotingClassifier, VotingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  HalvingGridSearchCV asks for it
from sklearn.feature_selection import SelectFromModel
from sklearn.inspection import DecisionBoundaryDisplay, PartialDependenceDisplay, permutation_importance
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chalknet as cn

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
Z, T = load_diabetes(return_X_y=True)
Z, T = Z / Z.std(0), (T - T.mean()) / T.std()
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

CLASSIFIERS: dict[str, Any] = {
    "MLPClassifier": cn.MLPClassifier(
        (8,), max_iter=150, learning_rate_init=0.02, random_state=0, engine="numpy"
    ),
    "Perceptron": cn.Perceptron(activation="sigmoid", eta0=0.1, max_iter=100, engine="numpy"),
}
REGRESSOR = cn.MLPRegressor(
    hidden_layer_sizes=(8,), max_iter=150, learning_rate_init=0.02, random_state=0, engine="numpy"
)
with_classifier = pytest.mark.parametrize("name", CLASSIFIERS)


def classifier(name: str) -> Any:
    return make_pipeline(StandardScaler(), clone(CLASSIFIERS[name]))


@with_classifier
def test_pipeline(name: str) -> None:
    model = classifier(name).fit(X, NAMES)
    assert model.score(X, NAMES) > 0.85
    assert model.predict_proba(X).shape == (150, 3)
    assert model[-1].classes_.tolist() == ["setosa", "versicolor", "virginica"]


@with_classifier
def test_grid_search(name: str) -> None:
    step = name.lower()
    search = GridSearchCV(classifier(name), {f"{step}__alpha": [1e-4, 1e-2]}, cv=3).fit(X, NAMES)
    assert search.best_score_ > 0.8
    assert search.best_params_[f"{step}__alpha"] in (1e-4, 1e-2)


@with_classifier
def test_cross_validation(name: str) -> None:
    found = cross_validate(classifier(name), X, NAMES, cv=3, return_train_score=True, n_jobs=1)
    assert found["test_score"].mean() > 0.8
    p = cross_val_predict(classifier(name), X, NAMES, cv=3, method="predict_proba")
    assert p.shape == (150, 3)
    sizes, _, scores = learning_curve(classifier(name), X, NAMES, cv=3, train_sizes=[0.5, 1.0], shuffle=True)
    assert len(sizes) == 2 and np.isfinite(scores).all()


@with_classifier
def test_calibration_and_voting(name: str) -> None:
    calibrated = CalibratedClassifierCV(classifier(name), cv=3).fit(X, NAMES)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    for loss in ("hinge", "auto"):
        margin = cn.MLPClassifier((8,), loss=loss, max_iter=100, learning_rate_init=0.02, random_state=0)
        assert CalibratedClassifierCV(margin, cv=3).fit(X, NAMES).score(X, NAMES) > 0.8
    for voting in ("hard", "soft"):
        votes = VotingClassifier([("a", classifier(name)), ("b", classifier(name))], voting=voting)
        assert votes.fit(X, NAMES).score(X, NAMES) > 0.85
    assert VotingRegressor([("a", clone(REGRESSOR)), ("b", clone(REGRESSOR))]).fit(Z, T).score(Z, T) > 0.3


@with_classifier
def test_meta_estimators(name: str) -> None:
    assert BaggingClassifier(classifier(name), n_estimators=3, random_state=0).fit(X, Y).score(X, Y) > 0.8
    assert OneVsRestClassifier(classifier(name)).fit(X, Y).score(X, Y) > 0.6
    labels = np.c_[Y > 0, Y > 1].astype(int)
    assert MultiOutputClassifier(classifier(name)).fit(X, labels).predict(X).shape == (150, 2)
    target = TransformedTargetRegressor(clone(REGRESSOR), transformer=StandardScaler()).fit(Z, T * 100)
    assert target.score(Z, T * 100) > 0.3


@with_classifier
def test_inspection(name: str) -> None:
    model = classifier(name).fit(X, NAMES)
    importance = permutation_importance(model, X, NAMES, n_repeats=3, random_state=0)
    assert importance.importances_mean.max() > 0.1
    two = classifier(name).fit(X[:, 2:], NAMES)
    display = DecisionBoundaryDisplay.from_estimator(
        two, X[:, 2:], response_method="predict", grid_resolution=20
    )
    assert display.response.shape == (20, 20)


def test_partial_dependence_is_drawn() -> None:
    table = pd.DataFrame(Z, columns=[f"x{i}" for i in range(10)])
    model = make_pipeline(StandardScaler(), clone(REGRESSOR)).fit(table, T)
    display = PartialDependenceDisplay.from_estimator(
        model, table, ["x2", "x3", ("x2", "x3")], kind=["both", "both", "average"], grid_resolution=5
    )
    lines = display.pd_results[0]
    assert lines.average.shape == (1, 5) and lines.individual.shape == (1, len(Z), 5)
    np.testing.assert_allclose(lines.individual.mean(axis=1), lines.average)
    importance = permutation_importance(model, table, T, n_repeats=3, random_state=0).importances_mean
    assert importance.argmax() in (2, 8)  # body mass, serum triglycerides
    matplotlib.pyplot.close("all")


@with_classifier
def test_curves_over_a_parameter_and_epochs_as_a_resource(name: str) -> None:
    model = clone(CLASSIFIERS[name])
    train, test = validation_curve(model, X, Y, param_name="alpha", param_range=[1e-4, 1e3], cv=3)
    assert train.shape == test.shape == (2, 3)
    halving = {"resource": "max_iter", "min_resources": 10, "max_resources": 40, "cv": 3, "random_state": 0}
    search = HalvingGridSearchCV(model, {"alpha": [1e-4, 1e-3, 1e-2]}, **halving).fit(X, NAMES)
    assert search.n_resources_ == [10, 30] and search.best_estimator_.max_iter == 30


@with_classifier
def test_a_threshold_is_tuned(name: str) -> None:
    tuned = TunedThresholdClassifierCV(classifier(name), scoring="balanced_accuracy", cv=3).fit(X, Y > 0)
    assert 0 < tuned.best_threshold_ < 1
    assert tuned.score(X, Y > 0) > 0.9


def test_learning_incrementally_for_a_learning_curve() -> None:
    model = clone(CLASSIFIERS["MLPClassifier"])
    options: dict[str, Any] = {"cv": 3, "train_sizes": [0.5, 1.0], "shuffle": True, "random_state": 0}
    _, _, scores = learning_curve(model, X, Y, exploit_incremental_learning=True, **options)
    assert np.isfinite(scores).all() and not hasattr(model, "coefs_")


def test_selecting_from_the_weights() -> None:
    chosen = SelectFromModel(cn.Perceptron(penalty="l1", alpha=0.01, random_state=0)).fit(X, Y)
    assert 1 <= chosen.transform(X).shape[1] <= 4


@with_classifier
def test_copies(name: str, tmp_path: Any) -> None:
    model = CLASSIFIERS[name]
    fitted = clone(model).fit(X, NAMES)
    assert not hasattr(clone(fitted), "classes_")
    assert clone(fitted).get_params() == model.get_params()
    joblib.dump(fitted, tmp_path / "model.joblib")
    for again in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "model.joblib")):
        np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
        more, same = again.partial_fit(X, NAMES), pickle.loads(pickle.dumps(fitted)).partial_fit(X, NAMES)
        np.testing.assert_array_equal(more.predict_proba(X), same.predict_proba(X))


@pytest.mark.parametrize("model", [*CLASSIFIERS.values(), REGRESSOR, cn.TabularClassifier()])
def test_display(model: Any) -> None:
    assert type(model).__name__ in model._repr_html_()
    assert repr(model).startswith(type(model).__name__)
    fitted = clone(model).fit(X, Y)
    assert type(model).__name__ in fitted._repr_html_()
    assert eval(repr(model), vars(cn)).get_params() == model.get_params()


def test_tags() -> None:
    assert is_classifier(CLASSIFIERS["MLPClassifier"]) and is_classifier(CLASSIFIERS["Perceptron"])
    assert is_regressor(REGRESSOR) and not is_classifier(REGRESSOR)
    tags = sklearn.utils.get_tags(CLASSIFIERS["MLPClassifier"])
    assert tags.input_tags.sparse and tags.classifier_tags.multi_label and tags.target_tags.required


def test_frames_and_their_names() -> None:
    table = pd.DataFrame(X, columns=list("abcd"))
    for model in (*CLASSIFIERS.values(), REGRESSOR):
        fitted = clone(model).fit(table, Y)
        assert fitted.feature_names_in_.tolist() == list("abcd")
        with pytest.raises(ValueError, match="feature names should match"):
            fitted.predict(table.rename(columns={"a": "z"}))
        with pytest.warns(UserWarning, match="valid feature names"):
            fitted.predict(X)


def test_set_output() -> None:
    pipe = make_pipeline(StandardScaler(), clone(CLASSIFIERS["MLPClassifier"])).set_output(transform="pandas")
    assert (
        pipe.fit(pd.DataFrame(X, columns=list("abcd")), NAMES).score(
            pd.DataFrame(X, columns=list("abcd")), NAMES
        )
        > 0.85
    )
    assert pipe[-1].feature_names_in_.tolist() == list("abcd")


@with_classifier
def test_metadata_routing(name: str) -> None:
    weights = np.where(Y == 0, 0.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        learner = clone(CLASSIFIERS[name]).set_fit_request(sample_weight=True)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), learner)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        grid = {f"{name.lower()}__alpha": [1e-4]}
        search = GridSearchCV(pipe, grid, cv=3, scoring=scorer).fit(X, NAMES, sample_weight=weights)
    assert "setosa" not in search.predict(X[50:]).tolist()
    plain = clone(CLASSIFIERS[name]).fit(StandardScaler().fit_transform(X), NAMES, sample_weight=weights)
    np.testing.assert_array_equal(search.predict(X), plain.predict(StandardScaler().fit_transform(X)))


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
def test_sparse_rows(form: Any) -> None:
    for model in (CLASSIFIERS["MLPClassifier"], REGRESSOR):
        dense, thin = clone(model).fit(X, Y), clone(model).fit(form(X), Y)
        np.testing.assert_allclose(thin.predict(form(X)), dense.predict(X), atol=1e-8)
    # scikit-learn's intercepts of sparse rows take steps of a hundredth, and so do ours
    assert clone(CLASSIFIERS["Perceptron"]).fit(form(X), Y).score(form(X), Y) > 0.8


def test_search_over_losses_as_objects() -> None:
    search = GridSearchCV(clone(REGRESSOR), {"loss": ["mse", "mae", cn.Huber(delta=2.0)]}, cv=2).fit(Z, T)
    assert len(search.cv_results_["mean_test_score"]) == 3
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
