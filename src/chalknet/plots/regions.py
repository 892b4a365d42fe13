"""Colouring a plane by a model's answers: the axes of two features, the regions, the rows as points, the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chalknet.plots.responses import Answer, Targets
from chalknet.plots.style import MARKERS, Look
from chalknet.plots.table import Column

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS = 3000  # more only cover each other; every k-th row is drawn then


class Side(NamedTuple):
    """One axis of the plane: a column, its limits and the places at which the model is asked."""

    column: Column
    low: float
    high: float
    places: np.ndarray  # (resolution,), the middles of equal cells between low and high


def side_of(column: Column, resolution: int) -> Side:
    """Limits and places of a column: its range and a little more, or one unit a category."""
    if column.categories is not None:
        low, high = -0.5, len(column.categories) - 0.5
    else:
        known = column.values[np.isfinite(column.values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        margin = 0.08 * (high - low) or 1.0
        low, high = low - margin, high + margin
    half = (high - low) / resolution / 2
    return Side(column, low, high, np.linspace(low + half, high - half, resolution))


def paint_classes(ax: Axes, chosen: Look, x: Side, y: Side, field: np.ndarray, colours: list[Any]) -> None:
    """Regions of classes, with lines between them: each place in its winner's colour, the fainter the less likely.

    Args:
        field: (rows, columns) positions among the classes, or (rows, columns, classes) probabilities.
    """
    from matplotlib.colors import to_rgb

    if field.ndim == 2:
        winners, share = field, np.full(field.shape, chosen.alpha)
    else:  # nearly the paper's colour where all classes are equally likely
        winners, even = field.argmax(axis=-1), 1 / field.shape[-1]
        share = 0.1 + (chosen.alpha - 0.1) * (field.max(axis=-1) - even) / (1 - even)
    rgb, paper = np.array([to_rgb(c) for c in colours])[winners], np.array(to_rgb(chosen.paper))
    ax.imshow(
        np.clip(paper + share[..., None] * (rgb - paper), 0, 1), extent=(x.low, x.high, y.low, y.high),
        origin="lower", aspect="auto", interpolation="nearest", zorder=0,
    )  # fmt: skip
    for k in np.unique(winners)[1:]:  # every border has a higher class on one of its sides
        if field.ndim == 2:
            lead = np.where(winners == k, 1.0, -1.0)
        else:  # before the best other class: it passes through 0 smoothly
            lead = field[..., k] - np.delete(field, k, axis=-1).max(axis=-1)
        ax.contour(
            x.places, y.places, lead, levels=[0], colors=[chosen.ink], linewidths=1.0, alpha=0.7, zorder=1
        )


def paint_slide(ax: Axes, chosen: Look, x: Side, y: Side, winners: np.ndarray, count: int) -> None:
    """Hard classes as the slides draw them: the class's number as a height, in the look's levels.

    As there, a thin band of a third colour can run between two classes whose numbers are not neighbours.
    """
    ends = np.linspace(0, max(count - 1, 1), chosen.levels + 1)
    ax.contourf(*_to_edges(x, y, winners), levels=ends, **chosen.fill(chosen.diverging_map()), zorder=0)


def paint_share(ax: Axes, chosen: Look, x: Side, y: Side, share: np.ndarray, label: str) -> None:
    """The probability of the second of two classes, in the look's levels, with a line at one half."""
    ends = np.linspace(0, 1, chosen.levels + 1)
    filled = ax.contourf(
        *_to_edges(x, y, share), levels=ends, **chosen.fill(chosen.diverging_map()), zorder=0
    )
    _close_seams(filled)
    if share.min() < 0.5 < share.max():
        ax.contour(x.places, y.places, share, levels=[0.5], colors=[chosen.ink], linewidths=1.5, zorder=1)
    _bar(ax, filled, label, [0, 0.25, 0.5, 0.75, 1])


