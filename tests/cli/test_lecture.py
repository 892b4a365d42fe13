"""``chalknet lecture``: the list, one item with its figure, everything on one page, and how it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from chalknet.lecture import items
from chalknet.lecture.items import ITEMS


@pytest.fixture
def three(monkeypatch):
    """A lecture of three quick items."""
    short = {name: ITEMS[name] for name in ("line", "forward", "mse")}
    monkeypatch.setattr(items, "ITEMS", short)
    return short


@pytest.fixture
def terminal(monkeypatch):
    from chalknet.cli.report import Report

    monkeypatch.setattr(Report, "is_terminal", property(lambda self: True))


def test_the_list_is_one_item_a_line_its_name_first(chalknet):
    result = chalknet("lecture")
    assert result.status == 0 and result.err == ""
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines] == list(ITEMS)
    assert all(item.title in line for item, line in zip(ITEMS.values(), lines, strict=True))


def test_backward_prints_every_number_and_leaves_its_figure(chalknet, tmp_path):
    result = chalknet("lecture", "backward")
    assert result.status == 0 and result.err == ""
    for number in ("9213.25", "120.5", "903.75", "303.5", "1517.5", "14.19783", "12.73375", "196.5612"):
        assert number in result.out
    assert "✗ S10, ∂L/∂W2, the slide: h·[121.5, 62.5]" in result.out
    assert "✓ right: h·[120.5, 62.5]" in result.out
    assert [p.name for p in tmp_path.iterdir()] == ["chalknet-lecture-backward.png"]
    lines = result.out.rstrip().splitlines()
    assert lines[-2].startswith("Try next.") and lines[-1].startswith("  chalknet ")
    assert max(map(len, lines)) <= 100
    assert chalknet("lecture", "backward").status == 0  # a second run replaces its own figure


@pytest.mark.parametrize(("name", "item"), [("S12", "mse"), ("s4", "line")])
def test_a_slide_names_its_item(chalknet, tmp_path, name, item):
    assert chalknet("lecture", name).status == 0
    assert (tmp_path / f"chalknet-lecture-{item}.png").exists()


@pytest.mark.parametrize(("file", "start"), [("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("a.png", b"\x89PNG")])
def test_the_figure_goes_where_out_says(chalknet, tmp_path, file, start):
    assert chalknet("lecture", "line", "--out", file).status == 0
    assert (tmp_path / file).read_bytes().startswith(start)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.usefixtures("terminal")
def test_in_a_terminal_it_is_coloured_and_small_images_are_shown(chalknet, monkeypatch):
    from chalknet.lecture.items import line

    monkeypatch.setattr(
        line,
        "show",
        lambda page: (page.pixels(np.array([[[0.0, 1.0]]]), [("8 as 1", False)]), page.say("words")),
    )
    result = chalknet("lecture", "line")
    assert result.status == 0 and "8 as 1" in result.out and "words" in result.out


@pytest.mark.usefixtures("three")
def test_everything_on_one_page(chalknet, tmp_path):
    result = chalknet("lecture", "all", "--out", "page.html")
    assert result.status == 0 and result.err == ""
    assert "3 items written to page.html" in result.out
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count("data:image/png;base64,") == 3 and "http" not in page
    assert page.index('id="line"') < page.index('id="forward"') < page.index('id="mse"')
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.usefixtures("three", "terminal")
def test_in_a_terminal_each_item_is_named_as_it_begins(chalknet):
    assert chalknet("lecture", "all").out.splitlines()[:3] == ["  line", "  forward", "  mse"]


@pytest.mark.usefixtures("three")
def test_the_page_has_a_name_of_its_own(chalknet, tmp_path):
    assert chalknet("lecture", "all").status == 0
    assert [p.name for p in tmp_path.iterdir()] == ["lecture.html"]


def test_one_item_as_a_page(chalknet, tmp_path):
    result = chalknet("lecture", "mse", "--out", "mse.html")
    assert result.status == 0 and "The item mse written to mse.html" in result.out
    assert "<math" in (tmp_path / "mse.html").read_text("utf-8")


@pytest.mark.slow
def test_the_whole_lecture_as_a_page(chalknet, tmp_path):
    assert chalknet("lecture", "all", "--out", "lecture.html").status == 0
    page = (tmp_path / "lecture.html").read_text("utf-8")
    places = [page.index(f'<section id="{name}">') for name in ITEMS]
    assert places == sorted(places)
    assert page.count("<img ") == len(ITEMS) == page.count('class="next"')
    assert "http" not in page


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["decent"], ["'decent'", "did you mean 'descent'", "xor", "all"]),
        (["--out", "a.png"], ["--out", "NAME"]),
        (["all", "--out", "a.png"], ["--out", ".html"]),
        (["all", "--out", "nowhere/a.html"], ["--out", "nowhere"]),
        (["mse", "--out", "a.txt"], ["--out", ".png"]),
        (["mse", "--out", "a"], ["--out", ".html"]),
        (["mse", "extra"], ["extra"]),
    ],
)
def test_wrong_use(refused, args, words):
    line = refused("lecture", *args)
    assert all(word in line for word in words), line


def test_a_folder_that_cannot_be_written(refused, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "permission" in refused("lecture", "line")


def test_without_matplotlib_the_numbers_come_without_a_figure(chalknet, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = chalknet("lecture", "mse")
    assert result.status == 0 and "9213.25" in result.out
    assert "need Matplotlib" in result.err and "chalknet[all]" in result.err
    assert not list(tmp_path.iterdir())


def test_a_package_that_is_missing_is_named(refused, monkeypatch):
    from chalknet.lecture.items import line

    def show(page: object) -> None:
        raise ModuleNotFoundError("No module named 'pandas'", name="pandas")

    monkeypatch.setattr(line, "show", show)
    sentence = refused("lecture", "line")
    assert "'line' needs pandas" in sentence and "chalknet[all]" in sentence


def test_parts_of_no_kind_are_refused(chalknet):
    from chalknet.cli.lecture_text import Printer
    from chalknet.cli.report import Report

    with pytest.raises(TypeError, match="no part of an item"):
        Printer(Report(), "a.png")("words")


@pytest.mark.parametrize("name", ["a", "a.txt"])
def test_the_suffixes_are_named(chalknet, name):
    result = chalknet("lecture", "descent", "--out", name)
    assert result.status == 2
    assert ".png, .svg" in result.err
    assert ".html for a page" in result.err
