"""``chalknet train``: its options, its report, Ctrl-C, and files that stay as they were."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import chalknet as cn
from chalknet.cli import fitting, scoring
from chalknet.engines import select


def test_the_report_says_what_was_done(chalknet, table):
    result = chalknet("train", table, "--target", "kind", "--epochs", 5)
    assert result.status == 0 and result.err == ""
    for words in (
        "flowers.csv: 60 rows, 2 columns", "kind: classification, 2 classes", "colour", "category", "missing",
        "Learned from 48 rows in 5 epochs", "12 other rows were held out", "linear model", "most frequent class",
        "Model written to model.chalk", "chalknet predict model.chalk",
    ):  # fmt: skip
        assert words in result.out
    model = cn.load("model.chalk")
    assert isinstance(model, cn.TabularClassifier)
    assert list(model.classes_) == ["lily", "rose"]
    assert model.network_ is not None and len(model.coefs_) == len(model.intercepts_) == 3


def test_options_reach_the_estimator(chalknet, table):
    result = chalknet(
        "train", table, "--target", "kind", "--out", "a.chalk", "--epochs", 3, "--hidden", "7, 5",
        "--activation", "tanh",
        "--loss", "softmax_cross_entropy", "--learning-rate", "0.02", "--batch-size", 11, "--val", 0, "--seed", 4,
    )  # fmt: skip
    assert result.status == 0, result.err
    assert "No rows were held out" in result.out and "60 training rows" in result.out
    given = cn.load("a.chalk").get_params()
    wanted = {
        "hidden_layer_sizes": (7, 5), "activation": "tanh", "loss": "softmax_cross_entropy", "learning_rate_init": 0.02,
        "batch_size": 11, "max_iter": 3, "random_state": 4, "callbacks": None, "engine": "auto",
    }  # fmt: skip
    assert {name: tuple(v) if isinstance(v := given[name], list) else v for name in wanted} == wanted


def test_regression_with_a_text_file_from_standard_input(chalknet, flowers):
    frame = flowers.assign(weight=lambda f: f["length"].fillna(0) * 2 + 1).to_csv(index=False).encode()
    result = chalknet("train", "-", "--target", "weight", "--epochs", 5, "--loss", "auto", stdin=frame)
    assert result.status == 0, result.err
    assert "standard input: 60 rows" in result.out and "mean of the target" in result.out
    assert "chalknet evaluate model.chalk NEW.csv" in result.out
    assert isinstance(cn.load("model.chalk"), cn.TabularRegressor)


def test_the_same_table_gives_the_same_model(chalknet, tmp_path, table):
    frame = pd.read_csv(tmp_path / table)
    frame.to_parquet(tmp_path / "flowers.parquet")
    frame.to_csv(tmp_path / "flowers.tsv", sep="\t", index=False)
    models = []
    for data in (table, "flowers.tsv", "flowers.parquet"):
        assert (
            chalknet("train", data, "--target", "kind", "--out", "m.chalk", "--epochs", 3, "--force").status
            == 0
        )
        models.append((tmp_path / "m.chalk").read_bytes())
    assert models[0] == models[1] == models[2]
    chalknet("train", table, "--target", "kind", "--out", "m.chalk", "--epochs", 3, "--force", "--seed", 1)
    assert (tmp_path / "m.chalk").read_bytes() != models[0]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--epochs", "0", "whole number from 1"),
        ("--epochs", "1.5", "whole number"),
        ("--batch-size", "-3", "whole number"),
        ("--hidden", "64,0", "whole numbers of at least 1"),
        ("--hidden", "", "whole numbers of at least 1"),
        ("--learning-rate", "0", "above 0"),
        ("--learning-rate", "inf", "finite"),
        ("--learning-rate", "x", "finite"),
        ("--val", "1", "of at least 0 and below 1"),
        ("--val", "nan", "finite"),
        ("--seed", "-1", "whole number from 0"),
        ("--task", "sorting", "'auto', 'classification', 'regression'"),
        ("--activation", "rely", "did you mean 'relu'"),
        ("--loss", "?", "squared_error"),
        ("--loss", "huber", "not for classification; choose one of auto"),
        ("--sep", ";;", "one character"),
        ("--encoding", "base64", "no text encoding"),
        ("--encoding", "utf-99", "no text encoding"),
        ("--out", "nowhere/m.chalk", "no folder"),
        ("--out", ".", "is a folder"),
        ("--out", "", "is a folder"),
        ("--out", "a\0b", "cannot be a file's name"),
        ("--learning-rate", "1e200", "smaller --learning-rate"),
        ("--task", "regression", "but column 'kind' of flowers.csv holds"),
    ],
)
def test_wrong_values_name_the_option_and_what_is_allowed(refused, table, option, value, words):
    line = refused("train", table, "--target", "kind", option, value)
    assert words in line and option in line


def test_nothing_is_overwritten_unasked(chalknet, refused, tmp_path, table):
    (tmp_path / "model.chalk").write_text("mine")
    assert "--force" in refused("train", table, "--target", "kind")
    assert "is read" in refused("train", table, "--target", "kind", "--out", table, "--force")
    assert chalknet("train", table, "--target", "kind", "--epochs", 1, "--force").status == 0
    assert (tmp_path / "model.chalk").read_bytes() != b"mine"


def test_a_folder_without_permission_is_refused_before_training(refused, tmp_path, table, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    assert "permission" in refused("train", table, "--target", "kind")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind\na\nb\na\n", "no column beside 'kind'"),
        ("x,kind\n1,a\n1,b\n1,a\n", "no column to learn from"),
        ("x,kind\n", "no rows"),
    ],
)
def test_tables_without_anything_to_learn_from(refused, tmp_path, text, words):
    (tmp_path / "a.csv").write_text(text)
    assert words in refused("train", "a.csv", "--target", "kind")


def test_odd_data_is_taken_with_a_sentence(chalknet, tmp_path, flowers):
    frame = flowers
    frame.loc[3, "length"] = np.inf
    frame.loc[7, "kind"] = None
    frame.insert(0, "colour", "x", allow_duplicates=True)
    frame.to_csv(tmp_path / "a.csv", index=False)
    result = chalknet("train", "a.csv", "--target", "kind", "--epochs", 1)
    assert result.status == 0
    lines = result.err.splitlines()
    assert all(line.startswith("chalknet: warning: ") for line in lines)
    for words in ("'colour'", "1 row without 'kind'", "'length' holds 1 infinite"):
        assert any(words in line for line in lines)


def test_training_ends_early_when_the_loss_no_longer_falls(chalknet, table, monkeypatch):
    monkeypatch.setattr(fitting, "PATIENCE", 3)
    result = chalknet("train", table, "--target", "kind", "--epochs", 100_000)
    assert result.status == 0
    assert "Stopped early" in result.out


def test_work_that_numpy_does_in_a_second_does_not_start_the_compiled_engine(chalknet, table, monkeypatch):
    chalknet("train", table, "--target", "kind")
    assert cn.load("model.chalk").engine_ == "numpy"
    monkeypatch.setattr(select, "PROCESS_SECONDS", 0.01)
    chalknet("train", table, "--target", "kind", "--force")
    assert cn.load("model.chalk").engine_ == "numba"


def _press(monkeypatch, after):
    """Send Ctrl-C to this process once ``after`` epochs are done."""
    told = fitting._Progress.on_epoch_end

    def on_epoch_end(self, context):
        told(self, context)
        if context.epoch == after:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(fitting._Progress, "on_epoch_end", on_epoch_end)


def test_ctrl_c_ends_training_where_its_exception_is_lost(chalknet, table, monkeypatch):
    told = fitting._Progress.on_epoch_end

    def on_epoch_end(self, context):
        if context.epoch == 4:
            with contextlib.suppress(
                KeyboardInterrupt
            ):  # as in code that Python calls back and cannot raise from
                os.kill(os.getpid(), signal.SIGINT)
        told(self, context)

    monkeypatch.setattr(fitting._Progress, "on_epoch_end", on_epoch_end)
    result = chalknet("train", table, "--target", "kind", "--epochs", 100_000)
    assert result.status == 130
    assert result.err.startswith("chalknet: Interrupted after 4 epochs; ")


def test_ctrl_c_in_code_that_is_made_of_text_still_exits_with_130(tmp_path):
    # CPython then remembers the exception as unhandled, and would end the process by its signal
    code = """
