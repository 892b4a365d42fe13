"""Gradient flow: how large the gradients are that reach each layer."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.plots.canvas import canvas
from chalknet.plots.reading import model_name, objective_of
from chalknet.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAR = 1000.0  # a layer whose gradient is smaller than another's by more than this learns next to nothing


def gradient_flow(
    model: Any, X: Any, y: Any, *, sample_weight: Any = None, ax: Axes | None = None, style: str | None = None
) -> Axes:
    r"""Draw the mean size of the gradient in each layer of weights, mean |∂L/∂W|, and its largest, for these rows.

    Where the bars shrink by orders of magnitude towards the first layer, gradients vanish, and the first layers hardly
    learn; where they grow, gradients explode. A layer without any gradient (dead units) has no bar and a 0.

    Args:
        model: a ``Network`` with a loss or a fitted chalknet estimator, also at the end of a pipeline or search.
        X, y: rows and targets as the model's ``fit`` takes them.
        sample_weight: (m,) weights of the rows in the loss.
        ax: axes to draw on; a new figure without them.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes. The gradient is that of ``Network.backward``: of the loss alone, without penalty, and without dropout.

    Raises:
        ParameterError: the model is none of these, or has no loss.
        NotFittedError: the estimator is not fitted.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(1, 2), cn.Sigmoid(), cn.Dense(2, 1)], loss=cn.MSE(), random_state=0)
    >>> [t.get_text() for t in gradient_flow(net, [[1.0]], [[2.0]]).get_xticklabels()]
    ['layer 1\n1 × 2', 'layer 2\n2 × 1']
    """
    given = objective_of(model, X, y, sample_weight)
    net = deepcopy(given.network)  # the reader's own layers keep what they remember
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        net.forward(given.X)
        net.backward(given.y, given.weights)
    sizes = [np.abs(layer.dweights) for layer in net.dense]
    means, tops = (np.array([float(reduce(s)) for s in sizes]) for reduce in (np.mean, np.max))
    places = np.arange(1, len(sizes) + 1)
    width = float(np.clip(1.1 * len(sizes) + 1.8, 4.6, 14))
    with canvas(ax, style, (width, 4.2)) as (axes, chosen):
        shown = np.isfinite(tops) & (means > 0)
        if shown.any():
            axes.set_yscale("log")
            axes.set_ylim(10 ** np.floor(np.log10(means[shown].min()) - 0.3), 3 * tops[shown].max())
        else:
            axes.set(ylim=(0, 1), yticks=[0])
        axes.bar(places[shown], means[shown], 0.6, color=chosen.colour(0), label="mean", zorder=2)
        axes.plot(
            places[shown], tops[shown], "_", ms=26, mew=2, color=chosen.colour(1), label="largest", zorder=3
        )
        _notes(axes, chosen, places, means, shown)
        names = [f"layer {k}\n{layer.n_in} × {layer.n_out}" for k, layer in enumerate(net.dense, 1)]
        axes.set_xticks(places, names)
        axes.set(
            xlim=(0.4, len(sizes) + 0.6), ylabel="|∂L/∂W|", title=_title(model_name(model), means, shown)
        )
        axes.tick_params(axis="x", length=0)
        axes.grid(True, axis="y")
        if shown.any():
            bars, marks = axes.get_legend_handles_labels()
            axes.legend(bars[::-1], marks[::-1])
    return axes


def _notes(ax: Axes, chosen: Look, places: np.ndarray, means: np.ndarray, shown: np.ndarray) -> None:
    """The mean at the foot of each bar, 0 where there is none."""
    for place, mean, is_bar in zip(places, means, shown, strict=True):
        ax.annotate(
            f"{mean:.2g}", (place, 0), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="center", fontsize="small", color=chosen.paper if is_bar else chosen.ink, zorder=4,
        )  # fmt: skip


def _title(name: str, means: np.ndarray, shown: np.ndarray) -> str:
    """The model's name, and what is striking about its gradients."""
    lost = [
        str(k) for k, (mean, bar) in enumerate(zip(means, shown, strict=True), 1) if not bar and mean == 0
    ]
    if lost:
        which = f"layers {', '.join(lost[:-1])} and {lost[-1]}" if len(lost) > 1 else f"layer {lost[0]}"
        return f"gradients of {name}\nnone reaches {which}"
    if shown.all() and means.min() * FAR < means.max():
        times = float(f"{means.max() / means.min():.0e}")  # one digit
        much = f"{times:,.0f}" if times < 1e7 else f"{times:.0e}"
        least, most = means.argmin() + 1, means.argmax() + 1
        return f"gradients of {name}\nlayer {least}'s is {much} times smaller than layer {most}'s"
    return f"gradients of {name}"
