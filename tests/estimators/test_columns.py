"""What each column is taken for, whatever type or writing it comes in, and what a network gets to see of it."""

from __future__ import annotations

import json
import math
import warnings
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from chalknet.estimators import _text
from chalknet.estimators._kinds import spread, standardise
from chalknet.estimators._preprocess import TablePreprocessor
from chalknet.estimators._table import read_column, read_table
from chalknet.exceptions import DataError, DataHint

N = 60
R = np.random.RandomState(0)


def kind_of(values: Any, **kinds: str) -> tuple[str, str]:
    """Kind and note of one column beside a plain one."""
    table = pd.DataFrame({"column": values, "plain": np.arange(len(values)) % 7})
    _, kind, note = TablePreprocessor(kinds or None).fit(table).columns_[0]
    return kind, note


WHOLE = R.randint(0, 5, N)
REAL = R.standard_normal(N)
DAYS = pd.date_range("2024-01-05", periods=N, freq="31h")
KINDS = [
    ("floats", REAL, "number"),
    ("float32", REAL.astype(np.float32), "number"),
    ("whole numbers", WHOLE, "number"),
    ("nullable whole numbers", pd.array(np.where(WHOLE > 3, None, WHOLE), dtype="Int64"), "number"),
    ("arrow numbers", pd.array(WHOLE, dtype="int32[pyarrow]"), "number"),
    ("decimals", [Decimal(int(v)) / 4 for v in WHOLE], "number"),
    ("sparse", pd.arrays.SparseArray(WHOLE.astype(float)), "number"),
    ("durations", pd.to_timedelta(WHOLE, unit="h"), "number"),
    ("numbers as text", [f"{v:.3f}" for v in REAL], "number"),
    ("numbers as text, some missing", [f"{v}" if v else "n/a" for v in WHOLE], "number"),
    ("0 and 1", WHOLE > 2, "yes/no"),
    ("0 and 1 as floats", (WHOLE > 2).astype(float), "yes/no"),
    ("nullable truth", pd.array(np.where(WHOLE > 3, None, WHOLE > 1), dtype="boolean"), "yes/no"),
    ("objects of truth", np.where(WHOLE > 3, None, WHOLE > 1), "yes/no"),
    ("two words", np.where(WHOLE > 2, "yes", "no"), "yes/no"),
    ("a flag or nothing", np.where(WHOLE > 2, "x", ""), "yes/no"),
    ("a number or nothing", np.where(WHOLE > 2, 7.0, np.nan), "yes/no"),
    ("one date or nothing", np.where(WHOLE > 2, "2025-01-01", None), "yes/no"),
    ("words", np.array(["a", "b", "c", "d", "e"])[WHOLE], "category"),
    ("string dtype", pd.array(np.array(["a", "b", "c", None, "e"])[WHOLE], dtype="string"), "category"),
    ("categorical", pd.Categorical(np.array(["a", "b", "c", None, "e"])[WHOLE]), "category"),
    ("categorical of numbers", pd.Categorical(WHOLE), "category"),
    ("codes in figures", np.array(["01", "02", "10", "11", "12"])[WHOLE], "category"),
    ("mixed objects", np.array(["a", 1, 2.5, None, True], dtype=object)[WHOLE], "category"),
    ("lists in cells", [[int(v)] for v in WHOLE], "category"),
    ("bytes", np.array([b"a", b"b", b"c", b"d", b"e"], dtype=object)[WHOLE], "category"),
    ("datetimes", DAYS, "date"),
    ("datetimes with a zone", DAYS.tz_localize("Europe/Berlin"), "date"),
    ("periods", pd.period_range("2020-01", periods=N, freq="M"), "date"),
    ("arrow dates", pd.array(DAYS.date, dtype="date32[pyarrow]"), "date"),
    ("date objects", list(DAYS.date), "date"),
    ("dates as text", DAYS.strftime("%Y-%m-%d %H:%M"), "date"),
    ("German dates", DAYS.strftime("%d.%m.%Y"), "date"),
    ("constant", np.full(N, 3), "dropped"),
    ("constant text", np.full(N, "a"), "dropped"),
    ("one date", np.full(N, "2025-01-01"), "dropped"),
    ("nothing", np.full(N, None), "dropped"),
    ("names", [f"person {i}" for i in range(N)], "dropped"),
    ("declared names", pd.Categorical([f"person {i // 2}" for i in range(N)] * 5)[:N], "category"),
]