def paint_values(
    ax: Axes, chosen: Look, x: Side, y: Side, height: np.ndarray, targets: np.ndarray, label: str
) -> Any:
    """A surface of numbers in the look's levels; returns what colours the points alike."""
    from matplotlib import colormaps
    from matplotlib.colors import Normalize
    from matplotlib.ticker import MaxNLocator

    known = np.concatenate([height[np.isfinite(height)], targets[np.isfinite(targets)]])
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    cmap = chosen.diverging_map() if chosen.slides else colormaps["cividis"]
    norm = Normalize(low, high)
    levels = np.linspace(low, high, chosen.levels + 1)
    filled = ax.contourf(*_to_edges(x, y, height), levels=levels, norm=norm, **chosen.fill(cmap), zorder=0)
    _close_seams(filled)
    _bar(ax, filled, label, MaxNLocator(6))
    return {"cmap": cmap, "norm": norm}


def scatter_rows(ax: Axes, chosen: Look, x: Side, y: Side, targets: Targets, colours: Any) -> int:
    """The rows as points, a colour and a marker for each class; returns how many rows have no place here.

    Categories' points are spread inside their cells, always alike, so that they do not lie on each other.
    """
    spread = np.random.RandomState(0)
    across = [_spread(side.column, spread) for side in (x, y)]
    placed = np.isfinite(across[0]) & np.isfinite(across[1])
    rows = np.flatnonzero(placed)
    rows = rows[:: -(-len(rows) // MOST_POINTS) or 1]
    size = float(np.clip(40 * np.sqrt(250 / max(len(rows), 1)), 9, 40))
    style: dict[str, Any] = {"s": size, "edgecolors": chosen.ink, "linewidths": 0.6, "zorder": 3}
    if targets.classes is None:
        ax.scatter(across[0][rows], across[1][rows], c=targets.values[rows], **colours, **style)
    else:
        for k, label in enumerate(targets.classes):
            own = rows[targets.values[rows] == k]
            if len(own):
                ax.scatter(
                    across[0][own], across[1][own], color=[colours[k]], marker=MARKERS[k % len(MARKERS)],
                    label=str(label), **style,
                )  # fmt: skip
    return int((~placed).sum())


def dress_axes(ax: Axes, x: Side, y: Side) -> None:
    """Limits, names and, for categories, their names as ticks."""
    ax.set_xlim(x.low, x.high)
    ax.set_ylim(y.low, y.high)
    ax.set_xlabel(x.column.name)
    ax.set_ylabel(y.column.name)
    for axis, side in ((ax.xaxis, x), (ax.yaxis, y)):
        if side.column.categories is not None:
            axis.set_ticks(range(len(side.column.categories)), [str(c) for c in side.column.categories])


def on_grid(answer: Answer, shape: tuple[int, int]) -> np.ndarray:
    """Answers in the grid's order as (rows, columns) or (rows, columns, classes)."""
    return answer.values.reshape(*shape, *answer.values.shape[1:])


def _to_edges(x: Side, y: Side, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the outermost cells' values out to the limits, so that filled contours leave no rim."""
    return (
        np.concatenate([[x.low], x.places, [x.high]]),
        np.concatenate([[y.low], y.places, [y.high]]),
        np.pad(z, 1, mode="edge"),
    )


def _spread(column: Column, random: np.random.RandomState) -> np.ndarray:
    if column.categories is None:
        return column.values
    return column.values + random.uniform(-0.25, 0.25, len(column.values))


def _close_seams(filled: Any) -> None:
    """Let opaque levels overlap a little, or viewers of vector files show the paper between them."""
    if filled.get_alpha() is None:
        filled.set_edgecolor("face")
        filled.set_linewidth(0.3)


def _bar(ax: Axes, filled: Any, label: str, ticks: Any) -> None:
    bar = ax.figure.colorbar(filled, ax=ax, ticks=ticks)
    bar.set_label(label)
    bar.outline.set_visible(False)
