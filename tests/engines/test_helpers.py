"""Several threads on one run: the same bits, and only while they are faster."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from chalknet.engines import rules as r
from chalknet.engines import threads
from chalknet.engines.fused import engine as fused
from chalknet.engines.fused import helpers, lowlevel
from chalknet.engines.fused import layout as at
from chalknet.engines.fused.engine import ENGINE
from chalknet.engines.fused.sizes import block_rows
from chalknet.engines.state import State, Until

pytestmark = pytest.mark.unjitted
LAYERS = (5, 40, "tanh", ("dropout", 0.3), 24, "relu", 3)
CASES = {
    "adam": {},
    "decay of its own": {"optimizer": "adamw", "hyper": (0.9, 0.999, 1e-8, 0.1)},
    "penalties and clipping": {"l1": 0.1, "l2": 0.2, "clip_norm": 0.5},
    "two outputs": {"layers": (5, 40, "relu", 2)},
    "one output": {"layers": (5, 40, "sigmoid", 1), "loss": "squared_error"},
    "large batches": {"batch_size": 1000, "n": 1100},
    "class numbers, weights": {"loss": "softmax_cross_entropy", "labels": True, "weights": True},
    "csr": {"csr": True, "layers": (5, 40, "tanh", 3)},
    "weights, validation": {
        "weights": True,
        "score": r.R2,
        "watch": r.VALIDATION,
        "patience": 9.0,
        "validation": 150,
    },
    "validation": {"score": r.NEGATIVE_LOSS, "watch": r.VALIDATION, "patience": 9.0, "validation": 50},
}


def train(engines, monkeypatch, blocks, helping, name, dtype):
    options = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 100, "max_epochs": 4} | CASES[name]
    how = {key: options.pop(key) for key in ("n", "labels", "weights", "csr", "validation") if key in options}
    description = engines.description(options.pop("layers", LAYERS), **options, dtype=dtype)
    data = engines.data(description, **({"n": 330} | how))
    state = engines.start(description)
    monkeypatch.setattr(fused, "wanted", lambda *_: blocks)
    session = ENGINE.session(description, state, data)
    if blocks > 1:
        monkeypatch.setattr(session.helpers, "choose", lambda seconds: (helping, seconds))
    while session.run(Until(1)) == r.RUNNING:
        pass
    return state


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_neither_threads_nor_blocks_change_a_bit(engines, monkeypatch, name, dtype):
    alone = train(engines, monkeypatch, 1, 1, name, dtype)
    assert len(alone.losses) == 4
    for blocks, helping in ((2, 1), (2, 2), (3, 3)) if lowlevel.JIT else ((2, 1), (3, 1)):
        other = train(engines, monkeypatch, blocks, helping, name, dtype)
        if not lowlevel.JIT:  # NumPy's products sum in an order of their own
            np.testing.assert_allclose(other.losses, alone.losses, rtol=1e-3 if dtype == "float32" else 1e-9)
            continue
        np.testing.assert_array_equal(other.parameters, alone.parameters)
        np.testing.assert_array_equal(other.slots, alone.slots)
        assert other.losses == alone.losses
        assert other.scores == alone.scores
    assert threading.active_count() < 20  # helpers have gone home


def test_blocks_are_even_and_fit_into_the_cache():
    assert block_rows(1, 4000, 1) == 1
    assert block_rows(200, 4000, 1) == 200
    assert block_rows(200, 4000, 2) == 104
    assert block_rows(128, 16000, 2) == 64
    assert block_rows(10_000, 832, 1) <= 512
    for batch in (257, 1000, 4096, 10_000):
        for blocks in (1, 2, 3):
            rows = block_rows(batch, 832, blocks)
            rounds = -(-batch // (rows * blocks))
            assert (rows % 8 == 0 or rows == batch) and rows * blocks * (rounds - 1) < batch


class Machine:
    """A stand-in for the machine: idle cores, and how fast one and two threads are."""

    def __init__(self, monkeypatch, idle=2, allowed=2):
        self.idle, self.allowed = idle, allowed
        monkeypatch.setattr(threads, "idle", lambda: self.idle)
        monkeypatch.setattr(threads, "available", lambda: self.allowed)


@pytest.fixture
def team(engines):
    description = engines.description(LAYERS, optimizer="adam", batch_size=100)
    data = engines.data(description, n=300)
    state = State.start(engines.start(description).parameters, description)
    layout = ENGINE.session(description, state, data).layout
    return helpers.Helpers(layout, [], 2)


def calls(team, speeds, n):
    """The ways that n calls of 0.1 s are made, when so many steps are done in a second."""
    ways = []
    for _ in range(n):
        way, seconds = team.choose(0.1)
        team.learn(way, int(speeds[way] * seconds), seconds)
        ways.append(way)
    return ways


def test_both_ways_are_tried_and_the_faster_is_taken(team, monkeypatch):
    Machine(monkeypatch)
    assert calls(team, {1: 1000, 2: 1800}, 6) == [2, 1, 2, 2, 2, 2]
    assert team.choose(0.001) == (1, 0.001)  # too short for a thread to start
    assert 1 in calls(team, {1: 1000, 2: 500}, helpers.AGAIN)  # now and then the other way is tried
    assert calls(team, {1: 1000, 2: 500}, 3) == [1, 1, 1]


def test_on_a_busy_machine_nobody_helps(team, monkeypatch):
    machine = Machine(monkeypatch, idle=1)
    assert calls(team, {1: 1000, 2: 500}, 5) == [1] * 5
    machine.idle = 2
    assert calls(team, {1: 1000, 2: 500}, 3)[0] == 2
    assert team.choose(0.1) == (1, 0.1)
    machine.allowed = 1
    assert calls(team, {1: 1000, 2: 1800}, 3) == [1] * 3


def test_small_steps_want_one_thread(monkeypatch):
    monkeypatch.setattr(threads, "available", lambda: 2)
    assert helpers.wanted(32, 100) == 1
    assert helpers.wanted(128, 600_000) == (2 if lowlevel.JIT else 1)


def test_the_cap_is_kept_by_a_process():
    code = (
        "import threading, numpy as np, chalknet as cn\n"
        "started = []\n"
        "begin = threading.Thread.start\n"
        "threading.Thread.start = lambda self: (started.append(1), begin(self))[1]\n"
        "net = cn.Network([cn.Dense(200, 200), cn.ReLU(), cn.Dense(200, 5)], loss=cn.MSE(), random_state=0)\n"
        "X = np.ones((2000, 200)); net.fit(X, X[:, :5], epochs=20, batch_size=200, engine='numba')\n"
        "print(len(started))\n"
    )
    env = os.environ | {"CHALKNET_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0"]


def test_the_board_is_told_to_every_block(team):
    assert len(set(team.layout.facts[:, at.BOARD])) == 1
