"""The check before the clock: sides that do the same are compared, a side that does not gets no ratio."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalknet.bench import compare as compare_module
from chalknet.bench.compare import Settings, apart, compare, summary
from chalknet.bench.process import Worker, WorkerDiedError, environment
from chalknet.bench.works import WORKS


def test_sides_that_agree_are_timed_in_turns(here, small, quick):
    told = []
    entry = compare(small, ["sklearn", "numpy"], quick, told.append)
    assert set(entry["sides"]) == {"estimator", "network", "sklearn", "numpy"}
    for found in entry["against"].values():
        assert found["refused"] is None and found["ratio"] > 0 and found["ratio_cpu"] > 0
    turns = [side for side, do in here.calls if do == "turn"]
    assert turns == ["estimator", "network", "sklearn", "numpy"] * 3
    assert all(side["runs"] == 3 and side["gflops"] > 0 for side in entry["sides"].values())
    assert told[0].startswith("W2b32: chalknet's estimator")


def tamper(**values):
    def change(side, request):
        if side == "numpy" and request["do"] == "prepare":
            return {**request, "work": {**request["work"], **values}}
        return request

    return staticmethod(change)


@pytest.mark.parametrize(
    "other", [{"learning_rate": 1.02e-3}, {"batch": 31}, {"optimizer": "sgd"}, {"activation": "tanh"}]
)
def test_a_peer_that_makes_other_updates_is_refused_and_not_timed(here, small, quick, other):
    here.change = tamper(**other)
    entry = compare(small, ["sklearn", "numpy"], quick)
    refused = entry["against"]["numpy"]
    assert refused["refused"].startswith(
        "not the same computation: outputs after the first updates differ by"
    )
    assert "ratio" not in refused and "numpy" not in entry["sides"]
    assert ("numpy", "turn") not in here.calls
    assert entry["against"]["sklearn"]["ratio"] > 0


def test_a_peer_that_stops_early_is_refused(here, small, quick):
    here.change = tamper(epochs=1)
    found = compare(replace(small, epochs=30), ["numpy"], quick)["against"]["numpy"]
    assert found["refused"].startswith("not the same end: losses ")


@pytest.mark.slow
def test_a_prediction_of_other_weights_is_refused(here, quick):
    here.change = tamper(activation="tanh")
    found = compare(replace(WORKS["W5row"], calls=2), ["numpy"], quick)["against"]["numpy"]
    assert found["refused"].startswith("not the same computation: results differ by")


def test_what_is_not_installed_or_fails_is_told(here, small, quick, monkeypatch):
    here.absent = ("sklearn",)

    def broken(side, request):
        return (
            {**request, "work": {**request["work"], "dtype": "?"}}
            if side == "numpy" and "work" in request
            else request
        )

    here.change = staticmethod(broken)
    entry = compare(small, ["sklearn", "numpy"], quick)
    assert entry["against"]["sklearn"]["refused"] == "scikit-learn: not installed"
    assert entry["against"]["numpy"]["refused"].startswith("NumPy: UFuncTypeError")
    assert set(entry["sides"]) == {"estimator", "network"}


def test_without_a_peer_our_side_runs_alone(here, small, quick):
    assert set(compare(small, [], quick)["sides"]) == {"estimator"}


def test_apart():
    assert apart([1.0], [1.0, 2.0], None) == float("inf")
    assert apart([1.0], [float("nan")], [0.0]) == float("inf")


def test_medians_and_spread():
    found = summary([(1.0, 0.5), (2.0, 0.6), (3.0, 0.7)], calls=2)
    assert found == {"wall": 1.0, "cpu": 0.3, "spread": 0.25, "runs": 3}


def test_every_library_is_given_the_threads():
    env = environment(1, "float64", {"A": "b"})
    assert env["OMP_NUM_THREADS"] == env["CHALKNET_NUM_THREADS"] == env["JAX_ENABLE_X64"] == "1"
    assert "intra_op_parallelism_threads=1" in env["XLA_FLAGS"] and env["A"] == "b"
    assert "XLA_FLAGS" not in environment(2) or environment(2)["XLA_FLAGS"] != env["XLA_FLAGS"]


@pytest.mark.slow
def test_two_processes(small):
    entry = compare(small, ["numpy"], Settings(turn_seconds=0.0))
    assert entry["against"]["numpy"]["refused"] is None
    assert entry["sides"]["network"]["wall"] > 0


def test_a_process_that_ends_says_its_last_words():
    with Worker("nothing_of_that_name") as worker:
        with pytest.raises(
            WorkerDiedError, match=r"ended at 'version': status 1, ModuleNotFoundError: No module"
        ):
            worker.ask(do="version")
        with pytest.raises(WorkerDiedError):
            worker.ask(do="version")


def test_a_side_that_dies_is_left_out(here, small, quick, monkeypatch):
    ask = here.ask

    def dying(self, **request):
        if self.side == "numpy" and request["do"] == "first":
            raise WorkerDiedError("The process of numpy ended.")
        return ask(self, **request)

    monkeypatch.setattr(here, "ask", dying)
    entry = compare(small, ["numpy"], quick)
    assert entry["against"]["numpy"]["refused"] == "NumPy: The process of numpy ended."


def test_an_interrupted_worker_is_ended():
    def interrupted():
        with Worker("numpy") as worker:
            worker.ask(do="version")
            seen.append(worker)
            raise KeyboardInterrupt

    seen = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seen[0]._process.poll() is not None


def test_module_says_what_is_allowed():
    assert 0 < compare_module.SAME < compare_module.MOVED < 0.02
