"""The members of a population that is fitted together: each one's run from its beginning to its end."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.engines import rules as r
from chalknet.engines import select, threads
from chalknet.engines.drive import Told
from chalknet.engines.protocol import Engine, Session
from chalknet.engines.state import Apart
from chalknet.estimators import _fitting
from chalknet.estimators._lbfgs import lbfgs

if TYPE_CHECKING:
    from chalknet.estimators._base import BaseMLP


class Member:
    """One estimator of the population, and how far it has come.

    `incremental`: it learns for one epoch only; `apart`: validation rows that are none of X; `ends`: when it must stop
    by `time.perf_counter`, where its own `max_time`, counted from its begin, is not what counts.
    """

    def __init__(
        self,
        est: BaseMLP,
        data: tuple[Any, np.ndarray, np.ndarray | None],
        *,
        incremental: bool = False,
        apart: Apart | None = None,
        ends: float | None = None,
    ) -> None:
        self.est, self.data = est, data
        self.incremental, self.apart, self.ends = incremental, apart, ends
        self.run: _fitting.Run | None = None
        self.reason, self.begun, self.ended = r.RUNNING, False, False
        self.error: Exception | None = None

    def work(self) -> float:
        """How long it may take, in some unit."""
        est, n = self.est, self.data[0].shape[0]
        batch = _fitting.batch_size(est.batch_size, n, warn=False)
        return select.numpy_seconds(n, est.network_.parameters.size, batch, int(est.max_iter))

    def begin(self, engine: Engine) -> Session | None:
        """Prepare the run and its callbacks; None where this fails."""
        try:
            run = _fitting.plan(self.est, *self.data, incremental=self.incremental, apart=self.apart)
            session = engine.session(run.description, run.state, run.data)
            self.context = run.called_back()
            seconds = self.est.max_time if self.ends is None else max(self.ends - time.perf_counter(), 0.0)
            self.told = Told(run.state, self.context.__enter__(), seconds=seconds)
        except Exception as error:  # noqa: BLE001  raised when the others are done
            self.error, self.ended = error, True
            return None
        self.run, self.begun = run, True
        return session

    def goes_on(self, reason: int) -> bool:
        """Tell callbacks how far it is; ends the run where it has come to its end."""
        try:
            self.reason = self.told.hear(reason)
        except Exception as error:  # noqa: BLE001  raised when the others are done
            self.error = error
        if self.error is None and self.reason == r.RUNNING:
            return True
        self.ended = True
        self.leave()
        return False

    def leave(self) -> None:
        """Tell callbacks that it is over."""
        try:
            self.context.__exit__(None, None, None)
        except Exception as error:  # noqa: BLE001  raised when the others are done
            self.error = self.error or error

    def in_turn(self) -> None:
        """Fit by L-BFGS."""
        self.begun = True
        try:
            stopped = lbfgs(self.est, *self.data, self.ends)
            self.est._show()
        except Exception as error:  # noqa: BLE001  raised when the others are done
            self.error, stopped = error, False
        if stopped:
            raise KeyboardInterrupt
        self.ended = True

    def finish(self) -> None:
        """Write down what was learned."""
        if self.run is None or self.error is not None:
            return
        try:
            _fitting.finish(self.run, self.reason)
            self.est._show()
        except Exception as error:  # noqa: BLE001  raised when the others are done
            self.error = error


def train(members: list[Member]) -> None:
    """Train all members, those of each engine together. Ctrl-C passes through, when they have been told."""
    for name in select.ENGINES:
        those = [m for m in members if m.est.engine_ == name and not m.est._by_lbfgs()]
        if those:
            side_by_side(select.load(name), those)
    for member in members:
        if member.est._by_lbfgs():
            member.in_turn()


def side_by_side(engine: Engine, members: list[Member]) -> None:
    """Train the members on one engine, the longest work first, so that no thread is left alone with it."""
    waiting = deque(sorted(members, key=Member.work, reverse=True))
    running: dict[Session, Member] = {}
    cores = threads.available()
    size = min(cores, len(members))
    try:
        with threads.capped(max(1, cores // size)), engine.crew(size) as crew:
            while waiting or running:
                while waiting and crew.hungry():
                    member = waiting.popleft()
                    session = member.begin(engine)
                    if session is not None:
                        running[session] = member
                        crew.start(session, member.told.left())
                for session, reason in crew.wait() if running else ():
                    if running[session].goes_on(reason):
                        crew.start(session, running[session].told.left())
                    else:
                        del running[session]
    finally:  # Ctrl-C
        for member in running.values():
            member.leave()
