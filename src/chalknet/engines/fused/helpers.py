"""When several threads work on one run: only while that is faster, which is tried out; the bits are the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from chalknet.engines import threads
from chalknet.engines.fused import layout as at
from chalknet.engines.fused.layout import Layout
from chalknet.engines.fused.lowlevel import JIT, kept
from chalknet.engines.fused.sizes import aligned
from chalknet.engines.fused.steps import entry
from chalknet.engines.fused.team import BOARD, CLOSED, help_out, help_type

WORTH = 1.0e6  # operations of a step below which threads would wait for each other
CALL_SECONDS = 0.003  # the same of a call: threads take a tenth of a millisecond to start
GAIN = 1.05  # by how much help must be faster to be taken
TRIAL_SECONDS = 0.02  # how long a way is tried
AGAIN = 32  # calls after which the other way is tried again


def wanted(batch: int, n_parameters: int) -> int:
    """How many threads a run may use: one where its steps are small."""
    if not JIT or 6.0 * batch * n_parameters < WORTH:
        return 1
    return threads.available()


class Helpers:
    """The threads that help a session, and what is known of their use.

    Args:
        layout: the session's, wired.
        arguments: what kernels are called with: net, fact, knob, buffer.
        n: how many threads may work, the caller's included; 1 where nobody helps.
    """

    def __init__(self, layout: Layout, arguments: list[int], n: int) -> None:
        self.layout, self.arguments, self.n = layout, arguments, n
        if n > 1:
            self.board = aligned(BOARD, np.int64)
            layout.facts[:, at.BOARD] = kept(self.board)
            self.help = entry(help_out, str(layout.dtype), help_type)
        self.rates: dict[int, float] = {}  # steps a second, by number of threads
        self.calls = 0

    def choose(self, seconds: float) -> tuple[int, float]:
        """How many threads the next call uses, which would take about so many seconds, and how long it may be."""
        if self.n == 1 or seconds < CALL_SECONDS or (n := min(self.n, threads.available())) == 1:
            return 1, seconds
        self.calls += 1
        if n not in self.rates or 1 not in self.rates:
            if threads.idle() < n:
                return 1, seconds
            return (1 if n in self.rates else n), TRIAL_SECONDS
        better = n if self.rates[n] > GAIN * self.rates[1] else 1
        if self.calls % AGAIN or (better == 1 and threads.idle() < n):
            return better, seconds
        return (1 if better > 1 else n), TRIAL_SECONDS

    def learn(self, n: int, steps: int, seconds: float) -> None:
        """Remember how fast a call with n threads was."""
        if seconds > 0.5 * CALL_SECONDS:
            self.rates[n] = steps / seconds

    @contextmanager
    def at_work(self, n: int) -> Iterator[None]:
        """Within it, n - 1 threads help."""
        if n == 1:
            yield
            return
        self.board[:] = 0
        self.layout.fact[at.HELPED] = 1
        crew = [threading.Thread(target=self.help, args=self.arguments, daemon=True) for _ in range(n - 1)]
        try:
            for one in crew:
                one.start()
            yield
        finally:
            self.layout.fact[at.HELPED] = 0
            self.board[CLOSED] = 1
            for one in crew:
                one.join()
