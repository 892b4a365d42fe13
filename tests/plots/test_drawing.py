from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

import chalknet as cn
from chalknet.plots import activations, network, weights
from chalknet.plots.reading import read, values


def lines(ax):
    return [c for c in ax.collections if isinstance(c, LineCollection)]


def units(ax):
    return [len(c.get_offsets()) for c in ax.collections if isinstance(c, PathCollection)]


def texts(ax):
    return [t.get_text() for t in ax.texts]


@pytest.fixture
def lecture():
    """The network of the lecture's worked example."""
    net = cn.Network([cn.Dense(2, 4), cn.ReLU(), cn.Dense(4, 2)], loss=cn.MSE(), random_state=0)
    net.layers[0].weights[...] = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    net.layers[2].weights[...] = [[1, 2], [0.5, 0.5], [3, 1], [2, 1]]
    net.layers[0].biases[...] = net.layers[2].biases[...] = 1
    return net


def test_each_weight_is_a_line_as_wide_as_it_is_large(lecture):
    lecture.layers[0].weights[0, 1] = -1
    ax = network(lecture)
    first, second = lines(ax)
    assert len(first.get_segments()) == len(second.get_segments()) == 8
    widths = np.asarray(first.get_linewidths())
    assert widths.argmax() == 2 and np.isclose(widths[1], widths[4])
    colours = first.get_colors()
    assert not np.allclose(colours[1][:3], colours[4][:3])  # -1 and 1: equal in size, not in sign
    assert units(ax) == [2, 4, 2]


def test_the_columns_say_what_they_are(lecture):
    assert texts(network(lecture))[:3] == ["input\n2", "hidden 1\n4 × relu", "output\n2 × identity"]


def test_a_sample_stands_in_the_units_and_changes_nothing(lecture):
    lecture.forward([[1.0, 1.0]])
    before = lecture.layers[0].output.copy()
    shown = texts(network(lecture, sample=[3.0, 5.0]))
    for number in ("3.00", "5.00", "7.50", "14.0", "27.0", "12.5", "121.5", "62.5"):
        assert number in shown
    assert np.array_equal(lecture.layers[0].output, before)


def test_numbers_are_printed_where_they_fit(lecture):
    assert "b = 1" in texts(network(lecture)) and "7" in texts(network(lecture))
    assert "b = 1" not in texts(network(lecture, numbers=False))


def test_the_drawing_fits_large_layers():
    net = cn.Network([cn.Dense(100, 30), cn.Tanh(), cn.Dense(30, 3)], random_state=0)
    ax = network(net, limit=6)
    assert units(ax) == [6, 6, 3]
    assert texts(ax).count("⋮") == 2
    assert "input\n100" in texts(ax)
    assert {"$x_{1}$", "$x_{100}$"} <= set(texts(ax)) and "$x_{50}$" not in texts(ax)


def test_names_of_columns_and_classes(iris):
    model, X, _ = iris
    shown = texts(network(model, sample=X.iloc[0]))
    assert {"petal width (cm)", "setosa", "virginica", "1.00"} <= set(shown)
    assert "output\n3 × softmax" in shown
    assert {"size", "colour_red"} <= set(texts(network_of_mixed_names()))


def network_of_mixed_names():
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame = pd.DataFrame({"size": [0.0, 1.0, 2.0], "colour": ["red", "blue", "red"]})
    prepare = make_column_transformer((OneHotEncoder(), ["colour"]), remainder="passthrough")
    return network(make_pipeline(prepare, LogisticRegression()).fit(frame, [0, 1, 1]))


def test_the_one_output_of_two_classes_is_the_second(moons):
    assert texts(network(moons[0]))[-1] == "1"


