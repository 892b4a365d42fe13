"""What callbacks are given while a run goes on, and the loop that calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chalknet.engines import rules as r
from chalknet.engines.base import State


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


@contextmanager
def called_back(
    callbacks: Sequence[Any] | None, estimator: Any, state: State, max_iter: int
) -> Iterator[Callable[[int], bool] | None]:
    """Call ``on_fit_begin`` and, whatever happens, ``on_fit_end``; gives `drive` its ``each`` (None: no callbacks).

    All that began are ended, also where one of them raises; the first exception reaches the caller as it is.
    """
    if not callbacks:
        yield None
        return
    context = Context(estimator=estimator, max_iter=max_iter)
    scores_before = len(state.scores)

    def each(done: int) -> bool:
        context.epoch = done
        context.loss = state.losses[-1]
        context.validation_score = state.scores[-1] if len(state.scores) > scores_before else None
        for callback in callbacks:
            callback.on_epoch_end(context)
        return context.stopping

    begun = []
    try:
        for callback in callbacks:
            callback.on_fit_begin(context)
            begun.append(callback)
        yield each
    except BaseException:
        _end(begun, context, state)  # what goes wrong now is the lesser news
        raise
    if error := _end(begun, context, state):
        raise error


def _end(begun: Sequence[Any], context: Context, state: State) -> Exception | None:
    """Call every ``on_fit_end``; returns the first exception."""
    context.epoch, first = int(state.counts[r.DONE]), None
    for callback in begun:
        try:
            callback.on_fit_end(context)
        except Exception as error:  # noqa: BLE001  kept until the others are ended
            first = first or error
    return first
