"""Read DATA: CSV, TSV, gzip of either, Parquet or standard input, so that one table is the same from each of them.

Every column ends as numbers (float64), truth values, points in time, or text with missing values; what text means
(dates, categories, numbers written otherwise) the estimators decide, from the same values whatever file they lay in.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chalknet.cli.errors import Refused, nearest, some

if TYPE_CHECKING:
    import pandas as pd

INSTALL = 'python -m pip install "chalknet[all]"'


@dataclass(frozen=True)
class Table:
    """A table as it was read: its columns, what messages call it, and what a person should know about it."""

    frame: pd.DataFrame
    source: str
    remarks: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()

    def check_column(self, name: str, option: str) -> None:
        """Refuse a column that is not there, or twice."""
        if name in self.repeated:
            raise Refused(
                f"{self.source} has more than one column {name!r}, and {option} could be any; rename one"
            )
        if name not in self.frame.columns:
            names = list(self.frame.columns)
            odd = [c for c in "\t;|," if len(names) == 1 and c in names[0]]
            hint = f" (is it separated by {odd[0]!r}? see --sep)" if odd else nearest(name, names)
            raise Refused(
                f"{self.source} has no column {name!r} for {option}{hint}; its columns are {some(names)}"
            )

    def check_rows(self, what: str) -> None:
        """Refuse a table that is a header alone."""
        if self.frame.empty:
            raise Refused(f"{self.source} has no rows below its header; there is nothing to {what}")


def read(
    path: str, sep: str | None = None, encoding: str = "utf-8", *, numbers: Collection[str] | None = None
) -> Table:
    """Read a table from a file, or from standard input where ``path`` is ``-``.

    Args:
        path: CSV, TSV, either compressed with gzip, or Parquet.
        sep: the character between fields; None: a tab in ``.tsv``, else a comma.
        encoding: of text.
        numbers: columns whose text may become numbers; None: all whose text is numbers.

    Raises:
        Refused: there is no such file, or what it holds is no table; the sentence names the line where it can.
    """
    try:
        import pandas
        import pyarrow  # noqa: F401 - absent with pandas: both come with one extra
    except ImportError as error:
        raise Refused(f"Reading tables needs pandas and pyarrow: {INSTALL}") from error
    del pandas
    source = "standard input" if path == "-" else path
    data = _load(path, source)
    if data[:4] == b"PAR1" or path.lower().endswith((".parquet", ".pq")):
        from chalknet.cli.parquet import columns

        found = columns(data, source)
    else:
        name = path.lower().removesuffix(".gz")
        text = _decode(data, source, encoding)
        if sep is None:
            tabs = name.endswith((".tsv", ".tab")) or (not name.endswith(".csv") and _more_tabs(text))
            sep = "\t" if tabs else ","
        found = _delimited(text, sep, source)
    return _table(found, source, numbers)


def of_frame(frame: pd.DataFrame, source: str) -> Table:
    """A table that is in memory already, with its columns typed as those of a file are."""
    import pandas as pd

    from chalknet.cli.columns import typed

    return Table(pd.DataFrame({str(name): typed(frame[name]) for name in frame.columns}), source)


def _load(path: str, source: str) -> bytes:
    """All bytes of the file, uncompressed."""
    if path == "-":
        if sys.stdin is None:
            raise Refused("Standard input is closed; there is no table to read from -")
        data = sys.stdin.buffer.read()
    elif Path(path).is_dir():
        raise Refused(f"{path!r} is a folder; DATA is one CSV, TSV or Parquet file")
    else:
        try:
            data = Path(path).read_bytes()
        except FileNotFoundError as error:
            raise Refused(f"There is no file {path!r}") from error
        except ValueError as error:  # a zero byte in the name
            raise Refused(f"{path!r} cannot be a file's name") from error
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise Refused(f"{source} is a damaged gzip file: {error}") from error
    elif path.lower().endswith(".gz"):
        raise Refused(f"{source} is named .gz and is no gzip file")
    return data


def _decode(data: bytes, source: str, encoding: str) -> str:
    """The bytes as text without a byte-order mark."""
    if data[:4] == b"PK\x03\x04":
        raise Refused(f"{source} looks like a spreadsheet or zip file; save the table as CSV")
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        before = data[:start]
        line = 1 + (before.count(b"\n") or before.count(b"\r"))
        try_this = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
        what = f"byte 0x{data[start]:02x} at offset {start}"
        raise Refused(
            f"{source}, line {line}: {what} is not {encoding}; name the file's encoding, such as --encoding {try_this}"
        ) from error
    if "\0" in text:
        raise Refused(f"{source} holds zero bytes, so it is no text in {encoding}; is it --encoding utf-16?")
    return text.removeprefix("\ufeff")


def _more_tabs(text: str) -> bool:
    """Whether the first line holds more tabs than commas: standard input has no name that ends in .tsv."""
    first = next(iter(text.lstrip("\r\n").splitlines()), "")
    return first.count("\t") > first.count(",")


def _delimited(text: str, sep: str, source: str) -> list[tuple[str, pd.Series]]:
    """Columns of delimited text; all cells are text as yet."""
    import pandas as pd

    try:
        cells = io.StringIO(text)
        frame = pd.read_csv(
            cells, sep=sep, header=None, dtype=str, na_filter=False, engine="c", index_col=False
        )
    except pd.errors.EmptyDataError as error:
        raise Refused(f"{source} is empty; a table begins with a line of column names") from error
    except pd.errors.ParserError as error:
        raise Refused(f"{source}, {_fault(text, sep, str(error))}") from error
    header_row, body = frame.iloc[0], frame.iloc[1:].reset_index(drop=True)
    return [(str(header_row.iloc[i]), body.iloc[:, i]) for i in range(frame.shape[1])]


def _fault(text: str, sep: str, said: str) -> str:
    """Where the first row that cannot be read lies: pandas counts rows, a person looks for lines."""
    csv.field_size_limit(2**31 - 1)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=sep)
    width, start, line = 0, 1, 1
    for row in rows:
        start, line = line, rows.line_num + 1
        width = width or len(row)
        if len(row) > width:
            fields = f"{len(row)} fields, but the header has {width}"
            return f"line {start}: {fields}; a field that holds {sep!r} must be quoted"
    if "EOF inside string" in said:
        return f"line {start}: a quote opens here and never closes"
    return f"not readable as a table: {said.strip()}"


def _table(found: list[tuple[str, pd.Series]], source: str, numbers: Collection[str] | None) -> Table:
    """Name the columns as pandas does, and give each its type."""
    import pandas as pd

    from chalknet.cli.columns import counts_rows, typed

    remarks: list[str] = []
    columns: dict[str, pd.Series] = {}
    renamed: dict[str, list[str]] = {}
    times = Counter(name for name, _ in found)
    given = {name or f"Unnamed: {i}" for i, (name, _) in enumerate(found)}
    for i, (name, cells) in enumerate(found):
        if not name and counts_rows(cells):
            remarks.append(f"{source}: column {i + 1} has no name and counts the rows; left out")
            continue
        label, number = name or f"Unnamed: {i}", 0
        while label in columns or (number and label in given):
            number += 1
            label = f"{name}.{number}"
        if number:
            renamed.setdefault(name, []).append(label)
        elif not name:
            remarks.append(f"{source}: column {i + 1} has no name and is called {label!r}")
        columns[label] = typed(cells, parse=numbers is None or label in numbers)
    for name, labels in renamed.items():
        what = f"{times[name]} columns are named {name!r}; all but the first are taken as {some(labels)}"
        remarks.append(f"{source}: {what}")
    return Table(pd.DataFrame(columns), source, tuple(remarks), tuple(renamed))
