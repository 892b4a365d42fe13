"""What a callback is called with, and what it may do.

An estimator makes one `Context` for each fit, brings it up to date and hands the same object to every callback:

====================  ==========================================================================
``on_fit_begin``      once, before the first epoch; ``epoch`` is 0
``on_epoch_end``      after every epoch; ``epoch`` counts from 1
``on_fit_end``        once, after the last epoch, also when the run was stopped or failed
====================  ==========================================================================

Any object with these three methods will do. `Callback` has all three, each doing nothing, so that a class of one's
own writes only those it needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Context:
    """Where a training run stands.

    Attributes:
        estimator: the object whose ``fit`` runs; None where there is none.
        max_iter: how many epochs were asked for, at most.
        epoch: how many epochs are done.
        loss: training loss of the last epoch; None before the first.
        validation_score: score of the validation rows after the last epoch; None where nothing is set aside.
        stopping: true once `stop` was called.

    >>> context = Context(max_iter=10)
    >>> context.stop()
    >>> context.stopping
    True
    """

    estimator: Any = None
    max_iter: int = 0
    epoch: int = 0
    loss: float | None = None
    validation_score: float | None = None
    stopping: bool = False

    def stop(self) -> None:
        """End the run after this epoch; what was learned is kept."""
        self.stopping = True


class Callback:
    """A callback that does nothing: inherit and override what is needed.

    >>> class Patience(Callback):
    ...     def on_epoch_end(self, context):
    ...         if context.loss < 0.1:
    ...             context.stop()
    >>> context = Context(epoch=3, loss=0.05)
    >>> Patience().on_epoch_end(context)
    >>> context.stopping
    True
    """

    def on_fit_begin(self, context: Context) -> None:
        """Called once, before the first epoch."""

    def on_epoch_end(self, context: Context) -> None:
        """Called after every epoch."""

    def on_fit_end(self, context: Context) -> None:
        """Called once, after the last epoch."""
