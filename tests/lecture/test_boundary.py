"""S16: the picture of a decision boundary."""

import numpy as np
import pytest

from chalknet.exceptions import ShapeError
from chalknet.lecture import ActivationRelu, ActivationSig, Dense, Perceptron, plot_decision_boundary

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def no_window():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def test_picture(moons, monkeypatch):
    X, y, _ = moons
    shown, contours = [], []
    monkeypatch.setattr(plt, "show", lambda *_, **__: shown.append(1))
    draw = plt.Axes.contourf
    monkeypatch.setattr(
        plt.Axes, "contourf", lambda ax, *a, **k: contours.append((a, k)) or draw(ax, *a, **k)
    )
    np.random.seed(0)
    layers = [Dense(2, 10), ActivationRelu(), Dense(10, 2)]
    ax = plot_decision_boundary(X, y, layers)
    assert ax is plt.gca()
    assert not shown
    (xx, yy, classes), style = contours[0]
    assert (style["levels"], style["cmap"], style["alpha"]) == (25, "RdYlBu", 0.8)
    np.testing.assert_allclose(np.diff(xx[0]), 0.1)
    np.testing.assert_allclose(np.diff(yy[:, 0]), 0.1)
    assert (xx.min(), yy.min()) == (X[:, 0].min() - 1, X[:, 1].min() - 1)
    assert X[:, 0].max() + 0.9 <= xx.max() < X[:, 0].max() + 1
    o = layers[2].forward(layers[1].forward(layers[0].forward(np.array([[xx[3, 7], yy[3, 7]]]))))
    assert classes[3, 7] == o.argmax()
    np.testing.assert_array_equal(ax.collections[-1].get_offsets(), X)


def test_dead_network_is_one_colour(moons):
    layer = Dense(2, 2)
    layer.weights = np.zeros((2, 2))
    layer.biases = np.array([[0, 1]])
    ax = plot_decision_boundary(*moons[:2], [layer])
    ax.figure.canvas.draw()
    filled = [path for path in ax.collections[0].get_paths() if len(path.vertices)]
    assert len(filled) == 1


@pytest.mark.parametrize("kind", ["column", "perceptron"])
def test_one_output_and_names_of_classes(moons, kind):
    X, y, _ = moons
    layers = [Perceptron(2, 1)] if kind == "perceptron" else [Dense(2, 1), ActivationSig()]
    ax = plot_decision_boundary(X, np.array(["no", "yes"])[y], layers)
    np.testing.assert_array_equal(ax.collections[-1].get_array(), y)


def test_one_hot_and_column_labels(moons):
    X, y, Y = moons
    for labels in (Y, y[:, np.newaxis]):
        ax = plot_decision_boundary(X, labels, [Dense(2, 2)])
        np.testing.assert_array_equal(ax.collections[-1].get_array(), y)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[1.0, 2.0, 3.0]], [0], "two columns"),
        ([1.0, 2.0], [0], "two columns"),
        ([[1.0, 2.0]], [0, 1], "one class for each"),
        ([[0.0, 0.0], [5e4, 1e5]], [0, 1], "standardise"),
        ([[0.0, np.nan]], [0], "standardise"),
    ],
)
def test_refuses(X, y, message):
    with pytest.raises(ShapeError, match=message):
        plot_decision_boundary(X, y, [Dense(2, 2)])
