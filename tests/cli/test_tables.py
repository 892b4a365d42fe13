"""DATA: one table is the same from every kind of file, and what cannot be read is refused with its place."""

from __future__ import annotations

import decimal
import gzip
import io
import sys

import numpy as np
import pandas as pd
import pytest

from chalknet.cli import tables
from chalknet.cli.errors import Refused

MIXED = pd.DataFrame(
    {
        "number": [0.1, np.nan, 1e300],
        "whole": [1, 2, 3],
        "größe, oben": [1.5, 2.5, np.nan],
        "two\nlines": ['a "b"', "c\nd", None],
        "truth": [True, False, True],
        "date": pd.to_datetime(["2021-01-01", None, "2022-03-04"]),
        "code": ["007", "008", "009"],
    }
)


def _write(path, data: bytes | str) -> str:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(path)


@pytest.fixture
def refusal(tmp_path):
    """The sentence with which a file's bytes are refused."""

    def read(data: bytes | str, name: str = "a.csv", **options: object) -> str:
        with pytest.raises(Refused) as refused:
            tables.read(_write(tmp_path / name, data), **options)
        return refused.value.format_message().replace(str(tmp_path), "")

    return read


def test_every_kind_of_file_gives_the_same_table(tmp_path, monkeypatch):
    text = MIXED.to_csv(index=False)
    MIXED.to_parquet(tmp_path / "a.parquet")
    files = {
        "a.csv": text,
        "a.tsv": MIXED.to_csv(index=False, sep="\t"),
        "b.csv": "\ufeff" + text,
        "a.csv.gz": gzip.compress(text.encode()),
        "a.tsv.gz": gzip.compress(MIXED.to_csv(index=False, sep="\t").encode()),
    }
    paths = [_write(tmp_path / name, data) for name, data in files.items()]
    first, *others = [tables.read(path).frame for path in paths]
    for stdin in (text, files["a.tsv"], (tmp_path / "a.parquet").read_bytes(), files["a.csv.gz"]):
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        others.append(tables.read("-").frame)
    others.append(tables.read(str(tmp_path / "a.parquet")).frame)
    for other in others:
        stamped = other.assign(date=pd.to_datetime(other["date"]))  # a CSV's dates are text as yet
        pd.testing.assert_frame_equal(stamped, first.assign(date=pd.to_datetime(first["date"])))
    assert [first[c].dtype for c in ("number", "whole", "truth")] == [float, float, bool]
    assert first["code"].tolist() == ["007", "008", "009"]


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        (pd.array([1, None], "Int64"), [1.0, np.nan]),
        (np.array([0.1, np.nan], np.float32), [0.1, np.nan]),  # not the float64 nearest to the float32
        ([decimal.Decimal("1.10"), None], [1.1, np.nan]),
        (pd.Categorical(["a", None]), ["a", np.nan]),
        (["1", "2"], [1.0, 2.0]),
        ([b"x", None], ["x", np.nan]),
        (pd.to_timedelta([1, None], "h"), ["0 days 01:00:00", np.nan]),
        ([None, None], [np.nan, np.nan]),
        ([True, None], [True, np.nan]),
        ([[1], None], ["[1]", np.nan]),
    ],
)  # fmt: skip
def test_parquet_types_become_what_a_csv_holds(tmp_path, column, cells):
    pd.DataFrame({"a": column}, index=["r", "s"]).to_parquet(tmp_path / "a.parquet")
    read = tables.read(str(tmp_path / "a.parquet")).frame
    assert list(read) == ["a"]
    for found, wanted in zip(read["a"].tolist(), cells, strict=True):
        assert found == wanted or (pd.isna(found) and pd.isna(wanted))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_blank_lines(tmp_path, end):
    path = _write(tmp_path / "a.csv", end.join(["a,b", "1,x", "", '"2","y"', ""]))
    assert tables.read(path).frame.to_dict("list") == {"a": [1.0, 2.0], "b": ["x", "y"]}


def test_encodings_and_separators(tmp_path):
    for encoding in ("latin-1", "utf-16", "utf-8-sig"):
        path = _write(tmp_path / "a.csv", "é;b\nü;1,5\n".encode(encoding))
        assert tables.read(path, ";", encoding).frame.to_dict("list") == {"é": ["ü"], "b": ["1,5"]}


