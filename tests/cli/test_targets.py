"""The target column: which task it asks for, which rows know it, its labels."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from chalknet.cli import tables, targets
from chalknet.cli.errors import Refused


def _table(values, **more) -> tables.Table:
    return tables.of_frame(pd.DataFrame({"y": values, **more}), "a.csv")


@pytest.mark.parametrize(
    ("values", "task", "labels"),
    [
        (["b", "a", "b"], "classification", ["b", "a", "b"]),
        ([True, False, True], "classification", [True, False, True]),
        ([1, 2, 3] * 3, "classification", [1, 2, 3] * 3),
        ([0, 1, 1], "classification", [0, 1, 1]),
        ([1.0, None, 2.0, 1.0], "classification", [1, 2, 1]),
        (["007", "12", "12"], "classification", ["007", "12", "12"]),
        ([1, 2, 3], "regression", [1.0, 2.0, 3.0]),
        ([0.5, 1.5], "regression", [0.5, 1.5]),
        (list(range(21)) * 3, "regression", list(range(21)) * 3),
        (["1,5", "2,25", "3"], "regression", [1.5, 2.25, 3.0]),
        (["1.5", "?", "2"], "regression", [1.5, 2.0]),
    ],
)
def test_the_task_follows_from_the_values(values, task, labels):
    target = targets.choose(_table(values), "y", "auto")
    assert target.task == task
    assert target.values.tolist() == labels
    assert [type(v) for v in target.values.tolist()] == [type(v) for v in labels] or task == "regression"
    assert target.known.sum() == len(labels)


def test_numbers_as_classes_if_asked_for():
    target = targets.choose(_table([0.5, 1.0, 0.5, 2.5, 2.5, 1.0]), "y", "classification")
    assert target.values.tolist() == ["0.5", "1", "0.5", "2.5", "2.5", "1"]
    assert target.because == "as asked for"
    assert targets.choose(_table([1, 2, 1]), "y", "regression").values.tolist() == [1.0, 2.0, 1.0]


def test_rows_left_out_and_lone_classes_are_remarked():
    assert targets.choose(_table([0.5, None, np.inf, 1.5]), "y", "auto").remarks == [
        "a.csv: 1 row without 'y' left out",
        "a.csv: 1 row with an infinite 'y' left out",
    ]
    (remark,) = targets.choose(_table(["a", "a", "b"]), "y", "auto").remarks
    assert "one row only of class 'b'" in remark


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        (["a", "a"], "auto", "'y' of a.csv has one class, 'a' in 2 rows"),
        ([5.5, 5.5], "auto", "has one value, 5.5"),
        (["a"], "auto", "in 1 row;"),
        ([None, None], "auto", "no usable value"),
        ([np.inf, np.nan], "auto", "no usable value"),
        (["a", "b", "c"], "auto", "occurs twice in 3 rows"),
        (["1", "b", "b"], "regression", "--task regression needs numbers, but column 'y' of a.csv holds 'b'"),
        ([True, False], "regression", "holds True"),
        ([date(2021, 1, 1), date(2021, 1, 2)], "auto", "holds dates"),
        (["2021-01-01", "2021-01-02"] * 2, "auto", "holds dates"),
        (pd.to_datetime(["2021-01-01", "2021-01-02"]), "auto", "holds dates"),
        ([], "auto", "no rows"),
    ],
)
def test_nothing_to_learn_is_refused(values, task, words):
    with pytest.raises(Refused, match=words.replace("(", r"\(")):
        targets.choose(_table(values), "y", task)


@pytest.mark.parametrize(
    ("classes", "values", "labels"),
    [
        ([1, 2], [1.0, 2.0, 1.0], [1, 2, 1]),
        ([1, 2], ["1", "?", "2"], [1, 2]),
        ([False, True], [True, None, False], [True, False]),
        (["007", "12"], [12.0, 12.0], ["12", "12"]),
        (["0.5", "1"], [0.5, 1.0], ["0.5", "1"]),
        (["a", "b"], ["b", "c"], ["b", "c"]),
    ],
)
def test_labels_of_another_table_are_matched(classes, values, labels):
    kind = object if isinstance(classes[0], str) else None
    known, truth, remarks = targets.match(_table(values), "y", np.array(classes, dtype=kind))
    assert truth.tolist() == labels
    assert known.sum() == len(labels)
    assert bool(remarks) == ("c" in labels or len(labels) < len(values))


def test_numbers_of_another_table_are_matched():
    assert targets.match(_table(["1,5", None]), "y", None)[1].tolist() == [1.5]
    with pytest.raises(Refused, match="holds 'b', but the model predicts numbers"):
        targets.match(_table(["b"]), "y", None)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(Refused, match=r"no column 'z' for --target; its columns are 'y'"):
        targets.choose(_table([1, 2]), "z", "auto")
