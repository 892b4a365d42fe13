from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import chalknet as cn
from chalknet.plots import images


def test_rows_become_pictures_of_their_shape():
    X = np.arange(24.0).reshape(4, 6)
    axes = images(X, (2, 3))
    assert len(axes) == 4
    assert axes[1].images[0].get_array().tolist() == [[6, 7, 8], [9, 10, 11]]
    assert axes[0].images[0].get_clim() == axes[3].images[0].get_clim() == (0, 23)


def test_square_pictures_need_no_shape_and_pictures_have_their_own():
    assert images(np.ones((2, 9)))[0].images[0].get_array().shape == (3, 3)
    assert images(np.ones((2, 3, 4)))[0].images[0].get_array().shape == (3, 4)
    assert len(images(pd.DataFrame(np.ones((30, 4))), limit=5)) == 5


def test_labels_stand_above_and_wrong_ones_stand_out():
    axes = images(np.ones((4, 4)), true=[1, 2, 3, "a long one"], predicted=[1, 2, 4, "other"])
    assert [a.get_title() for a in axes] == ["1", "2", "3 read as 4", "a long one read\nas other"]
    assert axes[0].title.get_color() != axes[2].title.get_color() == axes[3].title.get_color()
    assert images(np.ones((1, 4)), predicted=["dog"])[0].get_title() == "dog"


def test_first_layer_weights_are_coloured_about_zero():
    net = cn.Network([cn.Dense(9, 30), cn.ReLU(), cn.Dense(30, 2)], random_state=0)
    axes = images(net, (3, 3))
    assert len(axes) == 24
    assert np.array_equal(axes[5].images[0].get_array(), net.layers[0].weights[:, 5].reshape(3, 3))
    low, high = axes[0].images[0].get_clim()
    assert low == -high == -np.abs(net.layers[0].weights).max()
    assert axes[0].figure.get_suptitle() == "first-layer weights of Network (24 of 30)"


def test_it_draws_in_a_given_figure():
    import matplotlib.pyplot as plt

    figure = plt.figure()
    left, _ = figure.subfigures(1, 2)
    assert images(np.ones((2, 4)), fig=left, style="dark")[0].figure is left
    assert figure.get_facecolor()[:3] != (1, 1, 1)


@pytest.mark.parametrize(
    ("given", "options", "error", "message"),
    [
        (np.ones((2, 6)), {}, cn.ShapeError, "6 pixels, which do not fill 2 x 2"),
        (np.ones(4), {}, cn.ShapeError, r"the matrix has shape \(4,\)"),
        (np.ones((2, 4)), {"true": [1]}, cn.ShapeError, "true holds 1 labels for 2 pictures"),
        (np.ones((2, 4)), {"limit": 0}, cn.ParameterError, "limit is 0"),
        (cn.Network([cn.Dense(4, 2)]), {"true": [1, 2]}, cn.ParameterError, "a model's weights have none"),
    ],
)
def test_what_cannot_be_drawn(given, options, error, message):
    with pytest.raises(error, match=message):
        images(given, **options)
