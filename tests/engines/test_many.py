"""Crews: several sessions of one engine, trained side by side, end as each would alone."""

from __future__ import annotations

import time

import numpy as np
import pytest

from chalknet.engines import rules as r
from chalknet.engines.protocol import InTurn
from chalknet.engines.select import load
from chalknet.engines.state import Until

DESCRIPTIONS = (
    {"layers": (3, 8, "relu", 2), "optimizer": "adam"},
    {"layers": (3, 5, "tanh", 2), "dtype": "float32", "batch_size": 8},
    {"layers": (3, 4, "sigmoid", ("dropout", 0.5), 2), "l2": 0.1},
    {"layers": (3, 2), "batch_size": 40, "shuffle": False},
)


def population(engines, epochs=3, **options):
    """Descriptions that differ in whatever they can, with their data."""
    for changes in DESCRIPTIONS:
        d = engines.description(**{"max_epochs": epochs, "batch_size": 7, **changes, **options})
        yield d, engines.data(d)


def crowd(engines, name, threads, epochs=1 << 30, **options):
    """Train the population as a crew does; returns (reason, state) of each."""
    engine, found = load(name), {}
    with engine.crew(threads) as crew:
        states = {}
        for d, data in population(engines, **options):
            state = engines.start(d)
            session = engine.session(d, state, data)
            states[session] = len(states), state
            crew.start(session, epochs)
        while len(found) < len(states):
            for session, reason in crew.wait():
                if reason == r.RUNNING:
                    crew.start(session, epochs)
                else:
                    found[states[session][0]] = reason, states[session][1]
        assert crew.hungry()
    return [found[i] for i in range(len(found))]


@pytest.mark.unjitted
@pytest.mark.parametrize("name", ["numpy", "numba"])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("epochs", [1, 1 << 30])
def test_every_session_ends_as_it_would_alone(engines, name, threads, epochs):
    together = crowd(engines, name, threads, epochs)
    for ours, (d, data) in zip(together, population(engines), strict=True):
        engines.same(ours, engines.train(name, d, data), rtol=0.0)


def test_a_diverging_session_leaves_the_others_alone(engines):
    together = crowd(engines, "numba", 2, learning_rate=1e30)
    alone = [engines.train("numba", d, data) for d, data in population(engines, learning_rate=1e30)]
    assert r.DIVERGED in {reason for reason, _ in together}
    for ours, theirs in zip(together, alone, strict=True):
        engines.same(ours, theirs, rtol=0.0)


def test_validation_scores_and_the_best_weights_are_kept(engines):
    options = {"watch": r.VALIDATION, "score": r.R2, "patience": 1.0}
    d = engines.description((3, 6, "tanh", 2), max_epochs=20, batch_size=8, learning_rate=0.5, **options)
    data = engines.data(d, validation=10)
    state = engines.start(d)
    with load("numba").crew(2) as crew:
        session = load("numba").session(d, state, data)
        crew.start(session, 1 << 30)
        (back,) = crew.wait()
    assert back[0] is session
    engines.same((back[1], state), engines.train("numba", d, data), rtol=0.0)
    assert len(state.scores) == state.counts[r.DONE]


def test_long_work_comes_back_after_about_a_tenth_of_a_second(engines):
    d = engines.description((3, 64, "relu", 2), max_epochs=1 << 30, batch_size=1)
    engine, states = load("numba"), [engines.start(d) for _ in range(4)]
    sessions = [engine.session(d, state, engines.data(d)) for state in states]
    with engine.crew(2) as crew:
        for session in sessions:  # all of them before a thread can be back from its first
            crew.start(session, 1 << 30)
        assert not crew.hungry()
        for _ in range(12):  # the first guesses may be wrong
            for session, reason in crew.wait():
                assert reason == r.RUNNING
                crew.start(session, 1 << 30)
        begin = time.perf_counter()
        crew.wait()
        assert time.perf_counter() - begin < 2.0  # not 0.2: others use this machine too
    done = [int(state.counts[r.STEP]) for state in states]
    assert min(done) > 0
    time.sleep(0.05)
    assert done == [int(state.counts[r.STEP]) for state in states]  # left is left: nothing runs on


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_thread_reaches_the_one_who_waits(engines, threads):
    (d, data), *_ = population(engines)
    engine = load("numba")
    session = engine.session(d, engines.start(d), data)
    session.settle = None
    with engine.crew(threads) as crew:
        crew.start(session, 1)
        with pytest.raises(TypeError):
            crew.wait()


def test_one_after_another_where_python_is_needed():
    calls = []

    class Fake:
        def run(self, until):
            calls.append((self, until))
            return r.FINISHED

    one, two = Fake(), Fake()
    with InTurn() as crew:
        assert crew.hungry()
        crew.start(one, 5)
        assert not crew.hungry()
        crew.start(two, 7)
        assert crew.wait() + crew.wait() == [(two, r.FINISHED), (one, r.FINISHED)]
    assert calls == [(two, Until(7)), (one, Until(5))]


def test_each_sees_its_own_losses(engines):
    for (_, state), (d, _) in zip(crowd(engines, "numba", 2), population(engines), strict=True):
        assert len(state.losses) == d.max_epochs
        assert np.isfinite(state.losses).all()


def test_one_session_alone_may_have_help_from_other_threads(engines, monkeypatch):
    monkeypatch.setenv("CHALKNET_NUM_THREADS", "2")
    d = engines.description((3, 64, "relu", 64, "tanh", 2), max_epochs=3, batch_size=40, optimizer="adam")
    data, state = engines.data(d), engines.start(d)
    with load("numba").crew(1) as crew:
        crew.start(load("numba").session(d, state, data), 1 << 30)
        ((_, reason),) = crew.wait()
    engines.same((reason, state), engines.train("numba", d, data), rtol=0.0)
