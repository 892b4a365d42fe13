"""Pictures in a terminal: two pixels to a character, drawn as coloured half blocks (▀) through rich.

A picture is an array of colour numbers, (rows, columns), row 0 at the top; -1 is the terminal's own background. Where
there are no colours (``NO_COLOR``, an old terminal) each number becomes a letter instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.plots.curves import MANY_DECADES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Okabe and Ito's colours, which remain apart for colour-blind readers: a strong one for each class, and a pale one
# for its region.
STRONG = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#f0e442",
    "#999999",
    "#882255",
    "#44aa99",
)
PALE = (
    "#9cc3de",
    "#eebc99",
    "#99d8c7",
    "#ebc9dc",
    "#f5d899",
    "#bbe1f6",
    "#f9f4b4",
    "#d6d6d6",
    "#cfa6bb",
    "#b4dcd6",
)
# Little to much, for numbers: dark blue to yellow (after Matplotlib's "cividis").
RAMP = (
    "#00224e",
    "#123570",
    "#3b496c",
    "#575d6d",
    "#707173",
    "#8a8678",
    "#a59c74",
    "#c3b369",
    "#e1cc55",
    "#fee838",
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _colourless(console: Console) -> bool:
    """Whether colours do not show: the terminal has none, or NO_COLOR asks for none."""
    return console.color_system is None or console.no_color


def half_blocks(picture: np.ndarray, colours: Sequence[str], *, colourless: bool = False) -> list[Text]:
    """Lines of text that show the picture, two of its rows to a line."""
    from rich.style import Style
    from rich.text import Text

    if len(picture) % 2:
        picture = np.vstack([picture, np.full((1, picture.shape[1]), -1)])
    lines = []
    for upper, lower in zip(picture[::2], picture[1::2], strict=True):
        line = Text()
        for top, bottom in zip(upper.tolist(), lower.tolist(), strict=True):
            if colourless:
                shown = max(top, bottom)
                line.append(" " if shown < 0 else _LETTERS[shown % len(_LETTERS)])
            elif top < 0 and bottom < 0:
                line.append(" ")
            elif top < 0:
                line.append("▄", Style(color=colours[bottom]))
            else:
                line.append("▀", Style(color=colours[top], bgcolor=None if bottom < 0 else colours[bottom]))
        lines.append(line)
    return lines


def learning_curve(
    losses: Sequence[float], validation: Sequence[float] | None, console: Console
) -> list[Any]:
    """The loss of every epoch as a line, and the validation score as another (on a scale of its own)."""
    from rich.text import Text

    width, height = min(console.width - 12, 64), 20
    curves = [np.asarray(c, dtype=float) for c in (losses, validation) if c is not None and len(c)]
    picture = np.full((height, width), -1)
    finite = curves[0][np.isfinite(curves[0])]
    top, bottom = (f"{finite.max():.3g}", f"{finite.min():.3g}") if len(finite) else ("", "")
    falls_far = bool(len(finite) and 0 < MANY_DECADES * finite.min() < finite.max())
    for colour, curve in enumerate(curves):
        _draw(picture, np.log(curve) if falls_far and colour == 0 else curve, colour)
    # One curve needs no colour to be told from another
    lines = half_blocks(picture, STRONG, colourless=_colourless(console) and len(curves) > 1)
    labels = [top, *[""] * (len(lines) - 2), bottom]
    legend = Text("  loss" + " (logarithmic)" * falls_far, STRONG[0])
    if len(curves) > 1:
        legend.append(
            f"   validation score, {np.nanmin(curves[1]):.3f} to {np.nanmax(curves[1]):.3f}", STRONG[1]
        )
    axis = f"{'epoch 1':<{max(width - len(str(len(curves[0]))), 8)}}{len(curves[0])}"
    return [
        legend,
        *(Text.assemble((f"{label:>8} │", "dim"), line) for label, line in zip(labels, lines, strict=True)),
        Text(f"{'':>8} └{axis}", "dim"),
    ]


def _draw(picture: np.ndarray, curve: np.ndarray, colour: int) -> None:
    """Draw a curve from edge to edge of the picture, without gaps."""
    height, width = picture.shape
    finite = curve[np.isfinite(curve)]
    if not len(finite):
        return
    low, spread = finite.min(), np.ptp(finite) or 1.0
    at = np.interp(np.linspace(0, len(curve) - 1, width), np.arange(len(curve)), curve)
    rows = np.where(np.isfinite(at), np.round((height - 1) * (1 - (at - low) / spread)), -1).astype(int)
    for column, row in enumerate(rows):
        if row < 0:
            continue
        before = rows[column - 1] if column and rows[column - 1] >= 0 else row
        start = before + np.sign(row - before)  # next to where the last column ended
        picture[min(row, start) : max(row, start) + 1, column] = colour


def decision_map(
    regions: np.ndarray,
    points: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    axes: tuple[str, str],
    console: Console,
) -> list[Any]:
    """Where each class would be predicted (pale), and real rows (strong).

    Args:
        regions: class number of each pixel, (rows, columns), row 0 at the top.
        points: (n, 2), each row's place in the picture, both from 0 to 1, from bottom left.
        labels: class number of each point.
        names: of the classes.
        axes: names of the two columns, across and up.
        console: where it is to be drawn.
    """
    from rich.text import Text

    height, width = regions.shape
    k = len(names)
    picture = regions.copy()
    across = np.clip((points[:, 0] * width).astype(int), 0, width - 1)
    up = np.clip(((1 - points[:, 1]) * height).astype(int), 0, height - 1)
    picture[up, across] = labels + k
    colours = [PALE[i % len(PALE)] for i in range(k)] + [STRONG[i % len(STRONG)] for i in range(k)]
    colourless = _colourless(console)
    if colourless:  # points alone: letters cannot be pale
        picture[picture < k] = -1
        picture[picture >= k] -= k
    legend = Text("  ")
    for i, name in enumerate(names):
        legend.append(f"{_LETTERS[i % 26] if colourless else '■'} {name}   ", STRONG[i % len(STRONG)])
    return [legend, *_framed(half_blocks(picture, colours, colourless=colourless), axes, width)]


def number_map(
    values: np.ndarray,
    points: np.ndarray,
    truth: np.ndarray,
    unit: str,
    axes: tuple[str, str],
    console: Console,
) -> list[Any]:
    """The predicted number of each pixel, little (dark) to much (bright), with real rows in the same colours.

    Arguments as in `decision_map`, with numbers for class numbers; ``unit`` names what is predicted.
    """
    from rich.text import Text

    low, high = float(np.min(truth)), float(np.max(truth))
    steps = len(RAMP)

    def shade(numbers: np.ndarray) -> np.ndarray:
        return np.clip((numbers - low) / ((high - low) or 1.0) * steps, 0, steps - 1).astype(int)

    height, width = values.shape
    picture = shade(values)
    across = np.clip((points[:, 0] * width).astype(int), 0, width - 1)
    up = np.clip(((1 - points[:, 1]) * height).astype(int), 0, height - 1)
    picture[up, across] = shade(truth)
    legend = Text(f"  {unit}: {low:.4g} ")
    for colour in RAMP:
        legend.append("█", colour)
    legend.append(f" {high:.4g}")
    return [
        legend,
        *_framed(half_blocks(picture, RAMP, colourless=_colourless(console)), axes, width),
    ]


def _framed(lines: list[Text], axes: tuple[str, str], width: int) -> list[Any]:
    """Lines with an axis beside and below, and the columns' names on them."""
    from rich.text import Text

    return [
        Text(f"  ↑ {axes[1]}", "dim"),
        *(Text.assemble(("  │", "dim"), line) for line in lines),
        Text(f"  └{'─' * width}", "dim"),
        Text(f"{f'{axes[0]} →':>{width + 3}}", "dim"),
    ]


def images(pixels: np.ndarray, captions: Sequence[tuple[str, bool]], console: Console) -> list[Any]:
    """Small grey images side by side; a caption that is wrong is red.

    Args:
        pixels: (n, height, width), from 0 to 1.
        captions: of each image, and whether it is right.
        console: where it is to be drawn.
    """
    from rich.text import Text

    fit = max(1, (console.width - 2) // (pixels.shape[2] + 2))
    pixels, captions = pixels[:fit], captions[:fit]
    grey = [f"#{v:02x}{v:02x}{v:02x}" for v in range(0, 256, 17)]
    gap = np.full((*pixels.shape[1:2], 2), -1)
    row = np.hstack([part for image in pixels for part in (gap, np.round(image * 15).astype(int))])
    below = Text()
    for caption, right in captions:
        below.append("  " + caption.center(pixels.shape[2]), "green" if right else "bold red")
    lines = half_blocks(row, grey, colourless=False) if not _colourless(console) else []
    return [*lines, below]
