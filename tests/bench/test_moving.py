"""The page of those who come from scikit-learn: its table and code are made, and one import is all that differs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORT = re.compile(r"^from chalknet import (\w+)  # was: (from sklearn\.\w+ import \1)$", re.MULTILINE)


def load():
    spec = importlib.util.spec_from_file_location("moving", ROOT / "benchmarks" / "moving.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


moving = load()
every_situation = pytest.mark.parametrize("name", moving.SITUATIONS)


def test_the_page_holds_what_was_measured_and_what_was_run():
    page = moving.PAGE.read_text("utf-8")
    made = moving.made()
    assert set(made) == {"table", *moving.SHOWN}
    assert moving.fill(page, made, moving.PAGE.name) == page
    with pytest.raises(SystemExit, match=r"moving\.md has no place for table"):
        moving.fill("# Empty\n", made, moving.PAGE.name)


def test_each_file_of_the_folder_is_a_situation_with_one_import_of_ours():
    folder = ROOT / "examples" / "moving"
    assert {file.stem for file in folder.glob("*.py")} == set(moving.SITUATIONS)
    for name, (_, cls) in moving.SITUATIONS.items():
        source = moving.script(name).read_text("utf-8")
        assert [match[0] for match in IMPORT.findall(source)] == [cls]
        assert source.count("chalknet") == 1


def test_scores_and_times_are_read_from_the_runs():
    def runs(*cpus):
        return [{"score": 0.5 + i, "cpu": cpu, "wall": cpu} for i, cpu in enumerate(cpus)]

    found = {
        "sklearn": runs(3.0, 4.0, 8.0),
        "chalknet": runs(1.0, 2.0, 8.0),
        "compiling": 7.0,
        "starting": 0.01,
    }
    table = moving.table({"situations": {"stream": found}})
    assert [" | ".join(row) for row in table.rows] == [
        "stream of batches | 1.500 ± 1.000 | 1.500 ± 1.000 | 4.00 s | 2.00 s | 2.00 | 1.00 to 3.00 | + 7.0 s | –"
    ]
    assert len(table.header) == len(table.rows[0])


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
@every_situation
def test_the_other_import_is_all_that_differs(name):
    """The file's own text, with our import and with scikit-learn's: the scores are of one kind."""
    source = moving.script(name).read_text("utf-8")
    scores = []
    for text in (source, IMPORT.sub(r"\2", source)):
        space = {"__name__": "__situation__"}
        exec(compile(text, name, "exec"), space)
        cls = space[moving.SITUATIONS[name][1]]
        assert cls.__module__.startswith("sklearn" if scores else "chalknet")
        scores.append(space["run"](cls, space["data"](1), 1))
    assert min(scores) > 0.7
    assert abs(scores[0] - scores[1]) < (1e-9 if name == "stream" else 0.05)


def test_both_sides_run_in_turns_and_the_seed_is_the_runs_number(monkeypatch):
    calls = []
    monkeypatch.setattr(moving, "once", lambda name, side, seed: calls.append((side, seed)) or {"cpu": 1.0})
    found = moving.work("tiny", 3)
    assert {side: len(runs) for side, runs in found.items()} == {"sklearn": 3, "chalknet": 3}
    assert calls[2:] == [
        ("chalknet", 0), ("sklearn", 0), ("sklearn", 1), ("chalknet", 1), ("chalknet", 2), ("sklearn", 2)
    ]  # fmt: skip


def test_one_run_is_a_score_and_times():
    run = moving.once("tiny", "chalknet", 0)
    assert run["score"] > 0.9 and run["cpu"] > 0 and run["wall"] > 0
    assert moving.estimator("sklearn", "tiny").__module__.startswith("sklearn.")
