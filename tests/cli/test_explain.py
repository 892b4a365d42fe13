"""``chalknet explain``: one row's update in every format, gradients checked, and a learner's numbers checked."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import chalknet as cn


@pytest.fixture
def small(chalknet, table):
    """A model small enough to be read."""
    assert (
        chalknet("train", table, "--target", "kind", "--out", "s.chalk", "--hidden", 3, "--epochs", 5).status
        == 0
    )
    return "s.chalk"


@pytest.fixture
def numbers(chalknet, tmp_path):
    """A model that predicts numbers, and its table."""
    x = np.linspace(-1, 1, 40).round(3)
    pd.DataFrame({"x": x, "y": 3 * x}).to_csv(tmp_path / "n.csv", index=False)
    options = ("--target", "y", "--out", "n.chalk", "--hidden", 2, "--epochs", 5)
    assert chalknet("train", "n.csv", *options).status == 0
    return "n.chalk", "n.csv"


def trace_of(model, table, row, **options):
    """What the same explanation is in Python."""
    frame = pd.read_csv(table)
    loaded = cn.load(model)
    return cn.explain(
        loaded, frame.iloc[[row]].drop(columns=frame.columns[-1]), frame.iloc[[row], -1], **options
    )


def test_text_by_default(chalknet, small, table, tmp_path):
    result = chalknet("explain", small, table, "--row", 3)
    assert result.status == 0 and result.err == ""
    assert result.out.rstrip("\n") == trace_of(tmp_path / small, tmp_path / table, 3).to_text().rstrip("\n")
    assert max(map(len, result.out.splitlines())) <= 80


@pytest.mark.parametrize("style", ["node", "matrix"])
def test_json_holds_the_whole_trace(chalknet, small, table, tmp_path, style):
    result = chalknet("explain", small, table, "--row", 3, "--style", style, "--format", "json")
    assert result.status == 0
    assert json.loads(result.out) == trace_of(tmp_path / small, tmp_path / table, 3, style=style).to_dict()


def test_latex_is_a_whole_document(chalknet, small, table):
    out = chalknet("explain", small, table, "--row", 0, "--format", "latex").out
    assert out.startswith("\\documentclass") and out.rstrip().endswith("\\end{document}")


def test_html_is_a_page_of_its_own(chalknet, small, table):
    out = chalknet("explain", small, table, "--row", 0, "--format", "html").out
    assert out.startswith("<!DOCTYPE html>") and "<math" in out and "http" not in out


def test_out_takes_any_format(chalknet, small, table, tmp_path):
    for name, start in (
        ("a.html", "<!DOCTYPE"),
        ("a.tex", "\\documentclass"),
        ("a.json", "{"),
        ("a", "One update"),
    ):
        result = chalknet("explain", small, table, "--row", 0, "--out", name)
        assert (result.status, result.out, result.err) == (0, "", "")
        assert (tmp_path / name).read_text("utf-8").startswith(start)
    assert chalknet("explain", small, table, "--row", 0, "--format", "html", "--out", "b.txt").status == 0
    assert (tmp_path / "b.txt").read_bytes() == (tmp_path / "a.html").read_bytes()


def test_a_learning_rate_makes_plain_descent(chalknet, small, table, tmp_path):
    result = chalknet(
        "explain", small, table, "--row", 3, "--learning-rate", 0.1, "--format", "json", "-o", "t.json"
    )
    assert result.status == 0
    expected = trace_of(tmp_path / small, tmp_path / table, 3, learning_rate=0.1).to_dict()
    assert json.loads((tmp_path / "t.json").read_text("utf-8")) == expected


def test_numbers_are_explained_in_the_networks_own_unit(chalknet, numbers, tmp_path):
    model, table = numbers
    result = chalknet("explain", model, table, "--row", 39, "--format", "json")
    assert result.status == 0
    assert json.loads(result.out) == trace_of(tmp_path / model, tmp_path / table, 39).to_dict()


def test_a_table_from_anywhere(chalknet, small, table, tmp_path):
    expected = chalknet("explain", small, table, "--row", 5).out
    data = (tmp_path / table).read_bytes()
    assert chalknet("explain", small, "-", "--row", 5, stdin=data).out == expected
    frame = pd.read_csv(tmp_path / table)
    frame.to_csv(tmp_path / "a.tsv", sep="\t", index=False)
    frame[["kind", "colour", "length"]].assign(extra=1).to_csv(
        tmp_path / "b.csv", sep=";", index=False, encoding="utf-16"
    )
    frame.to_parquet(tmp_path / "c.parquet")
    assert chalknet("explain", small, "a.tsv", "--row", 5).out == expected
    options = ("--sep", ";", "--encoding", "utf-16")
    assert chalknet("explain", small, "b.csv", "--row", 5, *options).out == expected
    assert chalknet("explain", small, "c.parquet", "--row", 5).out == expected


def test_an_estimator_of_a_data_frame(chalknet, tmp_path):
    frame = pd.DataFrame({"a": [0.0, 1.0, 0.0, 1.0], "b": [0.0, 0.0, 1.0, 1.0]})
    model = cn.MLPClassifier((2,), max_iter=2, random_state=0, batch_size=4)
    cn.save(model.partial_fit(frame, [3, 5, 5, 3], classes=[3, 5]), tmp_path / "m.chalk")
    frame.assign(prediction=[3, 5, 5, 3]).to_csv(tmp_path / "a.csv", index=False)
    result = chalknet("explain", "m.chalk", "a.csv", "--row", 1, "--check")
    assert result.status == 0 and "agree" in result.out


# --check


def test_gradients_that_agree(chalknet, small, table):
    result = chalknet("explain", small, table, "--row", 3, "--check")
    assert result.status == 0 and result.err == ""
    assert "central differences" in result.out and "W1" in result.out
    assert "Given" not in result.out  # the verdict alone


def test_gradients_that_do_not(chalknet, small, table, monkeypatch):
    from chalknet.layers.dense import Dense

    backward = Dense.backward
    monkeypatch.setattr(Dense, "backward", lambda self, *a, **k: 1.5 * backward(self, *a, **k))
    result = chalknet("explain", small, table, "--row", 3, "--check")
    assert result.status == 1 and result.err == ""
    assert "not agree" in result.out


# --answers


def answers(tmp_path, given, name="answers.json"):
    (tmp_path / name).write_text(json.dumps(given))
    return name


def test_right_answers(chalknet, small, table, tmp_path):
    trace = trace_of(tmp_path / small, tmp_path / table, 3)
    file = answers(tmp_path, {"z1[0]": round(trace.value("z1[0]"), 4), "L": round(trace.value("L"), 3)})
    result = chalknet("explain", small, table, "--row", 3, "--answers", file)
    assert result.status == 0 and "All right: 2 of 2." in result.out


def test_wrong_answers(chalknet, small, table, tmp_path):
    trace = trace_of(tmp_path / small, tmp_path / table, 3)
    lines = f"symbol,value\nz1[0],{trace.value('z1[0]') + 1:.3f}\nL,{trace.value('L'):.3f}\n"
    (tmp_path / "a.csv").write_text(lines)
    result = chalknet("explain", small, table, "--row", 3, "--answers", "a.csv")
    assert result.status == 1 and result.err == ""
    assert "z1[0]" in result.out and "✗" in result.out and "Given" not in result.out


def test_the_arithmetic_comes_with_the_verdict_if_asked_for(chalknet, small, table, tmp_path):
    file = answers(tmp_path, {"L": 1e9})
    options = ("explain", small, table, "--row", 3, "--answers", file)
    result = chalknet(*options, "--format", "text")
    assert result.status == 1 and result.out.index("Given") < result.out.index("✗")
    result = chalknet(*options, "--format", "json")
    assert result.status == 1 and json.loads(result.out)["steps"] and "✗" in result.err
    result = chalknet(*options, "--out", "a.txt", "--check")
    assert result.status == 1 and "✗" in result.out and "agree" in result.out
    assert "Given" in (tmp_path / "a.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ('{"z9[0]": 1}', ["z9[0]"]),
        ('{"z1[0]": "x"}', ["z1[0]"]),
        ("[1]", ["a.json"]),
        ("{", ["a.json", "line 1"]),
    ],
)
def test_answers_that_are_none(refused, small, table, tmp_path, given, words):
    (tmp_path / "a.json").write_text(given)
    line = refused("explain", small, table, "--row", 3, "--answers", "a.json")
    assert all(word in line for word in words), line


def test_an_answers_file_that_is_not_there(refused, small, table):
    assert "no.csv" in refused("explain", small, table, "--row", 3, "--answers", "no.csv")


# refusals


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], ["--row"]),
        (["--row", "60"], ["--row 60", "rows 0 to 59"]),
        (["--row", "-1"], ["--row", "'-1'"]),
        (["--row", "x"], ["--row", "'x'"]),
        (["--row", "0", "--style", "nodes"], ["--style", "node", "matrix"]),
        (["--row", "0", "--format", "pdf"], ["--format", "text", "latex", "html", "json"]),
        (["--row", "0", "--learning-rate", "0"], ["--learning-rate"]),
        (["--row", "0", "--out", "s.chalk"], ["--out", "is read"]),
        (["--row", "0", "--out", "no/a"], ["--out", "no"]),
    ],
)
def test_wrong_use(refused, small, table, args, words):
    line = refused("explain", small, table, *args)
    assert all(word in line for word in words), line


def test_rows_without_a_truth(refused, small, tmp_path):
    (tmp_path / "a.csv").write_text("length,colour,kind\n1,x,\n2,y,rose\n3,z,tulip\n")
    assert "--row 0 of a.csv has no usable value in column 'kind'" in refused(
        "explain", small, "a.csv", "--row", 0
    )
    line = refused("explain", small, "a.csv", "--row", 2)
    assert "'tulip'" in line and "'lily', 'rose'" in line
    (tmp_path / "b.csv").write_text("length,colour\n1,x\n")
    assert "no column 'kind'" in refused("explain", small, "b.csv", "--row", 0)
    (tmp_path / "c.csv").write_text("length,kind\n1,rose\n")
    assert "lacks the column 'colour'" in refused("explain", small, "c.csv", "--row", 0)
    (tmp_path / "d.csv").write_text("length,colour,kind\n1,x,rose\n")
    assert "only row 0" in refused("explain", small, "d.csv", "--row", 1)


def test_a_model_without_columns(refused, tmp_path, table):
    cn.save(cn.Network([cn.Dense(2, 1)], loss=cn.MSE()), tmp_path / "net.chalk")
    assert "named columns" in refused("explain", "net.chalk", table, "--row", 0)


def test_in_a_terminal_it_is_coloured(chalknet, small, table, tmp_path, monkeypatch):
    from chalknet.cli.report import Report

    monkeypatch.setattr(Report, "is_terminal", property(lambda self: True))
    assert "Given" in chalknet("explain", small, table, "--row", 3).out
    file = answers(tmp_path, {"L": 1e9})
    assert "✗" in chalknet("explain", small, table, "--row", 3, "--answers", file).out
