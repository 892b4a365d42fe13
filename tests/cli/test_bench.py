"""``chalknet bench``: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from chalknet.bench import compare, run, worker
from chalknet.bench.works import WORKS


class Here:
    """A `Worker` without a process."""

    def __init__(self, side, *args, **more):
        self.asked = worker.Side(side)

    def ask(self, **request):
        if request["do"] == "prepare" and type(self).other and self.asked.module.__name__.endswith(".numpy"):
            request["work"]["learning_rate"] *= 2
        return worker.answer(self.asked, request)

    other = False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


@pytest.fixture
def here(monkeypatch):
    """Two small works, sides in this process, and torch and JAX as if they were not installed."""
    fresh = type("Fresh", (Here,), {})
    monkeypatch.setattr(compare, "Worker", fresh)
    monkeypatch.setattr(compare.Settings, "turn_seconds", 0.0)
    installed = run.machine.installed
    monkeypatch.setattr(
        run.machine, "installed", lambda name: None if name in ("torch", "jax") else installed(name)
    )
    monkeypatch.setattr(
        run, "WORKS", {**WORKS, "W2b200": WORKS["W2b200"].scaled(0.1), "W1": WORKS["W1"].scaled(0.001)}
    )
    return fresh


@pytest.mark.slow
def test_table_json_and_picture(chalknet, here, tmp_path):
    result = chalknet("bench", "W1", "w2b200", "--scale", 1, "--json", "b.json", "--plot", "b.svg")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert any("W1" in line and "scikit-learn" in line and "%" in line for line in lines)
    assert any("W2b200" in line and "NumPy" in line for line in lines)
    assert "Not installed, so left out: PyTorch, JAX" in lines
    assert "Numbers written to b.json." in lines and "Picture written to b.svg." in lines
    document = json.loads((tmp_path / "b.json").read_text())
    assert [work["name"] for work in document["works"]] == ["W1", "W2b200"]
    assert all(found["ratio"] > 0 for work in document["works"] for found in work["against"].values())
    assert b"<svg" in (tmp_path / "b.svg").read_bytes()


def test_a_peer_that_does_something_else_gets_no_ratio_and_a_sentence(chalknet, here):
    here.other = True
    result = chalknet("bench", "W1", "--against", "numpy,sklearn")
    assert result.status == 0
    assert result.err.startswith("chalknet: warning: W1 against NumPy: no ratio, not the same computation: ")
    assert result.err.count("\n") == 1
    assert not any("W1" in line and "NumPy" in line for line in result.out.splitlines())


def test_in_new_orders(chalknet, here):
    result = chalknet("bench", "W1", "--shuffle", "--against", "numpy,sklearn")
    assert result.err.count("\n") == 1 and "scikit-learn" in result.err and "without --shuffle" in result.err
    assert "each epoch in a new order" in result.out and "NumPy" in result.out


def test_names_and_peers_that_do_not_exist(refused):
    said = refused("bench", "W8")
    assert "There is no work 'W8'" in said and "W3small" in said and "options" in said
    assert "did you mean 'W3large'" in refused("bench", "W3lage")
    said = refused("bench", "--against", "tensorflow")
    assert "'tensorflow' is not one of sklearn, torch, jax, numpy" in said
    assert "did you mean 'torch'" in refused("bench", "--against", "numpy,troch")


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--threads", "0", "whole number"),
        ("--repeats", "2", "from 3"),
        ("--scale", "0", "above 0"),
        ("--dtype", "float16", "float32"),
        ("--json", "no/such/folder.json", "there is no folder"),
        ("--plot", "picture.txt", "must end in"),
    ],
)
def test_options_out_of_their_bounds(refused, option, value, says):
    assert says in refused("bench", "W1", option, value)


def test_help_names_the_works(chalknet):
    out = chalknet("bench", "--help").out
    for name in ("W1 ", "W3large", "options"):
        assert name in out


def test_without_a_name_all_are_run(monkeypatch, chalknet):
    seen = []

    def record(names, peers, settings, *tell):
        seen.extend(names)
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run", record)
    assert chalknet("bench").status == 130
    assert seen == [*WORKS, "import", "first", "memory", "options"]


def test_a_terminal_is_told_what_runs(chalknet, here, monkeypatch):
    from chalknet.cli import report

    monkeypatch.setattr(report.Report, "is_terminal", True)
    assert chalknet("bench", "W1", "--against", "numpy").status == 0


@pytest.mark.slow
def test_in_processes_of_their_own(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "chalknet", "bench", "W5row", "W2b200", "--scale", "0.1", "--against", "sklearn,numpy"],
        capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ), check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("scikit-learn") >= 2
