"""The loss of a model around its weights: a slice through the landscape, or the path that training took in it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.plots.canvas import canvas
from chalknet.plots.descents import descent, landscape
from chalknet.plots.reading import model_name, objective_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chalknet.network import Network


def loss_slice(
    model: Any,
    X: Any,
    y: Any,
    path: Any = None,
    *,
    sample_weight: Any = None,
    span: float = 1.0,
    seed: int = 0,
    ax: Axes | None = None,
    resolution: int = 40,
    style: str | None = None,
) -> Axes:
    """Draw a model's loss over a plane in the space of its weights.

    Without a path, the plane goes through the present weights along two random directions; each unit's part of a
    direction is as long as the unit's own weights (biases stay), so that a distance of 1 means the same for every
    unit and model. With a path, it is the plane in which the path varies most, with the path on it: see ``descent``.

    Args:
        model: a ``Network`` with a loss or a fitted chalknet estimator, also at the end of a pipeline or search.
        X, y: rows and targets as the model's ``fit`` takes them.
        path: a ``callbacks.Recorder`` that watched the training, or (steps, parameters) vectors such as
            ``network.parameters.copy()``; None: the surroundings of the present weights.
        sample_weight: (m,) weights of the rows in the loss.
        span: how far the slice reaches to each side, without a path.
        seed: of the random directions.
        ax: axes to draw on; a new figure without them.
        resolution: places along each side at which the loss is computed.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes. L is the network's loss, without penalty and without dropout.

    Raises:
        ParameterError: the model is none of these; span is not above 0; resolution is below 2.
        NotFittedError: the estimator is not fitted.
        ShapeError: the path's vectors have not the network's number of parameters.

    Source: H. Li et al., *Visualizing the Loss Landscape of Neural Nets* (2018), arXiv:1712.09913, filter-wise
    normalisation.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(1, 2), cn.Tanh(), cn.Dense(2, 1)], loss=cn.MSE(), random_state=0)
    >>> loss_slice(net, [[1.0], [2.0]], [[2.0], [1.0]], resolution=5).get_xlabel()
    'direction 1'
    """
    if resolution < 2:
        raise ParameterError(
            f"resolution is {resolution!r}; it counts the places along each side, at least 2"
        )
    given = objective_of(model, X, y, sample_weight)
    net = deepcopy(given.network)
    here = net.parameters.astype(np.float64)

    def loss(parameters: np.ndarray) -> float:
        net.parameters = parameters
        return net.evaluate(given.X, given.y, given.weights)

    if path is not None:
        steps = np.asarray(getattr(path, "path_", path), dtype=float)
        if steps.ndim != 2 or steps.shape[1] != here.size or not len(steps):
            raise ShapeError(
                f"path has shape {steps.shape}; give a Recorder that watched the model, or vectors (steps, {here.size})"
            )
        axes = descent(loss, steps, ax=ax, resolution=resolution, style=style)
        axes.set_title(f"{model_name(model)}, {axes.get_title()}")
        return axes
    if not span > 0:
        raise ParameterError(
            f"span is {span!r}; it is how far the slice reaches to each side: give more than 0"
        )
    plane = _directions(net, np.random.RandomState(seed))
    with canvas(ax, style) as (axes, chosen):
        edges = (-span, span)
        with np.errstate(over="ignore", invalid="ignore"):
            landscape(axes, chosen, lambda at: loss(here + at @ plane), (edges, edges), resolution)
        mark: dict[str, Any] = {"color": chosen.colour(4), "mec": chosen.ink, "mew": 0.8, "zorder": 4}
        axes.plot(0, 0, "*", ms=15, ls="none", label=f"here, L = {loss(here):.4g}", **mark)
        axes.set(
            xlabel="direction 1", ylabel="direction 2", title=f"loss around {model_name(model)}'s weights"
        )
        axes.legend()
    return axes


def _directions(net: Network, random: np.random.RandomState) -> np.ndarray:
    """Two directions (2, parameters) whose part in each unit is as long as the unit's weights."""
    parts = []
    for layer in net.dense:
        drawn = random.standard_normal((2, *layer.weights.shape))
        lengths = np.linalg.norm(layer.weights, axis=0) / np.linalg.norm(drawn, axis=1, keepdims=True)
        parts += [(drawn * lengths).reshape(2, -1), np.zeros((2, layer.n_out))]
    return np.concatenate(parts, axis=1)
