"""The loss as a landscape, and the path that descent takes through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.exceptions import ShapeError
from chalknet.plots.canvas import canvas
from chalknet.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NUMBERED = 12  # points on a curve that bear the number of their step
MOST_ARROWS = 25  # a longer path is a line with points


def descent(
    loss: Callable[[Any], float],
    path: Any,
    *,
    ax: Axes | None = None,
    names: Sequence[str] | None = None,
    resolution: int = 60,
    style: str | None = None,
) -> Axes:
    """Draw the loss and the path of the weights on it, from the first (a square) to the last (a star).

    One weight: the curve L(w) with each step on it. Two: the levels of L(w₁, w₂). More: the slice of L through the
    path's end, along the two directions in which the path varies most (its first two principal components, found
    by a singular value decomposition); the title says how much of the path's variation lies in the slice.

    Args:
        loss: L(w), called with a number where the path is (steps,), and with a vector (k,) where it is (steps, k).
        path: (steps,) or (steps, k) weights, the first before any step.
        ax: axes to draw on; a new figure without them.
        names: names of the one or two weights.
        resolution: places along each side of a landscape; a curve has ten times as many.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes.

    Raises:
        ShapeError: the path is empty, not finite, or of more than two dimensions.

    >>> ax = descent(lambda w: (w - 1.0) ** 2, [3.0, -0.2, 1.24, 0.952])
    >>> ax.get_title()
    'L = 4 → 0.0023 in 3 steps'
    """
    steps = np.asarray(path, dtype=float)
    single = steps.ndim == 1
    if steps.ndim not in (1, 2) or not steps.size or not np.isfinite(steps).all():
        raise ShapeError(
            f"path has shape {steps.shape}; give (steps,) or (steps, weights) finite numbers, at least one step"
        )

    def call(w: Any) -> float:
        return float(loss(float(w[0]) if single else w))

    steps = steps.reshape(len(steps), -1)
    heights = np.array([call(w) for w in steps])
    with canvas(ax, style) as (axes, chosen):
        title = f"L = {heights[0]:.3g} → {heights[-1]:.3g} in {len(steps) - 1} steps"
        if steps.shape[1] == 1:
            _curve(axes, chosen, call, steps[:, 0], heights, 10 * resolution)
            axes.set_xlabel(names[0] if names else "w")
            axes.set_ylabel("L")
            axes.grid(True)
        else:
            origin, plane, kept = _plane(steps)
            flat_path = (steps - origin) @ plane.T
            edges = _limits(flat_path[:, 0]), _limits(flat_path[:, 1])
            landscape(axes, chosen, lambda at: call(origin + at @ plane), edges, resolution)
            _path(axes, chosen, flat_path[:, 0], flat_path[:, 1])
            flat = steps.shape[1] == 2
            given = tuple(names) if names else ("$w_1$", "$w_2$") if flat else ("direction 1", "direction 2")
            axes.set(xlabel=given[0], ylabel=given[1])
            title += "" if flat else f"\nslice with {100 * kept:.0f} % of the path's variation"
        axes.set_title(title)
        axes.legend()
    return axes


def _curve(
    ax: Axes, chosen: Look, call: Callable[[Any], float], w: np.ndarray, heights: np.ndarray, resolution: int
) -> None:
    low, high = _limits(w)
    places = np.linspace(low, high, resolution)
    ax.plot(places, [call(np.array([v])) for v in places], color=chosen.muted, lw=1.8, zorder=1, label="L(w)")
    _path(ax, chosen, w, heights)
    if len(w) > MOST_NUMBERED:
        return
    for i in range(len(w)):  # a step that comes back to an earlier place leaves the earlier number there
        if not np.any(np.abs(w[:i] - w[i]) < 0.04 * (high - low)):
            ax.annotate(
                str(i),
                (w[i], heights[i]),
                (0, -14),
                textcoords="offset points",
                ha="center",
                color=chosen.ink,
            )


def landscape(
    ax: Axes,
    chosen: Look,
    call: Callable[[Any], float],
    edges: tuple[tuple[float, float], tuple[float, float]],
    resolution: int,
) -> None:
    """Fill the plane between edges ((left, right), (low, high)) with the levels of call((a, b))."""
    (left, right), (low, high) = edges
    across, up = np.linspace(left, right, resolution), np.linspace(low, high, resolution)
    height = np.array([[call(np.array([a, b])) for a in across] for b in up])
    from matplotlib.ticker import MaxNLocator

    # half of the levels lie in the lowest quarter, where the path ends
    span = height[np.isfinite(height)]
    floor, top = (float(span.min()), float(span.max())) if span.size else (0.0, 0.0)
    levels = floor + (top - floor or 1.0) * np.linspace(0, 1, chosen.levels + 1) ** 2
    cmap = chosen.diverging_map() if chosen.slides else chosen.sequential_map()
    filled = ax.contourf(across, up, height, levels=levels, **chosen.fill(cmap), zorder=0)
    ax.contour(across, up, height, levels=levels, colors=[chosen.muted], linewidths=0.4, zorder=1)
    bar = ax.figure.colorbar(filled, ax=ax, label="L", spacing="proportional", ticks=MaxNLocator(6))
    bar.outline.set_visible(False)


def _path(ax: Axes, chosen: Look, x: np.ndarray, y: np.ndarray) -> None:
    colour = chosen.ink if chosen.slides else chosen.colour(1)
    if len(x) - 1 <= MOST_ARROWS:
        for i in range(len(x) - 1):
            arrow = {"arrowstyle": "-|>", "color": colour, "lw": 1.4, "shrinkA": 3, "shrinkB": 3}
            ax.annotate("", (x[i + 1], y[i + 1]), (x[i], y[i]), arrowprops=arrow, zorder=2)
        ax.plot(x, y, "o", ms=5, color=colour, zorder=3)
    else:
        ax.plot(x, y, "-", lw=1.4, marker=".", ms=4, color=colour, zorder=3)
    edge: dict[str, Any] = {"mec": chosen.ink, "mew": 0.8, "ls": "none", "zorder": 4}
    ax.plot(x[0], y[0], "s", ms=8, color=chosen.paper, label="start", **edge)
    ax.plot(x[-1], y[-1], "*", ms=15, color=chosen.colour(4), label="end", **edge)


def _limits(w: np.ndarray) -> tuple[float, float]:
    low, high = float(w.min()), float(w.max())
    margin = 0.15 * (high - low) or 1.0
    return low - margin, high + margin


def _plane(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """A point on the plane, two directions in it (2, k), and the share of the path's variation they hold."""
    if steps.shape[1] == 2:
        return np.zeros(2), np.eye(2), 1.0
    origin = steps[-1]
    moves = np.vstack([steps - origin, np.zeros_like(origin)])  # at least two rows, for two directions
    _, sizes, directions = np.linalg.svd(moves, full_matrices=False)
    total = float((sizes**2).sum())
    return origin, directions[:2], float((sizes[:2] ** 2).sum()) / total if total else 1.0
