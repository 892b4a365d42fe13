"""Text in a table's cells read as numbers, dates and categories: what people and spreadsheets write."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from numbers import Integral, Real
from typing import Any

import numpy as np

# Words that stand for "no value" where numbers or dates are expected.
MISSING_WORDS = frozenset(
    ("", "-", "--", ".", "?", "na", "n/a", "#n/a", "nan", "<na>", "nat", "nil", "none", "null", "missing")
)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE | re.ASCII)
# How numbers may be written; the first style that fits all of a column's values is taken.
NUMBER_STYLES: dict[str, re.Pattern[str]] = {
    "plain": _PLAIN,
    "1,234.5": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?|[+-]?\d+(\.\d*)?", re.ASCII),
    "1.234,5": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?|[+-]?\d+(,\d*)?", re.ASCII),
}
_CODE = re.compile(r"[+-]?0\d+", re.ASCII)  # "007": a code written in figures
_TRUTH = {"true": 1.0, "false": 0.0}
_CLOCK = r"(?:[T ](?P<clock>\d{1,2}:\d{2}(:\d{2}([.,]\d{1,6})?\d*)?)\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
# How dates may be written. Clock times are read as they stand, whatever their zone.
DATE_STYLES: dict[str, re.Pattern[str]] = {
    "year-month-day": re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + _CLOCK, re.ASCII),
    "day.month.year": re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})" + _CLOCK, re.ASCII),
    "month/day/year": re.compile(r"(?P<m>\d{1,2})[/-](?P<d>\d{1,2})[/-](?P<y>\d{4})" + _CLOCK, re.ASCII),
    "day/month/year": re.compile(r"(?P<d>\d{1,2})[/-](?P<m>\d{1,2})[/-](?P<y>\d{4})" + _CLOCK, re.ASCII),
}
_NO_TIME = np.datetime64("NaT", "us")


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # NA refuses to be true or false; so does an array in a cell
        return type(value).__name__ == "NAType"


def is_blank(value: Any) -> bool:
    """Whether a cell holds nothing, or text that says so by being empty."""
    return is_missing(value) or (isinstance(value, str) and not value.strip())


def to_number(value: Any, style: str = "plain") -> float:
    """One cell as a number in one of `NUMBER_STYLES`; NaN where it is none.

    >>> [to_number(v) for v in (3, "2.5", True, "false", "?")]
    [3.0, 2.5, 1.0, 0.0, nan]
    >>> to_number("1.234,5", "1.234,5")
    1234.5
    """
    if not isinstance(value, str):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            return math.nan
    text = value.strip()
    if style != "plain" and NUMBER_STYLES[style].fullmatch(text):
        text = text.replace(",", "") if style == "1,234.5" else text.replace(".", "").replace(",", ".")
    return float(text) if _PLAIN.fullmatch(text) else _TRUTH.get(text.lower(), math.nan)


def number_style(
    texts: Sequence[str], counts: np.ndarray, share: float = 0.9
) -> tuple[str, list[str]] | None:
    """How these distinct texts, each with its count, write numbers, and those of them that are none.

    None where less than `share` of the cells are numbers, or where some look like codes ("007"). Words for "no value"
    are left out of the count. A style must fit every number that some style fits, or it is not the column's.

    >>> number_style(["1,5", "2", "n/a"], np.ones(3))
    ('1.234,5', [])
    >>> number_style(["007", "12"], np.ones(2)) is None
    True
    """
    known = [
        (t.strip(), n) for t, n in zip(texts, counts, strict=True) if t.strip().lower() not in MISSING_WORDS
    ]
    if any(_CODE.fullmatch(t) for t, _ in known):
        return None
    total = sum(n for _, n in known)
    best: tuple[float, str, list[str]] = (0.0, "plain", [])
    for style, pattern in NUMBER_STYLES.items():
        odd = [(t, n) for t, n in known if not pattern.fullmatch(t)]
        fits = total - sum(n for _, n in odd)
        if fits > best[0]:
            best = (fits, style, [t for t, _ in odd])
    return best[1:] if best[0] > 0 and best[0] >= share * total else None


def to_time(value: Any, style: str = "year-month-day") -> np.datetime64:
    """One cell as a point in time in one of `DATE_STYLES`; NaT where it is none.

    >>> str(to_time("24.12.2025 18:30", "day.month.year"))
    '2025-12-24T18:30:00.000000'
    """
    try:
        if isinstance(value, datetime):
            return np.datetime64(value.replace(tzinfo=None), "us")
        if isinstance(value, date):
            return np.datetime64(value, "us")
        if isinstance(value, np.datetime64):
            return value.astype("datetime64[us]")
        found = DATE_STYLES[style].fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            return _NO_TIME
        hours, _, rest = (found["clock"] or "00:00").replace(",", ".").partition(":")
        day = f"{found['y']}-{int(found['m']):02}-{int(found['d']):02}"
        return np.datetime64(f"{day}T{int(hours):02}:{rest}", "us")
    except ValueError:  # 30 February
        return _NO_TIME


def date_style(texts: Iterable[str]) -> str | None:
    """How these texts write dates; None where one of them is no date (words for "no value" aside).

    >>> date_style(["24/12/2025", "1/2/2026"])
    'day/month/year'
    """
    known = [t for t in texts if t.strip().lower() not in MISSING_WORDS]
    for style in DATE_STYLES:
        if known and not any(np.isnat(to_time(t, style)) for t in known):
            return style
    return None


def to_key(value: Any) -> str:
    """One cell as the name of a category: the same for 1, 1.0 and "1", whatever type a file's reader chose.

    >>> [to_key(v) for v in (1.0, 1, " red ", True, 2.5)]
    ['1', '1', 'red', 'True', '2.5']
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    return str(value).strip()
