"""The page's tables are those of the committed results, not typed by hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def writer():
    spec = importlib.util.spec_from_file_location("write_page", ROOT / "benchmarks" / "write_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_holds_what_was_measured(writer):
    page = writer.PAGE.read_text("utf-8")
    made = writer.tables()
    assert set(made) == {*writer.RUNS, "works", "w2"}
    assert writer.fill(page, made) == page


def test_a_page_without_a_place_for_a_table_is_refused(writer):
    with pytest.raises(SystemExit, match="no place for one-thread"):
        writer.fill("# Empty\n", {"one-thread": "a table"})
