"""Rows as pictures: samples with their labels, or the weights that each first unit puts on the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.plots.canvas import new_figure, repaint
from chalknet.plots.reading import read
from chalknet.plots.style import SIZES, Look, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL = 1.15  # inches across a picture


def images(
    model_or_matrix: Any,
    shape: tuple[int, int] | None = None,
    *,
    true: Sequence[Any] | None = None,
    predicted: Sequence[Any] | None = None,
    limit: int = 24,
    cmap: str = "gray",
    fig: Figure | None = None,
    style: str | None = None,
) -> np.ndarray:
    """Draw a grid of pictures: a model's first-layer weights, one picture a unit, or the rows of a matrix.

    Weights are coloured by sign, from the largest negative to the largest positive of the layer. Rows of a matrix
    are drawn in ``cmap``, with the true and predicted labels above them; a wrong one stands out.

    Args:
        model_or_matrix: anything that ``plots.network`` draws, or an (m, pixels) array or DataFrame.
        shape: (rows, columns) of a picture; None: a square one.
        true: (m,) true labels of a matrix's rows.
        predicted: (m,) predicted labels of a matrix's rows.
        limit: the most pictures drawn, the first ones.
        cmap: Matplotlib's colormap for a matrix's rows: ``"gray"`` has large numbers light, ``"gray_r"`` dark.
        fig: an empty figure (or subfigure) to draw in; a new one without it.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes of the pictures, (pictures,).

    Raises:
        ShapeError: the pixels do not fill the shape, or labels and rows differ in number.
        ParameterError: labels were given with a model, or limit is below 1.

    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> axes = images(digits.data[:10], true=digits.target[:10])
    >>> len(axes), axes[3].get_title()
    (10, '3')
    """
    import matplotlib

    is_model = hasattr(model_or_matrix, "predict")
    if is_model and (true is not None or predicted is not None):
        raise ParameterError("labels belong to rows of a matrix; a model's weights have none")
    reading = read(model_or_matrix) if is_model else None
    rows, shape = _rows(reading.stages[0].weights.T if reading else model_or_matrix, shape)
    if limit < 1:
        raise ParameterError(f"limit is {limit!r}; give at least 1 picture")
    labels = [_labels(kind, given, len(rows)) for kind, given in (("true", true), ("predicted", predicted))]
    count = min(len(rows), limit)
    across = int(np.ceil(np.sqrt(count * 1.3 * shape[0] / shape[1])))
    down = -(-count // across)
    chosen = look(style, fig)
    with matplotlib.rc_context(chosen.rc() if fig is not None else {**chosen.rc(), **SIZES}):
        if fig is None:
            title = 0.3 if any(labels) else 0.0  # inches above each picture
            height = (CELL + title) * down * shape[0] / shape[1] + 0.5
            fig = new_figure((CELL * across + (0.9 if reading else 0.2), height))
        grid = fig.subplots(down, across, squeeze=False).ravel()
        if style is not None:
            repaint(grid[0], chosen)
        how: dict[str, Any] = {"cmap": cmap, "vmin": float(np.nanmin(rows)), "vmax": float(np.nanmax(rows))}
        if reading:
            spread = float(np.nanmax(np.abs(rows))) or 1.0
            how = {"cmap": chosen.diverging_map(), "vmin": -spread, "vmax": spread}
        for ax in grid:
            ax.set_axis_off()
        for i, ax in enumerate(grid[:count]):
            picture = ax.imshow(rows[i].reshape(shape), interpolation="nearest", **how)
            _entitle(ax, chosen, *(known[i] if known else None for known in labels))
        if reading:
            shown = f" ({count} of {len(rows)})" if count < len(rows) else ""
            fig.suptitle(f"first-layer weights of {reading.name}{shown}")
            fig.colorbar(picture, ax=grid.tolist(), shrink=0.7, label="weight").outline.set_visible(False)
    return grid[:count]


def _rows(given: Any, shape: tuple[int, int] | None) -> tuple[np.ndarray, tuple[int, int]]:
    """Pictures as rows of pixels (m, pixels), and the shape of each."""
    rows = np.asarray(given, dtype=float)
    if rows.ndim == 3:  # pictures already
        shape = shape or (rows.shape[1], rows.shape[2])
        rows = rows.reshape(len(rows), -1)
    if rows.ndim != 2 or not rows.size:
        raise ShapeError(f"the matrix has shape {rows.shape}; give at least one picture as a row of pixels")
    side = round(rows.shape[1] ** 0.5)
    shape = shape or (side, side)
    if shape[0] * shape[1] != rows.shape[1]:
        raise ShapeError(
            f"a picture has {rows.shape[1]} pixels, which do not fill {shape[0]} x {shape[1]}; "
            "pass shape=(rows, columns)"
        )
    return rows, shape


def _labels(kind: str, given: Sequence[Any] | None, count: int) -> list[Any]:
    labels = [] if given is None else list(given)
    if given is not None and len(labels) != count:
        raise ShapeError(f"{kind} holds {len(labels)} labels for {count} pictures; give one each")
    return labels


def _entitle(ax: Any, chosen: Look, true: Any, predicted: Any) -> None:
    if true is not None and predicted is not None and true != predicted:
        apart = "\n" if len(f"{true}{predicted}") > 6 else " "
        loud = {"color": chosen.colour(1), "fontweight": "bold"}
        ax.set_title(f"{true} read{apart}as {predicted}", fontsize="small", pad=3, **loud)
    elif true is not None or predicted is not None:
        ax.set_title(str(predicted if true is None else true), fontsize="small", pad=3)
