"""What a callback is called with, and what it may do.

An estimator makes one `Context` for each fit, brings it up to date and hands the same object to every callback:

====================  ==========================================================================
``on_fit_begin``      once, before the first epoch; ``epoch`` is 0
``on_epoch_end``      after every epoch that is due; ``epoch`` counts from 1
``on_fit_end``        once, after the last epoch, also when the run was stopped or failed
====================  ==========================================================================

Any object with these three methods will do. `Callback` has all three, each doing nothing, so that a class of one's
own writes only those it needs.

An attribute ``every`` says how often ``on_epoch_end`` is due: 1 (as without it) after each epoch, 10 after the epochs
10, 20, 30 …, ``"0.5s"`` after an epoch once half a second has passed since the last time, ``"500 steps"`` after 500
updates of the weights, which may be within an epoch. Every callback is told
of the last epoch, due or not. Between two due callbacks the compiled engine runs all epochs in one call.
"""

from __future__ import annotations

from chalknet.engines.context import Context
from chalknet.engines.due import idle

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

    every: int | str = (
        1  # epochs, seconds ("0.5s") or updates ("500 steps") between two calls of `on_epoch_end`
    )

    def on_fit_begin(self, context: Context) -> None:
        """Called once, before the first epoch."""

    @idle
    def on_epoch_end(self, context: Context) -> None:
        """Called after every epoch that is due."""

    def on_fit_end(self, context: Context) -> None:
        """Called once, after the last epoch."""
