"""What layers and models show of themselves: a table in the terminal, a picture in a notebook."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chalknet as cn
from chalknet.layers import svg
from chalknet.layers.summary import picture

X, Y = load_iris(return_X_y=True)
SVG = "{http://www.w3.org/2000/svg}"
OPTIONS: dict[str, Any] = {"hidden_layer_sizes": (8, 5), "max_iter": 12, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def drawn(html: str) -> list[ElementTree.Element]:
    """The pictures in a piece of HTML, parsed: they must be well-formed."""
    return [
        ElementTree.fromstring(found)
        for found in re.findall(r"<svg.*?</svg>", html, re.DOTALL)
        if "role=" in found
    ]


def words(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(f"{SVG}text")]


def test_a_fitted_model_is_drawn_below_scikit_learns_diagram() -> None:
    model = cn.MLPClassifier(early_stopping=True, **OPTIONS).fit(X, Y)
    page = model._repr_html_()
    network, curve = drawn(page)
    assert "MLPClassifier" in page and page.count("sk-top-container") >= 1
    assert {"input", "hidden 1", "hidden 2", "output", "8 × relu", "3 × softmax"} <= {
        *words(network),
        "3 × softmax",
    }
    assert len(list(network.iter(f"{SVG}circle"))) == 4 + 8 + 5 + 3
    lines = list(network.iter(f"{SVG}path"))
    assert len(lines) == 4 * 8 + 8 * 5 + 5 * 3
    colours = [e.get("stroke") for e in lines[:32]]
    assert colours == [svg.POSITIVE if w >= 0 else svg.NEGATIVE for w in model.coefs_[0].ravel()]
    assert {"training loss", "validation score", "epoch", "12"} <= set(words(curve))
    assert model._repr_mimebundle_()["text/html"].count("<svg") >= 2
    for text in (page, model._picture()):
        assert not re.search(r"(src|href)=['\"]http(?!s?://(scikit-learn|www.w3))", text)


def test_others_are_drawn_too() -> None:
    net = cn.Network([cn.Dense(2, 4), cn.ReLU(), cn.Dense(4, 1)], loss=cn.MSE(), random_state=0)
    assert len(drawn(net._repr_html_())) == 1  # no curve yet
    net.fit(X[:, :2], X[:, 2:3], epochs=3)
    assert len(drawn(net._repr_html_())) == 2 and "Network([Dense(2, 4)" in net._repr_html_()
    assert len(drawn(cn.Perceptron().fit(X, Y)._repr_html_())) == 2
    assert len(drawn(cn.Perceptron(penalty="l1").fit(X, Y).sparsify()._repr_html_())) == 2
    assert len(drawn(cn.TabularClassifier(max_iter=2).fit(X, Y)._repr_html_())) == 2


def test_what_is_not_fitted_or_lies_inside_another_looks_as_ever() -> None:
    unfitted = cn.MLPClassifier(**OPTIONS)
    assert drawn(unfitted._repr_html_()) == [] == drawn(cn.TabularClassifier()._repr_html_())
    assert drawn(cn.Perceptron()._repr_html_()) == []
    search = GridSearchCV(make_pipeline(StandardScaler(), unfitted), {"mlpclassifier__alpha": [0.1]}, cv=2)
    assert "MLPClassifier" in search.fit(X, Y)._repr_html_()
    with config_context(display="text"):
        bundle = unfitted.fit(X, Y)._repr_mimebundle_()
        assert set(bundle) == {"text/plain"}


def test_large_and_deep_and_diverged_networks_stay_small_pictures() -> None:
    rng = np.random.default_rng(0)
    layers = [cn.Dense(300, 300, random_state=0), cn.Tanh()] + [
        layer for i in range(30) for layer in (cn.Dense(300, 300, random_state=i), cn.LeakyReLU())
    ]
    layers[0].weights = np.where(rng.random((300, 300)) < 0.5, np.nan, np.inf)
    page = picture(layers, np.geomspace(100, 1e-9, 100_000).tolist(), [np.nan, *rng.random(5000)])
    assert len(page) < 60_000
    network, curve = drawn(page)
    assert "⋯" in words(network) and "⋮" in words(network) and "nan" not in page
    assert "100000" in words(curve) and "1e-09" in words(curve)  # a logarithmic axis
    one = drawn(picture([cn.Dense(1, 1)], [0.5]))[1]
    assert len(list(one.iter(f"{SVG}circle"))) == 1
    assert drawn(picture([cn.Dense(1, 1)], [np.nan, np.inf]))  # nothing finite to draw


def test_the_tables_numbers_and_memory(capsys: pytest.CaptureFixture[str]) -> None:
    net = cn.Network(
        [cn.Standardize(3), cn.Dense(3, 10), cn.BatchNorm(10), cn.ReLU(), cn.Dropout(0.1), cn.Dense(10, 2)],
        loss=cn.MSE(),
    )
    net.summary()
    out = " ".join(capsys.readouterr().out.split())
    assert "Dense(3, 10) (rows, 10) 40 3 × 10 weights + 10 biases" in out
    assert "in all 82" in out and "20" in out  # 40 + 20 + 22
    assert "gradient 0.6 KiB, a batch of 32 rows" in out and "kept moments 0.2 KiB" in out
    assert "Adam" not in out
    net.fit(X[:, :3], X[:, :2], optimizer=cn.Adam(0.01), epochs=1)
    net.summary(batch_size=128)
    out = " ".join(capsys.readouterr().out.split())
    assert "Adam 1.3 KiB, a batch of 128 rows 93.0 KiB" in out  # (3 + 2 * 45) * 128 * 8 bytes
    cn.MLPClassifier(batch_size=16, **OPTIONS).fit(X, Y).summary()
    assert "a batch of 16 rows" in capsys.readouterr().out
