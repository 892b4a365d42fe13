"""A drawing of a network: units in columns, each weight a line whose width is its size and whose colour its sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.plots.canvas import canvas, root_figure
from chalknet.plots.reading import Reading, Stage, read, values
from chalknet.plots.style import Look, readable_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_WEIGHTS_WITH_NUMBERS = 12  # in one layer; more numbers than that lie on each other


class Units(NamedTuple):
    """One column of units as drawn: which of them, and how high each stands."""

    shown: np.ndarray  # their numbers
    heights: np.ndarray  # of their middles; the column's middle is 0
    total: int  # of all, the ones left out included
    gap: float | None  # height of the dots that stand for those


def network(
    model: Any,
    *,
    ax: Axes | None = None,
    sample: Any = None,
    limit: int = 12,
    numbers: bool | None = None,
    style: str | None = None,
) -> Axes:
    r"""Draw a network's units and weights.

    A line's width and strength grow with the weight's size, relative to the largest of its layer; its colour tells
    the sign. Columns of more than ``limit`` units show the first and last of them and dots between.

    Args:
        model: a ``Network``, a fitted multilayer perceptron (chalknet's or scikit-learn's) or linear model, or a
            pipeline or search around one.
        ax: axes to draw on; a new figure without them.
        sample: one row, as the model's ``predict`` takes it, (n,) or (1, n) or a DataFrame of one row: each unit is
            then coloured by its value for it, which stands in it.
        limit: the most units that a column shows.
        numbers: print weights and biases; None: where no layer has more than twelve weights.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes.

    Raises:
        NotFittedError: the model has no weights yet.
        TypeError: it is no model that holds layers of weights.
        ParameterError: limit is below 2.
        ShapeError: sample is not one row.

    >>> from sklearn.neural_network import MLPRegressor
    >>> model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=1).partial_fit([[3.0, 5.0]], [1.0])
    >>> [t.get_text() for t in network(model).texts][:3]
    ['input\n2', 'hidden 1\n4 × relu', 'output\n1 × identity']
    """
    reading = read(model)
    if limit < 2:
        raise ParameterError(f"limit is {limit!r}; a column needs room for at least 2 units")
    held = None if sample is None else [column[0] for column in values(reading, _one_row(sample))]
    stages = reading.stages
    columns = [place(n, limit) for n in (len(stages[0].weights), *(s.weights.shape[1] for s in stages))]
    tallest = max(len(c.shown) + (c.gap is not None) for c in columns)
    if numbers is None:
        numbers = all(s.weights.size <= MOST_WEIGHTS_WITH_NUMBERS for s in stages)
    size = (
        float(np.clip(2.4 * len(columns) + 0.6, 5.5, 14)),
        float(np.clip((0.75 if numbers else 0.5) * tallest + 1.6, 3.8, 9)),
    )
    with canvas(ax, style, size) as (axes, chosen):
        axes.set_axis_off()
        axes.set_xlim(-0.45, len(columns) - 0.55)
        axes.set_ylim(-(tallest + 0.4) / 2, (tallest + 2.2) / 2)
        axes.set_title(reading.name)
        step = (
            axes.get_position().height * root_figure(axes).get_figheight() * 72 / (tallest + 1.3)
        )  # points a unit
        diameter = float(np.clip(0.74 * step, 5, 32))
        _titles(axes, chosen, columns, stages, (tallest + 0.5) / 2)
        for i, stage in enumerate(stages):
            _weights(axes, chosen, i, columns[i], columns[i + 1], stage, numbers)
        for i, column in enumerate(columns):
            _units(axes, chosen, i, column, diameter, None if held is None else held[i])
        if numbers:
            for i, stage in enumerate(stages):
                _biases(axes, chosen, i + 1, columns[i + 1], stage, diameter)
        _names(axes, chosen, reading, columns, diameter)
        _key(axes, chosen)
    return axes


def place(count: int, limit: int) -> Units:
    """Choose and place the units of a column.

    >>> place(100, 5).shown.tolist(), place(100, 5).gap
    ([0, 1, 2, 98, 99], -0.5)
    """
    if count <= limit:
        return Units(np.arange(count), (count - 1) / 2 - np.arange(count), count, None)
    above = (limit + 1) // 2
    shown = np.concatenate([np.arange(above), np.arange(count - (limit - above), count)])
    slots = np.concatenate([np.arange(above), np.arange(above + 1, limit + 1)])
    return Units(shown, limit / 2 - slots, count, limit / 2 - above)


def _titles(ax: Axes, chosen: Look, columns: list[Units], stages: list[Stage], height: float) -> None:
    for i, column in enumerate(columns):
        if i == 0:
            text = f"input\n{column.total}"
        else:
            where = "output" if i == len(stages) else f"hidden {i}"
            text = f"{where}\n{column.total} × {stages[i - 1].activation or 'identity'}"
        ax.text(
            i, height, text, ha="center", va="bottom", color=chosen.muted, fontsize="small", linespacing=1.3
        )


def _weights(ax: Axes, chosen: Look, i: int, left: Units, right: Units, stage: Stage, numbers: bool) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgba

    part = stage.weights[np.ix_(left.shown, right.shown)]
    with np.errstate(invalid="ignore"):  # weights of a run that diverged
        sizes = np.abs(part) / (np.abs(stage.weights).max() or 1.0)
    share = np.where(np.isfinite(sizes), sizes, 1.0)
    ends = _signs(chosen)
    lines: list[Any] = []
    colours: list[Any] = []
    widths: list[float] = []
    for (j, k), s in np.ndenumerate(share):
        lines.append([(i, left.heights[j]), (i + 1, right.heights[k])])
        colours.append(to_rgba(ends[int(part[j, k] >= 0)], 0.12 + 0.78 * s))
        widths.append(0.3 + 3.0 * s)
    ax.add_collection(LineCollection(lines, colors=colours, linewidths=widths, zorder=1))
    if numbers:
        few_left = len(left.shown) <= len(right.shown)
        for (j, k), w in np.ndenumerate(part):
            # near the side with fewer units, whose lines fan out there; every other fan a step farther along
            at = 0.22 + 0.14 * (j % 2) if few_left else 0.78 - 0.14 * (k % 2)
            y = left.heights[j] + at * (right.heights[k] - left.heights[j])
            box = {"facecolor": chosen.paper, "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
            ax.text(i + at, y, f"{w:.3g}", ha="center", va="center", fontsize="x-small", bbox=box, zorder=2)


def _units(ax: Axes, chosen: Look, i: int, column: Units, diameter: float, held: np.ndarray | None) -> None:
    fill: Any = chosen.paper
    if held is not None:
        part = held[column.shown]
        largest = float(np.abs(held[np.isfinite(held)]).max(initial=0)) or 1.0
        fill = chosen.diverging_map()(0.5 + 0.45 * np.nan_to_num(part / largest))
        if diameter >= 16:
            for value, y, colour in zip(part, column.heights, fill, strict=True):
                text = _short(value)
                size = diameter / max(3.4, 0.85 * len(text))  # it stays inside the circle
                ax.text(
                    i, y, text, ha="center", va="center", fontsize=size, color=readable_on(colour), zorder=4
                )
    ax.scatter(
        np.full(len(column.shown), i), column.heights, s=diameter**2, c=fill if held is not None else [fill],
        edgecolors=chosen.ink, linewidths=1.2, zorder=3,
    )  # fmt: skip
    if column.gap is not None:
        ax.text(i, column.gap, "⋮", ha="center", va="center", fontsize="large", color=chosen.muted, zorder=3)


def _biases(ax: Axes, chosen: Look, i: int, column: Units, stage: Stage, diameter: float) -> None:
    for k, y in zip(column.shown, column.heights, strict=True):
        ax.annotate(
            f"b = {stage.biases[k]:.3g}", (i, y), (0, -diameter / 2 - 2), textcoords="offset points",
            ha="center", va="top", fontsize="x-small", color=chosen.muted, zorder=4,
        )  # fmt: skip


def _names(ax: Axes, chosen: Look, reading: Reading, columns: list[Units], diameter: float) -> None:
    ends = ((0, reading.inputs, -1, "right"), (len(columns) - 1, reading.outputs, 1, "left"))
    for i, names, side, align in ends:
        for k, y in zip(columns[i].shown, columns[i].heights, strict=True):
            ax.annotate(
                names[k], (i, y), (side * (diameter / 2 + 5), 0), textcoords="offset points",
                ha=align, va="center", color=chosen.ink, fontsize="small",
            )  # fmt: skip


def _key(ax: Axes, chosen: Look) -> None:
    from matplotlib.lines import Line2D

    negative, positive = _signs(chosen)
    handles = [
        Line2D([], [], color=positive, lw=2.5, label="positive weight"),
        Line2D([], [], color=negative, lw=2.5, label="negative weight"),
    ]
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.02),
        ncols=2,
        frameon=False,
        fontsize="small",
    )


def _signs(chosen: Look) -> tuple[Any, Any]:
    """Colours of negative and positive weights."""
    cmap = chosen.diverging_map()
    return cmap(0.08), cmap(0.94)


def _short(value: float) -> str:
    """A number in at most about five characters.

    >>> _short(0.12345), _short(121.5), _short(-12.345), _short(1234567.0)
    ('0.12', '121.5', '-12.3', '1e+06')
    """
    size = abs(value)
    decimals = 2 if size < 9.995 else 1 if size < 999.95 else 0
    return f"{value:.{decimals}f}" if size < 99999.5 else f"{value:.0e}"


def _one_row(sample: Any) -> Any:
    if hasattr(sample, "iloc"):
        sample = sample.to_frame().T.infer_objects() if sample.ndim == 1 else sample
        shape = sample.shape
    else:
        sample = np.asarray(sample)
        sample = sample[None] if sample.ndim == 1 else sample
        shape = sample.shape
    if len(shape) != 2 or shape[0] != 1:
        raise ShapeError(f"sample has shape {tuple(shape)}; give one row")
    return sample
