"""Curves over epochs: how the loss fell, how the validation score rose, and which epoch was the best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.exceptions import NotFittedError
from chalknet.plots.canvas import canvas
from chalknet.plots.reading import model_name, unwrap
from chalknet.plots.style import DASHES, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MANY_DECADES = 30.0  # a loss that fell by more than this factor is drawn on a logarithmic scale


def learning_curve(
    model: Any, *, ax: Axes | None = None, log: bool | None = None, style: str | None = None
) -> Axes:
    """Draw the loss of each epoch, and on a second axis the validation score, with the best epoch marked.

    The best epoch is that of the highest validation score, or without validation that of the lowest loss.

    Args:
        model: a fitted model with ``loss_curve_`` (and ``validation_scores_``), also inside a pipeline or search;
            or a dict of such models by name, whose losses are then compared on one axis.
        ax: axes to draw on; a new figure without them. The second axis is its twin.
        log: a logarithmic axis for the loss; None: where the loss stays positive and falls by more than a factor 30.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes of the loss.

    Raises:
        NotFittedError: the model keeps no loss curve (it was not fitted, or by a solver without epochs).

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> model = MLPClassifier(early_stopping=True, random_state=0).fit(*load_iris(return_X_y=True))
    >>> ax = learning_curve(model)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('epoch', 'training loss')
    """
    with canvas(ax, style) as (axes, chosen):
        if isinstance(model, Mapping):
            _compare(axes, chosen, model)
            curves = [_losses(one) for one in model.values()]
        else:
            curves = [_losses(model)]
            _one(axes, chosen, model, curves[0])
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_ylabel("training loss")
        axes.grid(True, axis="y")
        if log or (log is None and all(map(_falls_far, curves))):
            axes.set_yscale("log")
    return axes


def _one(ax: Axes, chosen: Look, model: Any, loss: np.ndarray) -> None:
    epochs = np.arange(1, len(loss) + 1)
    handles = ax.plot(epochs, loss, color=chosen.colour(0), label="training loss", marker=_dot(loss))
    scores = getattr(unwrap(model)[0], "validation_scores_", None)
    if scores is not None and len(scores):
        twin = ax.twinx()
        twin.set_ylabel("validation score")
        twin.spines["right"].set_visible(True)
        scores = np.asarray(scores, dtype=float)
        at = np.arange(1, len(scores) + 1)
        handles += twin.plot(
            at, scores, color=chosen.colour(1), ls=DASHES[1], label="validation score", marker=_dot(scores)
        )
        best, top, height, colour = _extreme(scores, np.nanargmax), twin, scores, chosen.colour(1)
    else:
        best, top, height, colour = _extreme(loss, np.nanargmin), ax, loss, chosen.colour(0)
    if best is not None:
        ax.axvline(best + 1, color=chosen.muted, lw=1, ls=DASHES[3], zorder=1)
        label = f"best epoch: {best + 1} ({height[best]:.4g})"
        handles += top.plot(
            best + 1, height[best], "o", ms=9, mfc=chosen.paper, mec=colour, mew=2, label=label
        )
    # the legend belongs to the axes that lie on top, so that no curve runs through it
    top.legend(handles=handles, loc="best" if top is ax else "center right")
    ax.set_title(model_name(model))


def _compare(ax: Axes, chosen: Look, models: Mapping[str, Any]) -> None:
    for i, (name, model) in enumerate(models.items()):
        loss = _losses(model)
        dash = DASHES[i // len(chosen.cycle) % len(DASHES)]
        ax.plot(
            np.arange(1, len(loss) + 1),
            loss,
            color=chosen.colour(i),
            ls=dash,
            label=str(name),
            marker=_dot(loss),
        )
    ax.legend()


def _losses(model: Any) -> np.ndarray:
    core = unwrap(model)[0]
    loss = np.asarray(getattr(core, "loss_curve_", []), dtype=float)
    if not loss.size:
        why = "its solver counts no epochs" if getattr(core, "solver", "") == "lbfgs" else "fit it first"
        raise NotFittedError(f"this {type(core).__name__} has no loss_curve_ to draw; {why}")
    return loss


def _falls_far(loss: np.ndarray) -> bool:
    known = loss[np.isfinite(loss)]
    return bool(known.size and known.min() > 0 and known.max() > MANY_DECADES * known.min())


def _extreme(values: np.ndarray, pick: Any) -> int | None:
    """Index of the best epoch, or None where every value is NaN (a run that diverged at once)."""
    return None if np.isnan(values).all() else int(pick(values))


def _dot(values: np.ndarray) -> str | None:
    return "o" if len(values) == 1 else None  # a line through one point is invisible
