"""Histograms of each layer, one above the other: its weights, or its activations for some rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.plots.canvas import canvas
from chalknet.plots.reading import read, values

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 60


def weights(model: Any, *, ax: Axes | None = None, style: str | None = None) -> Axes:
    r"""Draw a histogram of each layer's weights, the first layer uppermost, on one axis of values.

    Args:
        model: anything that ``plots.network`` draws.
        ax: axes to draw on; a new figure without them.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes. Beside each histogram stand the mean and the standard deviation; each has its own height.

    Raises:
        NotFittedError: the model has no weights yet.

    >>> from sklearn.neural_network import MLPRegressor
    >>> model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=1).partial_fit([[3.0, 5.0]], [1.0])
    >>> [t.get_text() for t in weights(model).get_yticklabels()]
    ['layer 1\n2 × 4', 'layer 2\n4 × 1']
    """
    reading = read(model)
    rows = [
        (f"layer {i}\n{s.weights.shape[0]} × {s.weights.shape[1]}", s.weights.ravel())
        for i, s in enumerate(reading.stages, 1)
    ]
    return _ridges(rows, f"weights of {reading.name}", "weight", ax, style)


def activations(model: Any, X: Any, *, ax: Axes | None = None, style: str | None = None) -> Axes:
    """Draw a histogram of each layer's activations for the rows of X: dead and saturated units show here.

    Beside each stands the share of units that are zero for every row (dead, behind a ReLU).

    Args:
        model: anything that ``plots.network`` draws.
        X: (m, n) rows as the model takes them.
        ax: axes to draw on; a new figure without them.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes.

    Raises:
        NotFittedError: the model has no weights yet.
    """
    reading = read(model)
    rows = []
    for i, (stage, a) in enumerate(zip(reading.stages, values(reading, X)[1:], strict=True), 1):
        where = "output" if i == len(reading.stages) else f"hidden {i}"
        dead = int((a == 0).all(axis=0).sum())
        note = f"\n{dead} of {a.shape[1]} always 0" if dead else ""
        rows.append((f"{where}\n{stage.activation or 'identity'}{note}", a.ravel()))
    return _ridges(rows, f"activations of {reading.name}", "activation", ax, style)


def _ridges(
    rows: list[tuple[str, np.ndarray]], title: str, label: str, ax: Axes | None, style: str | None
) -> Axes:
    finite = [v[np.isfinite(v)] for _, v in rows]
    low = min((v.min() for v in finite if v.size), default=-1.0)
    high = max((v.max() for v in finite if v.size), default=1.0)
    edges = np.linspace(low, high, BINS + 1) if low < high else np.linspace(low - 0.5, low + 0.5, BINS + 1)
    with canvas(ax, style, (6.4, float(np.clip(1.1 * len(rows) + 1.4, 3.2, 10)))) as (axes, chosen):
        axes.axvline(0, color=chosen.muted, lw=1, ls=":", zorder=1)
        for i, v in enumerate(finite):
            base = len(rows) - 1 - i
            counts, _ = np.histogram(v, edges)
            heights = 0.8 * counts / max(counts.max(), 1)
            axes.stairs(
                base + heights, edges, baseline=base, fill=True, color=chosen.colour(i), alpha=0.75, zorder=2
            )
            axes.axhline(base, color=chosen.muted, lw=0.6, zorder=1)
            if v.size:
                note = f"{v.mean():+.3g} ± {v.std():.3g}"
                axes.annotate(
                    note, (1, base), (4, 2), xycoords=("axes fraction", "data"), textcoords="offset points",
                    ha="left", fontsize="small", color=chosen.ink,
                )  # fmt: skip
        axes.set_yticks(range(len(rows))[::-1], [name for name, _ in rows], va="bottom")
        axes.tick_params(axis="y", length=0)
        axes.spines[["left", "top", "right"]].set_visible(False)
        axes.set(ylim=(-0.05, len(rows) - 0.05), xlabel=label, title=title)
    return axes