import os, signal
from importlib import import_module
main = import_module("chalknet.cli.main")
def invoke(args, remarks):
    exec("os.kill(os.getpid(), signal.SIGINT)")
main._invoke = invoke
main.main(["demo"])
"""
    (tmp_path / "pressed.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "pressed"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "chalknet: Interrupted; nothing was written.\n")


def test_ctrl_c_keeps_what_was_learned(chalknet, table, monkeypatch):
    _press(monkeypatch, after=4)
    result = chalknet("train", table, "--target", "kind", "--epochs", 10_000)
    assert result.status == 130
    assert (
        result.err == "chalknet: Interrupted after 4 epochs; what was learned until then is in model.chalk.\n"
    )
    assert cn.load("model.chalk").n_iter_ == 4
    assert chalknet("predict", "model.chalk", table).status == 0


def test_ctrl_c_before_the_first_epoch_writes_nothing(chalknet, table, monkeypatch):
    fit = cn.TabularClassifier.fit

    def interrupted(self, *args):
        self.max_iter = 1
        fit(self, *args)
        self.callbacks[0].epoch = 0
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        except KeyboardInterrupt:
            pass

    monkeypatch.setattr(cn.TabularClassifier, "fit", interrupted)
    result = chalknet("train", table, "--target", "kind")
    assert result == (130, result.out, "chalknet: Interrupted; nothing was written.\n")
    assert not Path("model.chalk").exists()


def test_ctrl_c_while_scoring_keeps_the_model(chalknet, table, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(scoring, "baselines", interrupted)
    result = chalknet("train", table, "--target", "kind", "--epochs", 1)
    assert result.status == 130 and "the model is in model.chalk" in result.err
    assert cn.load("model.chalk").n_iter_ == 1


def test_ctrl_c_in_a_process_of_its_own(tmp_path, table):
    endless = ["--epochs", "100000000", "--hidden", "500,500"]
    process = subprocess.Popen(
        [sys.executable, "-m", "chalknet", "train", table, "--target", "kind", *endless],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "60 rows" in process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("chalknet: Interrupted") and err.count("\n") == 1
    assert not list(tmp_path.glob("*tmp*"))


def test_names_that_estimators_take_are_taken_too(chalknet, table, refused):
    for number, options in enumerate((["--loss", "cross_entropy"], ["--activation", "logistic"])):
        out = f"{number}.chalk"
        assert chalknet("train", table, "--target", "kind", "--epochs", 1, "--out", out, *options).status == 0
    assert cn.load("0.chalk").loss == "softmax_cross_entropy"
    assert cn.load("1.chalk").activation == "sigmoid"
    assert chalknet("train", table, "--target", "length", "--epochs", 1, "--loss", "mse").status == 0
    assert "'mes' is not one of auto, " in (
        line := refused("train", table, "--target", "length", "--loss", "mes")
    )
    assert line.endswith("(did you mean 'mse'?).")


def test_targets_whose_squares_no_number_can_hold_are_refused(refused, flowers, tmp_path):
    flowers["length"] = np.arange(60) * -1e299 - 0.5
    flowers.to_csv(tmp_path / "a.csv", index=False)
    line = refused("train", "a.csv", "--target", "length")
    assert "Column 'length' of a.csv holds -5.9e+300, whose square" in line
