"""An activation and its derivative, read from the table of formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet.exceptions import ParameterError
from chalknet.maths import activations, rows
from chalknet.plots.canvas import canvas
from chalknet.plots.style import DASHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def activation(
    name: str,
    *,
    ax: Axes | None = None,
    limits: tuple[float, float] = (-5.0, 5.0),
    p: float | None = None,
    style: str | None = None,
) -> Axes:
    """Draw an activation f(z) and its derivative f′(z).

    Of a row activation (softmax) the first of two outputs is drawn, a₁ of z = (z₁, 0), and ∂a₁/∂z₁.

    Args:
        name: an activation's name, such as ``"relu"`` or ``"softmax"``.
        ax: axes to draw on; a new figure without them.
        limits: range of z.
        p: the activation's shape parameter; None: its default.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes. Where f or f′ jumps, its line is interrupted.

    Raises:
        UnknownNameError: no activation has that name.
        ParameterError: limits are not two finite numbers in rising order.

    >>> ax = activation("tanh")
    >>> [line.get_label() for line in ax.lines[-2:]]
    ['f(z)', 'f′(z)']
    """
    low, high = limits
    if not (np.isfinite([low, high]).all() and low < high):
        raise ParameterError(f"limits is {limits!r}; give two finite numbers, the lower one first")
    z = np.linspace(low, high, 1001)
    if name in rows.ROW_ACTIVATIONS:
        z, a, slope = _of_row(name, z)
        title, labels = f"{name} of two, the second z at 0", ("a₁", "∂a₁/∂z₁")
    else:
        row = activations.get(name)
        p = row.p if p is None else float(p)
        kinks = row.kinks_at(p)
        z = _around(z, kinks)
        a, slope = _broken(row.f(z, p), z, kinks), _broken(row.df(z, row.f(z, p), p), z, kinks)
        title = row.name if row.p_name is None else f"{row.name} ({row.p_name} = {p:g})"
        labels = ("f(z)", "f′(z)")
    with canvas(ax, style, (5.6, 4.2)) as (axes, chosen):
        axes.axhline(0, color=chosen.muted, lw=0.8, zorder=1)
        axes.axvline(0, color=chosen.muted, lw=0.8, zorder=1)
        axes.plot(z, a, color=chosen.colour(0), lw=2.4, label=labels[0])
        axes.plot(z, slope, color=chosen.colour(1), lw=2.0, ls=DASHES[1], label=labels[1])
        axes.set(xlim=(low, high), xlabel="z" if labels[0] == "f(z)" else "z₁", title=title)
        axes.grid(True)
        axes.legend()
    return axes


def _of_row(name: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    row = rows.ROW_ACTIVATIONS[name]
    pairs = np.column_stack([z, np.zeros_like(z)])
    a = row.f(pairs)
    first = np.column_stack([np.ones_like(z), np.zeros_like(z)])
    return z, a[:, 0], row.vjp(a, first)[:, 0]


def _around(z: np.ndarray, kinks: tuple[float, ...]) -> np.ndarray:
    """z with, at each kink, the kink itself between its two neighbours among the floats."""
    near = [
        v for k in kinks if z[0] < k < z[-1] for v in (np.nextafter(k, -np.inf), k, np.nextafter(k, np.inf))
    ]
    return np.unique(np.concatenate([z, near]))


def _broken(values: np.ndarray, z: np.ndarray, kinks: tuple[float, ...]) -> np.ndarray:
    """Values with NaN at those kinks where they jump, so that no line claims to be there."""
    values = np.array(np.broadcast_to(values, z.shape), dtype=float)
    for kink in kinks:
        i = int(np.searchsorted(z, kink))
        if 0 < i < len(z) - 1 and abs(values[i + 1] - values[i - 1]) > 1e-6:
            values[i] = np.nan
    return values
