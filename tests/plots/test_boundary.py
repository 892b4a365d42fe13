from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.contour import ContourSet
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator
from sklearn.datasets import make_blobs
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

import chalknet as cn
from chalknet.exceptions import ParameterError, ShapeError, UnknownNameError
from chalknet.plots import plot_decision_boundary
from chalknet.plots.regions import MOST_POINTS

FAST = {"resolution": 30}


def points(ax):
    return [c for c in ax.collections if isinstance(c, PathCollection) and not isinstance(c, ContourSet)]


def filled(ax):
    return next(c for c in ax.collections if isinstance(c, ContourSet) and c.filled)


def legend(ax):
    return [t.get_text() for t in ax.get_legend().get_texts()]


def test_two_classes_show_the_second_ones_probability_in_levels(moons):
    ax = plot_decision_boundary(*moons, **FAST)
    levels = filled(ax)
    assert len(levels.levels) == 26 and levels.levels[0] == 0 and levels.levels[-1] == 1
    assert [len(c.get_offsets()) for c in points(ax)] == [40, 40]
    assert legend(ax) == ["0", "1"]
    assert ax.figure.axes[1].get_ylabel() == "probability of 1"
    assert ax.get_title() == "MLPClassifier"


def test_the_line_at_one_half_lies_where_the_model_is_undecided(moons):
    model, X, y = moons
    ax = plot_decision_boundary(model, X, y)
    line = next(c for c in ax.collections if isinstance(c, ContourSet) and not c.filled)
    assert line.levels.tolist() == [0.5]
    on_it = np.concatenate([p.vertices for p in line.get_paths()])
    steepness = np.abs(model.predict_proba(on_it)[:, 1] - 0.5)
    assert np.median(steepness) < 0.05


def test_points_lie_at_the_rows_and_inside_the_limits(moons):
    model, X, y = moons
    ax = plot_decision_boundary(model, X, y, **FAST)
    assert np.array_equal(points(ax)[1].get_offsets(), X[y == 1])
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    assert left < X[:, 0].min() and right > X[:, 0].max() and low < X[:, 1].min() and high > X[:, 1].max()


def test_the_lectures_look_by_name(moons):
    levels = filled(plot_decision_boundary(*moons, style="lecture", **FAST))
    assert levels.get_cmap().name == "RdYlBu" and levels.get_alpha() == 0.8 and len(levels.levels) == 26
    hard = filled(plot_decision_boundary(*moons, style="lecture", response="classes", **FAST))
    assert hard.get_cmap().name == "RdYlBu" and hard.get_alpha() == 0.8


def test_hard_classes_colour_each_place_as_predict_says(moons):
    model, X, y = moons
    ax = plot_decision_boundary(model, X, y, response="classes", **FAST)
    picture = ax.images[0]
    rgb, (left, right, low, high) = picture.get_array(), picture.get_extent()
    assert len(np.unique(rgb.reshape(-1, 3), axis=0)) == 2
    half = (right - left) / 60, (high - low) / 60
    corner = model.predict([[left + half[0], low + half[1]], [right - half[0], high - half[1]]])
    assert np.array_equal(rgb[0, 0], rgb[-1, -1]) == (corner[0] == corner[1])


def test_several_classes_are_fainter_where_the_model_is_less_sure(iris):
    ax = plot_decision_boundary(*iris, features=("petal length (cm)", -1), **FAST)
    assert legend(ax) == ["setosa", "versicolor", "virginica"]
    assert ax.get_legend().get_title().get_text() == "fainter: less sure"
    assert ax.get_xlabel() == "petal length (cm)" and ax.get_ylabel() == "petal width (cm)"
    distance = np.abs(1 - ax.images[0].get_array()).max(axis=-1)  # from white paper
    assert distance.max() > 2 * distance.min()


def test_the_title_says_what_the_other_features_are_held_at(iris):
    title = plot_decision_boundary(*iris, **FAST).get_title()
    assert title.replace("\n", " ") == (
        "MLPClassifier others at their medians: petal length (cm) = 4.35, petal width (cm) = 1.3"
    )


def test_one_other_feature_and_many_others():
    X = np.random.RandomState(0).randn(30, 3)
    y = (X[:, 0] > 0).astype(int)
    X[:, 2] = 7.0
    assert (
        "the other at its median: feature 2 = 7"
        in plot_decision_boundary(KNeighborsClassifier().fit(X, y), X, y, **FAST).get_title()
    )
    X = np.random.RandomState(0).randn(30, 9)
    title = plot_decision_boundary(KNeighborsClassifier().fit(X, y), X, y, **FAST).get_title()
    assert title.endswith("the other 7 features at their medians")


def test_the_others_really_stay_at_their_medians():
    seen = []

    class Spy(BaseEstimator):
        def predict(self, X):
            seen.append(np.array(X))
            return np.zeros(len(X), dtype=int)

    X = np.array([[0.0, 1.0, 5.0], [1.0, 2.0, 6.0], [2.0, 3.0, 70.0]])
    plot_decision_boundary(Spy(), X, [0, 0, 1], **FAST)
    assert (seen[0][:, 2] == 6.0).all() and seen[0].shape == (900, 3)


