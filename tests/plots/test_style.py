from __future__ import annotations

import importlib.util

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from chalknet import plots
from chalknet.exceptions import ParameterError
from chalknet.plots import style


def contrast(a, b):
    light, dark = sorted((style.luminance(a), style.luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark", "lecture"])
def test_text_and_curves_can_be_told_from_the_paper(name):
    chosen = style.look(name)
    assert contrast(chosen.ink, chosen.paper) > 12
    assert contrast(chosen.muted, chosen.paper) > 4.5
    assert all(contrast(chosen.colour(k), chosen.paper) > 2 for k in range(10))
    assert all(contrast(chosen.colour(k), chosen.paper) > 3 for k in range(2))


# Machado, Oliveira and Fernandes 2009, full severity, for linear light
BLIND = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def as_seen(colour, kind):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    seen = np.clip(np.array(BLIND[kind]) @ linear, 0, 1)
    lab = np.cbrt(
        np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]) @ seen
    )
    return np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]) @ lab


@pytest.mark.parametrize("kind", BLIND)
@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_first_six_colours_stay_apart_for_colour_blind_readers(name, kind):
    seen = [as_seen(c, kind) for c in style.look(name).cycle[:6]]  # in Oklab, where distances are as seen
    apart = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(apart) > 0.04


def test_the_background_chooses_when_no_name_does():
    assert style.look().name == "light"
    with plt.style.context("dark_background"):
        assert style.look().name == "dark"
        _, dark = plt.subplots()
    assert style.look(None, dark).name == "dark"
    _, ax = plt.subplots()
    ax.patch.set_alpha(0)
    assert style.look(None, ax).name == "light"


def test_given_axes_are_repainted_only_by_name():
    figure, ax = plt.subplots()
    plots.confusion([1, 2], [1, 2], ax=ax)
    assert figure.get_facecolor() == (1, 1, 1, 1)
    plots.activation("relu", ax=ax, style="dark")
    assert ax.get_facecolor()[:3] == figure.get_facecolor()[:3] == pytest.approx(to_rgb("#1B1F24"))
    assert ax.xaxis.label.get_color() == style.look("dark").ink


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".PNG"])
def test_figures_are_saved_by_their_suffix_and_closed(tmp_path, suffix):
    path = plots.save(plots.activation("relu"), tmp_path / f"relu{suffix}")
    assert path.stat().st_size > 2000
    assert not plt.get_fignums()


def test_grids_and_subfigures_and_figures_are_saved_whole(tmp_path):
    assert plots.save(plots.images(np.ones((4, 4))), tmp_path / "a.png").exists()
    figure = plt.figure()
    left, right = figure.subfigures(1, 2)
    for part in (left, right):
        plots.activation("relu", ax=part.subplots())
    assert plots.save(left.axes[0], tmp_path / "b.png").exists()
    assert plots.save(plt.figure(), str(tmp_path / "c.png")).exists()


def test_an_unknown_suffix_is_refused_and_nothing_written(tmp_path):
    ax = plots.activation("relu")
    for name in ("a.doc", "a"):
        with pytest.raises(
            ParameterError, match=rf"cannot write '{name}': the suffix must be one of .*\.png"
        ):
            plots.save(ax, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_new_figures_are_pyplots_own():
    ax = plots.activation("relu")
    assert plt.gcf() is ax.figure


def test_the_settings_of_the_reader_stay_as_they_were():
    before = dict(plt.rcParams)
    plots.activation("relu", style="dark")
    assert dict(plt.rcParams) == before


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(style, "find_spec", lambda name: None)
    assert importlib.util.find_spec("matplotlib")
    with pytest.raises(ImportError, match=r"pip install 'chalknet\[plots\]'"):
        plots.activation("relu")