@pytest.mark.parametrize(("values", "kind"), [k[1:] for k in KINDS], ids=[k[0] for k in KINDS])
def test_kind(values: Any, kind: str) -> None:
    assert kind_of(values)[0] == kind


@pytest.mark.parametrize("values", [k[1] for k in KINDS], ids=[k[0] for k in KINDS])
def test_encoding_is_finite_bounded_and_survives_json(values: Any) -> None:
    table = pd.DataFrame({"column": values, "plain": REAL})
    fitted = TablePreprocessor().fit(table)
    Z = fitted.transform(table)
    assert Z.shape == (N, len(fitted.get_feature_names_out())) and Z.dtype == np.float64
    assert np.isfinite(Z).all() and np.abs(Z).max() <= 8.0
    again = TablePreprocessor.from_state(json.loads(json.dumps(fitted.to_state())))
    assert np.array_equal(again.transform(table), Z)
    assert again.columns_ == fitted.columns_ and list(again.feature_names_in_) == ["column", "plain"]


def test_the_same_table_from_csv_and_from_memory() -> None:
    table = pd.DataFrame(
        {
            "whole": pd.array(np.where(WHOLE > 3, None, WHOLE), dtype="Int64"),
            "real": REAL.round(3),
            "word": np.array(["a", "b", " c", None, "e"], dtype=object)[WHOLE],
            "truth": pd.array(np.where(WHOLE > 3, None, WHOLE > 1), dtype="boolean"),
            "day": DAYS,
        }
    )
    text = pd.read_csv(StringIO(table.to_csv(index=False)))
    fitted, other = TablePreprocessor().fit(table), TablePreprocessor().fit(text)
    assert fitted.columns_ == other.columns_
    assert np.array_equal(fitted.transform(table), other.transform(text))
    assert np.array_equal(fitted.transform(text), other.transform(table))


@pytest.mark.parametrize(
    ("written", "style", "numbers"),
    [
        (["1,5", "2", "-0,25"], "1.234,5", [1.5, 2.0, -0.25]),
        (["1.234,5", "17"], "1.234,5", [1234.5, 17.0]),
        (["1,234", "17", "1,000,000.5"], "1,234.5", [1234.0, 17.0, 1000000.5]),
        (["1e3", ".5", "+7.", "-inf"], "plain", [1000.0, 0.5, 7.0, -math.inf]),
    ],
)
def test_numbers_in_writing(written: list[str], style: str, numbers: list[float]) -> None:
    found = _text.number_style(written, np.ones(len(written)))
    assert found == (style, [])
    assert [_text.to_number(w, style) for w in written] == numbers


def test_a_column_with_few_odd_cells_is_still_numbers_and_says_so() -> None:
    cells = [f"{v:.2f}" for v in REAL[:-2]] + ["<5", "?"]
    with pytest.warns(DataHint, match="Column 'column' is taken for numbers; .*: '<5'"):
        assert kind_of(cells)[0] == "number"


def test_style_of_writing_is_told_and_kept() -> None:
    cells = [f"{v:.2f}".replace(".", ",") for v in REAL]
    assert kind_of(cells) == ("number", "written as 1.234,5")
    table = TablePreprocessor().fit(pd.DataFrame({"a": cells}))
    plain = TablePreprocessor().fit(pd.DataFrame({"a": REAL.round(2)}))
    assert np.allclose(
        table.transform(pd.DataFrame({"a": cells})), plain.transform(pd.DataFrame({"a": REAL})), atol=0.05
    )
    assert np.array_equal(table.transform([[1.5]]), table.transform([["1,5"]]))


@pytest.mark.parametrize(
    ("cells", "style"),
    [
        (["2024-02-29", "2025/1/2", "NA"], "year-month-day"),
        (["2024-02-29T10:00:01.5Z", "2024-03-01 09:30+02:00"], "year-month-day"),
        (["24.12.2025", "1.2.2026 18:30"], "day.month.year"),
        (["12/24/2025", "1/2/2026"], "month/day/year"),
        (["24/12/2025", "1/2/2026"], "day/month/year"),
        (["2023-02-29"], None),
        (["2024-13-01"], None),
        (["soon"], None),
        (["?"], None),
    ],
)
def test_dates_in_writing(cells: list[str], style: str | None) -> None:
    assert _text.date_style(cells) == style


