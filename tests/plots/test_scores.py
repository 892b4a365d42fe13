from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chalknet.exceptions import DataError, ShapeError
from chalknet.plots import confusion, predicted


def cells(ax):
    return {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in ax.texts}


def test_counts_stand_in_the_cells_and_shares_colour_them():
    ax = confusion(["a", "a", "a", "b"], ["a", "a", "b", "b"])
    assert cells(ax) == {(0, 0): "2", (0, 1): "1", (1, 0): "0", (1, 1): "1"}
    assert np.allclose(ax.images[0].get_array(), [[2 / 3, 1 / 3], [0, 1]])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")
    assert ax.get_title() == "accuracy 75.0 % of 4 rows"


def test_labels_choose_and_order_the_classes():
    ax = confusion([1, 2, 3], [1, 2, 2], labels=[3, 2])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["3", "2"]
    assert cells(ax) == {(0, 0): "0", (0, 1): "1", (1, 0): "0", (1, 1): "1"}


def test_pandas_and_mixed_labels():
    ax = confusion(pd.Series(["1", "2"]), np.array([1, 2]), labels=[1, 2])
    assert cells(ax)[0, 0] == "1"


def test_large_matrices_leave_empty_cells_blank_and_then_all_numbers():
    assert len(confusion(range(10), range(10)).texts) == 10
    assert not confusion(range(30), range(30)).texts


def test_long_names_are_slanted():
    names = ["a very long name", "another long name", "and a third"]
    assert confusion(names, names).get_xticklabels()[0].get_rotation() == 35


def test_numbers_are_readable_on_their_cells():
    ax = confusion(["a", "b", "b"], ["a", "b", "a"])
    colours = {place: text.get_color() for place, text in zip(cells(ax), ax.texts, strict=True)}
    assert colours[0, 0] == "#FFFFFF" and colours[0, 1] == "#000000"


@pytest.mark.parametrize(
    ("true", "answer", "labels", "error", "message"),
    [
        ([1, 2], [1], None, ShapeError, "both need the same rows"),
        ([], [], None, ShapeError, "both need the same rows"),
        (np.eye(2), np.eye(2), None, ShapeError, r"pass y\[:, k\]"),
        ([1], [1], [5], DataError, r"y_true holds none of the labels \[5\]"),
    ],
)
def test_what_cannot_be_counted(true, answer, labels, error, message):
    with pytest.raises(error, match=message):
        confusion(true, answer, labels)


def test_predicted_against_true_with_the_diagonal():
    ax = predicted([1.0, 2.0, 3.0], [1.0, 2.5, 3.0])
    assert ax.collections[0].get_offsets().tolist() == [[1, 1], [2, 2.5], [3, 3]]
    diagonal = ax.lines[0].get_xydata()
    assert np.array_equal(diagonal[:, 0], diagonal[:, 1])
    assert ax.get_xlim() == ax.get_ylim() and ax.get_aspect() == 1
    assert ax.get_title() == "R² = 0.875, RMSE = 0.289"


def test_several_outputs_have_names():
    y = np.arange(6.0).reshape(3, 2)
    assert [t.get_text() for t in predicted(y, y).get_legend().get_texts()] == ["output 0", "output 1"]
    assert predicted(y, y, names=["a", "b"]).get_legend().get_texts()[1].get_text() == "b"


def test_one_row_has_no_r2_and_missing_rows_are_told():
    assert predicted([1.0], [1.0]).get_title() == "RMSE = 0"
    title = predicted([1.0, 2.0, np.nan], [1.0, 2.0, 3.0]).get_title()
    assert title.endswith("1 of 3 rows without a number left out")


def test_what_cannot_be_compared():
    with pytest.raises(ShapeError, match="they must be alike"):
        predicted(np.ones((2, 2)), np.ones((2, 3)))
    with pytest.raises(DataError, match="no row has finite numbers"):
        predicted([np.nan], [1.0])
