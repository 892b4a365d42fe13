from __future__ import annotations

import numpy as np
import pytest

from chalknet.exceptions import ParameterError, UnknownNameError
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.rows import ROW_ACTIVATIONS
from chalknet.plots import activation


def curves(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines if not line.get_label().startswith("_")}


@pytest.mark.parametrize("name", [*ACTIVATIONS, *ROW_ACTIVATIONS])
def test_every_row_of_the_tables_can_be_drawn(name):
    (_, a), (_, slope) = curves(activation(name)).items()
    z, steps = a[:, 0], np.diff(a[:, 0])
    middle = (slope[1:, 1] + slope[:-1, 1]) / 2
    inside = np.isfinite(middle) & np.isfinite(np.diff(a[:, 1])) & (steps > 1e-6)
    assert z[0] == -5 and z[-1] == 5 and inside.sum() > 900
    # the second line is the first one's slope
    assert np.allclose(
        (np.diff(a[:, 1]) / np.where(steps, steps, 1))[inside], middle[inside], atol=1e-2, rtol=1e-2
    )


def test_lines_are_interrupted_where_they_jump():
    lines = curves(activation("step"))
    assert np.isnan(lines["f(z)"][:, 1]).sum() == 1 and not np.isnan(lines["f′(z)"][:, 1]).any()
    assert np.isnan(curves(activation("relu"))["f′(z)"][:, 1]).sum() == 1
    assert not np.isnan(curves(activation("relu", limits=(1, 2)))["f′(z)"]).any()


def test_the_shape_parameter_stands_in_the_title():
    assert activation("leaky_relu").get_title() == "leaky_relu (slope = 0.01)"
    ax = activation("leaky_relu", p=0.5)
    assert ax.get_title() == "leaky_relu (slope = 0.5)"
    assert curves(ax)["f(z)"][0].tolist() == [-5, -2.5]


def test_a_row_activation_shows_the_first_of_two():
    ax = activation("softmax")
    assert ax.get_title() == "softmax of two, the second z at 0"
    z, a = curves(ax)["a₁"].T
    assert np.allclose(a, 1 / (1 + np.exp(-z)))
    assert np.allclose(curves(ax)["∂a₁/∂z₁"][:, 1], a * (1 - a))


def test_what_cannot_be_drawn():
    with pytest.raises(UnknownNameError, match="unknown activation 'rely'"):
        activation("rely")
    for limits in ((1, 1), (0, np.inf)):
        with pytest.raises(ParameterError, match="give two finite numbers"):
            activation("relu", limits=limits)
