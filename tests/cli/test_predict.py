"""``chalknet predict``: a row for each row, columns by name, kinds as they were in training."""

from __future__ import annotations

import io
import sys

import numpy as np
import pandas as pd
import pytest

import chalknet as cn
from chalknet.cli.main import run


def _read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def test_one_prediction_for_each_row_in_its_order(chalknet, model, flowers, tmp_path):
    result = chalknet("predict", model, "flowers.csv", "--proba")
    assert result.status == 0 and result.err == ""
    frame = _read(result.out)
    assert list(frame) == ["kind", "proba_lily", "proba_rose"]
    assert (frame["kind"] == flowers["kind"]).mean() > 0.8
    estimator = cn.load(model)
    raw = pd.read_csv(tmp_path / "flowers.csv")  # what a file's model makes of the raw table, in Python
    assert np.array_equal(estimator.predict(raw), frame["kind"])
    assert np.array_equal(estimator.predict_proba(raw), frame[["proba_lily", "proba_rose"]])


def test_files_streams_and_outputs_agree(chalknet, model, flowers, tmp_path):
    expected = chalknet("predict", model, "flowers.csv").out
    flowers.to_parquet(tmp_path / "a.parquet")
    assert chalknet("predict", model, "a.parquet").out == expected
    assert chalknet("predict", model, "-", stdin=(tmp_path / "flowers.csv").read_bytes()).out == expected
    assert chalknet("predict", model, "flowers.csv", "-o", "-").out == expected
    assert chalknet("predict", model, "flowers.csv", "-o", "p.csv") == (0, "", "")
    assert (tmp_path / "p.csv").read_text() == expected
    assert (
        chalknet("predict", model, "flowers.csv", "-o", "p.csv").status == 0
    )  # predictions may be made again


def test_columns_are_found_by_name(chalknet, model, tmp_path):
    text = 'extra,colour,length\n"a\nb",x,3\n1,never seen,\n,,0.5\n'
    (tmp_path / "a.csv").write_text(text)
    result = chalknet("predict", model, "a.csv")
    assert result.status == 0
    assert len(_read(result.out)) == 3
    assert "kind" not in text


def test_text_among_numbers_is_remarked(chalknet, model, tmp_path):
    (tmp_path / "a.csv").write_text("colour,length\nx,tall\nx,?\nx,1\n")
    result = chalknet("predict", model, "a.csv")
    assert result.status == 0 and len(_read(result.out)) == 3
    assert "'length' is taken for numbers; 1 value without one counted as missing: 'tall'" in result.err


def test_a_header_alone_gives_a_header(chalknet, model, tmp_path):
    (tmp_path / "a.csv").write_text("colour,length\n")
    assert chalknet("predict", model, "a.csv", "--proba").out == "kind,proba_lily,proba_rose\n"
    assert chalknet("predict", model, "a.csv").out == "kind\n"


def test_codes_and_decimal_commas_mean_what_they_meant_in_training(chalknet, tmp_path):
    """Read alone, "1.234" would be a number near 1 and "1.50" the category "1.5"."""
    rng = np.random.RandomState(0)
    kind = rng.randint(0, 2, 80)
    size = [f"{1 + k * 7}.{rng.randint(100, 999)},5" for k in kind]
    code = np.where(kind == 1, "1.50", "x")
    pd.DataFrame({"size": size, "code": code, "y": kind}).to_csv(tmp_path / "a.csv", sep=";", index=False)
    assert chalknet("train", "a.csv", "--sep", ";", "--target", "y").status == 0
    whole = _read(chalknet("predict", "model.chalk", "a.csv", "--sep", ";", "--proba").out)
    i = int(np.flatnonzero(kind == 1)[0])
    (tmp_path / "b.csv").write_text(f"size;code\n{size[i].removesuffix(',5')};1.50\n")
    alone = _read(chalknet("predict", "model.chalk", "b.csv", "--sep", ";", "--proba").out)
    assert alone["proba_1"][0] == pytest.approx(whole["proba_1"][i], abs=1e-3)
    assert whole["y"][i] == 1


@pytest.mark.parametrize("labels", [[False, True], [3, 4], ["007", "012"], ["a, b", 'c "d"']])
def test_labels_come_out_as_they_went_in(chalknet, tmp_path, labels):
    rng = np.random.RandomState(0)
    kind = rng.randint(0, 2, 40)
    frame = pd.DataFrame({"x": kind * 4 + rng.randn(40), "y": np.array(labels, dtype=object)[kind]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert chalknet("train", "a.csv", "--target", "y").status == 0
    text = chalknet("predict", "model.chalk", "a.csv", "--proba").out
    got = pd.read_csv(io.StringIO(text), dtype=str)
    assert list(got) == ["y", *(f"proba_{label}" for label in labels)]
    assert set(got["y"]) == {str(label) for label in labels}


def test_numbers(chalknet, refused, tmp_path):
    x = np.linspace(-1, 1, 80)
    pd.DataFrame({"x": x, "y": 3 * x}).to_parquet(tmp_path / "a.parquet")
    assert chalknet("train", "a.parquet", "--target", "y").status == 0
    got = _read(chalknet("predict", "model.chalk", "a.parquet").out)
    assert list(got) == ["y"] and np.abs(got["y"] - 3 * x).mean() < 0.5
    assert "needs a classifier" in refused("predict", "model.chalk", "a.parquet", "--proba")


def test_a_loss_without_probabilities(chalknet, refused, table):
    result = chalknet("train", table, "--target", "kind", "--loss", "hinge", "--epochs", 20)
    assert result.status == 0 and "–" in result.out
    assert chalknet("predict", "model.chalk", table).status == 0
    assert "needs probabilities" in refused("predict", "model.chalk", table, "--proba")


def test_what_does_not_fit_is_refused(refused, model, tmp_path):
    (tmp_path / "lacks.csv").write_text("colour\nx\n")
    line = refused("predict", model, "lacks.csv")
    assert "lacks.csv lacks the column 'length', which m.chalk was trained on" in line
    (tmp_path / "latin.csv").write_bytes("colour,length\nü,1\n".encode("latin-1"))
    line = refused("predict", model, "latin.csv")
    assert "line 2" in line and "0xfc" in line and "--encoding" in line
    assert "flowers.csv" in refused("predict", "flowers.csv", "flowers.csv")
    assert "no.chalk" in refused("predict", "no.chalk", "flowers.csv")
    for path in (model, "flowers.csv"):
        assert "is read" in refused("predict", model, "flowers.csv", "-o", path)
    assert "no folder" in refused("predict", model, "flowers.csv", "-o", "nowhere/p.csv")


def test_models_that_take_no_named_columns(refused, table, tmp_path):
    cn.save(
        cn.MLPClassifier((2,), max_iter=200, random_state=0, tol=1.0).fit([[0.0], [1.0]], [0, 1]),
        tmp_path / "a.chalk",
    )
    assert "no table with named columns" in refused("predict", "a.chalk", table)


def test_models_saved_from_python(chalknet, flowers, tmp_path):
    X = flowers[["length"]].fillna(0.0)
    cn.save(cn.TabularClassifier(max_iter=5, random_state=0).fit(X, flowers["kind"]), tmp_path / "a.chalk")
    X.to_csv(tmp_path / "a.csv", index=False)
    assert chalknet("predict", "a.chalk", "a.csv").out.startswith("prediction\n")


def test_standard_output_may_be_closed(model, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert run(["predict", model, "flowers.csv"]) == 2
