"""What chalknet's multilayer perceptrons add to scikit-learn's, and how they fail."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import accuracy_score, r2_score

import chalknet as cn
from chalknet.engines.random import split
from chalknet.estimators.classifier import CLASSIFICATION
from chalknet.estimators.regressor import REGRESSION
from chalknet.exceptions import DataError, DivergenceWarning, ParameterError, ShapeError
from chalknet.maths.losses import LOSSES

ENGINES = ("numpy", "numba")
X, Y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(**options: Any) -> Any:
    return cn.MLPClassifier(
        **{"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0, "engine": "numpy", **options}
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", CLASSIFICATION)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_every_classification_loss_learns(loss: str, n_classes: int, engine: str) -> None:
    rows = n_classes > Y
    model = small(loss=loss, engine=engine, max_iter=150, learning_rate_init=0.02)
    if n_classes == 2 and loss == "kl_divergence":
        with pytest.raises(ParameterError, match="three or more classes"):
            model.fit(X[rows], NAMES[rows])
        return
    model.fit(X[rows], NAMES[rows])
    assert model.score(X[rows], NAMES[rows]) > 0.9
    if hasattr(model, "predict_proba"):
        p = model.predict_proba(X[rows])
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-9)
        assert p.shape[1] == n_classes
        np.testing.assert_allclose(np.exp(model.predict_log_proba(X[rows])), p)
    else:
        with pytest.raises(AttributeError):
            model.predict_proba(X)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", REGRESSION)
def test_every_regression_loss_learns(loss: str, engine: str) -> None:
    Z, t = make_regression(200, 4, noise=1.0, random_state=0)
    t = np.abs(t) / 50 + 0.1 if LOSSES[loss].targets[0] == 0.0 else t / 50
    model = cn.MLPRegressor(
        loss=loss,
        hidden_layer_sizes=(20,),
        max_iter=300,
        learning_rate_init=0.01,
        random_state=0,
        engine=engine,
    )
    assert model.fit(Z, t).score(Z, t) > 0.8


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "solver",
    ["rmsprop", "adagrad", "lion", "amsgrad", "nadam", "adamw", "momentum", cn.Adam(0.01, schedule="cosine")],
)
def test_every_optimizer_by_name_or_as_object(solver: Any, engine: str) -> None:
    rate = 0.1 if solver == "adagrad" else 0.01  # adagrad's steps only ever shrink
    model = small(solver=solver, engine=engine, learning_rate_init=rate, max_iter=100).fit(X, NAMES)
    assert model.score(X, NAMES) > 0.9


def test_adamw_takes_alpha_as_decoupled_decay() -> None:
    strong, weak = (
        small(solver="adamw", alpha=a, max_iter=50, learning_rate_init=0.01).fit(X, Y) for a in (5.0, 0.0)
    )
    assert np.linalg.norm(strong.coefs_[0]) < np.linalg.norm(weak.coefs_[0])
    assert strong.network_.optimizer.weight_decay == 5.0
    assert small(solver="amsgrad", beta_1=0.5).fit(X, Y).network_.optimizer.beta_1 == 0.5


@pytest.mark.parametrize("engine", ENGINES)
def test_activation_and_dropout_per_layer(engine: str) -> None:
    model = small(
        hidden_layer_sizes=(8, 6),
        activation=["gelu", "tanh"],
        dropout=[0.1, 0.0],
        max_iter=200,
        engine=engine,
    ).fit(X, Y)
    assert [repr(layer) for layer in model.network_.layers[1:5]] == [
        "GELU()",
        "Dropout(0.1)",
        "Dense(8, 6)",
        "Tanh()",
    ]
    assert model.score(X, Y) > 0.9
    with pytest.raises(ParameterError, match="2 hidden layers"):
        small(hidden_layer_sizes=(8, 6), activation=["gelu"]).fit(X, Y)
    with pytest.raises(ValueError, match="activation"):
        small(activation="relux").fit(X, Y)


def test_class_weight_moves_the_border() -> None:
    rows = Y > 0
    options = {"max_iter": 100, "learning_rate_init": 0.01}
    plain = small(**options).fit(X[rows], Y[rows])
    heavy = small(**options, class_weight={1: 1.0, 2: 20.0}).fit(X[rows], Y[rows])
    assert (heavy.predict(X[rows]) == 2).sum() > (plain.predict(X[rows]) == 2).sum()
    balanced = small(class_weight="balanced").fit(X, Y)
    np.testing.assert_allclose(balanced.coefs_[0], small().fit(X, Y).coefs_[0])  # iris is balanced
    with pytest.raises(ParameterError, match="balanced"):
        balanced.partial_fit(X, Y)
    Z, labels = make_multilabel_classification(50, random_state=0)
    assert small(class_weight="balanced").fit(Z, labels).predict(Z).shape == labels.shape


@pytest.mark.parametrize("engine", ENGINES)
def test_sparse_rows_give_the_dense_result(engine: str) -> None:
    Z = np.where(np.abs(X) < 0.5, 0, X)
    dense = small(engine=engine).fit(Z, Y)
    for make in (sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array):
        one = small(engine=engine).fit(make(Z), Y)
        np.testing.assert_allclose(one.coefs_[0], dense.coefs_[0], atol=1e-10)
        np.testing.assert_allclose(one.predict_proba(make(Z)), dense.predict_proba(Z), atol=1e-10)


@pytest.mark.parametrize("engine", ENGINES)
def test_float32_stays_float32(engine: str) -> None:
    model = small(engine=engine).fit(X.astype(np.float32), Y)
    assert {w.dtype for w in [*model.coefs_, *model.intercepts_]} == {np.dtype(np.float32)}
    assert model.predict_proba(X.astype(np.float32)).dtype == np.float32
    assert small(dtype="float32").fit(X, Y).coefs_[0].dtype == np.float32
    assert small(solver="lbfgs").fit(X.astype(np.float32), Y).coefs_[0].dtype == np.float32


@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping_keeps_the_best_weights_of_stratified_rows(engine: str) -> None:
    model = small(
        engine=engine, early_stopping=True, max_iter=500, validation_fraction=0.2, n_iter_no_change=5
    ).fit(X, NAMES)
    assert model.n_iter_ == len(model.validation_scores_) == len(model.loss_curve_) < 500
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ is None
    again = small(
        engine=engine,
        early_stopping=True,
        max_iter=int(np.argmax(model.validation_scores_)) + 1,
        validation_fraction=0.2,
    ).fit(X, NAMES)
    np.testing.assert_array_equal(again.coefs_[0], model.coefs_[0])
    regressor = cn.MLPRegressor(early_stopping=True, random_state=0, engine=engine, max_iter=100).fit(
        X, X[:, :2]
    )
    assert regressor.best_validation_score_ <= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_ten_and_ten_epochs_are_twenty(engine: str) -> None:
    whole = small(engine=engine, max_iter=20, batch_size=32).fit(X, Y)
    parts = small(engine=engine, max_iter=10, batch_size=32, warm_start=True).fit(X, Y).fit(X, Y)
    np.testing.assert_array_equal(parts.coefs_[0], whole.coefs_[0])
    assert parts.loss_curve_ == whole.loss_curve_
    assert (parts.t_, parts.n_iter_) == (whole.t_, 10)


def test_assigned_weights_are_used_and_start_the_optimizer_anew() -> None:
    model = small(warm_start=True).fit(X, Y)
    model.coefs_[0] = np.zeros_like(model.coefs_[0])
    model.intercepts_ = [b * 0 for b in model.intercepts_]
    assert np.ptp(model.predict_proba(X), axis=0).max() == 0
    model.fit(X, Y)
    assert (
        model.network_.training_state.counts[0] == model.n_iter_
    )  # one batch an epoch: the steps of this fit alone
    assert model.t_ == (20 + model.n_iter_) * len(X)
    model.coefs_[1][:] = 0.0  # in place
    model.intercepts_[1][:] = 0.0
    assert np.ptp(model.predict_proba(X)) < 1e-12
    model.coefs_ = [np.zeros((2, 2))]
    with pytest.raises(ShapeError, match="2 arrays each"):
        model.predict(X)
    fresh = small(max_iter=1)
    with pytest.raises(NotFittedError):
        fresh.predict(X)


@pytest.mark.parametrize("engine", ENGINES)
def test_partial_fit_is_one_epoch_of_fit(engine: str) -> None:
    whole = small(engine=engine, max_iter=5).fit(X, NAMES)
    parts = small(engine=engine)
    for i in range(5):
        parts.partial_fit(X, NAMES, classes=np.unique(NAMES) if i == 0 else None)
    np.testing.assert_array_equal(parts.coefs_[0], whole.coefs_[0])
    assert parts.n_iter_ == 1
    with pytest.raises(ValueError, match="has classes not in"):
        parts.partial_fit(X[:2], ["setosa", "rosa"])
    with pytest.raises(ParameterError, match="early_stopping"):
        small(early_stopping=True).partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(AttributeError):
        small(solver="lbfgs").partial_fit(X, Y)
    one = cn.MLPRegressor(random_state=0, engine=engine).partial_fit(X, X[:, 0])
    assert len(one.loss_curve_) == 1


def test_copies_are_whole() -> None:
    model = small(dropout=0.2, callbacks=[]).fit(X, NAMES)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    twin.partial_fit(X, NAMES)
    model.partial_fit(X, NAMES)
    np.testing.assert_array_equal(twin.coefs_[0], model.coefs_[0])
    state = type(model).from_state(*model.to_state())
    np.testing.assert_array_equal(state.predict(X), model.predict(X))
    assert clone(model).get_params() == {**model.get_params()}
    with pytest.raises(cn.exceptions.ModelFileError):
        type(model).from_state({}, {"parameters": {}, "fitted": {}})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.filterwarnings("error")
def test_divergence_ends_at_once_and_says_what_to_do(engine: str) -> None:
    model = small(solver="sgd", learning_rate_init=1e6, engine=engine, max_iter=1000, activation="identity")
    with pytest.raises(ValueError, match=r"non-finite parameter weights.*learning_rate_init"):
        model.fit(X * 1e100, Y)
    assert model.n_iter_ < 5
    with pytest.raises(DataError, match="validation set is too small"):
        small(early_stopping=True).fit(X[45:55], Y[45:55])
    with pytest.raises(ParameterError, match="stochastic solver"):
        small(solver="lbfgs", dropout=0.5).fit(X, Y)
    with pytest.raises(DataError, match="at least 0"):
        cn.MLPRegressor(loss="poisson").fit(X, -np.abs(X[:, 0]) - 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping_tells_divergence_and_refuses_validation_without_weight(engine: str) -> None:
    wild = small(solver="sgd", learning_rate_init=1e9, activation="identity", batch_size=8, max_iter=50)
    with pytest.warns(DivergenceWarning, match="best weights until then are kept"):
        wild.set_params(early_stopping=True, engine=engine).fit(X * 1e60, Y)
    assert np.isfinite(wild.coefs_[0]).all()
    _, validation = split(small(early_stopping=True).fit(X, Y).network_.seed, len(X), 15, Y)
    weights = np.ones(len(X))
    weights[validation] = 0.0
    with pytest.raises(DataError, match="sample_weight 0"):
        small(early_stopping=True, engine=engine).fit(X, Y, weights)


def test_reversed_intercepts_are_seen() -> None:
    model = small().fit(X, Y)
    before = model.predict_proba(X)
    model.intercepts_[0] = model.intercepts_[0][::-1]
    assert not np.allclose(model.predict_proba(X), before)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_class_and_no_hidden_layer(engine: str) -> None:
    one = small(engine=engine).fit(X, np.full(len(X), "only"))
    assert set(one.predict(X)) == {"only"}
    assert one.predict_proba(X).shape == (len(X), 1)
    flat = small(hidden_layer_sizes=(), engine=engine, max_iter=300, learning_rate_init=0.05).fit(X, Y)
    assert len(flat.coefs_) == 1
    assert accuracy_score(Y, flat.predict(X)) > 0.9
    model = cn.MLPRegressor(hidden_layer_sizes=[], solver="lbfgs", engine=engine).fit(X, X[:, 0])
    assert r2_score(X[:, 0], model.predict(X)) > 0.99


def test_verbose_prints_what_scikit_learn_prints(capsys: pytest.CaptureFixture[str]) -> None:
    small(verbose=True, max_iter=2).fit(X, Y)
    assert capsys.readouterr().out.startswith("Iteration 1, loss = ")
    small(verbose=True, tol=10, n_iter_no_change=1, early_stopping=True).fit(X, Y)
    out = capsys.readouterr().out
    assert "Validation score: " in out
    assert out.rstrip().endswith(
        "did not improve more than tol=10.000000 for 1 consecutive epochs. Stopping."
    )
    small(verbose=True, solver="sgd", learning_rate="adaptive", tol=10, n_iter_no_change=1, max_iter=6).fit(
        X, Y
    )
    assert "Setting learning rate to 0.000200" in capsys.readouterr().out
    small(verbose=True, solver="lbfgs", max_iter=2).fit(X, Y)
    assert "Iteration 2, loss = " in capsys.readouterr().out


class Stop(cn.callbacks.Callback if hasattr(cn, "callbacks") else object):  # type: ignore[misc]
    """Remembers what it is told, and stops after a number of epochs."""

    def __init__(self, after: int, error: type[BaseException] | None = None) -> None:
        self.after, self.error, self.seen, self.ended = after, error, [], 0

    def on_fit_begin(self, context: Any) -> None:
        assert context.epoch == 0

    def on_epoch_end(self, context: Any) -> None:
        self.seen.append((context.epoch, context.loss))
        if context.epoch == self.after:
            if self.error:
                raise self.error
            context.stop()

    def on_fit_end(self, context: Any) -> None:
        self.ended += 1


@pytest.mark.parametrize("engine", ENGINES)
def test_callbacks_see_every_epoch_and_may_stop(engine: str) -> None:
    stop = Stop(3)
    model = small(engine=engine, callbacks=[stop], max_iter=10).fit(X, Y)
    assert [epoch for epoch, _ in stop.seen] == [1, 2, 3]
    assert [loss for _, loss in stop.seen] == model.loss_curve_
    assert (stop.ended, model.n_iter_) == (1, 3)


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_leaves_a_fitted_model(engine: str) -> None:
    stop = Stop(3, KeyboardInterrupt)
    model = small(engine=engine, callbacks=[stop], max_iter=10)
    with pytest.warns(UserWarning, match="interrupted by user"):
        model.fit(X, Y)
    assert (model.n_iter_, stop.ended) == (3, 1)
    assert model.predict(X).shape == Y.shape


def test_auto_chooses_by_the_work_alone() -> None:
    assert small(engine="auto", max_iter=2).fit(X, Y).engine_ == "numpy"
    assert small(engine="auto", max_iter=5000, tol=10).fit(X, Y).engine_ == "numba"


def test_warnings_are_scikit_learns() -> None:
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
        small(max_iter=2).fit(X, Y)
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge"):
        small(max_iter=2, solver="lbfgs").fit(X, Y)
    with pytest.warns(UserWarning, match="batch_size"):
        small(batch_size=1000).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(max_iter=200, tol=1, n_iter_no_change=1).fit(X, Y)


def test_summary_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    small().fit(X, Y).summary()
    out = capsys.readouterr().out
    assert "Dense(4, 8)" in out
    assert "67" in out
