from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from chalknet.plots.table import Table, read_column


@pytest.mark.parametrize(
    ("raw", "values", "categories"),
    [
        (pd.Series([1, 2, None], dtype="Int64"), [1, 2, np.nan], None),
        (pd.Series([1.5, None]), [1.5, np.nan], None),
        (pd.Series(["b", None, "a"], dtype="category"), [1, np.nan, 0], ("a", "b")),
        (pd.Series(["b", None, "a"], dtype="string"), [1, np.nan, 0], ("a", "b")),
        (pd.Series([True, False]), [1, 0], (False, True)),
        (np.array([1, None, 2.5], dtype=object), [1, np.nan, 2.5], None),
        (np.array(["x", 3], dtype=object), [1, 0], (3, "x")),
    ],
)
def test_columns_are_read_by_their_kind(raw, values, categories):
    column = read_column("c", raw)
    assert np.array_equal(column.values, values, equal_nan=True)
    assert column.categories == categories


def test_typical_values_of_columns_without_any():
    assert np.isnan(read_column("c", np.array([np.nan])).typical())
    assert read_column("c", pd.Series([None], dtype="category")).typical() is None


def test_a_filled_table_has_the_kinds_of_the_first():
    frame = pd.DataFrame(
        {
            "n": [1, 2],
            "k": pd.Categorical(["a", "b"]),
            "s": ["x", "y"],
            "b": [True, False],
            "f": np.array([1, 2], "f4"),
        }
    )
    table = Table(frame)
    made = table.filled({0: np.array([0.5, 1.5])}, {i: table.column(i).typical() for i in range(1, 5)})
    assert made["k"].dtype == frame["k"].dtype and made["s"].dtype == frame["s"].dtype
    assert made["b"].dtype == bool and made["f"].dtype == np.float32 and made["n"].dtype == float
    assert made.shape == (2, 5) and list(made.columns) == list(frame.columns)


def test_an_array_of_objects_stays_one():
    table = Table(np.array([["a", 1.0], ["b", 2.0]], dtype=object))
    assert table.column(0).categories == ("a", "b")
    made = table.filled({0: table.column(0).at(np.array([0.2, 0.9]))}, {1: 1.5})
    assert made.tolist() == [["a", 1.5], ["b", 1.5]]