def test_values_end_in_what_predict_gives(moons, iris, regressor):
    model, X, _ = moons
    assert np.allclose(values(read(model), X)[-1][:, 0], model.predict_proba(X)[:, 1])
    model, X, _ = iris
    assert np.allclose(values(read(model), X)[-1], model.predict_proba(X))
    model, X, _ = regressor
    assert np.allclose(values(read(model), X)[-1][:, 0], model.predict(X))
    net = cn.Network(
        [cn.Dense(3, 2), cn.Tanh(), cn.Dense(2, 2)], loss=cn.SoftmaxCrossEntropy(), random_state=0
    )
    assert np.allclose(values(read(net), X)[-1], net.predict(X))


def test_linear_models_and_searches():
    X, y = np.random.RandomState(0).randn(30, 3), np.arange(30) % 2
    assert units(network(Ridge().fit(X, y))) == [3, 1]
    assert units(network(LogisticRegression(fit_intercept=False).fit(X, np.arange(30) % 3))) == [3, 3]
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, y)
    assert network(search).get_title() == "LogisticRegression"


def test_a_preprocessor_and_its_network_are_read_through(moons):
    """As the tabular estimators hold them."""
    network_of_two, X, _ = moons
    halve = SimpleNamespace(transform=lambda X: csr_array(np.asarray(X) / 2))
    halve.get_feature_names_out = lambda: int(
        "no names"
    )  # raises ValueError, as a nameless transformer inside does
    reading = read(SimpleNamespace(preprocessor_=halve, estimator_=network_of_two))
    assert reading.core is network_of_two and reading.inputs == ["$x_{1}$", "$x_{2}$"]
    assert np.array_equal(values(reading, X)[0], X / 2)


def test_one_activation_name_a_layer():
    X, y = np.random.RandomState(0).randn(30, 3), np.arange(30) % 2
    model = MLPClassifier((4, 3), solver="lbfgs", max_iter=5000, random_state=0).fit(X, y)
    model.activation = ["tanh", "identity"]  # as chalknet's own estimators take it
    assert [s.activation for s in read(model).stages] == ["tanh", "", "logistic"]


def test_weights_that_are_not_finite_can_be_drawn(lecture):
    lecture.layers[0].weights[0, 0] = np.inf
    lecture.layers[2].weights[0, 0] = np.nan
    network(lecture)
    weights(lecture)


def test_what_cannot_be_drawn(lecture, iris):
    with pytest.raises(cn.NotFittedError, match="MLPClassifier has no weights yet; call fit"):
        network(MLPClassifier())
    with pytest.raises(TypeError, match="cannot find layers of weights in int"):
        network(3)
    with pytest.raises(TypeError, match="no layer with weights"):
        network(SimpleNamespace(layers=[cn.ReLU()]))
    with pytest.raises(cn.ParameterError, match="limit is 1"):
        network(lecture, limit=1)
    for sample in (np.ones((2, 2)), iris[1].iloc[:2]):
        with pytest.raises(cn.ShapeError, match="give one row"):
            network(lecture, sample=sample)


def test_a_histogram_for_each_layer_of_weights(lecture):
    ax = weights(lecture)
    counts = [np.asarray(p.get_data().values) for p in ax.patches]
    assert len(counts) == 2 and ax.get_yticklabels()[0].get_text() == "layer 1\n2 × 4"
    assert texts(ax)[0] == "+2 ± 2.05"


def test_equal_weights_and_none_that_are_finite(lecture):
    for layer in (lecture.layers[0], lecture.layers[2]):
        layer.weights[...] = 2.0
    assert len(weights(lecture).patches) == 2
    for layer in (lecture.layers[0], lecture.layers[2]):
        layer.weights[...] = np.nan
    assert not texts(weights(lecture))


def test_activations_name_dead_units(lecture):
    lecture.layers[0].weights[:, 1] = -1
    lecture.layers[0].biases[0, 1] = -1
    ax = activations(lecture, [[3.0, 5.0], [1.0, 2.0]])
    names = [t.get_text() for t in ax.get_yticklabels()]
    assert names == ["hidden 1\nrelu\n1 of 4 always 0", "output\nidentity"]
    assert ax.get_xlabel() == "activation"
