from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chalknet as cn
from chalknet.plots import gradient_flow

X = np.random.RandomState(0).randn(20, 2)
Y = X[:, :1] * 2 - 1
TOLD = re.compile(r"layer (\d+)'s is (\S+) times smaller than layer (\d+)'s")


def net_of(*hidden, loss=None):
    layers = [cn.Dense(2, 3)]
    for layer in hidden:
        layers += [layer, cn.Dense(3, 3)]
    return cn.Network([*layers, cn.Dense(3, 1)], loss or cn.MSE(), random_state=0)


def bars(ax):
    return [patch.get_height() for patch in ax.patches]


def test_bars_are_the_mean_sizes_of_the_weights_gradients():
    net = net_of(cn.Tanh())
    ax = gradient_flow(net, X, Y)
    assert net.layers[0].dweights is None  # the reader's layers are left alone
    net.forward(X)
    net.backward(Y)
    assert np.allclose(bars(ax), [np.abs(layer.dweights).mean() for layer in net.dense])
    assert np.allclose(ax.lines[0].get_ydata(), [np.abs(layer.dweights).max() for layer in net.dense])
    assert ax.get_yscale() == "log" and ax.get_title() == "gradients of Network"
    assert [t.get_text() for t in ax.get_xticklabels()] == [
        "layer 1\n2 × 3",
        "layer 2\n3 × 3",
        "layer 3\n3 × 1",
    ]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["mean", "largest"]
    assert [t.get_text() for t in ax.texts] == [f"{height:.2g}" for height in bars(ax)]


def test_rows_weights_count():
    net, weights = net_of(cn.Tanh()), np.zeros(20)
    weights[3] = 1.0
    assert np.allclose(
        bars(gradient_flow(net, X, Y, sample_weight=weights)), bars(gradient_flow(net, X[3:4], Y[3:4]))
    )


def test_vanishing_gradients_are_told():
    net = net_of(*(cn.Sigmoid() for _ in range(9)))
    heights = bars(ax := gradient_flow(net, X, Y))
    least, much, most = TOLD.search(ax.get_title()).groups()
    assert int(least) == np.argmin(heights) + 1 <= 2 and most == "11"  # near the first layer
    assert float(much.replace(",", "")) == pytest.approx(max(heights) / min(heights), rel=0.5)


def test_exploding_gradients_are_told_too():
    net = net_of(cn.Identity())
    net.layers[-1].weights = net.layers[-1].weights * 1e9
    least, much, most = TOLD.search(gradient_flow(net, X, Y).get_title()).groups()
    assert (least, most) in (("3", "1"), ("3", "2")) and re.fullmatch(r"\de\+0?\d+", much)


def test_dead_layers_have_no_bar():
    net = net_of(cn.ReLU())
    net.layers[0].biases, net.layers[2].biases = -100.0, 1.0
    ax = gradient_flow(net, X, Y)
    assert ax.get_title() == "gradients of Network\nnone reaches layers 1 and 2" and len(bars(ax)) == 1
    assert [t.get_text() for t in ax.texts][:2] == ["0", "0"]
    net = cn.Network([cn.Dense(2, 1), cn.ReLU()], cn.MSE())
    net.layers[0].biases = -100.0
    ax = gradient_flow(net, X, Y)
    assert ax.get_title().endswith("none reaches layer 1") and not bars(ax) and ax.get_legend() is None


def test_gradients_that_overflow_have_no_bar():
    net = net_of(cn.Identity())
    net.parameters *= 1e200
    assert gradient_flow(net, X, Y).get_title() == "gradients of Network"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators_take_labels_and_pipelines_are_entered():
    labels = np.where(Y[:, 0] > 0, "yes", "no")
    model = cn.MLPClassifier((4,), max_iter=2, random_state=0, engine="numpy")
    pipe = make_pipeline(StandardScaler(), model).fit(X, labels)
    scaled = StandardScaler().fit_transform(X)
    assert np.allclose(bars(gradient_flow(pipe, X, labels)), bars(gradient_flow(pipe[-1], scaled, labels)))
    assert gradient_flow(pipe, X, labels).get_title() == "gradients of MLPClassifier"


@pytest.mark.parametrize("style", ["dark", "lecture"])
def test_given_axes_are_drawn_on(style):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert gradient_flow(net_of(cn.Tanh()), X, Y, ax=ax, style=style) is ax


def test_what_has_no_gradient():
    with pytest.raises(cn.ParameterError, match=r"was given sklearn\.MLPClassifier"):
        gradient_flow(MLPClassifier(), X, Y)
    with pytest.raises(cn.ParameterError, match="without a loss"):
        gradient_flow(cn.Network([cn.Dense(2, 1)]), X, Y)
