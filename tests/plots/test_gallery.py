"""The gallery in examples/ draws every figure there is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from chalknet import plots

FILE = Path(__file__).parents[2] / "examples" / "figures.py"


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("figures", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_each_figure_is_written(gallery, tmp_path, capsys):
    gallery.main(str(tmp_path / "new"), "dark")
    files = sorted((tmp_path / "new").glob("*.png"))
    assert [f.stem for f in files] == sorted(gallery.FIGURES)
    assert min(f.stat().st_size for f in files) > 5000
    moving = sorted((tmp_path / "new").glob("*.gif"))
    assert [f.stem for f in moving] == sorted(gallery.ANIMATIONS)
    assert len(capsys.readouterr().out.splitlines()) == len(files) + len(moving)


def test_each_function_has_its_place_in_the_gallery():
    source = FILE.read_text("utf-8")
    functions = [name for name in plots.__all__ if not isinstance(getattr(plots, name), type)]
    assert [name for name in functions if f"plots.{name}(" not in source] == []