def test_times_of_all_types() -> None:
    noon = np.datetime64("2025-06-01T12:00", "us")
    for value in (datetime(2025, 6, 1, 12), datetime(2025, 6, 1, 12, tzinfo=UTC), "2025-06-01 12:00", noon):  # noqa: DTZ001
        assert _text.to_time(value) == noon
    assert _text.to_time(date(2025, 6, 1)) == np.datetime64("2025-06-01", "us")
    assert np.isnat(_text.to_time(3.0))


def test_dates_give_time_and_rounds() -> None:
    table = pd.DataFrame({"when": DAYS})
    fitted = TablePreprocessor().fit(table)
    names = ["when", *(f"when {f} of {r}" for r in ("year", "week", "day") for f in ("sin", "cos"))]
    assert fitted.get_feature_names_out().tolist() == names
    Z = fitted.transform(table)
    assert np.allclose(Z[:, 1::2] ** 2 + Z[:, 2::2] ** 2, 1.0)
    gap = fitted.transform(pd.DataFrame({"when": [None]}))
    assert gap[0, 1:].tolist() == [0.0] * 6 and abs(gap[0, 0]) < 0.1  # the middle time
    days = TablePreprocessor().fit(
        pd.DataFrame({"when": pd.to_datetime(["2025-01-01", "2025-01-08", None] * 9)})
    )
    assert days.get_feature_names_out().tolist() == ["when", "when missing"]


def test_missing_infinite_and_extreme_numbers() -> None:
    cells = np.r_[REAL[:-3], np.nan, np.inf, -np.inf]
    table = pd.DataFrame({"a": cells})
    with pytest.warns(DataHint, match="'a' holds 2 infinite"):
        fitted = TablePreprocessor().fit(table)
    Z = fitted.transform(table)
    assert fitted.columns_ == [("a", "number", "1 missing")]
    assert Z[-3].tolist() == [fitted.transform([[np.median(cells[:-2][~np.isnan(cells[:-2])])]])[0, 0], 1.0]
    assert np.allclose(Z[-2:, 0], [8.0, -8.0])
    huge = TablePreprocessor().fit([[-1.7e308], [0.0], [1.7e308], [1.0]])
    assert np.isfinite(huge.transform([[1.7e308], [-1.7e308], [1e-308]])).all()
    with pytest.warns(DataHint, match="infinite"):
        both = TablePreprocessor().fit([[np.inf], [-np.inf], [np.inf]])
    assert np.allclose(both.transform([[np.inf], [0.0], [-np.inf]]).ravel(), [8.0, 0.0, -8.0])


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=30), st.floats(allow_nan=False))
def test_standardising_never_fails_and_keeps_order(cells: list[float], probe: float) -> None:
    median, centre, scale = spread(np.array(cells))
    assert math.isfinite(median) and math.isfinite(centre) and 0 < scale < math.inf
    out = standardise(np.sort(np.array([*cells, probe])), centre, scale)
    assert np.isfinite(out).all() and (np.diff(out) >= 0).all() and np.abs(out).max() <= 8.0


def test_unseen_rare_and_missing_categories() -> None:
    cells = ["red"] * 80 + ["blue"] * 80 + ["green"] * 80 + ["pink", "grey", None]
    fitted = TablePreprocessor().fit(pd.DataFrame({"c": cells}))
    assert fitted.columns_ == [("c", "category", "5 values, 2 rare ones together, 1 missing")]
    assert fitted.get_feature_names_out().tolist() == ["c=blue", "c=green", "c=red", "c other", "c missing"]
    probe = pd.DataFrame({"c": ["red ", "pink", "violet", None, ""]})
    assert fitted.transform(probe).argmax(axis=1).tolist() == [2, 3, 3, 4, 4]
    plain = TablePreprocessor().fit(pd.DataFrame({"c": ["a", "b", "c"] * 5}))
    assert plain.transform(pd.DataFrame({"c": ["d", None]})).tolist() == [[0.0] * 3] * 2


