"""Which learning rate? A short run over rising ones, and its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chalknet.estimators._rates import Smooth, sweep
from chalknet.exceptions import ParameterError
from chalknet.layers.config import ABOVE_ZERO, number, whole
from chalknet.plots.canvas import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class RateRange(NamedTuple):
    """What `learning_rate_range` found.

    ``learning_rates`` and ``losses`` (steps,): each batch's loss before its update with that rate; ``smoothed`` a
    running mean of the losses; ``suggestion`` the rate at which it falls fastest, or None where it never falls.
    """

    learning_rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    suggestion: float | None

    def __repr__(self) -> str:
        rates, found = self.learning_rates, self.suggestion
        told = "none: the loss never falls" if found is None else f"{found:.3g}"
        return f"RateRange({len(rates)} rates from {rates[0]:.3g} to {rates[-1]:.3g}, suggestion {told})"

    def plot(self, ax: Axes | None = None, *, style: str | None = None) -> Axes:
        """Draw the losses against the learning rates, with the suggested one marked.

        Args:
            ax: axes to draw on; a new figure without them.
            style: ``"light"``, ``"dark"``, ``"lecture"`` or None: by the background.

        Returns the axes.
        """
        with canvas(ax, style) as (axes, chosen):
            axes.plot(
                self.learning_rates, self.losses, color=chosen.colour(0), alpha=0.35, lw=1, label="each batch"
            )
            axes.plot(self.learning_rates, self.smoothed, color=chosen.colour(0), label="running mean")
            if self.suggestion is not None:
                at = int(np.argmin(np.abs(self.learning_rates - self.suggestion)))
                axes.axvline(self.suggestion, color=chosen.colour(1), ls="--", lw=1)
                axes.plot(
                    self.suggestion, self.smoothed[at], "o", color=chosen.colour(1),
                    label=f"falls fastest: {self.suggestion:.2g}",
                )  # fmt: skip
            axes.set_xscale("log")
            axes.set_xlabel("learning rate")
            axes.set_ylabel("training loss")
            top = float(self.smoothed[: max(3, len(self.smoothed) // 2)].max())
            low = float(min(self.smoothed.min(), self.losses.min()))
            axes.set_ylim(low - 0.1 * (top - low), top + 0.6 * (top - low))
            axes.grid(True, axis="y")
            axes.legend()
        return axes


def learning_rate_range(
    model: Any,
    X: Any,
    y: Any,
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 100,
    batch_size: int | None = None,
    sample_weight: Any = None,
) -> RateRange:
    """Train a copy of a model with a learning rate that rises step by step, and see when it learns, when it fails.

    From the lowest to the highest rate in equal ratios, one update each; it ends early where the loss has risen to four
    times its best. The suggestion is the rate at which the running mean of the losses falls fastest: a rate to begin
    with, not the last word. The model given is left as it is.

    Args:
        model: an ``MLPClassifier``, ``MLPRegressor`` or ``Network``, fitted or not; one that is fitted goes on from its
            weights. Its own optimizer takes the steps.
        X, y: rows and targets, as its ``fit`` takes them.
        lowest, highest: the rates to begin and to end with, above 0.
        steps: how many updates, at least 10.
        batch_size: rows in an update; None: the model's own (of a ``Network`` 32).
        sample_weight: (n,) weights of the rows in the loss.

    Returns a `RateRange`, which draws itself: ``learning_rate_range(model, X, y).plot()``.

    Raises:
        ParameterError: numbers out of range, a model without a learning rate (solver "lbfgs"), another object.

    Source: L. N. Smith 2017, Cyclical learning rates for training neural networks, arXiv:1506.01186, section 3.3.

    >>> import chalknet as cn
    >>> from sklearn.datasets import load_iris
    >>> found = cn.learning_rate_range(cn.MLPClassifier((16,), random_state=0), *load_iris(return_X_y=True))
    >>> 1e-4 < found.suggestion < 1.0
    True
    """
    name = "learning_rate_range"
    lowest, highest = (
        number(name, what, v, ABOVE_ZERO) for what, v in (("lowest", lowest), ("highest", highest))
    )
    if highest <= lowest:
        raise ParameterError(
            f"{name}: highest must be above lowest, but they are {highest:g} and {lowest:g}."
        )
    steps = whole(name, "steps", steps, 10)
    if batch_size is not None:
        batch_size = whole(name, "batch_size", batch_size)
    rates = np.geomspace(lowest, highest, steps)
    losses = np.array(sweep(model, X, y, rates, batch_size, sample_weight))
    if not losses.size:
        raise ParameterError(f"{name}: the loss is not finite before the first update; standardise X.")
    smooth = Smooth()
    smoothed = np.array([smooth(loss) for loss in losses])
    return RateRange(rates[: len(losses)], losses, smoothed, _steepest(rates[: len(losses)], smoothed))


def _steepest(rates: np.ndarray, smoothed: np.ndarray) -> float | None:
    """The rate before the lowest loss at which the loss falls fastest, on a logarithmic axis of rates."""
    end, half = int(np.argmin(smoothed)) + 1, max(2, len(rates) // 12)
    places = range(half, end - half)  # single batches jump: straight lines through some of them do not
    if not places:
        return None
    logs = np.log(rates)
    near = [slice(i - half, i + half + 1) for i in places]
    slopes = [float(np.polyfit(logs[part], smoothed[part], 1)[0]) for part in near]
    at = int(np.argmin(slopes))
    return float(rates[places[at]]) if slopes[at] < 0.0 else None
