"""What a worker answers, and what it measures of itself."""

from __future__ import annotations

import io
import json

import pytest

from chalknet.bench import machine, memory, peak, worker


def talk(side, *requests):
    answers = io.StringIO()
    worker.serve(side, io.StringIO("".join(json.dumps(r) + "\n" for r in requests)), answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_a_conversation(small):
    version, prepared, first, check, turn, used = talk(
        "numpy",
        {"do": "version"},
        {"do": "prepare", "work": small.to_dict()},
        {"do": "first"},
        {"do": "check"},
        {"do": "turn", "seconds": 0.0},
        {"do": "memory"},
    )
    assert version["version"][0].isdigit() and prepared == {}
    assert first["seconds"] > 0 and len(first["numbers"]) == 32 * 2
    assert check["before"] != check["numbers"]
    assert len(turn["times"]) == 1
    assert used["peak"] > 0 and (used["grew"] is None or used["grew"] >= 0)


def test_errors_are_answers(monkeypatch):
    unknown, unavailable = talk(
        "numpy",
        {"do": "first", "job": "none"},
        {"do": "prepare", "work": {**worker_work(), "kind": "many"}},
    )
    assert unknown["error"] == "KeyError: 'none'" and "one network" in unavailable["unavailable"]
    side = worker.Side("numpy")
    monkeypatch.setattr(side.module, "version", lambda: __import__("no_such_module"))
    assert "no_such_module" in worker.answer(side, {"do": "version"})["absent"]


def worker_work():
    from chalknet.bench.works import WORKS

    return WORKS["W2b32"].to_dict()


def test_memory_where_the_system_does_not_tell(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "STATUS", tmp_path / "none")
    monkeypatch.setattr(memory, "CLEAR", tmp_path / "none" / "none")
    assert memory.reset_peak() is None
    assert memory.peak() > 1e6
    monkeypatch.setattr(memory.sys, "platform", "win32")
    assert memory.peak() == 0


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_peak_is_a_rate(dtype):
    assert 1 < peak.gflops(dtype) < 2000


def test_no_compiler_no_peak(monkeypatch):
    monkeypatch.setattr(peak, "find_spec", lambda name: None)
    peak.kernel.cache_clear()
    try:
        assert peak.gflops() is None
    finally:
        peak.kernel.cache_clear()


def test_machine(monkeypatch, tmp_path):
    made = machine.describe()
    assert made["chalknet"] and made["cores"] >= 1 and made["versions"]["numpy"]
    assert made["processor"] in machine.sentence(made)
    assert machine.installed("no such package") is None
    info = tmp_path / "cpuinfo"
    info.write_text("model name : AMD EPYC\ncpu family : 25\nmodel : 17\n" * 2)
    monkeypatch.setattr(machine, "CPUINFO", info)
    assert machine.processor() == "AMD EPYC (cpu family 25 model 17)"
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "none")
    assert machine.processor()
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    assert machine.vector_bits() is None
    assert "bits" not in machine.sentence({**made, "vector_bits": None})
