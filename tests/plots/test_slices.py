from __future__ import annotations

import numpy as np
import pytest
from matplotlib.contour import ContourSet
from sklearn.model_selection import GridSearchCV

import chalknet as cn
from chalknet.callbacks import Recorder
from chalknet.plots import descent, loss_slice
from chalknet.plots.slices import _directions

X = np.random.RandomState(0).randn(20, 2)
Y = X[:, :1] * 2 - 1


@pytest.fixture
def net():
    return cn.Network([cn.Dense(2, 3), cn.Tanh(), cn.Dense(3, 1)], cn.MSE(), random_state=0)


def line(ax, label):
    return next(line for line in ax.lines if line.get_label().startswith(label))


def filled(ax):
    return next(c for c in ax.collections if isinstance(c, ContourSet) and c.filled)


def test_the_surroundings_of_the_weights(net):
    before = net.parameters.copy()
    ax = loss_slice(net, X, Y, resolution=5)
    assert np.array_equal(net.parameters, before)
    here = line(ax, "here")
    assert (
        here.get_xydata().tolist() == [[0, 0]] and here.get_label() == f"here, L = {net.evaluate(X, Y):.4g}"
    )
    assert ax.get_title() == "loss around Network's weights"
    assert ax.get_xlim() == (-1, 1) and (ax.get_xlabel(), ax.get_ylabel()) == ("direction 1", "direction 2")
    assert filled(ax).levels[0] <= net.evaluate(X, Y) <= filled(ax).levels[-1]
    assert loss_slice(net, X, Y, span=0.25, resolution=2).get_ylim() == (-0.25, 0.25)


def test_directions_are_as_long_as_each_units_weights(net):
    plane = _directions(net, np.random.RandomState(0))
    assert plane.shape == (2, net.parameters.size)
    weights = plane[:, :6].reshape(2, 2, 3)
    assert np.allclose(np.linalg.norm(weights, axis=1), np.linalg.norm(net.layers[0].weights, axis=0))
    assert not plane[:, 6:9].any()  # the biases stay
    assert not np.allclose(plane[0], plane[1])


def test_a_seed_is_a_slice(net):
    levels = [filled(loss_slice(net, X, Y, seed=s, resolution=4)).levels for s in (1, 1, 2)]
    assert np.array_equal(levels[0], levels[1]) and not np.array_equal(levels[0], levels[2])


def test_the_path_of_a_recorded_training(net):
    recorder = Recorder()
    net.fit(X, Y, optimizer=cn.SGD(0.05), epochs=6, batch_size=20, callbacks=[recorder])
    ax = loss_slice(net, X, Y, recorder, resolution=6)
    first, second = ax.get_title().splitlines()
    assert first.startswith("Network, L = ") and first.endswith(f"→ {net.evaluate(X, Y):.3g} in 6 steps")
    assert second.startswith("slice with") and line(ax, "end").get_xydata().tolist() == [[0, 0]]
    ax = loss_slice(net, X, Y, recorder.path_[-1:], resolution=3)
    assert "0 steps" in ax.get_title()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_search_around_an_estimator():
    model = cn.MLPClassifier((3,), max_iter=3, random_state=0, engine="numpy")
    search = GridSearchCV(model, {"alpha": [0.1, 1.0]}, cv=2).fit(X, X[:, 0] > 0)
    assert (
        loss_slice(search, X, X[:, 0] > 0, resolution=3).get_title() == "loss around MLPClassifier's weights"
    )


def test_a_long_vector_of_weights_needs_no_square_of_it():
    path = np.random.RandomState(0).randn(3, 30_000)
    assert "100 %" in descent(lambda w: float(w @ w), path, resolution=3).get_title()


def test_numbers_and_paths_that_do_not_fit(net):
    with pytest.raises(cn.ParameterError, match="resolution is 1"):
        loss_slice(net, X, Y, resolution=1)
    with pytest.raises(cn.ParameterError, match="span is 0"):
        loss_slice(net, X, Y, span=0)
    for path in (np.zeros((4, 3)), np.zeros(13), Recorder()):
        with pytest.raises(cn.ShapeError, match=r"or vectors \(steps, 13\)"):
            loss_slice(net, X, Y, path)
