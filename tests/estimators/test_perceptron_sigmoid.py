"""The sigmoid perceptron: the lecture's descent, row by row, and its probabilities."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from chalknet.estimators.perceptron import Perceptron

ENGINES = ("numpy", "numba")
RNG = np.random.RandomState(3)
X = RNG.randn(90, 6) * [1, 2, 0.5, 3, 1, 1]
Y3 = np.array(["adelie", "gentoo", "chinstrap"])[np.argmax(X[:, :3] + RNG.randn(90, 3), axis=1)]
Y2 = X @ [1, -1, 2, 0.3, 0, 1] + RNG.randn(90) > 0
CSR = sparse.random(120, 40, density=0.1, format="csr", random_state=np.random.RandomState(0))
Y_CSR = CSR @ RNG.randn(40) + 0.1 * RNG.randn(120) > 0
OPTIONS: list[dict[str, Any]] = [
    {},
    {"penalty": "l2"},
    {"penalty": "elasticnet", "alpha": 0.01},
    {"early_stopping": True},
]


def quiet(model: Any, *data: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(*data)


@pytest.mark.parametrize("engine", ENGINES)
def test_sigmoid_is_the_lectures_descent(engine: str) -> None:
    w, b, history = np.zeros(6), 0.0, []
    for _ in range(12):
        error = 0.0
        for x, y in zip(X, Y2, strict=True):
            a = 1 / (1 + np.exp(-(x @ w + b)))
            error += (a - y) ** 2
            slope = 2 * (a - y) * a * (1 - a)
            w, b = w - 0.1 * slope * x, b - 0.1 * slope
        history.append(error / len(X))
    model = Perceptron(
        activation="sigmoid", eta0=0.1, max_iter=12, tol=None, shuffle=False, engine=engine
    ).fit(X, Y2)
    np.testing.assert_allclose(model.coef_[0], w, rtol=1e-12)
    np.testing.assert_allclose(model.intercept_, b, rtol=1e-12)
    np.testing.assert_allclose(model.loss_curve_, history, rtol=1e-12)


@pytest.mark.parametrize(
    "options",
    OPTIONS,
    ids=str,
)
def test_engines_agree_on_the_sigmoid(options: dict[str, Any]) -> None:
    for data, y in ((X, Y3), (CSR, Y_CSR)):
        one, other = (
            quiet(Perceptron(activation="sigmoid", eta0=0.2, max_iter=15, engine=e, **options), data, y)
            for e in ENGINES
        )
        np.testing.assert_allclose(one.coef_, other.coef_, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(one.loss_curve_, other.loss_curve_, rtol=1e-11)


def test_probabilities() -> None:
    model = quiet(Perceptron(activation="sigmoid", eta0=0.1, max_iter=50), X, Y3)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    np.testing.assert_array_equal(model.classes_[p.argmax(axis=1)], model.predict(X))
    two = quiet(Perceptron(activation="sigmoid", eta0=0.1, max_iter=50), X.astype("f4"), Y2)
    p = two.predict_proba(X.astype("f4"))
    assert p.dtype == "f4"
    np.testing.assert_array_equal(p[:, 1] > 0.5, two.predict(X))
    np.testing.assert_allclose(np.exp(two.predict_log_proba(X)), two.predict_proba(X))
    model.coef_, model.intercept_ = np.zeros((3, 6)), np.full(3, -1e5)
    np.testing.assert_allclose(model.predict_proba(X[:1]), 1 / 3)  # every unit says no
    with pytest.raises(AttributeError, match="has no attribute 'predict_proba'") as caught:
        _ = Perceptron().predict_proba
    assert "activation='sigmoid'" in str(caught.value.__cause__)
