"""Answers of a hand-worked sheet: how exactly each was given, and files of them."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chalknet.chalk.numbers import half_unit
from chalknet.exceptions import DataError

EXACT = 1e-9  # relative: beyond a number's written digits
LARGEST = 1.7e308


class Answer(NamedTuple):
    """One answer: `half` is half a unit of its last digit, `decimals` how many it was written with."""

    given: Any
    value: float
    half: float
    decimals: int

    def fits(self, value: float, more: float = 0.0) -> bool:
        """Tell whether the number, rounded as the answer is, may be the answer."""
        if not (math.isfinite(value) and math.isfinite(self.value)):
            return value == self.value
        within = max(self.half * (1 + 1e-6), EXACT * max(abs(self.value), abs(value)))
        return abs(self.value - value) <= within + more


def answer(symbol: str, given: Any) -> Answer | None:
    """Take an answer as it was written: 911.25 has two decimals, 7.0 one, the whole number 7 none; None is a blank.

    Raises TypeError for what is no number and DataError for NaN, both naming the symbol.

    >>> answer("z1[0]", 911.25).half, answer("z1[0]", 7).half
    (0.005, 0.5)
    """
    if isinstance(given, np.ndarray) and given.ndim == 0:
        given = given.item()
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (Real, Decimal)):
        shown = " ".join(repr(given).split())[:60]
        raise TypeError(
            f"check_work: the answer to {symbol} must be a number or None, but was given {shown}."
        )
    number: Any = given
    try:
        value = float(number)
    except OverflowError:
        value = math.inf if number > 0 else -math.inf
    if math.isnan(value):
        raise DataError(f"check_work: the answer to {symbol} is not a number (NaN); None is a blank.")
    if math.isinf(value):
        return Answer(given, value, 0.0, 0)
    if isinstance(given, Integral):
        return Answer(given, value, 0.5, 0)
    half = half_unit((str(given) if isinstance(given, (np.floating, Decimal)) else repr(value)).lower())
    return Answer(given, value, half, max(0, -round(math.log10(2 * half))))


def read_answers(path: str | Path) -> dict[str, float | int | None]:
    """Read answers from a file: a JSON object, or CSV lines of symbol and value. An empty value is a blank.

    In CSV a symbol may be quoted or not, a first line ``symbol,value`` is passed over, and fields may be divided by
    tabs or semicolons as well (then a decimal comma is understood).

    Raises DataError in one sentence that names the file, and the line where there is one.
    """
    name = Path(path).name
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: byte {error.start + 1} is not UTF-8; save the file as UTF-8.") from None
    pairs = (
        _from_json(name, text)
        if text.lstrip()[:1] in ("{", "[") or name.endswith(".json")
        else _from_csv(name, text)
    )
    out: dict[str, float | int | None] = {}
    for line, symbol, value in pairs:
        if symbol in out:
            raise DataError(f"{name}, line {line}: {symbol!r} was answered before; leave one of the two.")
        out[symbol] = value
    return out


def _from_json(name: str, text: str) -> Iterator[tuple[int, str, Any]]:
    def refuse(constant: str) -> float:
        raise DataError(f"{name}, line {_line(text, constant)}: {constant} is no answer; null is a blank.")

    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise DataError(f"{name}, line {error.lineno}: this is no JSON ({error.msg}).") from None
    except RecursionError:
        raise DataError(
            f"{name}, line 1: this is no object of symbols and numbers, it is nested too deeply."
        ) from None
    if not isinstance(pairs, _Pairs):
        raise DataError(f'{name}, line 1: answers are an object such as {{"z1[0]": 7.5}}, but this is none.')
    for symbol, value in pairs:
        line = _line(text, json.dumps(symbol, ensure_ascii=False))
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise DataError(f"{name}, line {line}: the answer to {symbol!r} must be a number or null.")
        if value is not None and abs(value) > LARGEST:
            raise DataError(f"{name}, line {line}: the answer to {symbol!r} is too large.")
        yield line, symbol, value


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with its repeated keys."""


def _line(text: str, part: str) -> int:
    """The number of the line in which a part of the text stands first."""
    return text.count("\n", 0, max(text.find(part), 0)) + 1


def _from_csv(name: str, text: str) -> Iterator[tuple[int, str, Any]]:
    delimiter = next((d for d in "\t;" if d in text), ",")
    reader = csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True)
    first = True
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise DataError(f"{name}, line {reader.line_num}: this is no CSV ({error}).") from None
        if fields is None:
            return
        line = reader.line_num
        if not any(f.strip() for f in fields):
            continue
        symbol, value = delimiter.join(fields[:-1]).strip(), fields[-1].strip()
        header, first = first and value.lower() == "value", False
        if header:
            continue
        if not symbol:
            raise DataError(f"{name}, line {line}: a line is a symbol and its value, as in z1[0],7.5.")
        yield (
            line,
            symbol,
            _number(name, line, symbol, value if delimiter == "," else value.replace(",", ".")),
        )


def _number(name: str, line: int, symbol: str, value: str) -> float | int | None:
    text = value.replace("−", "-")
    if not text:
        return None
    try:
        if "_" in text:  # Python's own way to write a million
            raise ValueError
        number = int(text) if text.lstrip("+-").isdigit() else float(text)
        if not abs(number) <= LARGEST:
            raise ValueError
    except ValueError:
        raise DataError(
            f"{name}, line {line}: the answer to {symbol!r} must be a number, not {value!r}."
        ) from None
    return number


def given_answers(answers: Any) -> Mapping[str, Any]:
    """Check that answers are a mapping of symbols. Raises TypeError for anything else."""
    if not isinstance(answers, Mapping):
        shown = " ".join(repr(answers).split())[:60]
        raise TypeError(
            f'check_work: answers are a mapping such as {{"z1[0]": 7.5}}, but were given {shown}.'
        )
    for symbol in answers:
        if not isinstance(symbol, str):
            raise TypeError(f"check_work: a symbol is a text such as 'z1[0]', but was given {symbol!r}.")
    return answers
