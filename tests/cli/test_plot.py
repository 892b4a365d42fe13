"""``chalknet plot``: every kind of picture from a model file, alone or with rows of a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import chalknet as cn
from chalknet.cli.plot import KINDS

START = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.fixture
def numbers(chalknet, tmp_path):
    """A model that predicts numbers, and its table."""
    rng = np.random.RandomState(0)
    frame = pd.DataFrame({"a": rng.randn(60).round(2), "b": rng.randn(60).round(2)})
    frame["y"] = (2 * frame["a"] - frame["b"]).round(3)
    frame.to_csv(tmp_path / "n.csv", index=False)
    assert chalknet("train", "n.csv", "--target", "y", "--out", "n.chalk", "--epochs", 5).status == 0
    return "n.chalk", "n.csv"


def drawn(chalknet, tmp_path, *args, out="a.png"):
    before = {p.name for p in tmp_path.iterdir()}
    result = chalknet("plot", *args, "--out", out)
    assert result.status == 0, result.err
    assert f"Picture written to {out}" in result.out
    assert {p.name for p in tmp_path.iterdir()} - before == {out}
    data = (tmp_path / out).read_bytes()
    assert data.startswith(START[out[-4:]])
    return data


@pytest.mark.parametrize("kind", ["curve", "network", "weights"])
def test_of_a_model_alone(chalknet, tmp_path, model, kind):
    drawn(chalknet, tmp_path, model, "--kind", kind)


@pytest.mark.parametrize("kind", ["boundary", "activations", "gradients", "slice", "confusion", "network"])
def test_of_a_classifier_with_rows(chalknet, tmp_path, model, table, kind):
    drawn(chalknet, tmp_path, model, table, "--kind", kind, out="a.svg")


@pytest.mark.parametrize("kind", ["boundary", "gradients", "predicted", "regression"])
def test_of_numbers_with_rows(chalknet, tmp_path, numbers, kind):
    drawn(chalknet, tmp_path, *numbers, "--kind", kind, out="a.pdf")


def test_columns_and_rows_can_be_chosen(chalknet, tmp_path, numbers):
    one = drawn(
        chalknet, tmp_path, *numbers, "--kind", "regression", "--features", "b", "--sep", ",", out="1.svg"
    )
    assert b"<!-- b -->" in one
    assert b"<!-- y -->" in one
    two = ("--features", "b", "--features", "a")
    drawn(chalknet, tmp_path, *numbers, "--kind", "regression", *two, out="2.svg")
    drawn(chalknet, tmp_path, *numbers, "--kind", "boundary", *two, out="3.svg")
    drawn(chalknet, tmp_path, *numbers, "--kind", "network", "--row", 7, out="4.svg")


def test_a_model_of_arrays_is_drawn_without_data(chalknet, refused, tmp_path):
    net = cn.Network([cn.Dense(4, 3), cn.ReLU(), cn.Dense(3, 1)], loss=cn.MSE(), random_state=0)
    cn.save(net, tmp_path / "net.chalk")
    drawn(chalknet, tmp_path, "net.chalk", "--kind", "images")
    drawn(chalknet, tmp_path, "net.chalk", "--kind", "network", out="b.png")
    assert "loss_curve_" in refused("plot", "net.chalk", "--kind", "curve", "--out", "c.png")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert "named columns" in refused("plot", "net.chalk", "a.csv", "--kind", "activations", "--out", "c.png")


def test_remarks_on_the_table_are_kept(chalknet, tmp_path, model, table):
    text = (tmp_path / table).read_text() + "1,x,\n"
    (tmp_path / "a.csv").write_text(text)
    result = chalknet("plot", model, "a.csv", "--kind", "confusion", "--out", "a.png")
    assert result.status == 0 and "1 row without 'kind' left out" in result.err


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.data])
def test_kinds_that_need_rows_say_so(refused, model, kind):
    assert "needs DATA" in refused("plot", model, "--kind", kind, "--out", "a.png")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--kind", "bounds", "--out", "a.png"], ["--kind", *KINDS]),
        (["--out", "a.png"], ["--kind"]),
        (["--kind", "curve"], ["--out"]),
        (["--kind", "curve", "--out", "a.txt"], ["--out", ".svg"]),
        (["--kind", "curve", "--out", "no/a.png"], ["--out", "no"]),
        (["--kind", "curve", "--out", "m.chalk"], ["--out", "is read"]),
        (["--kind", "curve", "--out", "a.png", "--row", "-1"], ["--row"]),
    ],
)
def test_wrong_use(refused, model, args, words):
    line = refused("plot", model, *args)
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--kind", "boundary", "--features", "lenght"], ["--features 'lenght'", "did you mean 'length'"]),
        (["--kind", "boundary", "--features", "length"], ["two columns"]),
        (["--kind", "predicted"], ["--kind confusion"]),
        (["--kind", "regression"], ["--kind boundary"]),
        (["--kind", "network", "--row", "60"], ["--row 60", "60 rows"]),
    ],
)
def test_what_does_not_fit_the_model(refused, model, table, args, words):
    line = refused("plot", model, table, *args, "--out", "a.png")
    assert all(word in line for word in words), line


def test_confusion_is_for_classes(refused, numbers):
    assert "--kind predicted" in refused("plot", *numbers, "--kind", "confusion", "--out", "a.png")


def test_one_column_of_numbers_and_one_of_text_are_enough_for_a_plane(chalknet, tmp_path, model, table):
    drawn(chalknet, tmp_path, model, table, "--kind", "boundary")


def test_files_that_are_no_models_or_tables(refused, model, table, tmp_path):
    assert "no.chalk" in refused("plot", "no.chalk", "--kind", "curve", "--out", "a.png")
    assert "no.csv" in refused("plot", model, "no.csv", "--kind", "boundary", "--out", "a.png")
    (tmp_path / "empty.csv").write_text("length,colour,kind\n")
    assert "no rows" in refused("plot", model, "empty.csv", "--kind", "activations", "--out", "a.png")
    (tmp_path / "a.csv").write_text("length,colour\n1,x\n")
    assert "no column 'kind'" in refused("plot", model, "a.csv", "--kind", "boundary", "--out", "a.png")


def test_images_need_square_pictures(chalknet, numbers):
    result = chalknet("plot", *numbers, "--kind", "images", "--out", "a.png")
    assert result.status == 2
    assert "--kind images is for square pictures" in result.err
