"""What callbacks are given while a run goes on, and the frame within which they are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalknet.engines import rules as r
from chalknet.engines.base import Description
from chalknet.engines.due import Calls
from chalknet.engines.state import Data, State
from chalknet.maths import schedules


@dataclass
class Progress:
    """How far a run is: its state, what it was when the run began, and what the learning rate follows from."""

    state: State
    description: Description | None = None  # None: the solver has no learning rate
    data: Data | None = None

    def __post_init__(self) -> None:
        done = int(self.state.counts[r.DONE])  # a run that was resumed has some behind it
        self.losses, self.scores = len(self.state.losses) - done, max(len(self.state.scores) - done, 0)


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
        metrics: where a callback may put the newest numbers that it measured, by name; the progress bar shows them.

    What follows is looked up when it is asked for, and costs nothing where it is not: ``weights``, ``biases``,
    ``losses``, ``validation_scores``, ``steps`` and ``learning_rate``.

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
    metrics: dict[str, float] = field(default_factory=dict)
    progress: Progress | None = field(default=None, repr=False)

    def stop(self) -> None:
        """End the run after this epoch; what was learned is kept."""
        self.stopping = True

    @property
    def weights(self) -> list[np.ndarray]:
        """The weights (n_in, n_out) of each dense layer: views, which change while the run goes on."""
        return [layer.weights for layer in self._dense()]

    @property
    def biases(self) -> list[np.ndarray]:
        """The biases (n_out,) of each dense layer: views, which change while the run goes on."""
        return [layer.biases[0] for layer in self._dense()]

    def _dense(self) -> Any:
        return getattr(self.estimator, "network_", self.estimator).dense if self.estimator is not None else ()

    @property
    def losses(self) -> list[float]:
        """The training loss of each epoch of this run, a new list."""
        if self.progress is None:
            return []
        first = self.progress.losses
        return self.progress.state.losses[first : first + self.epoch]

    @property
    def validation_scores(self) -> list[float]:
        """The validation score after each epoch of this run, a new list; empty where nothing is set aside."""
        if self.progress is None:
            return []
        first = self.progress.scores
        return self.progress.state.scores[first : first + self.epoch]

    @property
    def steps(self) -> int:
        """Updates of the weights in this run."""
        return 0 if self.progress is None else int(self.progress.state.counts[r.FIT_STEP])

    @property
    def learning_rate(self) -> float | None:
        """The rate of the next update; None where the solver has none ("lbfgs")."""
        if self.progress is None or self.progress.description is None:
            return None
        d, counts = self.progress.description, self.progress.state.counts
        rows = 1 if self.progress.data is None else self.progress.data.rows.size
        batches = -(-rows // min(d.batch_size, rows))
        fresh = counts[r.STEP] == counts[r.BATCH]  # as engines have it
        clock = (
            float(counts[r.FIT_STEP]),
            float(batches * d.max_epochs),
            float(counts[r.DONE]),
            0.0 if fresh else float(counts[r.SAMPLES]),
        )
        base = float(self.progress.state.numbers[r.RATE])
        return float(schedules.get(d.schedule).rate(base, clock, d.schedule_hyper))

    def bring_up_to_date(self, done: int) -> None:
        """Take over the numbers of the epoch that was the last of `done`."""
        self.epoch = done
        if self.progress is None or done == 0:
            return
        state, at = self.progress.state, self.progress.losses + done - 1
        self.loss = state.losses[at] if at < len(state.losses) else self.loss
        at = self.progress.scores + done - 1
        self.validation_score = state.scores[at] if at < len(state.scores) else None


@contextmanager
def called_back(
    callbacks: Sequence[Any] | None,
    estimator: Any,
    state: State,
    max_iter: int,
    description: Description | None = None,
    data: Data | None = None,
) -> Iterator[Calls | None]:
    """Call ``on_fit_begin`` and, whatever happens, ``on_fit_end``; gives `drive` its ``each`` (None: no callbacks).

    Those that were not due after the last epoch hear of it when the run is over. All that began are ended, also where
    one of them raises; the first exception reaches the caller as it is.
    """
    if not callbacks:
        yield None
        return
    progress = Progress(state, description, data)
    context = Context(estimator=estimator, max_iter=max_iter, progress=progress)
    begun = []
    try:
        for callback in callbacks:
            callback.on_fit_begin(context)
            begun.append(callback)
        calls = Calls(callbacks, context, context.bring_up_to_date)
        yield calls
        calls.rest(int(state.counts[r.DONE]))
    except BaseException:
        _end(begun, context, state)  # what goes wrong now is the lesser news
        raise
    if error := _end(begun, context, state):
        raise error


def _end(begun: Sequence[Any], context: Context, state: State) -> Exception | None:
    """Call every ``on_fit_end``; returns the first exception."""
    context.bring_up_to_date(int(state.counts[r.DONE]))
    first = None
    for callback in begun:
        try:
            callback.on_fit_end(context)
        except Exception as error:  # noqa: BLE001  kept until the others are ended
            first = first or error
    return first
