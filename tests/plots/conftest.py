"""Models that the figures are tested on, and no figure left open after a test."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris, make_moons
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _close():
    import matplotlib.pyplot as plt

    plt.close("all")  # those of tests before that end where a figure was refused
    yield
    plt.close("all")


@pytest.fixture(autouse=True)
def _no_show(monkeypatch):
    """No figure may call show()."""
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("show() was called"))


@pytest.fixture(scope="session")
def moons():
    X, y = make_moons(80, noise=0.2, random_state=0)
    return MLPClassifier((8,), solver="lbfgs", max_iter=400, random_state=0).fit(X, y), X, y


@pytest.fixture(scope="session")
def iris():
    data = load_iris(as_frame=True)
    y = data.target_names[data.target]
    network = MLPClassifier((5,), solver="lbfgs", max_iter=400, random_state=0)
    return make_pipeline(StandardScaler(), network).fit(data.data, y), data.data, y


@pytest.fixture(scope="session")
def mixed():
    """A table with numbers, gaps and a categorical column."""
    random = np.random.RandomState(0)
    frame = pd.DataFrame(
        {
            "size": random.randn(60),
            "colour": random.choice(["red", "green", "blue"], 60),
            "count": random.randint(0, 9, 60),
        }
    )
    y = np.where((frame["colour"] == "red") | (frame["size"] > 0.5), "yes", "no")
    prepare = make_column_transformer(
        (StandardScaler(), ["size", "count"]), (OneHotEncoder(handle_unknown="ignore"), ["colour"])
    )
    network = MLPClassifier((6,), solver="lbfgs", max_iter=400, random_state=0)
    return make_pipeline(prepare, network).fit(frame, y), frame, y


@pytest.fixture(scope="session")
def regressor():
    X = np.random.RandomState(0).randn(60, 3)
    y = X[:, 0] ** 2 + X[:, 1]
    return MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=300, random_state=0).fit(X, y), X, y
