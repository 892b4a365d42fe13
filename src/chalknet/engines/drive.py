"""The loop around an engine's calls: callbacks, time limits and Ctrl-C are served between them."""

from __future__ import annotations

import time
from collections.abc import Callable

from chalknet.engines import rules as r
from chalknet.engines.base import Session, State, Until

INTERRUPTED, TIMED_OUT = 4, 5  # beside the reasons of `rules`: stopped from outside, and by a limit of time
CALL_SECONDS = 0.1  # about the longest time that Ctrl-C waits


class Told:
    """What `each` was told of a run, and how far the run may go before it is told again.

    `each` is called with the number of epochs done after every `every` epochs, and may stop the run by returning True;
    so does the clock, `seconds` from now.
    """

    def __init__(
        self,
        state: State,
        each: Callable[[int], bool] | None,
        every: int = 1,
        seconds: float | None = None,
    ) -> None:
        self.state, self.each, self.every = state, each, every
        self.epochs = int(state.counts[r.DONE])
        self.end = None if seconds is None else time.perf_counter() + seconds

    def left(self) -> int:
        """Epochs until it is told again."""
        if self.each is None:
            return 1 << 30
        return self.every - (int(self.state.counts[r.DONE]) - self.epochs)

    def hear(self, reason: int) -> int:
        """Tell it if it is time; returns the reason, or INTERRUPTED or TIMED_OUT."""
        done = int(self.state.counts[r.DONE])
        if self.each and done > self.epochs and (done - self.epochs >= self.every or reason != r.RUNNING):
            self.epochs = done
            if self.each(done) and reason == r.RUNNING:
                return INTERRUPTED
        if reason == r.RUNNING and self.end is not None and time.perf_counter() > self.end:
            return TIMED_OUT
        return reason


def drive(
    session: Session,
    state: State,
    *,
    each: Callable[[int], bool] | None = None,
    every: int = 1,
    seconds: float | None = None,
) -> int:
    """Run a session until it ends by itself or is stopped; returns why.

    See `Told` for `each`. KeyboardInterrupt passes through: the state is then what the last finished update left.
    """
    told = Told(state, each, every, seconds)
    while True:
        reason = told.hear(session.run(Until(told.left(), CALL_SECONDS)))
        if reason != r.RUNNING:
            return reason
