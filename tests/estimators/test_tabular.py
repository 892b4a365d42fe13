"""The tabular estimators: raw tables in, good predictions out, scikit-learn's contract, clear sentences."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import chalknet as cn
from chalknet import data
from chalknet.estimators._preprocess import TablePreprocessor
from chalknet.estimators._tabular_base import batch_size
from chalknet.estimators.classifier import MLPClassifier
from chalknet.estimators.regressor import MLPRegressor
from chalknet.estimators.tabular import TabularClassifier, TabularRegressor
from chalknet.exceptions import DataError, DataHint, DivergenceWarning, NotFittedError

PENGUINS = data.load("penguins")
DIABETES = data.load("diabetes")

BY_DESIGN = {  # scikit-learn's checks that do not fit a table
    "check_sample_weight_equivalence_on_dense_data": "medians and batches do not follow weights",
}


@parametrize_with_checks(
    [TabularClassifier(max_iter=40), TabularRegressor(max_iter=40), TablePreprocessor()],
    expected_failed_checks=lambda e: {} if isinstance(e, TablePreprocessor) else BY_DESIGN,
)
@pytest.mark.filterwarnings("ignore::chalknet.exceptions.DataHint")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learns_contract(estimator: Any, check: Any) -> None:
    # For estimators that take arrays of other libraries; it skips itself
    if check.func.__name__ != "check_array_api_input":
        check(estimator)


def linear(classes: bool) -> Any:
    model = LogisticRegression(max_iter=5000) if classes else RidgeCV(np.logspace(-2, 3, 11))
    return make_pipeline(TablePreprocessor(), StandardScaler(), model)


@pytest.mark.parametrize("name", ["penguins", "iris", "wine"])
def test_classes_as_well_as_logistic_regression(name: str) -> None:
    table = data.load(name)
    ours, theirs = [], []
    for seed in range(3):
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        ours.append(cross_val_score(TabularClassifier(random_state=seed), table.X, table.y, cv=folds).mean())
        theirs.append(cross_val_score(linear(True), table.X, table.y, cv=folds).mean())
    assert np.mean(ours) > np.mean(theirs) - 0.015
    assert np.mean(ours) > 0.94
    assert table.y.value_counts(normalize=True).max() < 0.5


def test_numbers_about_as_well_as_ridge_regression() -> None:
    ours, theirs = [], []
    for seed in range(3):
        folds = KFold(5, shuffle=True, random_state=seed)
        ours.append(
            cross_val_score(TabularRegressor(random_state=seed), DIABETES.X, DIABETES.y, cv=folds).mean()
        )
        theirs.append(cross_val_score(linear(False), DIABETES.X, DIABETES.y, cv=folds).mean())
    assert np.mean(ours) > 0.35
    assert np.mean(ours) > np.mean(theirs) - 0.1


def test_what_a_line_cannot_learn() -> None:
    random = np.random.RandomState(0)
    X = random.uniform(-1, 1, (400, 3))
    y = 10 * X[:, 0] * X[:, 1] + 5 * np.abs(X[:, 2])
    assert cross_val_score(TabularRegressor(random_state=0), X, y).mean() > 0.9
    assert cross_val_score(linear(False), X, y).mean() < 0.3


def test_fitted_attributes_are_the_networks() -> None:
    model = TabularClassifier(random_state=0, max_iter=5).fit(PENGUINS.X, PENGUINS.y)
    inner = model.estimator_
    assert type(inner) is MLPClassifier and isinstance(model.preprocessor_, TablePreprocessor)
    n_in = len(model.preprocessor_.get_feature_names_out())
    assert [w.shape for w in model.coefs_] == [(n_in, 64), (64, 32), (32, 3)]
    assert [b.shape for b in model.intercepts_] == [(64,), (32,), (3,)]
    assert model.coefs_ is inner.coefs_ and model.network_ is inner.network_
    assert model.n_iter_ == len(model.loss_curve_) == 5 and model.n_layers_ == 4 and model.n_outputs_ == 3
    assert model.loss_ == model.loss_curve_[-1] and model.t_ == 5 * 344 and model.out_activation_ == "softmax"
    assert model.validation_scores_ is None and model.best_validation_score_ is None
    assert model.best_loss_ == min(model.loss_curve_) and model.engine_ in ("numpy", "numba")
    assert model.classes_.tolist() == ["Adelie", "Chinstrap", "Gentoo"]
    assert model.feature_names_in_.tolist() == list(PENGUINS.X.columns) and model.n_features_in_ == 7
    assert model.columns_[5] == ("sex", "yes/no", "female or male, 11 missing")
    assert model.target_name_ == "species"
    before = model.predict_proba(PENGUINS.X)
    model.coefs_ = [w * 0 for w in model.coefs_]
    assert not np.array_equal(model.predict_proba(PENGUINS.X), before)


def test_probabilities() -> None:
    model = TabularClassifier(random_state=0, max_iter=20).fit(PENGUINS.X, PENGUINS.y)
    p = model.predict_proba(PENGUINS.X)
    assert p.shape == (344, 3) and np.allclose(p.sum(axis=1), 1)
    assert np.array_equal(model.classes_[p.argmax(axis=1)], model.predict(PENGUINS.X))
    assert np.allclose(np.exp(model.predict_log_proba(PENGUINS.X)), p)


def test_a_seed_gives_the_same_bits_and_copies_behave() -> None:
    model = TabularClassifier(random_state=3, max_iter=20, kinds={"year": "category"})
    first = model.fit(PENGUINS.X, PENGUINS.y).predict_proba(PENGUINS.X)
    copy = clone(model)
    assert copy.get_params() == model.get_params() and not hasattr(copy, "estimator_")
    assert np.array_equal(copy.fit(PENGUINS.X, PENGUINS.y).predict_proba(PENGUINS.X), first)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict_proba(PENGUINS.X), first)
    assert dict(c[:2] for c in model.columns_)["year"] == "category"
    assert repr(TabularClassifier(alpha=2.0)) == "TabularClassifier(alpha=2.0)"
    assert model.set_params(alpha=0.5).alpha == 0.5
    with pytest.raises(TypeError):
        TabularClassifier((10,))  # type: ignore[misc]


def test_in_a_grid_search() -> None:
    search = GridSearchCV(TabularClassifier(random_state=0, max_iter=10), {"alpha": [0.1, 1.0]}, cv=2)
    assert search.fit(PENGUINS.X, PENGUINS.y).best_score_ > 0.8


def test_columns_by_name_extra_ones_and_missing_ones() -> None:
    model = TabularClassifier(random_state=0, max_iter=10).fit(PENGUINS.X, PENGUINS.y)
    known = model.predict_proba(PENGUINS.X)
    assert np.array_equal(model.predict_proba(PENGUINS.table[PENGUINS.table.columns[::-1]]), known)
    with pytest.raises(DataError, match="X lacks the column\\(s\\) 'island'"):
        model.predict(PENGUINS.X.drop(columns="island"))
    assert model.predict(
        PENGUINS.X.iloc[:1].assign(island="Atlantis", sex=None, body_mass_g=np.inf)
    ).shape == (1,)


def test_arrays_and_lists() -> None:
    X, y = DIABETES.X.to_numpy(), DIABETES.y.to_numpy()
    from_array = TabularRegressor(random_state=0, max_iter=5).fit(X, y)
    from_frame = TabularRegressor(random_state=0, max_iter=5).fit(DIABETES.X, DIABETES.y)
    assert np.array_equal(from_array.predict(X.tolist()), from_frame.predict(DIABETES.X))
    assert not hasattr(from_array, "feature_names_in_") and from_array.target_name_ is None
    assert not hasattr(from_frame.fit(X, y), "feature_names_in_")


LABELS = [
    ("object", np.array(["a", "b"], dtype=object)),
    ("string", pd.array(["a", "b"], dtype="string")),
    ("categorical", pd.Categorical(["a", "b"])),
    ("whole", np.array([7, 9])),
    ("nullable whole", pd.array([7, 9], dtype="Int64")),
    ("truth", np.array([False, True])),
    ("nullable truth", pd.array([False, True], dtype="boolean")),
    ("floats", np.array([1.0, 2.0])),
    ("text", np.array(["a", "b"])),
]


@pytest.mark.parametrize("labels", [v for _, v in LABELS], ids=[k for k, _ in LABELS])
def test_labels_keep_their_type(labels: Any) -> None:
    X = pd.DataFrame({"x": [0.0, 1.0] * 20})
    y = pd.Series(pd.Series(labels).take([0, 1] * 20).array, name="label")
    model = TabularClassifier(random_state=0, batch_size=8, learning_rate_init=0.01).fit(X, y)
    assert model.classes_.tolist() == list(labels)
    assert model.classes_.dtype.kind == np.array(list(labels)).dtype.kind  # text is text, as in scikit-learn
    assert list(model.predict(X)) == list(y)
    assert model.score(X, y) == 1.0


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([1.0, 2.0, np.nan] * 10, [1, 2]),
        (pd.Series(["a", "b", None] * 10, name="y"), ["a", "b"]),
        (np.array(["a", "b", None] * 10, dtype=object), ["a", "b"]),
        (np.array([True, False, None] * 10, dtype=object), [False, True]),
        (pd.Series([True, False, None] * 10), [False, True]),
        (pd.DataFrame({"y": [1, 2, None] * 10}), [1, 2]),
        ([0.0, 1.0, np.inf] * 10, [0, 1]),
        (np.array([10, 20, None] * 10, dtype=object), [10, 20]),
        (np.array([1.0, 2, None] * 10, dtype=object), [1, 2]),
    ],
)
def test_rows_without_a_label_are_left_out(y: Any, classes: list[Any]) -> None:
    X = np.random.RandomState(0).rand(30, 2)
    with pytest.warns(DataHint, match="value in 10 of 30 rows; they are left out"):
        model = TabularClassifier(max_iter=2, random_state=0).fit(X, y, sample_weight=np.ones(30))
    assert model.classes_.tolist() == classes and model.t_ == 2 * 20


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed"),
        (["a"] * 30, "only one class, 'a', in all 30 rows"),
        (pd.Series([None] * 30, name="species"), "target 'species' has no value in any row"),
        (np.array(["a", 1] * 15, dtype=object), "mixes text and other values"),
        (np.array([[1], 2] * 15, dtype=object), "mixes text and other values"),
        (["a", "b"], "X has 30 rows, but the target has 2"),
        (np.ones((30, 2)), "shape \\(30, 2\\)"),
        (pd.DataFrame({"a": [1] * 30, "b": [2] * 30}), "has 2 columns"),
        (np.linspace(0, 1, 30), "does not name classes. Unknown label type"),
        (np.array([1e300, 2.0] * 15), "only one class|does not name classes"),
        (np.array([pd.Timestamp("2025-01-01"), "a"] * 15, dtype=object), "mixes text and other values"),
        (np.array([1j, 2j] * 15), "holds complex numbers"),
        (pd.Series([1j, 2j] * 15), "holds complex numbers"),
        (np.array([10**400, 1, 2] * 10, dtype=object), "does not name classes"),
        (pd.Series(pd.date_range("2025-01-01", periods=30), name="day"), "'day' holds dates"),
    ],
)
def test_targets_that_are_no_classes(y: Any, message: str) -> None:
    X = np.random.RandomState(0).rand(30, 2)
    with pytest.raises(ValueError, match=message):
        TabularClassifier().fit(X, y)


def test_targets_of_regression() -> None:
    import pyarrow as pa

    X = np.arange(40.0)[:, None]
    expected = TabularRegressor(random_state=0, max_iter=5).fit(X, X.ravel()).predict(X)
    for y in (
        pd.Series([f"{v:.1f}".replace(".", ",") for v in X.ravel()]),
        pd.array(range(40), dtype="Int64"),
        pa.chunked_array([range(40)]),
    ):
        assert np.array_equal(TabularRegressor(random_state=0, max_iter=5).fit(X, y).predict(X), expected)
    with pytest.warns(DataHint, match="has no finite value in 2 of 40 rows"):
        TabularRegressor(max_iter=1).fit(X, np.r_[np.nan, np.inf, range(38)])
    with pytest.warns(DataHint, match="target 'price' is 5 in every row"):
        model = TabularRegressor(random_state=0).fit(X, pd.Series([5] * 40, name="price"))
    assert np.allclose(model.predict(X), 5, atol=0.5)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        TabularRegressor(max_iter=1).fit(X, X)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "b"] * 20, "holds 'a', which is no number"),
        (["1", "b"] * 20, "holds 'b', which is no number"),
        (["007", "01"] * 20, "holds '007', which is no number"),
        (pd.Series(pd.date_range("2025-01-01", periods=40), name="when"), "'when' holds dates"),
        ([np.nan] * 40, "no value|in any row"),
    ],
)
def test_targets_that_are_no_numbers(y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        TabularRegressor().fit(np.arange(40.0)[:, None], y)


def test_regression_in_the_targets_unit() -> None:
    X = np.linspace(-1, 1, 200)[:, None]
    y = 1e6 + 1e5 * X.ravel()
    model = TabularRegressor(random_state=0).fit(X, y)
    assert type(model.estimator_) is MLPRegressor
    assert model.target_mean_ == pytest.approx(1e6) and model.target_scale_ == pytest.approx(np.std(y))
    assert model.score(X, y) > 0.99
    large = TabularRegressor(random_state=0, max_iter=2).fit(X, 1e300 * X.ravel())
    assert np.isfinite(large.predict(X)).all()


def test_a_loss_for_counts_is_not_centred() -> None:
    random = np.random.RandomState(0)
    X = random.uniform(-1, 1, (400, 2))
    y = random.poisson(np.exp(1 + X[:, 0]))
    model = TabularRegressor(loss="poisson", random_state=0).fit(X, y)
    assert model.target_mean_ == 0.0 and model.target_scale_ == pytest.approx(y.mean())
    assert (model.predict(X) > 0).all() and model.score(X, y) > 0.3
    for loss in ("absolute_error", "huber"):
        assert TabularRegressor(loss=loss, random_state=0).fit(X, y).score(X, y) > 0.3
    with pytest.raises(ValueError, match="loss"):
        TabularRegressor(loss="no such loss").fit(X, y)


def test_early_stopping_and_too_few_rows_for_it() -> None:
    model = TabularClassifier(early_stopping=True, random_state=0).fit(PENGUINS.X, PENGUINS.y)
    assert len(model.validation_scores_) == model.n_iter_
    # minus the loss, not the accuracy, decides: the first best accuracy comes long before the best probabilities
    assert model.best_validation_score_ == max(model.validation_scores_) > -0.3
    assert model.score(PENGUINS.X, PENGUINS.y) > 0.95
    few, labels = PENGUINS.X.iloc[[0, 1, 200, 300]], PENGUINS.y.iloc[[0, 1, 200, 300]]
    with pytest.warns(DataHint, match="4 rows are too few to set aside validation rows"):
        model = TabularClassifier(early_stopping=True, random_state=0).fit(few, labels)
    assert model.n_iter_ == 100 and model.early_stopping is True
    with pytest.warns(DataHint, match="too few"):
        TabularRegressor(early_stopping=True, max_iter=2).fit([[1], [2], [3]], [1, 2, 3])


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_tiny_tables(n: int) -> None:
    X = pd.DataFrame({"a": np.arange(n), "b": [f"w{i}" for i in range(n)]})
    assert TabularRegressor(random_state=0).fit(X, np.arange(n)).predict(X).shape == (n,)
    y = np.arange(n) % 2
    assert TabularClassifier(random_state=0).fit(X, y).score(X, y) >= 0.5


def test_other_parameters_reach_the_network() -> None:
    model = TabularClassifier(
        hidden_layer_sizes=7, activation="tanh", solver="sgd", learning_rate="constant", batch_size=50, max_iter=3,
        dropout=0.1, dtype="float32", engine="numpy", class_weight="balanced", random_state=0,
    ).fit(PENGUINS.X, PENGUINS.y)  # fmt: skip
    assert model.coefs_[0].shape[1] == 7 and model.coefs_[0].dtype == np.float32 and model.engine_ == "numpy"
    assert model.estimator_.get_params()["batch_size"] == 50
    assert TabularClassifier(solver="lbfgs", alpha=1.0, random_state=0).fit(PENGUINS.X, PENGUINS.y).score(
        PENGUINS.X, PENGUINS.y
    ) > 0.98  # fmt: skip
    with pytest.raises(ValueError, match="max_iter"):
        TabularClassifier(max_iter=0).fit(PENGUINS.X, PENGUINS.y)
    with pytest.raises(ValueError, match="sample_weight"):
        TabularClassifier().fit(PENGUINS.X, PENGUINS.y, sample_weight=[1.0])


def test_both_engines_give_the_same_model() -> None:
    probabilities = [
        TabularClassifier(random_state=0, max_iter=10, engine=engine)
        .fit(PENGUINS.X, PENGUINS.y)
        .predict_proba(PENGUINS.X)
        for engine in ("numpy", "numba")
    ]
    assert np.allclose(*probabilities, atol=1e-8)


def test_warm_start_goes_on() -> None:
    model = TabularRegressor(random_state=0, max_iter=5, warm_start=True, learning_rate="constant")
    model.fit(DIABETES.X, DIABETES.y)
    kept, first, mean = model.preprocessor_, list(model.loss_curve_), model.target_mean_
    model.fit(DIABETES.X.iloc[:400], DIABETES.y.iloc[:400])
    assert model.preprocessor_ is kept and model.target_mean_ == mean
    assert model.loss_curve_[:5] == first and len(model.loss_curve_) == 10


def test_weights_matter() -> None:
    X, y = np.zeros((40, 1)), np.r_[np.zeros(20), np.ones(20)]
    X[::2] = 1.0
    heavy = TabularRegressor(random_state=0).fit(X, y, sample_weight=np.r_[np.ones(20), np.full(20, 9.0)])
    assert heavy.predict(X).mean() > TabularRegressor(random_state=0).fit(X, y).predict(X).mean() + 0.2


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_unfitted(kind: Any) -> None:
    model = kind()
    for name in ("coefs_", "columns_", "network_", "classes_", "n_iter_"):
        assert not hasattr(model, name)
    for use in (lambda: model.predict([[1]]), lambda: model.columns_, model.to_state, model.fitted):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            use()


def test_a_failed_fit_leaves_the_model_as_it_was() -> None:
    model = TabularClassifier(random_state=0, max_iter=2).fit(PENGUINS.X, PENGUINS.y)
    known = model.predict_proba(PENGUINS.X)
    with pytest.raises(DataError):
        model.fit(PENGUINS.X, ["a"] * 344)
    assert np.array_equal(model.predict_proba(PENGUINS.X), known) and model.target_name_ == "species"


def test_batches_grow_with_the_table() -> None:
    assert [batch_size(n) for n in (1, 10, 344, 1000, 5000, 10**6)] == [1, 10, 16, 32, 128, 256]


def test_a_loss_of_margins_has_scores_instead_of_probabilities() -> None:
    model = TabularClassifier(loss="hinge", max_iter=20, random_state=0).fit(PENGUINS.X, PENGUINS.y)
    assert not hasattr(model, "predict_proba") and not hasattr(model, "predict_log_proba")
    scores = model.decision_function(PENGUINS.X)
    np.testing.assert_array_equal(model.classes_[scores.argmax(axis=1)], model.predict(PENGUINS.X))
    assert not hasattr(TabularClassifier(), "decision_function")


def test_a_fixed_number_of_epochs_warns_of_nothing_but_divergence_does() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TabularClassifier(max_iter=2).fit(PENGUINS.X, PENGUINS.y)
        TabularRegressor(solver="lbfgs", max_iter=2).fit(DIABETES.X, DIABETES.y)
        TabularRegressor(loss="mse", max_iter=2).fit(DIABETES.X, DIABETES.y)
    wild = TabularClassifier(solver="sgd", learning_rate_init=1e200, early_stopping=True, max_iter=5)
    with pytest.warns(DivergenceWarning, match="best weights until then"):
        wild.fit(PENGUINS.X, PENGUINS.y)
    from_object = TabularRegressor(loss=cn.Poisson(), max_iter=2).fit(DIABETES.X, DIABETES.y)
    assert from_object.target_mean_ == 0.0
