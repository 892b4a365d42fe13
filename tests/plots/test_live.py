"""A picture that grows while a model learns."""

from __future__ import annotations

import pickle
import sys
import types
from typing import Any

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest

import chalknet as cn
from chalknet.exceptions import ParameterError
from chalknet.plots import live

X = np.random.default_rng(0).normal(size=(60, 2))
Y = X[:, 0] - X[:, 1]
OPTIONS: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 6, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_file_is_drawn_and_its_figure_closed(tmp_path: Any, kind: str) -> None:
    path, before = tmp_path / f"run.{kind}", plt.get_fignums()
    cn.MLPRegressor(callbacks=cn.LivePlot(path), early_stopping=True, **OPTIONS).fit(X, Y)
    assert plt.get_fignums() == before and [file.name for file in tmp_path.iterdir()] == [path.name]
    if kind == "png":
        assert np.ptp(matplotlib.image.imread(path)) > 0
    else:
        assert "epoch 6 of 6" in path.read_text() or "<svg" in path.read_text()


def test_every_epoch_is_drawn_where_that_is_asked(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    curve = live.learning_curve
    monkeypatch.setattr(
        live, "learning_curve", lambda run, **more: drawn.append(len(run.loss_curve_)) or curve(run, **more)
    )
    cn.MLPRegressor(callbacks=cn.LivePlot(tmp_path / "a.png", every=2), **OPTIONS).fit(X, Y)
    assert drawn == [2, 4, 6]
    pickle.loads(pickle.dumps(cn.LivePlot(tmp_path / "a.png"))).on_fit_begin(None)


def test_without_a_place_to_draw_it_says_so() -> None:
    with pytest.raises(ParameterError, match="needs a notebook or a window to draw in"):
        cn.MLPRegressor(callbacks=cn.LivePlot(), **OPTIONS).fit(X, Y)
    with pytest.raises(ParameterError, match="LivePlot: every must be"):
        cn.LivePlot(every="often")


def test_in_a_notebook_one_picture_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, figure: Any) -> None:
            shown.append(f"update {figure.axes[0].get_title()}")

    def display(figure: Any, display_id: bool) -> Handle:
        shown.append(f"display {figure.axes[0].get_title()}")
        return Handle()

    notebook: Any = types.ModuleType("IPython")
    notebook.get_ipython = lambda: types.SimpleNamespace(kernel=True)
    parts: Any = types.ModuleType("IPython.display")
    parts.display = display
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", parts)
    cn.MLPRegressor(callbacks=cn.LivePlot(every=3), **OPTIONS).fit(X, Y)
    assert shown == ["display epoch 3 of 6", "update epoch 6 of 6"]
