"""What a column can be taken for, and how each kind becomes numbers for a network.

Each class is what was learned about one column: a few plain values (so that a model file can hold them as JSON), and
`encode`, which turns a raw column into float64 columns about the size of 1, one for each of `outputs`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from chalknet.estimators._table import Raw

BOUND = 8.0  # what no standardised value exceeds; values far from the centre are slowed on their way there
TAIL = 0.01  # share of the values at each end that is drawn in before the scale is measured


def standardise(x: np.ndarray, centre: float, scale: float) -> np.ndarray:
    r"""Centred and scaled values, smoothly kept within ±8 so that no outlier rules the network.

    .. math:: z = (x - c) / s, \qquad a = z / \sqrt{1 + (z / 8)^2}

    Near the centre a is z; infinities become ±8. Source: Holzmüller, Grinsztajn & Steinwart (2024), "Better by
    default: strong pre-tuned MLPs and boosted trees on tabular data", arXiv:2407.04491, "smooth clipping"; theirs is at
    3, with the interquartile range for a scale. On 33 small tables, 8 and the scale of `spread` did better.
    """
    with np.errstate(over="ignore"):
        z = np.clip((x - centre) / scale, -1e9, 1e9)
    return z / np.sqrt(1.0 + (z / BOUND) * (z / BOUND))


def spread(x: np.ndarray) -> tuple[float, float, float]:
    """Median, centre and scale of values: the latter two are mean and standard deviation, extremes drawn in.

    The lowest and highest hundredth count as the values at their edges; infinities are left out. Where that leaves no
    difference, the standard deviation of all. The scale is never 0.
    """
    finite = x[np.isfinite(x)]
    if not len(finite):
        return 0.0, 0.0, 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        low, median, high = np.quantile(finite, [TAIL, 0.5, 1.0 - TAIL])
        for values in (np.clip(finite, low, high), finite):
            centre, scale = np.mean(values), np.std(values)
            if np.isfinite([centre, scale]).all() and scale > 0.0 and np.isfinite(1.0 / scale):
                return float(median), float(centre), float(scale)
    return float(median), float(median), float(np.max(np.abs(finite))) or 1.0


def _with_gaps(columns: list[np.ndarray], gaps: np.ndarray | None) -> np.ndarray:
    """Columns side by side, (n, k), with one more that tells where the value is missing if `gaps` is given."""
    return np.column_stack(columns if gaps is None else [*columns, gaps.astype(np.float64)])


@dataclass(frozen=True)
class Number:
    """Numbers: missing ones become the median, then `standardise`; `gaps` adds a column that tells which.

    The kind is "number", or "yes/no" where only 0 and 1 occur (about -1 and 1 for the network, 0 where missing).
    """

    name: str
    kind: str
    note: str
    style: str
    fill: float
    centre: float
    scale: float
    gaps: bool

    @property
    def outputs(self) -> list[str]:
        """Names of the columns that `encode` gives."""
        return [self.name, f"{self.name} missing"] if self.gaps else [self.name]

    def encode(self, raw: Raw) -> np.ndarray:
        """The column for a network, (n, len(outputs))."""
        x = raw.numbers(self.style)
        missing = np.isnan(x)
        return _with_gaps(
            [standardise(np.where(missing, self.fill, x), self.centre, self.scale)],
            missing if self.gaps else None,
        )


@dataclass(frozen=True)
class YesNo:
    """Two categories in one column: -1 for the first, 1 for the second, 0 where missing or neither."""

    name: str
    note: str
    levels: list[str]
    gaps: bool
    kind: ClassVar[str] = "yes/no"

    @property
    def outputs(self) -> list[str]:
        """Names of the columns that `encode` gives."""
        name = f"{self.name}={self.levels[1]}"
        return [name, f"{self.name} missing"] if self.gaps else [name]

    def encode(self, raw: Raw) -> np.ndarray:
        """The column for a network, (n, len(outputs))."""
        codes, names = raw.keys()
        value = dict(zip(self.levels, (-1.0, 1.0), strict=True))
        x = np.array([*(value.get(n, 0.0) for n in names), 0.0])[codes]
        return _with_gaps([x], codes < 0 if self.gaps else None)


@dataclass(frozen=True)
class Present:
    """A column whose only known value is constant, so that all it tells is whether there is one: -1 or 1."""

    name: str
    note: str
    kind: ClassVar[str] = "yes/no"

    @property
    def outputs(self) -> list[str]:
        """Names of the columns that `encode` gives."""
        return [f"{self.name} given"]

    def encode(self, raw: Raw) -> np.ndarray:
        """The column for a network, (n, 1)."""
        return np.where(raw.missing(), -1.0, 1.0)[:, None]


@dataclass(frozen=True)
class Category:
    """Categories, one column each (1 where it is this one, else 0).

    `other` adds a column for values that were rare or never seen, `gaps` one for missing values; without such a
    column they are all zeros.
    """

    name: str
    note: str
    levels: list[str]
    other: bool
    gaps: bool
    kind: ClassVar[str] = "category"

    @property
    def outputs(self) -> list[str]:
        """Names of the columns that `encode` gives."""
        more = [f"{self.name} other"] * self.other + [f"{self.name} missing"] * self.gaps
        return [f"{self.name}={level}" for level in self.levels] + more

    def encode(self, raw: Raw) -> np.ndarray:
        """The column for a network, (n, len(outputs))."""
        codes, names = raw.keys()
        k = len(self.levels)
        place = {level: i for i, level in enumerate(self.levels)}
        other, missing = (k if self.other else -1), (k + self.other if self.gaps else -1)
        at = np.array([*(place.get(n, other) for n in names), missing])[codes]
        out = np.zeros((len(at), k + self.other + self.gaps))
        known = np.flatnonzero(at >= 0)
        out[known, at[known]] = 1.0
        return out


_DAY = np.timedelta64(1, "D")
# The parts of a date that go round: (length of the round in days, its name)
ROUNDS = {"year": 365.2425, "week": 7.0, "day": 1.0}


def days(times: np.ndarray) -> np.ndarray:
    """Days since 1970 as float64, NaN where there is no time."""
    return np.where(np.isnat(times), np.nan, (times - np.datetime64(0, "us")) / _DAY)


@dataclass(frozen=True)
class Date:
    """A point in time: its days since 1970, standardised, and sine and cosine of its place in each of `rounds`.

    A missing one becomes the median time and the middle of each round; `gaps` adds a column that tells which.
    """

    name: str
    note: str
    style: str
    rounds: list[str]
    fill: float
    centre: float
    scale: float
    gaps: bool
    kind: ClassVar[str] = "date"

    @property
    def outputs(self) -> list[str]:
        """Names of the columns that `encode` gives."""
        parts = [f"{self.name} {f} of {r}" for r in self.rounds for f in ("sin", "cos")]
        return [self.name, *parts] + [f"{self.name} missing"] * self.gaps

    def encode(self, raw: Raw) -> np.ndarray:
        """The column for a network, (n, len(outputs))."""
        t = days(raw.times(self.style))
        missing = np.isnan(t)
        t = np.where(missing, self.fill, t)
        columns = [standardise(t, self.centre, self.scale)]
        for name in self.rounds:
            angle = 2.0 * np.pi * np.mod(t, ROUNDS[name]) / ROUNDS[name]
            columns += [np.where(missing, 0.0, np.sin(angle)), np.where(missing, 0.0, np.cos(angle))]
        return _with_gaps(columns, missing if self.gaps else None)


@dataclass(frozen=True)
class Dropped:
    """A column that is left out; `note` says why."""

    name: str
    note: str
    kind: ClassVar[str] = "dropped"
    outputs: ClassVar[list[str]] = []

    def encode(self, raw: Raw) -> np.ndarray:
        """No column, (n, 0)."""
        return np.empty((len(raw.data), 0))


Kind = Number | YesNo | Present | Category | Date | Dropped
_CLASSES: dict[str, type[Any]] = {c.__name__: c for c in (Number, YesNo, Present, Category, Date, Dropped)}


def to_plain(kind: Kind) -> dict[str, Any]:
    """A kind as JSON-able data."""
    return {"encoding": type(kind).__name__, **asdict(kind)}


def from_plain(document: dict[str, Any]) -> Kind:
    """The kind that `to_plain` wrote; KeyError or TypeError where the document is none."""
    values = dict(document)
    return _CLASSES[values.pop("encoding")](**values)