def test_numbers_keep_every_bit(tmp_path):
    numbers = np.random.RandomState(0).randn(200) * 10.0 ** np.arange(-100, 100)
    path = _write(tmp_path / "a.csv", "a\n" + "\n".join(map(repr, numbers.tolist())))
    assert np.array_equal(tables.read(path).frame["a"], numbers)
    path = _write(tmp_path / "b.csv", "a\n inf \n-Infinity\n+.5\n1e5\nNA\n")
    assert tables.read(path).frame["a"].tolist()[:4] == [np.inf, -np.inf, 0.5, 1e5]


def test_columns_that_are_not_asked_for_stay_as_written(tmp_path):
    path = _write(tmp_path / "a.csv", "a,b\n1.50,1.50\nNA,NA\n")
    frame = tables.read(path, numbers={"a"}).frame
    assert frame["a"].tolist()[0] == 1.5
    assert frame["b"].tolist()[0] == "1.50" and pd.isna(frame["b"][1])


def test_repeated_and_missing_names(tmp_path):
    table = tables.read(_write(tmp_path / "a.csv", ",a,a,a.1,\n0,1,2,3,x\n1,4,5,6,y\n"))
    assert list(table.frame) == ["a", "a.2", "a.1", "Unnamed: 4"]
    assert table.repeated == ("a",)
    assert "counts the rows" in table.remarks[0] and "called 'Unnamed: 4'" in table.remarks[1]
    assert "'a.2'" in table.remarks[2]
    with pytest.raises(Refused, match="more than one column 'a'"):
        table.check_column("a", "--target")
    table.check_column("a.1", "--target")


def test_a_column_without_name_that_does_not_count_is_kept(tmp_path):
    assert list(tables.read(_write(tmp_path / "a.csv", ",a\nx,1\ny,2\n")).frame) == ["Unnamed: 0", "a"]


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        ("a,b\n1,2\n1,2,3\n", "a.csv", "line 3: 3 fields, but the header has 2"),
        ('a,b\n"x\ny",2\n\n1,2,3\n', "a.csv", "line 5: 3 fields"),
        ('a,b\n1,2\n"x,2\n3,4', "a.csv", "line 3: a quote opens"),
        ("", "a.csv", "is empty"),
        ("\n\n", "a.csv", "is empty"),
        ("a\n\xe9\n".encode("latin-1"), "a.csv", "/a.csv, line 2: byte 0xe9 at offset 2 is not utf-8; name the"),
        ("a,é\n".encode("utf-16"), "a.csv", "--encoding utf-16"),
        ("a,b\n".encode("utf-16-le"), "a.csv", "zero bytes"),
        (b"PK\x03\x04", "a.csv", "spreadsheet"),
        (gzip.compress(b"a,b\n" * 99, mtime=0)[:-9], "a.csv.gz", "damaged gzip"),
        (b"a,b\n", "a.csv.gz", "no gzip file"),
        (b"a,b\n", "a.parquet", "no readable Parquet file"),
        (b"PAR1garbage", "a.csv", "no readable Parquet file"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(refusal, data, name, words):
    assert words in refusal(data, name)


def test_paths_that_are_no_files(tmp_path, monkeypatch):
    for path, words in (
        (str(tmp_path), "folder"),
        (str(tmp_path / "no.csv"), "There is no file"),
        ("a\0b", "file's name"),
    ):
        with pytest.raises(Refused, match=words):
            tables.read(path)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(Refused, match="closed"):
        tables.read("-")


def test_a_wrong_separator_is_suspected(tmp_path):
    table = tables.read(_write(tmp_path / "a.csv", "a;b\n1;2\n"))
    with pytest.raises(Refused, match="separated by ';'"):
        table.check_column("a", "--target")


def test_without_pandas_the_install_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Refused, match=r"chalknet\[all\]"):
        tables.read(str(tmp_path / "a.csv"))


def test_a_column_without_a_name_gets_one_and_that_is_said(tmp_path):
    table = tables.read(_write(tmp_path / "a.csv", ",a\nx,1\ny,2\n"))
    assert [remark.partition(": ")[2] for remark in table.remarks] == [
        "column 1 has no name and is called 'Unnamed: 0'"
    ]
