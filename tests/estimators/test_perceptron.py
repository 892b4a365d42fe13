"""The Perceptron: the very weights of scikit-learn's, on either engine, and what goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn import linear_model
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from chalknet.engines import perceptron as driver
from chalknet.engines import select
from chalknet.engines.perceptron import choose_engine
from chalknet.estimators.perceptron import Perceptron
from chalknet.exceptions import DataHint, EngineUnavailableError, ModelFileError

ENGINES = ("numpy", "numba")
RNG = np.random.RandomState(3)
X = RNG.randn(90, 6) * [1, 2, 0.5, 3, 1, 1]
Y3 = np.array(["adelie", "gentoo", "chinstrap"])[np.argmax(X[:, :3] + RNG.randn(90, 3), axis=1)]
Y2 = X @ [1, -1, 2, 0.3, 0, 1] + RNG.randn(90) > 0
CSR = sparse.random(120, 40, density=0.1, format="csr", random_state=np.random.RandomState(0))
Y_CSR = CSR @ RNG.randn(40) + 0.1 * RNG.randn(120) > 0

OPTIONS: list[dict[str, Any]] = [
    {},
    {"shuffle": False},
    {"random_state": 7, "eta0": 0.3},
    {"penalty": "l2", "alpha": 0.01},
    {"penalty": "l2", "alpha": 0.4},  # the scale of the weights runs out and is set anew
    {"penalty": "l1", "alpha": 0.002},
    {"penalty": "elasticnet", "alpha": 0.01, "l1_ratio": 0.4},
    {"fit_intercept": False, "tol": None, "max_iter": 4},
    {"early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 3},
    {"early_stopping": True, "penalty": "l2", "alpha": 0.01},
    {"class_weight": "balanced"},
    {"n_jobs": 2, "tol": 0.1},
]


def quiet(model: Any, *data: Any, **more: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(*data, **more)


def assert_same(ours: Perceptron, theirs: Any) -> None:
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        ours.intercept_, theirs.intercept_, rtol=1e-6 if ours.coef_.dtype == "f4" else 1e-12
    )
    assert (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_weights_of_scikit_learn(engine: str, options: dict[str, Any], dtype: str) -> None:
    options = {"max_iter": 30, **options}
    if "penalty" in options and sklearn.__version__ < "1.8":  # its stop rule did not see the penalty
        options["tol"] = None
    weights = RNG.rand(90)
    for data, y, w in ((X, Y2, None), (X, Y3, weights), (CSR, Y_CSR, None)):
        rows = data.astype(dtype)
        ours = quiet(Perceptron(engine=engine, **options), rows, y, sample_weight=w)
        theirs = quiet(linear_model.Perceptron(**options), rows, y, sample_weight=w)
        assert_same(ours, theirs)
        assert ours.coef_.dtype == ours.intercept_.dtype == ours.decision_function(rows).dtype == dtype
        np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))


@pytest.mark.parametrize("engine", ENGINES)
def test_going_on(engine: str) -> None:
    ours, theirs = Perceptron(engine=engine, penalty="l2"), linear_model.Perceptron(penalty="l2")
    for model in (ours, theirs):
        model.partial_fit(X[:30], Y3[:30], classes=np.unique(Y3)).partial_fit(X[30:], Y3[30:])
    assert_same(ours, theirs)
    for model in (ours, theirs):
        quiet(model.set_params(warm_start=True, max_iter=5), X, Y3)
    assert_same(ours, theirs)
    assert len(ours.loss_curve_) == 2 + ours.n_iter_
    start = np.ones((1, 6))
    for model in (ours, theirs):
        given = start if model is ours else start.copy()
        quiet(model.set_params(warm_start=False), X, Y2, coef_init=given, intercept_init=0.5)
    assert_same(ours, theirs)
    assert len(ours.loss_curve_) == ours.n_iter_
    np.testing.assert_array_equal(start, 1.0)  # scikit-learn changes what it was given


def test_a_random_state_object_is_drawn_from_in_the_same_order() -> None:
    for y in (Y2, Y3):
        drawn = []
        for kind in (Perceptron, linear_model.Perceptron):
            state = np.random.RandomState(5)
            model = quiet(kind(random_state=state, early_stopping=True, max_iter=20), X, y)
            drawn.append((model.coef_.tolist(), state.randint(1 << 30)))
        assert drawn[0] == drawn[1]


def test_slices_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"penalty": "elasticnet", "max_iter": 8, "tol": None}
    for engine in ENGINES:
        whole = Perceptron(engine=engine, **options).fit(X, Y3)
        with monkeypatch.context() as patch:
            patch.setattr(driver, "SLICE", 700)  # some thirty rows a call
            patch.setattr(driver, "LONGEST_CURVE", 3)
            cut = Perceptron(engine=engine, **options).fit(X, Y3)
        np.testing.assert_array_equal(whole.coef_, cut.coef_)
        assert whole.loss_curve_ == cut.loss_curve_


def test_read_only_data_and_columns_given_twice() -> None:
    fixed = X.copy()
    fixed.flags.writeable = False
    for engine in ENGINES:
        models = [Perceptron(engine=engine).fit(data, Y2) for data in (fixed, X)]
        np.testing.assert_array_equal(models[0].coef_, models[1].coef_)
    single = sparse.csr_array(X[:, :2])
    twice = sparse.csr_array((np.repeat(single.data / 2, 2), np.repeat(single.indices, 2), single.indptr * 2))
    given = twice.data.copy()
    models = [
        Perceptron(engine=engine, penalty="l1").fit(data, Y2)
        for engine in ENGINES
        for data in (single, twice)
    ]
    for model in models:
        np.testing.assert_allclose(model.coef_, models[0].coef_, rtol=1e-12)
    np.testing.assert_array_equal(twice.data, given)


def test_verbose_prints_as_scikit_learn(capsys: pytest.CaptureFixture[str]) -> None:
    for options in ({}, {"early_stopping": True}):
        lines = []
        for kind in (Perceptron, linear_model.Perceptron):
            kind(verbose=1, max_iter=40, **options).fit(X, Y2)
            text = capsys.readouterr().out
            lines.append([line for line in text.splitlines() if "seconds" not in line and line.strip()])
            assert "Convergence after" in text
        ours, theirs = ([line.split(", Avg")[0] for line in part] for part in lines)
        assert ours == theirs


@pytest.mark.parametrize(
    "y",
    [Y2, Y3, np.where(Y2, 3, 7), np.where(Y2, "yes", "no").astype(object)],
    ids=["bool", "text", "int", "object"],
)
def test_state_and_back(y: np.ndarray) -> None:
    import pandas as pd

    table = pd.DataFrame(X.astype("f4"), columns=list("abcdef"))
    labels = np.unique(y).tolist()
    model = quiet(
        Perceptron(
            random_state=np.random.RandomState(1), class_weight={labels[0]: 2.0}, max_iter=np.int64(9)
        ),
        table,
        y,
    )
    model.sparsify()
    arrays, document = model.to_state()
    again = Perceptron.from_state(arrays, json.loads(json.dumps(document)))
    np.testing.assert_array_equal(again.predict(table), model.predict(table))
    assert again.classes_.dtype == model.classes_.dtype
    assert sparse.issparse(again.coef_)
    assert list(again.feature_names_in_) == list("abcdef")
    assert again.get_params()["class_weight"] == {labels[0]: 2.0}
    for each in (model, again):  # the random state goes on where it was
        quiet(each.densify(), table, y)
    np.testing.assert_array_equal(model.coef_, again.coef_)


def test_what_is_no_state() -> None:
    arrays, document = quiet(Perceptron(max_iter=3), X, Y2).to_state()
    for part in ("coef", "intercept"):
        with pytest.raises(ModelFileError, match="save the model again"):
            Perceptron.from_state({**arrays, part: np.zeros((5, 5))}, document)
    with pytest.raises(ModelFileError, match="not a Perceptron's state"):
        Perceptron.from_state({}, document)
    with pytest.raises(ModelFileError, match="class_weight"):
        quiet(Perceptron(max_iter=3), X, Y2).set_params(class_weight={b"x": 1.0}).to_state()


def test_wrong_use() -> None:
    for method in (Perceptron().densify, Perceptron().to_state):
        with pytest.raises(NotFittedError):
            method()
    with pytest.raises(ValueError, match="got 1 class"):
        Perceptron().fit(X, np.zeros(90))
    with pytest.raises(ValueError, match="classes must be passed"):
        Perceptron().partial_fit(X, Y2)
    with pytest.raises(ValueError, match=r"labels that classes lacks: \['gentoo'\]"):
        Perceptron().partial_fit(X, Y3, classes=["adelie", "chinstrap"])
    with pytest.raises(ValueError, match="not the same as on last call"):
        Perceptron().partial_fit(X, Y3, classes=np.unique(Y3)).partial_fit(X, Y3, classes=["a", "b"])
    with pytest.raises(ValueError, match="coef_init does not match"):
        Perceptron().fit(X, Y3, coef_init=np.zeros(6))
    with pytest.raises(ValueError, match=r"cannot keep validation_fraction=0.1 of 4 rows"):
        Perceptron(early_stopping=True).fit(X[:4], [0, 0, 0, 1])
    with pytest.raises(ValueError, match="are all zero"):
        Perceptron(early_stopping=True).fit(X, Y2, sample_weight=np.zeros(90))
    with pytest.raises(ValueError, match="'activation' parameter"):
        Perceptron(activation="relu").fit(X, Y2)
    with pytest.raises(ValueError, match="early_stopping should be False"):
        Perceptron(early_stopping=True).partial_fit(X, Y2, classes=[False, True])
    with pytest.raises(ValueError, match="'balanced' is not supported"):
        Perceptron(class_weight="balanced").partial_fit(X, Y2, classes=[False, True])
    with pytest.warns(ConvergenceWarning, match="Consider increasing max_iter"):
        Perceptron(max_iter=1).fit(X, Y2)


@pytest.mark.parametrize("engine", ENGINES)
def test_overflow_leaves_the_model_as_it_was(engine: str) -> None:
    model = quiet(Perceptron(engine=engine, max_iter=5), X, Y2)
    before = model.coef_.copy()
    with pytest.raises(
        ValueError, match=r"overflow occurred at epoch #1\. Scaling .* A smaller eta0 \(given: 1e\+300\)"
    ):
        model.set_params(eta0=1e300).fit(X * 1e12, Y3)
    np.testing.assert_array_equal(model.coef_, before)
    assert model.classes_.tolist() == [False, True]


def test_choice_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Perceptron(max_iter=10, tol=None).fit(X, Y2).engine_ == "numpy"
    assert Perceptron(max_iter=1000).fit(X, Y2).engine_ == "numpy"  # ends long before
    assert Perceptron(max_iter=1000, tol=None).fit(X, Y2).engine_ == "numba"
    assert Perceptron(activation="sigmoid").fit(np.tile(X, (3, 1)), np.tile(Y2, 3)).engine_ == "numba"
    assert Perceptron().partial_fit(X[:9], Y2[:9], classes=[False, True]).engine_ == "numpy"
    assert choose_engine("numpy", 10**6, 100, 1, 1000) == "numpy"
    monkeypatch.setattr(select, "find_spec", lambda name: None)
    monkeypatch.setattr(select, "_hinted", False)
    with pytest.warns(DataHint, match="pip install numba"):
        assert Perceptron(tol=None).fit(X, Y2).engine_ == "numpy"
    with pytest.raises(EngineUnavailableError, match='use engine="numpy"'):
        Perceptron(engine="numba").fit(X, Y2)


def test_numba_is_not_imported_for_numpy() -> None:
    code = (
        "import sys, chalknet.estimators.perceptron as p\n"
        "p.Perceptron(engine='numpy', tol=None, max_iter=2).fit([[0.], [1.]], [0, 1])\n"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_iris_by_default_parameters() -> None:
    iris = load_iris(return_X_y=True)
    assert_same(Perceptron().fit(*iris), linear_model.Perceptron().fit(*iris))
