"""Decide what each column of a table is: number, category, yes/no, date, or nothing to learn from."""

from __future__ import annotations

import re

import numpy as np

from chalknet.estimators._kinds import Category, Date, Dropped, Kind, Number, Present, YesNo, days, spread
from chalknet.estimators._table import Raw
from chalknet.estimators._text import date_style, number_style, to_key
from chalknet.exceptions import DataError

FORCED = ("number", "category", "date", "drop")  # what a user may say instead
MAX_LEVELS = 50  # categories with a column of their own; the others share one
_MANY = 20  # rows from which on "a value of its own in every row" means something
_ID = re.compile(
    r"(.*[\s_.-])?(id|nr|no|number|index|idx|key|uuid|guid|row)|unnamed: \d+|.*[a-z]I[dD]", re.IGNORECASE
)


def decide(raw: Raw, name: str, forced: str | None = None) -> tuple[Kind, list[str]]:
    """Take a column for one of the kinds; returns it and sentences on what is odd about the column.

    `forced` is one of `FORCED`, for a user who knows better.

    Raises:
        DataError: `forced` is unknown, or the column cannot be what it should be.
    """
    missing = raw.missing()
    counts = f"{missing.sum()} missing" if missing.any() else ""
    if forced is not None and forced not in FORCED:
        raise DataError(f"Column {name!r} cannot be taken for {forced!r}; choose one of {', '.join(FORCED)}.")
    if forced == "drop":
        return Dropped(name, "as asked for"), []
    if missing.all():
        return Dropped(name, "no values"), []
    if forced == "category":
        return _category(raw, name, counts), []
    if forced == "number":
        return _forced_number(raw, name)
    if forced == "date" or raw.sort == "time":
        return _date(raw, name, _style_of_dates(raw, name)), []
    codes, distinct = _distinct(raw)
    if distinct == 1:
        if missing.any():
            return Present(name, f"given or missing, {counts}"), []
        return Dropped(name, "constant"), []
    if raw.sort != "text":
        return _number(raw.data, raw.sort, name, "plain")
    return _text(raw, codes, distinct, name, counts)


def _distinct(raw: Raw) -> tuple[np.ndarray, int]:
    """Positions of distinct categories and how many there are."""
    if raw.sort == "text":
        codes, names = raw.keys()
        return codes, len(names)
    return raw.data, len(np.unique(raw.data[~np.isnan(raw.data)]))


def _text(raw: Raw, codes: np.ndarray, distinct: int, name: str, counts: str) -> tuple[Kind, list[str]]:
    """A column of text or declared categories: perhaps numbers or dates in writing, perhaps categories."""
    known = codes[codes >= 0]
    if not raw.declared:
        texts = [to_key(v) for v in raw.values]
        numbers = number_style(texts, np.bincount(raw.data[raw.data >= 0], minlength=len(texts)))
        if numbers is not None:
            style, odd = numbers
            return _number(raw.numbers(style), "text", name, style, odd)
        dates = date_style(texts)
        if dates is not None:
            return _date(raw, name, dates), []
        if len(known) >= _MANY and distinct > 0.9 * len(known):
            return Dropped(name, "text with a value of its own in nearly every row"), []
    return _category(raw, name, counts), []


