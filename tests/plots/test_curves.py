from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chalknet as cn
from chalknet.plots import learning_curve


def run(loss, scores=None, **more):
    return SimpleNamespace(loss_curve_=loss, validation_scores_=scores, **more)


def labels(ax):
    return [t.get_text() for t in ax.get_legend().get_texts()]


def test_the_loss_alone_marks_its_lowest_epoch():
    ax = learning_curve(run([3.0, 1.0, 2.0]))
    assert ax.lines[0].get_xydata().tolist() == [[1, 3], [2, 1], [3, 2]]
    assert labels(ax) == ["training loss", "best epoch: 2 (1)"]
    assert len(ax.figure.axes) == 1 and ax.get_yscale() == "linear"


def test_validation_scores_stand_on_a_second_axis_and_choose_the_best_epoch():
    ax = learning_curve(run([3.0, 2.0, 1.0], [0.5, 0.9, 0.8]))
    twin = ax.figure.axes[1]
    assert twin.get_ylabel() == "validation score"
    assert twin.lines[0].get_ydata().tolist() == [0.5, 0.9, 0.8]
    assert labels(twin) == ["training loss", "validation score", "best epoch: 2 (0.9)"]
    assert twin.lines[1].get_xydata().tolist() == [[2, 0.9]]


def test_a_loss_that_falls_far_is_drawn_on_a_logarithmic_axis():
    far = run([100.0, 1.0])
    assert learning_curve(far).get_yscale() == "log"
    assert learning_curve(far, log=False).get_yscale() == "linear"
    assert learning_curve(run([2.0, 1.0]), log=True).get_yscale() == "log"
    assert learning_curve(run([100.0, 0.0])).get_yscale() == "linear"


def test_a_run_that_diverged_is_drawn_without_a_best_epoch():
    assert labels(learning_curve(run([np.nan, np.nan]))) == ["training loss"]
    assert labels(learning_curve(run([np.nan, 2.0])))[1] == "best epoch: 2 (2)"


def test_one_epoch_is_a_point():
    assert learning_curve(run([1.0])).lines[0].get_marker() == "o"


def test_several_runs_are_compared_by_their_names():
    ax = learning_curve({"batch": run([3.0, 1.0]), "one by one": run([2.0, 1.5, 1.0])})
    assert labels(ax) == ["batch", "one by one"]
    assert [len(line.get_xdata()) for line in ax.lines] == [2, 3]
    assert ax.lines[0].get_color() != ax.lines[1].get_color()


def test_a_network_and_a_pipeline():
    net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE(), random_state=0)
    net.fit([[0.0], [1.0]], [[0.0], [1.0]], optimizer=cn.SGD(0.1), epochs=5)
    assert len(learning_curve(net).lines[0].get_xdata()) == 5
    inside = make_pipeline(StandardScaler(), run([2.0, 1.0], fit=lambda X, y: None))
    assert learning_curve(inside).get_title() == "SimpleNamespace"


def test_nothing_to_draw_is_told_with_its_reason():
    with pytest.raises(cn.NotFittedError, match="no loss_curve_ to draw; fit it first"):
        learning_curve(SimpleNamespace())
    with pytest.raises(cn.NotFittedError, match="its solver counts no epochs"):
        learning_curve(SimpleNamespace(solver="lbfgs"))


def test_it_draws_on_given_axes_and_on_dark_ones():
    import matplotlib.pyplot as plt

    with plt.style.context("dark_background"):
        _, ax = plt.subplots()
    assert learning_curve(run([2.0, 1.0]), ax=ax) is ax
    assert ax.lines[0].get_color() == "#56B4E9"
