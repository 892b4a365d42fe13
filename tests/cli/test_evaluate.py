"""``chalknet evaluate``: scores, and a picture of them."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from chalknet.cli.main import run


def test_scores_of_a_classifier_and_each_class(chalknet, model, table):
    result = chalknet("evaluate", model, table)
    assert result.status == 0 and result.err == ""
    for words in ("flowers.csv: 60 rows", "accuracy", "log loss", "macro F1", "precision", "lily", "rose"):
        assert words in result.out


def test_scores_of_a_regressor_with_its_picture(chalknet, tmp_path):
    x = np.linspace(-1, 1, 60)
    pd.DataFrame({"x": x, "y": 3 * x}).to_csv(tmp_path / "a.tsv", sep="\t", index=False)
    assert chalknet("train", "a.tsv", "--target", "y").status == 0
    result = chalknet("evaluate", "model.chalk", "a.tsv", "--plot", "a.svg")
    assert result.status == 0
    assert all(words in result.out for words in ("MAE", "RMSE", "R2", "a.svg"))
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()


def test_rows_that_cannot_be_scored_are_remarked(chalknet, model, table, tmp_path):
    text = (tmp_path / table).read_text() + "1,x,tulip\n2,y,\n"
    (tmp_path / "a.csv").write_text(text)
    result = chalknet("evaluate", model, "a.csv", "--plot", "a.png")
    assert result.status == 0
    assert "1 row without 'kind' left out" in result.err
    assert "does not know ('tulip') count as wrong" in result.err
    assert "tulip" in result.out and "61 rows" in result.out
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_many_classes_are_cut_short(chalknet, tmp_path):
    y = np.arange(160) % 40
    pd.DataFrame({"x": y + 0.1 * np.sin(np.arange(160)), "y": y}).to_csv(tmp_path / "a.csv", index=False)
    assert chalknet("train", "a.csv", "--target", "y", "--task", "classification", "--epochs", 1).status == 0
    assert "… 10 more" in chalknet("evaluate", "model.chalk", "a.csv").out


@pytest.mark.parametrize("picture", ["a.txt", "a", "nowhere/a.png", "flowers.csv"])
def test_pictures_that_cannot_be_written(refused, model, table, picture):
    assert "--plot" in refused("evaluate", model, table, "--plot", picture)


def test_without_matplotlib_the_install_command_is_named(refused, model, table, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "chalknet[all]" in refused("evaluate", model, table, "--plot", "a.png")


def test_without_the_target(refused, model, tmp_path):
    (tmp_path / "a.csv").write_text("length,colour\n1,x\n")
    assert "no column 'kind'" in refused("evaluate", model, "a.csv")
    (tmp_path / "a.csv").write_text("length,colour,kind\n")
    assert "nothing to score" in refused("evaluate", model, "a.csv")
    (tmp_path / "a.csv").write_text("length,colour,kind\n1,x,\n")
    assert "no usable value" in refused("evaluate", model, "a.csv")


def test_a_reader_that_goes_away_does_not_stop_the_picture(model, table, tmp_path, monkeypatch):
    class Closed:
        encoding = "utf-8"

        def write(self, _: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            pass

        def isatty(self) -> bool:
            return False

        def fileno(self) -> int:
            raise OSError

    monkeypatch.setattr(sys, "stdout", Closed())
    assert run(["evaluate", model, table, "--plot", "a.png"]) in (0, 141)
    assert (tmp_path / "a.png").exists()
