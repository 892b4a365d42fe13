"""A run's numbers in a file."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import chalknet as cn
from chalknet.exceptions import ParameterError

X = np.random.default_rng(0).normal(size=(60, 2))
Y = X[:, 0] - X[:, 1]
OPTIONS: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 7, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_line_an_epoch(tmp_path, engine):
    path = tmp_path / "run.csv"
    model = cn.MLPRegressor(callbacks=cn.CSVLog(path), early_stopping=True, engine=engine, **OPTIONS).fit(
        X, Y
    )
    table = pd.read_csv(path)
    assert list(table) == ["epoch", "loss", "validation_score", "learning_rate", "seconds"]
    assert table["epoch"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert table["loss"].tolist() == model.loss_curve_
    assert table["validation_score"].tolist() == model.validation_scores_
    assert (table["learning_rate"] == 0.001).all() and table["seconds"].is_monotonic_increasing


def test_due_lines_and_what_others_measured(tmp_path):
    path = tmp_path / "run.csv"
    measured = cn.Metrics(
        X, Y, {"r2": "r2", "worst": lambda m, X, y: np.abs(m.predict(X) - y).max()}, every=3
    )
    cn.MLPRegressor(callbacks=[measured, cn.CSVLog(path, every=2)], **OPTIONS).fit(X, Y)
    table = pd.read_csv(path)
    assert list(table)[5:] == ["r2", "worst"] and table["epoch"].tolist() == [2, 4, 6, 7]
    assert table["validation_score"].isna().all()
    assert np.isnan(table["r2"][0]) and table["r2"].tolist()[1:] == [
        measured.history_["r2"][i] for i in (0, 1, 2)
    ]


def test_metrics_that_come_too_late_are_told_of_once(tmp_path):
    measured = cn.Metrics(X, Y, "r2")
    with pytest.warns(cn.exceptions.DataHint, match="CSVLog has no column for r2: put it behind") as said:
        cn.MLPRegressor(callbacks=[cn.CSVLog(tmp_path / "run.csv"), measured], **OPTIONS).fit(X, Y)
    assert sum(issubclass(w.category, cn.exceptions.DataHint) for w in said) == 1
    assert "r2" not in pd.read_csv(tmp_path / "run.csv")


def test_what_is_there_is_not_lost(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("mine\n")
    model = cn.MLPRegressor(callbacks=cn.CSVLog(path), **OPTIONS)
    with pytest.raises(ParameterError, match=r"run.csv' is there already: use append=True"):
        model.fit(X, Y)
    with pytest.raises(ParameterError, match="has the columns mine, but this run has epoch, loss"):
        cn.MLPRegressor(callbacks=cn.CSVLog(path, append=True), **OPTIONS).fit(X, Y)
    assert path.read_text() == "mine\n"
    path.unlink()
    model.fit(X, Y).fit(X, Y)  # its own it may write anew
    assert len(pd.read_csv(path)) == 7
    other = cn.MLPRegressor(callbacks=cn.CSVLog(path, append=True), **OPTIONS).fit(X, Y)
    assert pd.read_csv(path)["epoch"].tolist() == [*range(1, 8), *range(1, 8)]
    assert repr(other.callbacks) == f"CSVLog({str(path)!r}, append=True)"


def test_it_is_on_the_disk_at_once_copied_and_refused(tmp_path):
    path, seen = tmp_path / "run.csv", []

    class Reads(cn.Callback):
        def on_epoch_end(self, context):
            seen.append(len(path.read_text().splitlines()))

    model = cn.MLPRegressor(callbacks=[cn.CSVLog(path), Reads()], **OPTIONS)
    pickle.loads(pickle.dumps(clone(model).set_params(callbacks=cn.CSVLog(tmp_path / "two.csv")).fit(X, Y)))
    model.fit(X, Y)
    assert seen == [2, 3, 4, 5, 6, 7, 8]
    with pytest.raises(ParameterError, match="CSVLog: every must be a whole number of epochs"):
        cn.CSVLog(path, every=0)
    with pytest.raises(OSError, match="nowhere"):
        cn.MLPRegressor(callbacks=cn.CSVLog(tmp_path / "nowhere" / "run.csv"), **OPTIONS).fit(X, Y)
