"""Pictures of half blocks: which pixel gets which colour, and what remains without colours."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from chalknet.cli import terminal_art as art

COLOUR = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=60)
NO_COLOR = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", no_color=True, width=60)
PLAIN = Console(file=io.StringIO(), color_system=None, width=60)


def test_two_pixels_to_a_character():
    picture = np.array([[0, 1, -1, -1], [1, -1, 0, -1], [0, 0, 0, 0]])
    first, second = art.half_blocks(picture, ["red", "blue"])
    assert first.plain == "▀▀▄ " and second.plain == "▀▀▀▀"
    styles = [str(span.style) for span in first.spans]
    assert styles == ["red on blue", "blue", "red"]


def test_without_colours_letters_stand_for_them():
    (line,) = art.half_blocks(np.array([[0, -1], [-1, 27]]), [], colourless=True)
    assert line.plain == "ab"


@pytest.mark.parametrize("console", [COLOUR, PLAIN])
def test_the_curve_runs_from_its_highest_to_its_lowest(console):
    legend, *lines = art.learning_curve([3.0, 2.0, 1.0], [0.5, 0.75, 1.0], console)
    assert "validation score, 0.500 to 1.000" in legend.plain
    assert lines[0].plain.strip().startswith("3 │") and lines[9].plain.strip().startswith("1 │")
    assert lines[0].plain.split("│")[1][0] != " "  # the loss begins at the top left
    assert lines[9].plain[-1] != " "  # and ends at the bottom right
    assert "epoch 1" in lines[-1].plain and lines[-1].plain.endswith("3")


def test_a_loss_that_falls_far_is_drawn_on_a_logarithmic_scale():
    legend, *lines = art.learning_curve([100.0, 10.0, 1.0], None, PLAIN)
    assert "logarithmic" in legend.plain
    drawn = [line.plain.split("│")[1] for line in lines[:10]]
    assert drawn[4][23:26].strip() or drawn[5][23:26].strip()  # half-way at half the height


@pytest.mark.parametrize("losses", [[1.0], [np.nan, 1.0, 2.0], [np.inf] * 3, [2.0, 2.0], [1.0, np.nan, 3.0]])
def test_odd_curves_are_drawn_all_the_same(losses):
    legend, *lines = art.learning_curve(losses, None, COLOUR)
    assert legend.plain == "  loss" and len(lines) == 11


@pytest.mark.parametrize("console", [COLOUR, PLAIN, NO_COLOR])
def test_a_map_shows_regions_and_rows(console):
    regions = np.repeat([[0, 1]], 2, axis=0)
    legend, _, line, _, axis = art.decision_map(
        regions, np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0, 1]), ["a", "b"], ("x", "y"), console
    )
    assert "a" in legend.plain and "b" in legend.plain and axis.plain.endswith("x →")
    if console is COLOUR:
        styles = [str(span.style) for span in line.spans][1:]
        assert styles == [f"{art.PALE[0]} on {art.STRONG[0]}", f"{art.STRONG[1]} on {art.PALE[1]}"]
    else:
        assert line.plain == "  │ab"


def test_a_map_of_numbers_is_shaded_from_little_to_much():
    values, places = np.array([[0.0, 10.0]] * 2), np.array([[0.0, 0.0], [0.99, 0.0]])
    legend, _, line, *_ = art.number_map(values, places, np.array([0.0, 10.0]), "cost", ("x", "y"), COLOUR)
    assert "cost: 0" in legend.plain
    styles = [str(span.style) for span in line.spans][1:]
    assert styles == [f"{art.RAMP[0]} on {art.RAMP[0]}", f"{art.RAMP[-1]} on {art.RAMP[-1]}"]
    assert len(art.number_map(values, places, np.array([1.0, 1.0]), "cost", ("x", "y"), PLAIN)) == 5


def test_images_fit_the_width_and_mark_mistakes():
    pixels = np.linspace(0, 1, 20 * 64).reshape(20, 8, 8)
    lines = art.images(pixels, [("3", True), ("4 not 9", False)] * 10, COLOUR)
    assert len(lines) == 5
    assert all(len(line.plain) <= 60 for line in lines)
    assert [str(span.style) for span in lines[-1].spans[:2]] == ["green", "bold red"]
    assert len(art.images(pixels, [("3", True)] * 20, PLAIN)) == 1