def test_a_categorical_axis_has_its_names_as_ticks(mixed):
    ax = plot_decision_boundary(*mixed, features=("colour", "size"), **FAST)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["blue", "green", "red"]
    assert ax.get_xlim() == (-0.5, 2.5)
    assert "the other at its median: count" in ax.get_title()
    across = np.concatenate([c.get_offsets()[:, 0] for c in points(ax)])
    assert (np.abs(across - np.rint(across)) <= 0.25).all() and len(across) == 60


def test_categories_are_held_at_the_most_frequent(mixed):
    model, frame, y = mixed
    title = plot_decision_boundary(model, frame, y, features=("size", "count"), **FAST).get_title()
    assert title.endswith(f"the other at its most frequent value: colour = {frame['colour'].mode()[0]}")


def test_rows_without_a_value_are_counted_in_the_title(mixed):
    model, frame, y = mixed
    frame = frame.copy()
    frame.loc[3, "size"] = np.nan
    title = plot_decision_boundary(model, frame, y, features=("size", "count"), **FAST).get_title()
    assert title.endswith("1 row without a value here not drawn")


def test_a_regressor_is_drawn_as_a_surface(regressor):
    ax = plot_decision_boundary(*regressor, **FAST)
    assert ax.get_legend() is None and ax.figure.axes[1].get_ylabel() == "predicted"
    assert np.array_equal(points(ax)[0].get_array(), regressor[2])
    assert "feature 2 = " in ax.get_title()


def test_a_constant_surface_can_be_drawn():
    model = SimpleNamespace(predict=lambda X: np.full(len(X), 2.0), _estimator_type="regressor")
    ax = plot_decision_boundary(model, [[0.0, 1.0], [1.0, 0.0]], [2.0, 2.0], **FAST)
    assert filled(ax).levels[0] == 1.5


def test_a_classifier_without_probabilities():
    X, y = make_blobs(40, centers=3, random_state=0)
    model = SVC().fit(X, y)
    ax = plot_decision_boundary(model, X, y, **FAST)
    assert len(np.unique(ax.images[0].get_array().reshape(-1, 3), axis=0)) == 3
    with pytest.raises(ParameterError, match=r"SVC gives no probabilities; use response='classes'"):
        plot_decision_boundary(model, X, y, response="proba", **FAST)


def test_a_classifier_fitted_on_one_hot_rows():
    X, y = make_blobs(40, centers=3, random_state=0)
    model = MLPClassifier((4,), solver="lbfgs", max_iter=5000, random_state=0).fit(X, np.eye(3)[y])
    for response in ("classes", "auto"):
        ax = plot_decision_boundary(model, X, np.eye(3)[y], response=response, **FAST)
        assert legend(ax) == ["0", "1", "2"]


def network(*layers, loss=None):
    return cn.Network(layers, loss=loss, random_state=0)


@pytest.mark.parametrize("one_hot", [True, False])
def test_a_network_with_linear_outputs_has_hard_classes(one_hot):
    X, y = make_blobs(40, centers=3, random_state=0)
    net = network(cn.Dense(2, 4), cn.ReLU(), cn.Dense(4, 3), loss=cn.MSE())
    ax = plot_decision_boundary(net, X, np.eye(3)[y] if one_hot else y, **FAST)
    assert legend(ax) == ["0", "1", "2"] and len(ax.images) == 1 and ax.get_title() == "Network"


def test_a_network_with_probabilities_of_two_classes():
    X, y = make_moons_like()
    net = network(cn.Dense(2, 2), loss=cn.SoftmaxCrossEntropy())
    assert plot_decision_boundary(net, X, y, **FAST).figure.axes[1].get_ylabel() == "probability of 1"
    net = network(cn.Dense(2, 1), cn.Sigmoid(), loss=cn.MSE())
    ax = plot_decision_boundary(net, X, y[:, None], **FAST)
    assert ax.figure.axes[1].get_ylabel() == "probability of 1"


def make_moons_like():
    X = np.random.RandomState(0).randn(30, 2)
    return X, (X[:, 0] > 0).astype(int)


def test_one_output_meets_at_a_half_or_at_zero():
    X, y = make_moons_like()
    model = SimpleNamespace(predict=lambda X: 3 * np.asarray(X)[:, :1])
    ax = plot_decision_boundary(model, X, 2 * y - 1, **FAST)
    assert legend(ax) == ["-1", "1"]
    rgb, (left, right, *_) = ax.images[0].get_array(), ax.images[0].get_extent()
    turn = int(np.flatnonzero((rgb[0] != rgb[0, 0]).any(axis=-1))[0])
    assert abs(left + (right - left) * turn / 30) < (right - left) / 30


def test_a_model_that_answers_with_strings_and_says_nothing_of_itself():
    X, y = make_moons_like()
    model = SimpleNamespace(predict=lambda X: np.where(np.asarray(X)[:, 0] > 0, "yes", "no"))
    ax = plot_decision_boundary(model, X, np.array(["no", "yes"], dtype=object)[y], **FAST)
    assert legend(ax) == ["no", "yes"]


