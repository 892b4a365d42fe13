"""``chalknet exercise``: sheets and solutions, the same for ever from a seed."""

from __future__ import annotations

import pytest

import chalknet as cn


@pytest.mark.parametrize("form", ["text", "latex", "html"])
def test_the_sheet_and_its_solution(chalknet, form):
    made = cn.exercise()
    write = {"text": made.to_text, "latex": made.to_latex, "html": made.to_html}[form]
    sheet = chalknet("exercise", "--format", form)
    solution = chalknet("exercise", "--format", form, "--answers")
    assert (sheet.status, sheet.err, solution.status, solution.err) == (0, "", 0, "")
    assert sheet.out.rstrip("\n") == write().rstrip("\n")
    assert solution.out.rstrip("\n") == write(answers=True).rstrip("\n")
    assert sheet.out != solution.out


def test_text_is_the_default_and_a_seed_gives_one_sheet(chalknet):
    first = chalknet("exercise").out
    assert first == chalknet("exercise", "--seed", 0, "--format", "text").out
    assert first != chalknet("exercise", "--seed", 1).out


def test_options_reach_the_exercise(chalknet):
    options = ("--layers", "3,2,2,1", "--activation", "sigmoid", "--loss", "half_squared_error", "--seed", 5)
    made = cn.exercise(layers=(3, 2, 2, 1), activation="sigmoid", loss="half_squared_error", seed=5)
    assert chalknet("exercise", *options).out.rstrip("\n") == made.to_text().rstrip("\n")
    assert chalknet("exercise", "--loss", "softmax_cross_entropy", "--answers").status == 0


def test_the_suffix_says_what_is_written(chalknet, tmp_path):
    for name, start in (("a.tex", "\\documentclass"), ("a.html", "<!DOCTYPE html>")):
        result = chalknet("exercise", "--out", name)
        assert (result.status, result.out, result.err) == (0, "", "")
        assert (tmp_path / name).read_text("utf-8").startswith(start)
    assert chalknet("exercise", "--out", "a.txt").status == 0
    assert (tmp_path / "a.txt").read_text("utf-8").rstrip("\n") == chalknet("exercise").out.rstrip("\n")
    assert chalknet("exercise", "--format", "html", "-o", "b.tex").status == 0
    assert (tmp_path / "b.tex").read_bytes() == (tmp_path / "a.html").read_bytes()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--layers", "2"], ["--layers", "2,4,2"]),
        (["--layers", "2,0"], ["--layers", "'2,0'"]),
        (["--layers", "2,x"], ["--layers", "'2,x'"]),
        (["--activation", "rellu"], ["--activation", "did you mean 'relu'", "tanh"]),
        (["--loss", "mes"], ["--loss", "did you mean", "squared_error"]),
        (["--seed", "-1"], ["--seed", "'-1'"]),
        (["--format", "pdf"], ["--format", "text", "latex", "html"]),
        (["--out", "no/a.tex"], ["--out", "no"]),
        (["extra"], ["extra"]),
    ],
)
def test_wrong_use(refused, args, words):
    line = refused("exercise", *args)
    assert all(word in line for word in words), line
