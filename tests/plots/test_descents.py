from __future__ import annotations

import numpy as np
import pytest
from matplotlib.contour import ContourSet

from chalknet.exceptions import ShapeError
from chalknet.plots import descent


def square(w):
    return (w - 1.0) ** 2


def line(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def test_the_lectures_swing_on_its_curve():
    ax = descent(square, [3.0, -1.0, 3.0, -1.0])
    curve = line(ax, "L(w)").get_xydata()
    assert np.allclose(curve[:, 1], square(curve[:, 0]))
    assert line(ax, "start").get_xydata().tolist() == [[3, 4]] and line(ax, "end").get_xydata().tolist() == [
        [-1, 4]
    ]
    assert [t.get_text() for t in ax.texts if t.get_text()] == [
        "0",
        "1",
    ]  # what comes back keeps its first number
    assert len(ax.texts) == 3 + 2  # arrows and numbers
    assert ax.get_title() == "L = 4 → 4 in 3 steps"


def test_long_paths_are_lines_without_arrows():
    ax = descent(square, np.linspace(3, 1, 40))
    assert not ax.texts and len(ax.lines) == 4


def test_two_weights_make_a_landscape():
    ax = descent(lambda w: w @ w, [[1.0, 2.0], [0.5, 1.0], [0.0, 0.0]], names=("slope", "bias"))
    contour = next(c for c in ax.collections if isinstance(c, ContourSet) and c.filled)
    assert len(contour.levels) == 26
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("slope", "bias")
    assert line(ax, "start").get_xydata().tolist() == [[1, 2]]


def test_many_weights_are_cut_along_the_path():
    random = np.random.RandomState(0)
    plane = np.linalg.qr(random.randn(7, 2))[0].T
    path = random.randn(5, 2) @ plane + 3.0
    seen = []

    def loss(w):
        seen.append(w)
        return float(w @ w)

    ax = descent(loss, path, resolution=8)
    assert ax.get_title().endswith("slice with 100 % of the path's variation")
    assert line(ax, "end").get_xydata().tolist() == [[0, 0]]
    off = np.array(seen) - path[-1]
    assert np.allclose(off @ plane.T @ plane, off)  # L is asked in the path's own plane only


def test_one_point_and_one_weight_in_a_column():
    assert descent(square, [2.0]).get_title() == "L = 1 → 1 in 0 steps"
    assert descent(lambda w: float(w[0] ** 2), [[2.0], [1.0]]).get_xlabel() == "w"
    assert "100 %" in descent(lambda w: float(w @ w), np.ones((2, 3)), resolution=5).get_title()


def test_a_flat_landscape_and_one_with_holes():
    descent(lambda w: 1.0, [[0.0, 0.0], [1.0, 1.0]], resolution=5)
    descent(lambda w: np.nan if w[0] < 0 else 1.0, [[0.0, 0.0], [1.0, 1.0]], resolution=5, style="lecture")


@pytest.mark.parametrize("path", [[], [np.nan, 1.0], np.ones((2, 2, 2))])
def test_what_is_no_path(path):
    with pytest.raises(ShapeError, match="path has shape"):
        descent(square, path)
