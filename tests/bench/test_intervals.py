"""The page on uncertainty: its tables are made from what was counted, and coverage is what the goal says."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def load():
    spec = importlib.util.spec_from_file_location("intervals", ROOT / "benchmarks" / "intervals.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


intervals = load()


def test_the_page_holds_what_was_counted():
    page = intervals.PAGE.read_text("utf-8")
    document = json.loads(intervals.RESULTS.read_text("utf-8"))
    assert intervals.fill(page, intervals.tables(document), intervals.PAGE.name) == page
    assert set(document["intervals"]) == set(intervals.WAYS) and set(document["classes"]) == set(
        intervals.CLASSIFIED
    )
    for way in ("5 networks", "Monte-Carlo dropout", "5 networks, quantiles"):
        for runs in document["intervals"][way].values():
            assert len(runs) == intervals.SPLITS and 0.85 <= intervals.mean(runs, "coverage") <= 0.95


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", intervals.SETS)
def test_the_numbers_come_out_again(name):
    X, y = intervals.SETS[name]()
    counted = json.loads(intervals.RESULTS.read_text("utf-8"))
    for way in ("5 networks", "Monte-Carlo dropout"):
        runs = counted["intervals"][way][name][:2]
        for seed, want in enumerate(runs):
            got = intervals.intervals(way, X, y, seed)
            assert got["coverage"] == pytest.approx(want["coverage"], abs=0.03)
            assert got["width"] == pytest.approx(want["width"], rel=0.1)
    want = counted["classes"]["5 networks"][name][0]
    assert intervals.classes("5 networks", X, y, 0)["accuracy"] == pytest.approx(want["accuracy"], abs=0.03)


def test_calibration_is_the_distance_of_shares_from_probabilities():
    proba = np.array([[0.1, 0.9]] * 10 + [[0.65, 0.35]] * 10)
    y = np.array([1] * 9 + [0] + [0] * 5 + [1] * 5)
    assert intervals.calibration(proba, y) == pytest.approx(0.5 * 0.0 + 0.5 * 0.15)
