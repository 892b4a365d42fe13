"""The decision boundary: what a model answers at every place of the plane that two features span."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.plots import regions
from chalknet.plots.canvas import canvas
from chalknet.plots.reading import model_name
from chalknet.plots.responses import read_targets, respond
from chalknet.plots.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HARD_SPACE = "\u00a0"  # a line of the title does not break here
MOST_NAMED = 4  # features held at a value that the title still names one by one


def plot_decision_boundary(
    model: Any,
    X: Any,
    y: Any,
    *,
    features: tuple[int | str, int | str] = (0, 1),
    ax: Axes | None = None,
    response: str = "auto",
    resolution: int = 256,
    style: str | None = None,
) -> Axes:
    """Colour the plane of two features by the model's answers, with the rows as points on it.

    A classifier's regions are fainter where its probability is lower; for two classes the probability of the second
    is drawn in levels, with a line at one half. Without probabilities the regions are of one colour each. A
    regressor's answers are drawn as levels. Where X has more than two features, the others stay at their medians
    (categories at their most frequent value) and the title says so: the points, which have other values there, need
    not lie in the region of their answer then.

    Args:
        model: a fitted classifier or regressor with scikit-learn's interface (a pipeline, too), a chalknet
            ``Network``, or any object with ``predict``.
        X: (m, n) array, sparse matrix or DataFrame, as the model takes it; categorical columns become axes of
            categories.
        y: (m,) labels (numbers or strings) or target numbers; one-hot rows (m, classes) for a network.
        features: the two columns to draw, by number or, in a DataFrame, by name.
        ax: axes to draw on; a new figure without them.
        response: ``"auto"``, ``"proba"``, ``"classes"`` (hard) or ``"value"`` (numbers).
        resolution: places along each axis at which the model is asked.
        style: ``"light"``, ``"dark"``, ``"lecture"`` (the slides' look: RdYlBu, 25 levels, alpha 0.8), or None: by
            the background.

    Returns:
        The axes.

    Raises:
        ParameterError: features are not two different columns of X, or the model has no such response.
        ShapeError: X is no table or has one column, or y does not fit X or the model.

    >>> from sklearn.datasets import make_moons
    >>> from sklearn.neural_network import MLPClassifier
    >>> X, y = make_moons(100, noise=0.2, random_state=0)
    >>> model = MLPClassifier((8,), solver="lbfgs", random_state=0).fit(X, y)
    >>> ax = plot_decision_boundary(model, X, y, style="lecture")
    >>> ax.get_title(), ax.get_xlabel()
    ('MLPClassifier', 'feature 0')
    """
    table = Table(X)
    first, second = _two(table, features)
    targets = read_targets(model, y)
    if len(targets.values) != table.rows:
        raise ShapeError(
            f"X has {table.rows} rows and y has {len(targets.values)}; each row needs one target"
        )
    if resolution < 2:
        raise ParameterError(
            f"resolution is {resolution!r}; it counts the places along each axis, so give at least 2"
        )
    across, up = (regions.side_of(table.column(i), resolution) for i in (first, second))
    fixed, how = fixed_values(table, (first, second))
    xs, ys = np.meshgrid(across.places, up.places)
    grid = table.filled({first: across.column.at(xs.ravel()), second: up.column.at(ys.ravel())}, fixed)
    answer = respond(model, grid, targets, response)
    field = regions.on_grid(answer, xs.shape)

    with canvas(ax, style) as (axes, chosen):
        if answer.kind == "value" or targets.classes is None:
            points = (
                targets
                if targets.classes is None
                else targets._replace(values=targets.values.astype(float), classes=None)
            )
            colours: Any = regions.paint_values(axes, chosen, across, up, field, points.values, "predicted")
        else:
            labels = _all_classes(targets.classes, field, answer.kind)
            points = targets._replace(classes=labels)
            colours = chosen.class_colours(len(labels))
            if answer.kind == "proba" and len(labels) == 2:
                regions.paint_share(axes, chosen, across, up, field[..., 1], f"probability of {labels[1]}")
            elif answer.kind == "classes" and chosen.slides:
                regions.paint_slide(axes, chosen, across, up, field, len(labels))
            else:
                regions.paint_classes(axes, chosen, across, up, field, colours)
        homeless = regions.scatter_rows(axes, chosen, across, up, points, colours)
        regions.dress_axes(axes, across, up)
        entitle(axes, model_name(model), {table.names[i]: v for i, v in fixed.items()}, how, homeless)
        if points.classes is not None:
            shaded = answer.kind == "proba" and len(points.classes) > 2
            key: Any = axes.legend(title="fainter: less sure" if shaded else None)
            for handle in key.legend_handles:
                handle.set_sizes([40])  # readable, however small the points are
    return axes


def _two(table: Table, features: Any) -> tuple[int, int]:
    if table.width < 2:
        raise ShapeError(
            "X has one feature, and a plane needs two; plots.regression draws a curve over one feature"
        )
    try:
        first, second = features
    except (TypeError, ValueError):
        raise ParameterError(f"features is {features!r}; give two columns, as in features=(0, 1)") from None
    first, second = table.index(first), table.index(second)
    if first == second:
        raise ParameterError(
            f"features names the column {table.names[first]!r} twice; give two different ones"
        )
    return first, second


def _all_classes(classes: np.ndarray, field: np.ndarray, kind: str) -> np.ndarray:
    """The classes, and those outputs of a network that no row of y belongs to, by their numbers."""
    outputs = field.shape[-1] if kind == "proba" else int(field.max()) + 1
    return np.concatenate([classes, np.arange(len(classes), outputs)]) if outputs > len(classes) else classes


def fixed_values(table: Table, drawn: tuple[int, ...]) -> tuple[dict[int, Any], str]:
    """What the columns that are not drawn are held at, by number, and how that is called."""
    held = {i: table.column(i) for i in range(table.width) if i not in drawn}
    mixed = any(column.categories is not None for column in held.values())
    how = "medians or most frequent values" if mixed else "medians"
    return {i: column.typical() for i, column in held.items()}, how


def entitle(ax: Axes, name: str, fixed: dict[str, Any], how: str, homeless: int) -> None:
    """Title the axes: the model's name, what the other features are held at, and how many rows have no place."""
    notes = []
    if 0 < len(fixed) <= MOST_NAMED:
        shown = ", ".join(
            (f"{k} = {v:.4g}" if isinstance(v, float) else f"{k} = {v}").replace(" ", HARD_SPACE)
            for k, v in fixed.items()
        )
        if len(fixed) == 1:
            notes.append(
                f"the other at its {'median' if how == 'medians' else 'most frequent value'}: {shown}"
            )
        else:
            notes.append(f"others at their {how}: {shown}")
    elif fixed:
        notes.append(f"the other {len(fixed)} features at their {how}")
    if homeless:
        notes.append(f"{homeless} {'row' if homeless == 1 else 'rows'} without a value here not drawn")
    lines = [line for note in notes for line in textwrap.wrap(note, 64)]
    text = ax.set_title("\n".join([name, *lines]).replace(HARD_SPACE, " "))
    if lines:
        text.set_fontsize("medium")
