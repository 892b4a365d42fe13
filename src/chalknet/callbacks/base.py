"""What a callback is called with, and what it may do.

An estimator makes one `Context` (with `epoch`, `max_iter`, `loss`, `validation_score` and `stop()`) for each fit,
brings it up to date and hands the same object to every callback:

====================  ==========================================================================
``on_fit_begin``      once, before the first epoch; ``epoch`` is 0
``on_epoch_end``      after every epoch; ``epoch`` counts from 1
``on_fit_end``        once, after the last epoch, also when the run was stopped or failed
====================  ==========================================================================

Any object with these three methods will do. `Callback` has all three, each doing nothing, so that a class of one's
own writes only those it needs.
"""

from __future__ import annotations

from chalknet.engines.context import Context

__all__ = ["Callback", "Context"]


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
