"""cn.check_gradients: engines, estimators and errors."""

from __future__ import annotations

import numpy as np
import pytest

import chalknet as cn
from chalknet.engines import chalkboard


@pytest.fixture
def net():
    return cn.Network([cn.Dense(3, 4), cn.Tanh(), cn.Dense(4, 2)], cn.MSE(), random_state=0)


@pytest.fixture
def rows():
    rng = np.random.RandomState(1)
    return rng.randn(5, 3), rng.randn(5, 2)


# engines and estimators


@pytest.mark.parametrize("engine", ["numpy", "numba", "auto"])
def test_an_engines_gradient_is_compared_too(engine, net, rows):
    report = cn.check_gradients(net, *rows, engine=engine)
    shown = "numpy" if engine == "auto" else engine
    assert report and report.compared == ("Network.backward", f"{shown} engine")
    assert str(report).startswith(f"Network.backward and {shown} engine agree with")


def test_an_engines_wrong_gradient_is_caught(net, rows, monkeypatch):
    slope = chalkboard.ChalkboardEngine.slope

    def wrong(*args):
        def of(parameters):
            value, flat = slope(*args)(parameters)
            flat[5] *= 3.0
            return value, flat

        return of

    monkeypatch.setattr(chalkboard.ChalkboardEngine, "slope", wrong)
    assert cn.check_gradients(net, *rows)
    report = cn.check_gradients(net, *rows, engine="numpy")
    assert not report and report.worst == "W1[1,1]" and "engine do not agree" in str(report)


