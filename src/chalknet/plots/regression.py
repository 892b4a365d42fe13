"""A regressor's answer over one feature as a curve, or over two as a surface seen from above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.plots.boundary import entitle, fixed_values, plot_decision_boundary
from chalknet.plots.canvas import canvas
from chalknet.plots.reading import model_name
from chalknet.plots.regions import MOST_POINTS, side_of
from chalknet.plots.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def regression(
    model: Any,
    X: Any,
    y: Any,
    *,
    features: int | str | tuple[int | str, int | str] = 0,
    ax: Axes | None = None,
    resolution: int = 200,
    style: str | None = None,
) -> Axes:
    """Draw a regressor's curve over one feature, or its surface over two, with the rows as points.

    Other features stay at their medians (categories at their most frequent value), and the title says so.

    Args:
        model: a fitted regressor, a ``Network``, or any object whose ``predict`` gives numbers; of several outputs
            each is a curve.
        X: (m, n) array, sparse matrix or DataFrame, as the model takes it.
        y: (m,) or (m, outputs) target numbers.
        features: one column, by number or name, or two of them for a surface.
        ax: axes to draw on; a new figure without them.
        resolution: places along an axis at which the model is asked.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes.

    Raises:
        ParameterError: features are not columns of X, or resolution is below 2.
        ShapeError: X and y differ in their number of rows.

    >>> from sklearn.linear_model import LinearRegression
    >>> ax = regression(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), [[0.0], [1.0]], [0.0, 2.0])
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('feature 0', 'y')
    """
    if not isinstance(features, (int, str, np.integer)):
        return plot_decision_boundary(
            model, X, y, features=features, ax=ax, response="value", resolution=resolution, style=style
        )
    if resolution < 2:
        raise ParameterError(f"resolution is {resolution!r}; it counts the places along an axis, at least 2")
    table = Table(X)
    at = table.index(features)
    name = str(getattr(y, "name", None) or "y")
    targets = np.asarray(y, dtype=float).reshape(len(y), -1)
    if len(targets) != table.rows:
        raise ShapeError(f"X has {table.rows} rows and y has {len(targets)}; each row needs one target")
    side = side_of(table.column(at), resolution)
    places = (
        side.places if side.column.categories is None else np.arange(len(side.column.categories), dtype=float)
    )
    fixed, how = fixed_values(table, (at,))
    answers = np.asarray(model.predict(table.filled({at: side.column.at(places)}, fixed)), dtype=float)
    answers = answers.reshape(len(places), -1)
    with canvas(ax, style) as (axes, chosen):
        rows = np.arange(table.rows)[:: -(-table.rows // MOST_POINTS)]
        size = float(np.clip(30 * np.sqrt(300 / len(rows)), 8, 36))
        for k in range(answers.shape[1]):
            colour = chosen.colour(k + 1)
            several = f" {k}" if answers.shape[1] > 1 else ""
            if k < targets.shape[1]:
                shade = chosen.colour(0) if not several else colour
                label = f"rows{several}"
                axes.scatter(
                    side.column.values[rows],
                    targets[rows, k],
                    s=size,
                    color=shade,
                    alpha=0.55,
                    lw=0,
                    label=label,
                )
            marker = "o" if side.column.categories is not None else None
            axes.plot(places, answers[:, k], color=colour, lw=2.5, marker=marker, label=f"predicted{several}")
        axes.set(xlim=(side.low, side.high), xlabel=side.column.name, ylabel=name)
        if side.column.categories is not None:
            axes.set_xticks(places, [str(c) for c in side.column.categories])
        axes.grid(True)
        axes.legend()
        lost = int(np.isnan(side.column.values).sum())
        entitle(axes, model_name(model), {table.names[i]: v for i, v in fixed.items()}, how, lost)
    return axes
