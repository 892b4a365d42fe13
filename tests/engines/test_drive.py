"""The loop around an engine's calls: callbacks, time limits, why it ends."""

from __future__ import annotations

import numpy as np
import pytest

from chalknet.engines import drive as dr
from chalknet.engines import rules as r
from chalknet.engines.base import State


class Fake:
    """A session that does at most `step` epochs a call, and ends after `last` of them."""

    def __init__(self, state, last=10, step=3, reason=r.FINISHED):
        self.state, self.last, self.step, self.reason, self.calls = state, last, step, reason, []

    def run(self, until):
        self.calls.append(until)
        self.state.counts[r.DONE] += min(until.epochs, self.step, self.last - int(self.state.counts[r.DONE]))
        return self.reason if self.state.counts[r.DONE] >= self.last else r.RUNNING


@pytest.fixture
def state():
    return State(np.zeros(1), np.zeros((0, 1)))


def test_it_runs_to_the_sessions_own_end(state):
    assert dr.drive(Fake(state, reason=r.CONVERGED), state) == r.CONVERGED
    assert state.counts[r.DONE] == 10


@pytest.mark.parametrize(
    ("every", "told"), [(1, list(range(1, 11))), (4, [4, 8, 10]), (5, [5, 10]), (20, [10])]
)
def test_each_is_called_after_so_many_epochs_and_at_the_end(state, every, told):
    seen = []
    assert dr.drive(Fake(state), state, each=seen.append, every=every) == r.FINISHED
    assert seen == told


def test_each_may_stop_the_run(state):
    assert dr.drive(Fake(state), state, each=lambda done: done == 4) == dr.INTERRUPTED
    assert state.counts[r.DONE] == 4


def test_a_run_that_ends_by_itself_keeps_its_reason(state):
    assert dr.drive(Fake(state), state, each=lambda done: done == 10) == r.FINISHED


def test_a_time_limit_stops_it(state):
    assert dr.drive(Fake(state, last=10**9), state, seconds=0.0) == dr.TIMED_OUT
    assert state.counts[r.DONE] == 3


def test_an_interrupt_passes_through(state):
    def interrupted(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dr.drive(Fake(state), state, each=interrupted)
    assert state.counts[r.DONE] == 1


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_with_a_real_engine(engines, engine):
    from chalknet.engines.select import load

    description = engines.description((3, 5, "tanh", 2), max_epochs=7, batch_size=4)
    state, seen = engines.start(description), []
    session = load(engine).session(description, state, engines.data(description))
    assert dr.drive(session, state, each=seen.append) == r.FINISHED
    assert seen == list(range(1, 8))
    assert len(state.losses) == 7
