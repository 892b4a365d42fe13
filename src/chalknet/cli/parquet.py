"""Columns of a Parquet file, in the values that a CSV of the same table would hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chalknet.cli.errors import Refused

if TYPE_CHECKING:
    import pandas as pd

_INDEX = re.compile(r"__index_level_\d+__")  # how pandas stores row labels that have no name


def columns(data: bytes, source: str) -> list[tuple[str, pd.Series]]:
    """Names and cells of each column.

    Raises:
        Refused: the bytes are no Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise Refused(f"{source} is no readable Parquet file: {str(error).splitlines()[0]}") from error
    pairs = zip(table.column_names, table.columns, strict=True)
    return [(name, _cells(column)) for name, column in pairs if not _INDEX.fullmatch(name)]


def _cells(column: Any) -> pd.Series:
    """One column as pandas holds it; types that a CSV has no notation for become the text that it would hold."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        texts = [None if cell is None else cell.decode("utf-8", "replace") for cell in column.to_pylist()]
        return pd.Series(texts, dtype=object)
    series = column.to_pandas()
    if kind in (pa.float16(), pa.float32()):  # 0.1 in a CSV of this table is not the float32 nearest to it
        return pd.Series(series.to_numpy().astype(str).astype(np.float64))
    if pa.types.is_integer(kind) or pa.types.is_float64(kind):
        return series.astype(np.float64)
    if pa.types.is_boolean(kind) or pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return series
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return series
    texts = [None if missing else str(cell) for cell, missing in zip(series, series.isna(), strict=True)]
    return pd.Series(texts, dtype=object)
