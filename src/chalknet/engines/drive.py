"""The loop around an engine's calls: callbacks, time limits and Ctrl-C are served between them."""

from __future__ import annotations

import time
from collections.abc import Callable

from chalknet.engines import rules as r
from chalknet.engines.base import Session, State, Until

INTERRUPTED = 4  # beside the reasons of `rules`: stopped from outside
CALL_SECONDS = 0.1  # about the longest time that Ctrl-C waits


def drive(
    session: Session,
    state: State,
    *,
    each: Callable[[int], bool] | None = None,
    every: int = 1,
    seconds: float | None = None,
) -> int:
    """Run a session until it ends by itself or is stopped; returns why.

    `each` is called with the number of epochs done after every `every` epochs, and may stop the run by returning True.
    KeyboardInterrupt passes through: the state is then what the last finished update left.
    """
    end = time.perf_counter() + seconds if seconds is not None else None
    told = int(state.counts[r.DONE])
    while True:
        left = every - (int(state.counts[r.DONE]) - told) if each else 1 << 30
        reason = session.run(Until(left, CALL_SECONDS))
        done = int(state.counts[r.DONE])
        if each and done > told and (done - told >= every or reason != r.RUNNING):
            told = done
            if each(done) and reason == r.RUNNING:
                return INTERRUPTED
        if reason != r.RUNNING:
            return reason
        if end is not None and time.perf_counter() > end:
            return INTERRUPTED
