"""Training as a moving picture: the decision boundary, or a regressor's curve, epoch by epoch, as a GIF."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.exceptions import NotFittedError, ParameterError, ShapeError
from chalknet.plots.boundary import plot_decision_boundary
from chalknet.plots.canvas import new_figure
from chalknet.plots.reading import unwrap
from chalknet.plots.regression import regression
from chalknet.plots.style import SIZES, Look, look
from chalknet.plots.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LAST_SECONDS = 1.5  # the last picture stays a little longer


def animation(
    model: Any,
    X: Any,
    y: Any,
    path: Any,
    file: str | Path,
    *,
    features: int | str | Sequence[int | str] | None = None,
    frames: int = 40,
    fps: float = 10.0,
    resolution: int = 96,
    dpi: float = 80,
    fig: Figure | None = None,
    style: str | None = None,
) -> Path:
    """Write a GIF of what a model answered at each recorded moment of its training, beside its loss.

    Args:
        model: the trained model: a ``Network`` or a chalknet estimator, also in a pipeline or search.
        X, y: rows and targets to show, as ``plot_decision_boundary`` and ``regression`` take them.
        path: a ``callbacks.Recorder`` that watched the training, or the weights (steps, parameters) that training
            step by step passed through, such as ``network.parameters.copy()``.
        file: where to write; its suffix is ``.gif``.
        features: two columns of X for a plane, one for a curve; None: the first two, or the first one where there is
            no other.
        frames: the most moments shown, spread evenly over the records.
        fps: moments a second.
        resolution: places along each axis at which the model is asked.
        dpi: dots per inch of the 9 x 4.2 inches (4.6 x 4.2 where the path knows no losses).
        fig: an empty figure to draw in; a new one without it, which is closed in the end.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The file's path. The model itself is not changed.

    Raises:
        ParameterError: the suffix is another, or a number is out of range.
        ShapeError: the path's vectors have not the model's number of parameters.
        NotFittedError: the recorder has watched no training.

    >>> import tempfile
    >>> import chalknet as cn
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
    >>> net = cn.Network([cn.Dense(2, 4), cn.Tanh(), cn.Dense(4, 1), cn.Sigmoid()], cn.BinaryCrossEntropy())
    >>> recorder = cn.callbacks.Recorder()
    >>> _ = net.fit(X, y, optimizer=cn.Adam(0.1), epochs=2, callbacks=[recorder])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cn.plots.animation(net, X, y, recorder, folder + "/xor.gif", resolution=8).name
    'xor.gif'
    """
    import matplotlib
    import matplotlib.pyplot as plt
    from matplotlib.animation import PillowWriter

    file = Path(file)
    if file.suffix.lower() != ".gif":
        raise ParameterError(f"cannot write {file.name!r}: a moving picture's suffix must be .gif")
    if not (frames >= 1 and fps > 0):
        raise ParameterError(
            f"frames is {frames!r} and fps is {fps!r}; give at least 1 frame and an fps above 0"
        )
    if features is None:
        features = (0, 1) if Table(X).width > 1 else 0
    moving = deepcopy(model)
    core, _ = unwrap(moving)
    epochs, losses, steps = _read(path, core)
    shown = np.unique(np.linspace(0, len(steps) - 1, min(frames, len(steps))).round().astype(int))
    known = np.array([loss is not None for loss in losses])
    chosen = look(style, fig)
    with matplotlib.rc_context(chosen.rc() if fig is not None else {**chosen.rc(), **SIZES}):
        figure = new_figure((9.0 if known.any() else 4.6, 4.2)) if fig is None else fig
        writer = PillowWriter(fps=fps)
        with writer.saving(figure, file, dpi):
            places: list[Any] = []
            for i in shown:
                _assign(core, steps[i])
                figure.clear()
                grid = figure.subplots(1, 2, width_ratios=(3, 2), squeeze=False)[0] if known.any() else None
                ax = figure.add_subplot() if grid is None else grid[0]
                _answers(moving, X, y, features, ax=ax, resolution=resolution, style=style)
                first, *rest = ax.get_title().split("\n")
                ax.set_title("\n".join([f"{first}, epoch {epochs[i]}", *rest]))
                if grid is not None:
                    _curve(grid[1], chosen, epochs, losses, known, i)
                for one, place in zip(figure.axes, places, strict=False):
                    one.set_position(place)
                writer.grab_frame()
                if not places:  # laid out once: nothing jumps from picture to picture
                    places = [one.get_position() for one in figure.axes]
                    figure.set_layout_engine("none")
            for _ in range(int(LAST_SECONDS * fps) - 1):
                writer.grab_frame()
        if fig is None:
            plt.close(figure)
    return file


def _read(path: Any, core: Any) -> tuple[list[int], list[float | None], np.ndarray]:
    """Epochs, losses and weights of the records."""
    steps = np.asarray(getattr(path, "path_", path), dtype=float)
    if hasattr(path, "path_") and not len(steps):
        raise NotFittedError("the Recorder has watched no training: pass it to fit among the callbacks first")
    size = getattr(core, "network_", core).parameters.size
    if steps.ndim != 2 or steps.shape[1] != size or not len(steps):
        raise ShapeError(
            f"path has shape {steps.shape}; give a Recorder that watched the model, or vectors (steps, {size})"
        )
    epochs = getattr(path, "epochs_", list(range(len(steps))))
    return epochs, getattr(path, "losses_", [None] * len(steps)), steps


def _assign(core: Any, parameters: np.ndarray) -> None:
    """Put recorded weights into a network or estimator."""
    net = getattr(core, "network_", core)
    net.parameters = parameters
    if net is not core:
        core.coefs_ = [layer.weights for layer in net.dense]
        core.intercepts_ = [layer.biases[0] for layer in net.dense]


def _answers(model: Any, X: Any, y: Any, features: Any, **options: Any) -> None:
    """The model's answers now, as a curve over one feature or a plane of two."""
    if isinstance(features, (int, str, np.integer)):
        one: Any = features
        regression(model, X, y, features=one, **options)
        known = np.asarray(y, dtype=float)
        low, high = float(np.nanmin(known)), float(np.nanmax(known))
        margin = 0.15 * (high - low) or 1.0
        options["ax"].set_ylim(low - margin, high + margin)  # the same in every picture
    else:
        plot_decision_boundary(model, X, y, features=tuple(features), **options)


def _curve(
    ax: Any, chosen: Look, epochs: list[int], losses: list[float | None], known: np.ndarray, now: int
) -> None:
    """The losses up to now in full colour, what is to come pale."""
    at = np.array(epochs)[known]
    height = np.array([loss for loss in losses if loss is not None])
    done = at <= epochs[now]
    ax.plot(at, height, color=chosen.muted, lw=1, alpha=0.5)
    ax.plot(at[done], height[done], color=chosen.colour(0))
    ax.plot(at[done][-1:], height[done][-1:], "o", ms=8, color=chosen.colour(1))
    if height.min() > 0 and height.max() > 30 * height.min():
        ax.set_yscale("log")
    ax.set(xlabel="epoch", title="training loss")
    ax.grid(True, axis="y")
