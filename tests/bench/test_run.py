"""Options, first uses and memory: each by sides in this process; and the document as a whole."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from chalknet.bench import options, run, starts
from chalknet.bench.works import WORKS


@pytest.fixture
def tiny(monkeypatch, small):
    """Every work that the tables run, at a size of milliseconds."""
    pictures = replace(WORKS["W3small"], rows=300, epochs=1, sizes=(784, 6, 5, 10))
    for name, work in (("W2b32", small), ("W2b200", replace(small, batch=200)), ("W3small", pictures)):
        monkeypatch.setitem(WORKS, name, work)
    monkeypatch.setitem(WORKS, "W3large", replace(pictures, rows=700))
    monkeypatch.setattr(starts, "FIRST_OPTIONS", ())  # no compiling in the quick suite


def test_options_each_against_the_plain_run(here, tiny, quick):
    rows = options.options(quick, lambda text: None)
    assert [row["option"] for row in rows] == [option.name for option in options.OPTIONS] * 2
    for row in rows:
        assert "failed" not in row, row
        assert row["ratio"] > 0 and row["ratio_cpu"] > 0 and row["adds"]


def test_an_option_that_fails_is_told(here, tiny, quick, monkeypatch):
    monkeypatch.setattr(
        options, "OPTIONS", (options._option("none", "network", "nothing", no_such_option=1),)
    )
    assert all("no_such_option" in row["failed"] for row in options.options(quick, lambda text: None))


def test_memory_of_a_fit(here, tiny):
    found = starts.memory(["numpy"], lambda text: None)
    assert set(found["sides"]) == {"estimator", "network", "numpy"}
    assert found["data"] == 700 * 784 * 4
    here.absent = ("numpy",)
    assert "numpy" not in starts.memory(["numpy"], lambda text: None)["sides"]


def test_first_fits(here, tiny):
    found = starts.first_fits(["sklearn", "numpy"], lambda text: None)
    assert list(found) == [
        "chalknet, cold", "chalknet, warm", "chalknet, another network", "scikit-learn", "NumPy",
    ]  # fmt: skip
    here.absent = ("sklearn",)
    assert "scikit-learn" not in starts.first_fits(["sklearn"], lambda text: None)


def test_imports_in_turns_and_what_is_missing_left_out(monkeypatch):
    def seconds(code, env):
        if "torch" in code:
            raise starts.subprocess.CalledProcessError(1, code)
        return 0.3 if "chalknet" in code else 0.1

    monkeypatch.setattr(starts, "_seconds", seconds)
    found = starts.imports(["sklearn", "torch"], 3, lambda text: None)
    assert found == pytest.approx({"chalknet": 0.2, "numba": 0.0, "sklearn.neural_network": 0.0})


def test_a_process_is_timed():
    assert 0 < starts._seconds("pass", {}) < 30


def test_the_document_is_json_and_names_who_is_missing(here, tiny, quick, monkeypatch):
    monkeypatch.setattr(run.machine, "installed", lambda name: None if name == "torch" else "1.0")
    monkeypatch.setattr(run.starts, "imports", lambda *args: {"chalknet": 0.1})
    monkeypatch.setattr(run.starts, "first_fits", lambda *args: {})
    monkeypatch.setattr(run.starts, "memory", lambda *args: {})
    monkeypatch.setattr(run.options, "options", lambda *args: [])
    names = ["W2b32", "import", "first", "memory", "options"]
    made = run.run(names, ["numpy", "torch"], quick)
    assert json.loads(json.dumps(made)) == made
    assert made["absent"] == ["torch"] and made["settings"]["repeats"] == 3
    assert [work["name"] for work in made["works"]] == ["W2b32"]
    assert {"import", "first", "memory", "options"} <= set(made)
