"""Axes to draw on: a new figure of the chosen look, or the reader's own axes left as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalknet.exceptions import ParameterError
from chalknet.plots.style import SIZES, Look, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@contextmanager
def canvas(
    ax: Axes | None, style: str | None, size: tuple[float, float] = (6.4, 4.8)
) -> Iterator[tuple[Axes, Look]]:
    """Axes and look to draw with, for the length of a ``with`` block.

    Without ``ax`` a figure of ``size`` inches is made, in the look's colours and with readable sizes. Given axes
    keep their fonts and place; their background is repainted only when ``style`` names a look.
    """
    import matplotlib

    chosen = look(style, ax)
    with matplotlib.rc_context(chosen.rc() if ax is not None else {**chosen.rc(), **SIZES}):
        if ax is None:
            ax = new_figure(size).add_subplot()
        elif style is not None:
            repaint(ax, chosen)
        yield ax, chosen


def new_figure(size: tuple[float, float]) -> Figure:
    """A figure that pyplot knows, so that a notebook displays it and ``plt.show()`` finds it."""
    import matplotlib.pyplot as plt

    return plt.figure(figsize=size, layout="compressed")  # axes of a fixed aspect keep their labels


def root_figure(ax: Axes) -> Figure:
    """The whole figure around axes, also when they lie in a subfigure."""
    return ax.figure.canvas.figure


def repaint(ax: Axes, chosen: Look) -> None:
    """Give existing axes, and the figure around them, the look's paper and ink."""
    root_figure(ax).set_facecolor(chosen.paper)
    ax.set_facecolor(chosen.paper)
    ax.tick_params(colors=chosen.muted, labelcolor=chosen.ink)
    for spine in ax.spines.values():
        spine.set_edgecolor(chosen.muted)
    for text in (ax.title, ax.xaxis.label, ax.yaxis.label):
        text.set_color(chosen.ink)


def save(drawn: Any, path: str | Path, *, dpi: float = 150) -> Path:
    """Write the figure that holds ``drawn`` to a file and close it.

    Args:
        drawn: what a function of this package returned: axes or an array of them (or a figure).
        path: its suffix chooses the format: ``.png``, ``.svg``, ``.pdf`` or another that Matplotlib writes.
        dpi: dots per inch of pictures made of dots.

    Returns:
        The path.

    Raises:
        ParameterError: Matplotlib has no writer for that suffix.

    >>> import tempfile
    >>> from chalknet import plots
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plots.save(plots.confusion(["a", "b"], ["a", "a"]), folder + "/confusion.png").name
    'confusion.png'
    """
    import matplotlib.pyplot as plt
    import numpy as np

    first = np.ravel(drawn)[0] if isinstance(drawn, np.ndarray) else drawn
    figure = first if hasattr(first, "savefig") else root_figure(first)
    path = Path(path)
    allowed = figure.canvas.get_supported_filetypes()
    if path.suffix.lower().removeprefix(".") not in allowed:
        raise ParameterError(
            f"cannot write {path.name!r}: the suffix must be one of {', '.join('.' + s for s in sorted(allowed))}"
        )
    figure.savefig(path, dpi=dpi)
    plt.close(figure)
    return path