IRISES = np.random.RandomState(0).randn(30, 4)
KIND = np.array(["a", "b", "c"])[(IRISES[:, 0] > 0) + (IRISES[:, 1] > 0.3).astype(int)]
CLASSIFIERS = {
    "two classes": ({}, KIND == "a"),
    "three classes": ({}, KIND),
    "several labels": ({}, np.column_stack([KIND == "a", KIND != "b"]).astype(int)),
    "class weights": ({"class_weight": "balanced"}, KIND),
    "hinge": ({"loss": "hinge"}, KIND),
    "focal": ({"loss": "focal", "activation": "tanh"}, KIND == "a"),
    "float32": ({"dtype": "float32"}, KIND),
    "warm": ({"warm_start": True, "alpha": 0.5}, KIND),
    "lbfgs": ({"solver": "lbfgs", "alpha": 0.1}, KIND),
    "adamw": ({"solver": "adamw", "alpha": 0.1, "dropout": 0.3}, KIND),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_classifiers_take_labels(name):
    options, y = CLASSIFIERS[name]
    model = cn.MLPClassifier((5,), max_iter=10, random_state=0, engine="numpy", **options).fit(IRISES, y)
    report = cn.check_gradients(model, IRISES[:7], y[:7], sample_weight=np.arange(1.0, 8.0))
    assert report and report.max_difference < 1e-7 and report.compared[1] == "numpy engine", report
    assert ("Σ W²" in report.objective) == (name != "adamw")


@pytest.mark.parametrize("objective", ["squared_error", "poisson", "absolute_error", "huber", "quantile"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_regressors(objective):
    y = np.abs(IRISES[:, :2])
    model = cn.MLPRegressor(objective, (5,), alpha=1.0, max_iter=5, random_state=0, engine="numpy").fit(
        IRISES, y
    )
    report = cn.check_gradients(model, IRISES, y)
    assert report and report.max_difference < 1e-7, report


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_penalty_belongs_to_the_engines_gradient(monkeypatch):
    model = cn.MLPRegressor(
        (), alpha=2.0, max_iter=5, random_state=0, engine="numpy", hidden_layer_sizes=(3,)
    )
    model.set_params(loss="squared_error").fit(IRISES, IRISES[:, 0])
    assert "+ 2/(2 m) Σ W²" in str(cn.check_gradients(model, IRISES, IRISES[:, 0]))
    monkeypatch.setattr(chalkboard.Board, "penalise", lambda *_: 0.0)  # as if it were forgotten
    report = cn.check_gradients(model, IRISES, IRISES[:, 0])
    assert not report and {name[0] for name, d in report.parameters.items() if d > 1e-6} == {"W"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_assigned_weights_are_the_ones_checked():
    model = cn.MLPClassifier((5,), max_iter=2, random_state=0, engine="numpy").fit(IRISES, KIND)
    model.coefs_[0] = np.zeros((4, 5))
    model.intercepts_[0] = np.zeros(5)
    assert cn.check_gradients(model, IRISES, KIND).kinks > 0  # each hidden z is 0 now


def test_tabular_estimators_take_their_table():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(IRISES, columns=list("pqrs")).assign(kind=KIND)
    table.loc[3, "p"] = None
    options = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0, "engine": "numpy"}
    classes = cn.TabularClassifier(**options).fit(table.drop(columns="kind"), table["kind"])
    report = cn.check_gradients(classes, table.drop(columns="kind")[:4], table["kind"][:4])
    assert report and "Σ W²" not in report.objective  # AdamW decays weights by itself
    y = table["q"] * 10 + 3
    numbers = cn.TabularRegressor(solver="adam", **options).fit(table.drop(columns="q"), y)
    y[2] = np.nan
    report = cn.check_gradients(numbers, table.drop(columns="q")[:4], y[:4], sample_weight=[1, 2, 3, 4])
    assert report and report.arrays[-1].shape[0] == 3  # the row without a number is left out
    assert cn.check_gradients(numbers, table.drop(columns="q")[:4], table["q"][:4])


@pytest.mark.parametrize("y", [KIND, KIND == "a"])
def test_a_sigmoid_perceptron_is_one_layer(y):
    model = cn.Perceptron(activation="sigmoid", eta0=0.1, max_iter=20, tol=None).fit(IRISES, y)
    report = cn.check_gradients(model, IRISES, y)
    assert (
        report
        and report.arrays[0].shape == (4, len(model.coef_))
        and report.compared == ("Network.backward",)
    )


# errors


def test_what_is_no_model_is_refused_in_one_sentence():
    for wrong in ("net", cn.Dense(2, 1), np.ones(3)):
        with pytest.raises(
            cn.ParameterError, match="A Network or a fitted estimator of chalknet is needed, but"
        ):
            cn.check_gradients(wrong, [[1.0]], [[1.0]])
    for unfitted in (cn.MLPClassifier(), cn.TabularRegressor(), cn.Perceptron(activation="sigmoid")):
        with pytest.raises(cn.NotFittedError, match="not fitted"):
            cn.check_gradients(unfitted, [[1.0]], [1])
    with pytest.raises(cn.ParameterError, match="has no gradient"):
        cn.check_gradients(cn.Perceptron().fit(IRISES, KIND), IRISES, KIND)
    with pytest.raises(cn.ParameterError, match=r"holds the labels \['z'\]"):
        cn.check_gradients(cn.Perceptron(activation="sigmoid").fit(IRISES, KIND), IRISES[:1], ["z"])


def test_options_and_data_that_do_not_fit(net, rows):
    with pytest.raises(cn.ParameterError, match="network without a loss was given"):
        cn.check_gradients(cn.Network([cn.Dense(3, 2)]), *rows)
    with pytest.raises(cn.ParameterError, match="engine='cuda' is unknown"):
        cn.check_gradients(net, *rows, engine="cuda")
    with pytest.raises(cn.ParameterError, match="tolerance must be a number"):
        cn.check_gradients(net, *rows, tolerance=0)
    with pytest.raises(cn.ShapeError, match=r"X of shape \(rows, 3\)"):
        cn.check_gradients(net, [1.0, 2.0, 3.0], rows[1][0])
    with pytest.raises(cn.ShapeError, match="y_true of shape"):
        cn.check_gradients(net, rows[0], rows[1][:2])
    with pytest.raises(cn.ShapeError, match="sample_weight must have shape"):
        cn.check_gradients(net, *rows, sample_weight=[1.0])
    with pytest.raises(cn.DataError, match="loss on these rows is nan; a gradient check needs a finite one"):
        cn.check_gradients(net, np.full((5, 3), np.nan), rows[1])
