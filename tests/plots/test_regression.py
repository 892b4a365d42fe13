from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.plots import regression


def test_a_curve_over_one_feature(regressor):
    model, X, y = regressor
    ax = regression(model, X, y, features=1)
    assert np.array_equal(ax.collections[0].get_offsets(), np.column_stack([X[:, 1], y]))
    x, answer = ax.lines[0].get_xydata().T
    others = np.median(X, axis=0)
    assert np.allclose(
        answer, model.predict(np.column_stack([np.full_like(x, others[0]), x, np.full_like(x, others[2])]))
    )
    assert ax.get_title().startswith("MLPRegressor\nothers at their medians: feature 0 = ")


def test_a_surface_over_two(regressor):
    ax = regression(*regressor, features=(0, 1), resolution=20)
    assert ax.figure.axes[1].get_ylabel() == "predicted"


def test_categories_are_points_with_names():
    frame = pd.DataFrame({"colour": ["red", "blue", "red"], "size": [1.0, 2.0, 3.0]})
    model = SimpleNamespace(predict=lambda X: (X["colour"] == "red") * X["size"])
    ax = regression(model, frame, pd.Series([1.0, 2.0, 3.0], name="price"), features="colour")
    assert [t.get_text() for t in ax.get_xticklabels()] == ["blue", "red"]
    assert ax.lines[0].get_ydata().tolist() == [0, 2]
    assert ax.get_ylabel() == "price"


def test_each_output_has_its_curve():
    X = np.random.RandomState(0).randn(20, 1)
    model = SimpleNamespace(predict=lambda X: np.hstack([X, 2 * X]))
    ax = regression(model, X, np.hstack([X, 2 * X]))
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "rows 0",
        "predicted 0",
        "rows 1",
        "predicted 1",
    ]


def test_what_cannot_be_drawn(regressor):
    model, X, y = regressor
    with pytest.raises(ParameterError, match="resolution is 1"):
        regression(model, X, y, resolution=1)
    with pytest.raises(ShapeError, match="X has 60 rows and y has 3"):
        regression(model, X, y[:3])
