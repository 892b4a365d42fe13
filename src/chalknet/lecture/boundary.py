"""The lecture's picture of a decision boundary (S16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.exceptions import ShapeError
from chalknet.layers.base import floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEP = 0.1  # of the mesh, in units of X
MOST = 20_000_000  # points of the mesh: a picture of raw salaries would fill the memory


def plot_decision_boundary(X: Any, y: Any, layers: Sequence[Any]) -> Axes:
    """Draw which class the network gives at each point of the plane, and the data over it.

    The plane is a mesh of step 0.1 that reaches 1 beyond the data; a point's class is its largest output, or with
    one output, whether that is at least 0.5. Colours are the slide's: ``RdYlBu`` in 25 levels at opacity 0.8.

    Args:
        X: (m, 2), the data.
        y: (m,), the classes; one-hot (m, classes) too.
        layers: what the points go through, in order: ``[layer1, activation1, layer2, ...]``, each with a
            ``forward``; ``[perceptron]`` too. (The slide's function takes no arguments and reads globals instead.)

    Returns:
        The axes, on Matplotlib's current figure. ``plt.show()`` is left to the caller.

    Raises:
        ShapeError: X has not two columns, y does not fit it, or X spans so much that the mesh would be huge.

    As on the slide the layers keep the mesh as their last ``inputs``.

    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import matplotlib.pyplot as plt
    >>> from chalknet.lecture import Dense
    >>> plt.close("all")
    >>> ax = plot_decision_boundary([[0.0, 0.0], [1.0, 1.0]], [0, 1], [Dense(2, 2)])
    >>> ax.get_xlim() == ax.get_ylim()
    True
    """
    points, labels = floats(X), np.asarray(y)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ShapeError(f"plot_decision_boundary draws data of two columns, but X has shape {points.shape}.")
    if labels.ndim == 2:
        labels = labels.argmax(axis=1) if labels.shape[1] > 1 else labels[:, 0]
    if labels.shape != (len(points),):
        raise ShapeError(
            f"y must hold one class for each of the {len(points)} rows of X, but has shape {labels.shape}."
        )
    low, high = points.min(axis=0) - 1, points.max(axis=0) + 1
    if not np.prod((high - low) / STEP) <= MOST:
        raise ShapeError(
            f"X spans {high[0] - low[0] - 2:g} by {high[1] - low[1] - 2:g}, too much for a mesh of step {STEP}; "
            "standardise it first (scikit-learn's StandardScaler)."
        )
    import matplotlib.pyplot as plt

    xx, yy = np.meshgrid(np.arange(low[0], high[0], STEP), np.arange(low[1], high[1], STEP))
    values = np.c_[xx.ravel(), yy.ravel()]
    for layer in layers:
        values = layer.forward(values)
    one = values.ndim == 1 or values.shape[1] == 1
    classes = (values.reshape(-1) >= 0.5).astype(int) if one else values.argmax(axis=1)
    last = 1 if one else values.shape[1] - 1
    levels: Any = 25
    if classes.min() == classes.max():  # a dead network: 25 levels cannot be laid into one class
        levels = np.linspace(0, last, 26)
    ax, colours = plt.gca(), {"cmap": "RdYlBu", "vmin": 0, "vmax": last}
    ax.contourf(xx, yy, classes.reshape(xx.shape), levels=levels, alpha=0.8, **colours)
    codes = np.unique(labels, return_inverse=True)[1]  # names of classes have no colour of their own
    ax.scatter(points[:, 0], points[:, 1], c=codes, s=40, edgecolor="k", **colours)
    ax.set(title="Decision boundary", xlabel="Feature 1", ylabel="Feature 2")
    return ax