def test_numbers_from_a_network_are_a_surface():
    X, _ = make_moons_like()
    net = network(cn.Dense(2, 1), loss=cn.MSE())
    ax = plot_decision_boundary(net, X, X[:, 0] * 1.5, **FAST)
    assert ax.figure.axes[1].get_ylabel() == "predicted"


def test_classes_can_be_drawn_as_a_surface_of_numbers():
    X, y = make_moons_like()
    model = KNeighborsClassifier().fit(X, y)
    ax = plot_decision_boundary(model, X, y, response="value", **FAST)
    assert ax.get_legend() is None and len(points(ax)) == 1


def test_one_class_alone(moons):
    model, X, y = moons
    ax = plot_decision_boundary(model, X[y == 1], y[y == 1], **FAST)
    assert legend(ax) == ["1"]


def test_a_label_that_the_model_does_not_know_keeps_its_points(moons):
    model, X, y = moons
    ax = plot_decision_boundary(model, X, np.where(np.arange(80) < 3, 9, y), **FAST)
    assert legend(ax) == ["0", "1", "9"]


def test_sparse_rows(moons):
    model, X, y = moons
    assert plot_decision_boundary(model, csr_array(X), y, **FAST).get_title() == "MLPClassifier"


def test_many_rows_are_thinned():
    X = np.random.RandomState(0).randn(3 * MOST_POINTS, 2)
    model = SimpleNamespace(predict=lambda X: np.zeros(len(X), dtype=int))
    ax = plot_decision_boundary(model, X, np.zeros(len(X), dtype=int), **FAST)
    assert sum(len(c.get_offsets()) for c in points(ax)) == MOST_POINTS


def test_it_draws_on_given_axes(moons):
    import matplotlib.pyplot as plt

    _, (left, right) = plt.subplots(1, 2)
    assert plot_decision_boundary(*moons, ax=right, **FAST) is right
    assert not left.collections


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"features": (0, 0)}, ParameterError, "names the column 'feature 0' twice"),
        (
            {"features": (0, 2)},
            ParameterError,
            "features holds 2, which is no column of X; allowed are 0 to 1",
        ),
        ({"features": 3}, ParameterError, r"features is 3; give two columns, as in features=\(0, 1\)"),
        ({"features": ("a", 1)}, ParameterError, "features holds 'a'"),
        ({"resolution": 1}, ParameterError, "resolution is 1"),
        ({"response": "loud"}, UnknownNameError, "unknown response 'loud'; allowed are 'auto'"),
        ({"style": "neon"}, UnknownNameError, "unknown style 'neon'"),
        ({"y": [0, 1]}, ShapeError, "X has 80 rows and y has 2"),
        ({"y": np.ones((80, 2))}, ShapeError, "y has 2 columns"),
        ({"X": np.ones((80, 1))}, ShapeError, "X has one feature"),
        ({"X": np.ones(80)}, ShapeError, r"X has shape \(80,\)"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(moons, change, error, message):
    model, X, y = moons
    given = {**FAST, "X": X, "y": y, **change}
    with pytest.raises(error, match=message) as raised:
        plot_decision_boundary(model, given.pop("X"), given.pop("y"), **given)
    assert "\n" not in str(raised.value)


def test_outputs_that_do_not_fit_the_classes():
    X, y = make_blobs(40, centers=3, random_state=0)
    with pytest.raises(ShapeError, match="one output, and y has 3 classes"):
        plot_decision_boundary(network(cn.Dense(2, 1), loss=cn.MSE()), X, y, **FAST)
    with pytest.raises(ShapeError, match="the model has 2 outputs, and y has 3 classes"):
        plot_decision_boundary(network(cn.Dense(2, 2), loss=cn.MSE()), X, y, **FAST)
    with pytest.raises(ShapeError, match="the model has 2 outputs"):
        plot_decision_boundary(network(cn.Dense(2, 2), loss=cn.MSE()), X, X[:, 0], **FAST)


def test_outputs_that_no_row_belongs_to_are_named_by_their_number():
    X = np.random.RandomState(0).randn(20, 2)
    model = SimpleNamespace(predict=lambda X: np.tile([0.0, 0.0, 5.0], (len(X), 1)))
    ax = plot_decision_boundary(model, X, np.arange(20) % 2, **FAST)
    assert legend(ax) == ["0", "1"]


def test_the_lectures_bands_for_a_dead_network():
    model = SimpleNamespace(predict=lambda X: np.zeros((len(X), 2)))
    ax = plot_decision_boundary(model, [[0.0, 1.0], [1.0, 0.0]], [0, 1], style="lecture", **FAST)
    assert len(filled(ax).levels) == 26


def test_column_names_of_a_frame_that_share_a_name():
    X = pd.DataFrame([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0]], columns=["a", "a", "b"])
    model = SimpleNamespace(predict=lambda X: (X.iloc[:, 0] > 0.5).astype(int).to_numpy())
    ax = plot_decision_boundary(model, X, [0, 1], features=(0, 1), **FAST)
    assert ax.get_xlabel() == ax.get_ylabel() == "a"
