"""The loop around an engine's calls: callbacks, time limits, why it ends."""

from __future__ import annotations

import numpy as np
import pytest

from chalknet.engines import drive as dr
from chalknet.engines import rules as r
from chalknet.engines.state import State


class Fake:
    """A session that does at most `step` epochs a call, and ends after `last` of them."""

    def __init__(self, state, last=10, step=3, reason=r.FINISHED):
        self.state, self.last, self.step, self.reason, self.calls = state, last, step, reason, []

    def run(self, until):
        self.calls.append(until)
        self.state.counts[r.DONE] += min(until.epochs, self.step, self.last - int(self.state.counts[r.DONE]))
        return self.reason if self.state.counts[r.DONE] >= self.last else r.RUNNING


class Told:
    """Notes the epochs that it hears of, asks to hear after every `every`, and may stop the run."""

    def __init__(self, every=1, stop=lambda done: False):
        self.every, self.stop, self.seen = every, stop, []

    def left(self, done):
        return self.every - done % self.every

    def steps_left(self):
        return 1 << 30

    def pressing(self):
        return False

    def __call__(self, done):
        self.seen.append(done)
        return self.stop(done)


@pytest.fixture
def state():
    return State(np.zeros(1), np.zeros((0, 1)))


def test_it_runs_to_the_sessions_own_end(state):
    assert dr.drive(Fake(state, reason=r.CONVERGED), state) == r.CONVERGED
    assert state.counts[r.DONE] == 10


@pytest.mark.parametrize(
    ("every", "calls", "seen"),
    [
        (1, [1] * 10, list(range(1, 11))),
        (2, [2] * 5, [2, 4, 6, 8, 10]),
        (4, [4, 1, 4, 1, 4], [3, 4, 7, 8, 10]),
    ],
)
def test_a_call_goes_as_far_as_is_wished_and_epochs_are_told_when_it_comes_back(state, every, calls, seen):
    told, session = Told(every), Fake(state)
    assert dr.drive(session, state, each=told) == r.FINISHED
    assert [until.epochs for until in session.calls] == calls and told.seen == seen


def test_each_may_stop_the_run(state):
    assert dr.drive(Fake(state), state, each=Told(stop=lambda done: done == 4)) == dr.INTERRUPTED
    assert state.counts[r.DONE] == 4


def test_a_run_that_ends_by_itself_keeps_its_reason(state):
    assert dr.drive(Fake(state), state, each=Told(stop=lambda done: done == 10)) == r.FINISHED


def test_a_time_limit_stops_it(state):
    assert dr.drive(Fake(state, last=10**9), state, seconds=0.0) == dr.TIMED_OUT
    assert state.counts[r.DONE] == 3


def test_an_interrupt_passes_through(state):
    def interrupted(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dr.drive(Fake(state), state, each=Told(stop=interrupted))
    assert state.counts[r.DONE] == 1


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_with_a_real_engine(engines, engine):
    from chalknet.engines.select import load

    description = engines.description((3, 5, "tanh", 2), max_epochs=7, batch_size=4)
    state, told = engines.start(description), Told()
    session = load(engine).session(description, state, engines.data(description))
    assert dr.drive(session, state, each=told) == r.FINISHED
    assert told.seen == list(range(1, 8))
    assert len(state.losses) == 7
