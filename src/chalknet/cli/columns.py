"""What the cells of a column are: numbers, truth values, times or text; and which of them are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# What pandas.read_csv takes for a missing value, so that a model reads raw files as the reader's own pandas does.
MISSING = (
    *(
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
    ),
    *("NULL", "NaN", "None", "n/a", "nan", "null"),
)
_TRUTH = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}
_CODE = r"^[+-]?0[0-9]"  # "007" is a code, not a number
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(?i:inf|infinity)$"


def typed(cells: pd.Series, *, parse: bool = True) -> pd.Series:
    """Cells as numbers (float64), truth values, times or text.

    Text that holds only numbers becomes numbers, parsed to the nearest float64; text that holds only ``True`` and
    ``False`` becomes truth values; all else stays, with the `MISSING` words taken out. Without
    ``parse`` all text stays.

    >>> import pandas as pd
    >>> [typed(pd.Series(cells)).tolist() for cells in (["1.50", "NA"], ["007", "12"], ["true", "false"])]
    [[1.5, nan], ['007', '12'], [True, False]]
    """
    import numpy as np
    import pandas as pd

    if cells.dtype.kind in "iu":
        return cells.astype(np.float64)
    if not (isinstance(cells.dtype, pd.StringDtype) or cells.dtype == object):
        return cells
    if cells.dtype == object and not all(isinstance(cell, str) for cell in cells.dropna()):
        return cells  # dates; truth values with gaps
    distinct, codes = _distinct(cells)
    number = _numbers(distinct) if parse else None
    if number is not None:
        return pd.Series(number[codes], index=cells.index)
    if parse and all(text in _TRUTH for text in distinct if text is not None):
        values: Any = np.array([np.nan if text is None else _TRUTH[text] for text in distinct], dtype=object)[
            codes
        ]
        return pd.Series(values, index=cells.index).infer_objects()
    kept = np.array([np.nan if text is None else text for text in distinct], dtype=object)
    return pd.Series(kept[codes], index=cells.index)


def _distinct(cells: pd.Series) -> tuple[list[str | None], np.ndarray]:
    """Distinct texts without surrounding blanks, None for missing ones, and which of them each cell holds."""
    import pandas as pd

    codes, values = pd.factorize(cells, use_na_sentinel=False)
    texts = [None if not isinstance(v, str) or v.strip() in MISSING else v for v in values]
    return texts, codes


def _numbers(distinct: list[str | None]) -> np.ndarray | None:
    """All texts as float64, NaN for missing; None if one of them is no number, or a code with leading zeros."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(pa.array(distinct, type=pa.large_string()))
    codes, numbers = (pc.match_substring_regex(texts, pattern) for pattern in (_CODE, _NUMBER))
    if pc.any(codes).as_py() or pc.all(numbers).as_py() is False:  # both are None where every cell is missing
        return None
    # Python's own parser: correctly rounded, so that a CSV gives the bits that a Parquet file holds
    return np.array([np.nan if text is None else float(text) for text in texts.to_pylist()], dtype=np.float64)


def counts_rows(cells: pd.Series) -> bool:
    """Whether cells are 0, 1, 2, … or 1, 2, 3, …: row labels that another program wrote."""
    import numpy as np

    number = typed(cells)
    if number.dtype != np.float64 or not len(number):
        return False
    return bool(np.array_equal(number, np.arange(len(number)) + number.iloc[0]) and number.iloc[0] in (0, 1))