def test_two_words_and_what_else_may_come() -> None:
    fitted = TablePreprocessor().fit(pd.DataFrame({"c": ["no", "yes", None] * 5}))
    probe = pd.DataFrame({"c": ["no", "yes", "perhaps", None]})
    assert fitted.transform(probe).tolist() == [[-1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]
    truth = TablePreprocessor().fit(pd.DataFrame({"c": ["True", "False"] * 5}))
    assert truth.transform(pd.DataFrame({"c": [True, False]})).ravel().tolist() == [1.0, -1.0]
    numbers = TablePreprocessor().fit(pd.DataFrame({"c": [0, 1] * 5}))
    seen = numbers.transform(pd.DataFrame({"c": ["true", "0", "?"]})).ravel()
    assert np.allclose(seen, [1.0, -1.0, 0.0], atol=0.06)


def test_a_category_of_numbers_meets_text_and_floats() -> None:
    fitted = TablePreprocessor().fit(pd.DataFrame({"c": pd.Categorical([1, 2, 3] * 5)}))
    for cells in ([1, 2, 3], [1.0, 2.0, 3.0], ["1", "2", "3"]):
        assert fitted.transform(pd.DataFrame({"c": cells})).tolist() == np.eye(3).tolist()
    dates = TablePreprocessor({"d": "category"}).fit(pd.DataFrame({"d": DAYS[:3].tolist() * 5 + [None]}))
    assert dates.columns_[0][1:] == ("category", "3 values, 1 missing")


def test_present_or_missing() -> None:
    fitted = TablePreprocessor().fit(pd.DataFrame({"c": ["x", None] * 5}))
    assert fitted.get_feature_names_out().tolist() == ["c given"]
    assert fitted.transform(pd.DataFrame({"c": ["x", None, "y"]})).ravel().tolist() == [1.0, -1.0, 1.0]
    date_kind = TablePreprocessor().fit(pd.DataFrame({"c": ["2025-01-01", ""] * 5}))
    assert date_kind.columns_[0][1] == "yes/no"


def test_one_value_written_in_two_ways() -> None:
    assert kind_of(["1", "1.0"] * 10) == ("dropped", "constant")
    assert kind_of(["1", "1.0", None] * 10) == ("yes/no", "1 or missing")
    assert kind_of(["2025-01-01", "2025-1-1"] * 10) == ("dropped", "constant")
    assert kind_of(["2025-01-01", "2025-1-1", None] * 10) == ("yes/no", "one date or missing")


def test_what_is_no_number_counts_as_missing() -> None:
    fitted = TablePreprocessor().fit(pd.DataFrame({"a": REAL}))
    odd = pd.DataFrame({"a": np.array([[1], "x", 10**400, 1j], dtype=object)})
    assert np.unique(fitted.transform(odd)).tolist() == fitted.transform([[np.median(REAL)]]).ravel().tolist()


def test_identifiers_and_free_text_are_left_out() -> None:
    table = pd.DataFrame(
        {"customer_id": range(N), "year": range(N), "name": [f"n{i}" for i in range(N)], "x": REAL}
    )
    kinds = {name: kind for name, kind, _ in TablePreprocessor().fit(table).columns_}
    assert kinds == {"customer_id": "dropped", "year": "number", "name": "dropped", "x": "number"}
    repeats = pd.DataFrame({"c": [f"n{i // 2}" for i in range(600)], "x": np.arange(600) % 9})
    assert "often enough" in TablePreprocessor().fit(repeats).columns_[0][2]


def test_forced_kinds() -> None:
    assert kind_of(WHOLE, column="category")[0] == "category"
    assert kind_of(np.arange(N), column="drop") == ("dropped", "as asked for")
    assert kind_of([f"person {i % 30}" for i in range(N)], column="category")[0] == "category"
    assert kind_of(DAYS.strftime("%d.%m.%Y"), column="date")[0] == "date"
    assert kind_of(np.where(WHOLE > 2, "a", None), column="category")[0] == "yes/no"
    assert kind_of(np.full(N, "a"), column="category")[0] == "dropped"
    with pytest.warns(DataHint, match="'odd'"):
        assert kind_of(["odd", "1", "2"] * 20, column="number")[0] == "number"
    assert kind_of(WHOLE, column="number")[0] == "number"
    for column, message in (
        ("words", "choose one of number"),
        ("date", "cannot be taken for dates"),
        ("number", "for numbers"),
    ):
        with pytest.raises(DataError, match=message):
            kind_of(["a", "b"] * 30, column=column)
    with pytest.raises(DataError, match="names the column 'other', which X does not have"):
        kind_of(WHOLE, other="drop")


def test_columns_go_by_name() -> None:
    table = pd.DataFrame({"a": REAL, "b": WHOLE})
    fitted = TablePreprocessor().fit(table)
    other = table[["b", "a"]].assign(more="x")
    assert np.array_equal(fitted.transform(other), fitted.transform(table))
    assert np.array_equal(fitted.transform(table.to_numpy()), fitted.transform(table))
    with pytest.raises(DataError, match="X lacks the column\\(s\\) 'b', which the model was fitted with"):
        fitted.transform(table[["a"]])
    with pytest.raises(DataError, match="X has 3 features, but TablePreprocessor is expecting 2"):
        fitted.transform(np.ones((2, 3)))
    with pytest.raises(DataError, match=r"'x0', .* \(2 more\)"):
        TablePreprocessor().fit(pd.DataFrame({f"x{i}": REAL for i in range(12)})).transform(
            pd.DataFrame({"y": [1]})
        )
    arrays = TablePreprocessor().fit(table.to_numpy())
    assert not hasattr(arrays, "feature_names_in_")
    fitted.fit(table.to_numpy())
    assert not hasattr(fitted, "feature_names_in_")


def test_tables_of_all_sorts() -> None:
    import pyarrow as pa

    rows = [[1.5, "a"], [2.5, "b"], [None, "c"]]
    expected = TablePreprocessor().fit_transform(pd.DataFrame(rows))
    assert np.array_equal(TablePreprocessor().fit_transform(rows), expected)
    assert np.array_equal(TablePreprocessor().fit_transform(np.array(rows, dtype=object)), expected)
    assert np.array_equal(
        TablePreprocessor().fit_transform(pa.table({"0": [1.5, 2.5, None], "1": ["a", "b", "c"]})), expected
    )
    assert read_table([[1, 2], [3, 4]]).columns[0].sort == "number"
    assert read_column(np.array(["2025-01-01"], "datetime64[D]"), "d").sort == "time"
    assert read_column(np.array([1, "NaT"], "timedelta64[s]"), "d").numbers().tolist()[0] == 1.0
    assert read_column(pa.array([1, 2]), "d").sort == "number"
    assert np.isnan(read_column(DAYS.to_series(), "d").numbers()).all()
    assert np.isnat(read_column(REAL, "d").times()).all()
    odd = read_column(np.array([[1], None, pd.NA, np.nan, pd.NaT, np.ones(2)], dtype=object), "d")
    assert odd.missing().tolist() == [False, True, True, True, True, False]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones(3), "Expected 2D array, got 1D array"),
        (np.ones((0, 2)), "0 sample"),
        (np.ones((2, 0)), "0 feature"),
        (pd.DataFrame({"a": []}), "0 sample"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "column name 'a' occurs more than once"),
        ([[1, 2], [3]], "differ in length"),
        (np.ones((3, 1)) * 1j, "Complex data not supported"),
        (pd.DataFrame({"z": [1j, 2j]}), "column 'z' holds complex numbers"),
        (np.ones((3, 2)), "no column to learn from .*'x0': constant"),
    ],
)
def test_what_is_no_table(X: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        TablePreprocessor().fit(X)


def test_sparse_and_unfitted() -> None:
    from scipy import sparse

    with pytest.raises(TypeError, match="toarray"):
        TablePreprocessor().fit(sparse.eye_array(3, format="csr"))
    with pytest.raises(NotFittedError):
        TablePreprocessor().transform([[1]])
    with pytest.raises(NotFittedError):
        TablePreprocessor().to_state()


def test_it_is_a_transformer() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    table = pd.DataFrame({"a": REAL, "w": np.array(["a", "b", "c", None, "e"], dtype=object)[WHOLE]})
    model = make_pipeline(clone(TablePreprocessor({"a": "number"})), LogisticRegression()).fit(
        table, WHOLE > 2
    )
    assert model.score(table, WHOLE > 2) > 0.9
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert TablePreprocessor().set_output(transform="pandas").fit_transform(table).shape[0] == N
