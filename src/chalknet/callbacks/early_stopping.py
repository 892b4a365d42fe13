"""End a run that no longer gets anywhere."""

from __future__ import annotations

import math

from chalknet.callbacks.base import Callback, Context
from chalknet.layers.config import FROM_ZERO, number, whole


class EarlyStopping(Callback):
    """Stop when the validation score, or without validation rows the training loss, no longer improves.

    An epoch counts as an improvement where it beats the best so far by more than ``tolerance`` times its size. The
    weights stay those of the last epoch.

    Args:
        patience: epochs without improvement after which the run ends, at least 1.
        tolerance: share of the best value by which it must be beaten, from 0.

    Raises:
        ParameterError: another patience or tolerance.

    Attributes:
        stopped_epoch_: epoch after which the last run was ended; None where it ended by itself.

    >>> stopping, context = EarlyStopping(patience=2), Context()
    >>> stopping.on_fit_begin(context)
    >>> for context.epoch, context.loss in enumerate([0.5, 0.4, 0.4, 0.4], start=1):
    ...     stopping.on_epoch_end(context)
    >>> context.stopping, stopping.stopped_epoch_
    (True, 4)
    """

    def __init__(self, patience: int = 25, *, tolerance: float = 1e-4) -> None:
        self.patience = whole("EarlyStopping", "patience", patience)
        self.tolerance = number("EarlyStopping", "tolerance", tolerance, FROM_ZERO)
        self.stopped_epoch_: int | None = None

    def __repr__(self) -> str:
        return f"EarlyStopping(patience={self.patience}, tolerance={self.tolerance:g})"

    def on_fit_begin(self, context: Context) -> None:
        """Forget the last run."""
        self._best, self._stale = math.inf, 0
        self.stopped_epoch_ = None

    def on_epoch_end(self, context: Context) -> None:
        """Compare this epoch with the best, and stop the run if there is no hope."""
        if context.validation_score is not None:
            value = -context.validation_score
        elif context.loss is not None:
            value = context.loss
        else:
            return
        if value < self._best - self.tolerance * (abs(self._best) if math.isfinite(self._best) else 0.0):
            self._best, self._stale = value, 0
            return
        self._stale += 1
        if self._stale >= self.patience and self.stopped_epoch_ is None:
            self.stopped_epoch_ = context.epoch
            context.stop()
