"""How good the answers are: the confusion matrix of a classifier, true against predicted numbers of a regressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.exceptions import DataError, ShapeError
from chalknet.plots.canvas import canvas
from chalknet.plots.style import MARKERS, readable_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LABELS_WITH_NUMBERS = 20


def confusion(
    y_true: Any,
    y_pred: Any,
    labels: Sequence[Any] | None = None,
    *,
    ax: Axes | None = None,
    style: str | None = None,
) -> Axes:
    """Draw how many rows of each class got which answer; the colour is the share of the class's rows.

    C[i, j] = number of rows of class i that were called class j; the diagonal is right.

    Args:
        y_true: (m,) true labels.
        y_pred: (m,) predicted labels.
        labels: the classes to show, in this order; None: all that occur, sorted.
        ax: axes to draw on; a new figure without them.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes. Its title holds the accuracy, the share of all rows with the right answer.

    Raises:
        ShapeError: y_true and y_pred differ in length, are empty or have several columns.
        DataError: none of the labels occurs.

    >>> ax = confusion(["cat", "cat", "dog", "dog"], ["cat", "dog", "dog", "dog"])
    >>> ax.get_title()
    'accuracy 75.0 % of 4 rows'
    """
    from sklearn.metrics import confusion_matrix

    y_true, y_pred = _pair(y_true, y_pred)
    if y_true.ndim > 1 or y_pred.ndim > 1:
        raise ShapeError(
            f"y_true has shape {y_true.shape}; a confusion matrix needs one label a row: pass y[:, k]"
        )
    if (
        y_true.dtype.kind in "OUS" or y_pred.dtype.kind in "OUS"
    ):  # also where one is of strings and one of numbers
        y_true, y_pred = y_true.astype(str), y_pred.astype(str)
        labels = None if labels is None else [str(v) for v in labels]
    shown = np.unique(np.concatenate([y_true, y_pred])) if labels is None else np.asarray(labels)
    if not np.isin(y_true, shown).any():
        raise DataError(f"y_true holds none of the labels {shown.tolist()}; pass labels that occur in it")
    counts = confusion_matrix(y_true, y_pred, labels=shown)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [str(v) for v in shown]
    side = float(np.clip(2.6 + 0.55 * len(names), 4.2, 9.0))
    with canvas(ax, style, (side + 1.2, side)) as (axes, chosen):
        cmap = chosen.sequential_map()
        picture = axes.imshow(share, cmap=cmap, vmin=0, vmax=1)
        turned = max(map(len, names)) * len(names) > 40
        slanted: dict[str, Any] = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
        axes.set_xticks(range(len(names)), names, **(slanted if turned else {}))
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        axes.set_title(f"accuracy {100 * np.mean(y_true == y_pred):.1f} % of {len(y_true)} rows")
        if len(names) <= MOST_LABELS_WITH_NUMBERS:
            for (i, j), count in np.ndenumerate(counts):
                if count or len(names) <= 6:  # in a large matrix the empty cells say more
                    axes.text(
                        j, i, str(count), ha="center", va="center", color=readable_on(cmap(share[i, j]))
                    )
        bar = axes.figure.colorbar(picture, ax=axes, shrink=0.8, ticks=[0, 0.5, 1])
        bar.ax.set_yticklabels(["0 %", "50 %", "100 %"])
        bar.set_label("of the true class's rows")
        bar.outline.set_visible(False)
    return axes


def predicted(
    y_true: Any,
    y_pred: Any,
    *,
    ax: Axes | None = None,
    names: Sequence[str] | None = None,
    style: str | None = None,
) -> Axes:
    """Draw predicted against true numbers; on the diagonal the prediction is right.

    The title holds R² = 1 - Σ(y - ŷ)² / Σ(y - mean)² and RMSE = √mean((y - ŷ)²), over all outputs.

    Args:
        y_true: (m,) or (m, outputs) true numbers.
        y_pred: predictions of the same shape.
        ax: axes to draw on; a new figure without them.
        names: one name an output, for the legend.
        style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

    Returns:
        The axes.

    Raises:
        ShapeError: y_true and y_pred differ in shape or are empty.
        DataError: no row has numbers in both.

    >>> predicted([1.0, 2.0, 3.0], [1.1, 2.0, 2.9]).get_title()
    'R² = 0.990, RMSE = 0.0816'
    """
    from sklearn.metrics import r2_score

    y_true, y_pred = (np.asarray(v, dtype=float) for v in _pair(y_true, y_pred))
    true, answer = (v.reshape(len(v), -1) for v in (y_true, y_pred))
    if true.shape != answer.shape:
        raise ShapeError(f"y_true has shape {y_true.shape} and y_pred {y_pred.shape}; they must be alike")
    known = np.isfinite(true).all(axis=1) & np.isfinite(answer).all(axis=1)
    if not known.any():
        raise DataError("no row has finite numbers in both y_true and y_pred; nothing can be drawn")
    true, answer = true[known], answer[known]
    with canvas(ax, style, (5.6, 5.4)) as (axes, chosen):
        low, high = min(true.min(), answer.min()), max(true.max(), answer.max())
        margin = 0.04 * (high - low) or 1.0
        ends = (low - margin, high + margin)
        axes.plot(ends, ends, color=chosen.muted, lw=1.2, ls="--", zorder=1)
        size = float(np.clip(30 * np.sqrt(300 / true.size), 6, 30))
        for k in range(true.shape[1]):
            label = None if true.shape[1] == 1 else names[k] if names is not None else f"output {k}"
            axes.scatter(
                true[:, k], answer[:, k], s=size, color=chosen.colour(k), marker=MARKERS[k % len(MARKERS)],
                alpha=0.65, linewidths=0, label=label, zorder=2,
            )  # fmt: skip
        axes.set(xlim=ends, ylim=ends, aspect="equal", xlabel="true", ylabel="predicted")
        score = f"R² = {r2_score(true, answer):.3f}, " if len(true) > 1 else ""
        lost = f"\n{(~known).sum()} of {len(known)} rows without a number left out" if not known.all() else ""
        axes.set_title(f"{score}RMSE = {np.sqrt(np.mean((true - answer) ** 2)):.3g}{lost}")
        axes.grid(True)
        if true.shape[1] > 1:
            axes.legend()
    return axes


def _pair(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.ndim == 0 or y_pred.ndim == 0 or len(y_true) != len(y_pred) or not len(y_true):
        raise ShapeError(
            f"y_true has shape {y_true.shape} and y_pred {y_pred.shape}; both need the same rows, and at least one"
        )
    return y_true, y_pred
