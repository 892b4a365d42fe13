"""The loop around an engine's calls: callbacks, time limits and Ctrl-C are served between them."""

from __future__ import annotations

import time
from typing import Protocol

from chalknet.engines import rules as r
from chalknet.engines.due import NEVER
from chalknet.engines.protocol import Session
from chalknet.engines.state import State, Until

INTERRUPTED, TIMED_OUT = 4, 5  # beside the reasons of `rules`: stopped from outside, and by a limit of time
CALL_SECONDS = 0.1  # about the longest time that Ctrl-C waits


class Each(Protocol):
    """Who is told of a run between an engine's calls, such as `due.Calls`."""

    def left(self, done: int) -> int:
        """Epochs until it wants to be told again."""
        ...

    def steps_left(self) -> int:
        """Updates until it wants to be told again."""
        ...

    def pressing(self) -> bool:
        """Whether it wants to be told although no epoch may have ended."""
        ...

    def __call__(self, done: int) -> bool:
        """Hear that so many epochs are done; True stops the run."""
        ...


class Told:
    """What `each` was told of a run, and how far the run may go before it is told again.

    It is told after every call of the engine in which an epoch ended, or so many updates were made as it has asked for,
    and may stop the run by returning True; so does the clock, `seconds` from now.
    """

    def __init__(self, state: State, each: Each | None, seconds: float | None = None) -> None:
        self.state, self.each = state, each
        self.epochs = int(state.counts[r.DONE])
        self.end = None if seconds is None else time.perf_counter() + seconds

    def left(self) -> int:
        """Epochs until it is told again, at the most."""
        return NEVER if self.each is None else self.each.left(int(self.state.counts[r.DONE]))

    def steps_left(self) -> int:
        """Updates until it is told again, at the most."""
        return NEVER if self.each is None else self.each.steps_left()

    def hear(self, reason: int) -> int:
        """Tell it if an epoch ended; returns the reason, or INTERRUPTED or TIMED_OUT."""
        done = int(self.state.counts[r.DONE])
        if self.each is not None and (done > self.epochs or self.each.pressing()):
            self.epochs = done
            if self.each(done) and reason == r.RUNNING:
                return INTERRUPTED
        if reason == r.RUNNING and self.end is not None and time.perf_counter() > self.end:
            return TIMED_OUT
        return reason


def drive(session: Session, state: State, *, each: Each | None = None, seconds: float | None = None) -> int:
    """Run a session until it ends by itself or is stopped; returns why.

    See `Told` for `each`. KeyboardInterrupt passes through: the state is then what the last finished update left.
    """
    told = Told(state, each, seconds)
    while True:
        reason = told.hear(session.run(Until(told.left(), CALL_SECONDS, told.steps_left())))
        if reason != r.RUNNING:
            return reason