def _number(
    x: np.ndarray, sort: str, name: str, style: str, odd: list[str] | None = None
) -> tuple[Kind, list[str]]:
    """A column of numbers."""
    hints, notes = [], []
    missing, known = np.isnan(x), x[~np.isnan(x)]
    distinct = np.unique(known)
    if odd:
        shown = ", ".join(repr(t) for t in odd[:3])
        hints.append(f"Column {name!r} is taken for numbers; values that are none count as missing: {shown}.")
    infinite = int(np.isinf(x).sum())
    if infinite:
        hints.append(
            f"Column {name!r} holds {infinite} infinite value(s); they count as the largest or smallest."
        )
    whole = bool(np.isfinite(known).all() and (known == np.round(known)).all())
    if len(distinct) == len(x) >= _MANY and whole and _ID.fullmatch(name):
        return Dropped(name, "a number of its own in every row, and named like an identifier"), hints
    if len(distinct) == 1:
        note = f"{distinct[0]:g} or missing" if missing.any() else "constant"
        return (Present(name, note) if missing.any() else Dropped(name, note)), hints
    if missing.any():
        notes.append(f"{missing.sum()} missing")
    if style != "plain":
        notes.append(f"written as {style}")
    gaps = bool(missing.any())
    if sort == "truth" or set(distinct) <= {0.0, 1.0}:
        return Number(name, "yes/no", ", ".join(notes), style, 0.5, 0.5, 0.5, gaps), hints
    return Number(name, "number", ", ".join(notes), style, *spread(known), gaps), hints


def _forced_number(raw: Raw, name: str) -> tuple[Kind, list[str]]:
    style, odd = "plain", list[str]()
    if raw.sort == "text":
        texts = [to_key(v) for v in raw.values]
        found = number_style(texts, np.ones(len(texts)), share=0.0)
        style, odd = found if found is not None else ("plain", [])
    x = raw.numbers(style)
    if np.isnan(x).all():
        raise DataError(f"Column {name!r} cannot be taken for numbers: none of its values is one.")
    return _number(x, "number", name, style, odd)


def _category(raw: Raw, name: str, counts: str) -> Kind:
    """Categories: those that occur often enough, the rest together."""
    codes, names = raw.keys()
    gaps = bool((codes < 0).any())
    often = np.bincount(codes[codes >= 0], minlength=len(names))
    seen = [n for n, c in zip(names, often, strict=True) if c > 0]
    if len(seen) == 1:
        return Present(name, f"{seen[0]} or missing") if gaps else Dropped(name, "constant")
    if len(seen) == 2:
        notes = [" or ".join(seen), *([counts] if counts else [])]
        return YesNo(name, ", ".join(notes), seen, gaps)
    least = max(1, min(5, len(codes) // 50))
    order = sorted(range(len(names)), key=lambda i: (-often[i], names[i]))
    levels = sorted(names[i] for i in order[:MAX_LEVELS] if often[i] >= least)
    if not levels:
        return Dropped(name, "no value occurs often enough to learn from")
    rare = len(seen) - len(levels)
    notes = [
        f"{len(seen)} values",
        *([f"{rare} rare ones together"] if rare else []),
        *([counts] if counts else []),
    ]
    return Category(name, ", ".join(notes), levels, rare > 0, gaps)


def _style_of_dates(raw: Raw, name: str) -> str:
    if raw.sort == "time":
        return "year-month-day"
    style = date_style([to_key(v) for v in raw.values]) if raw.sort == "text" else None
    if style is None:
        raise DataError(
            f"Column {name!r} cannot be taken for dates; write them like 2025-12-24 or 24.12.2025 18:30."
        )
    return style


def _date(raw: Raw, name: str, style: str) -> Kind:
    """Dates: the rounds are taken in which they differ."""
    t = days(raw.times(style))
    known = t[~np.isnan(t)]
    gaps = bool(np.isnan(t).any())
    if len(np.unique(known)) == 1:
        return Present(name, "one date or missing") if gaps else Dropped(name, "constant")
    rounds = []
    if np.ptp(known) > 60.0:
        rounds.append("year")
    if len(np.unique(np.mod(np.floor(known), 7.0))) > 1:
        rounds.append("week")
    if len(np.unique(np.mod(known, 1.0))) > 1:
        rounds.append("day")
    notes = [", ".join(["time", *(f"place in the {r}" for r in rounds)])]
    if gaps:
        notes.append(f"{np.isnan(t).sum()} missing")
    return Date(name, ", ".join(notes), style, rounds, *spread(known), gaps)
