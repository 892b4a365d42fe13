"""What is found about one answer, which of several slips is the likeliest, and all of it in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chalknet.chalk.answers import Answer
from chalknet.chalk.numbers import shown
from chalknet.chalk.report import Row
from chalknet.chalk.sheet import Entry
from chalknet.chalk.slips import ARITHMETIC, SLIPS, Slip


@dataclass(frozen=True)
class Match:
    """A slip that gives an answer's number.

    `key` is the way it was made, by which others of its kind are known; `blank` names the array it was made in, where
    that was left blank.
    """

    slip: Slip
    key: tuple[Any, ...]
    value: float
    weak: bool
    blank: str | None = None
    loose: bool = False  # it fits the answer's own digits only, not as many as others on the sheet have


@dataclass
class Finding:
    """What was found about one answer."""

    entry: Entry
    answer: Answer
    ok: bool = False
    exact: bool = False  # right by the exact value; else by the learner's own numbers
    cause: str | None = None  # the wrong number that it follows from
    matches: list[Match] = field(default_factory=list)
    likely: list[Match] = field(default_factory=list)  # those that nothing speaks against, one a slip
    company: str | None = None  # a wrong number of its array, whose slip may have been made here too, unseen
    near: bool = False
    expected: float = math.nan  # from the learner's own numbers

    @property
    def unexplained(self) -> bool:
        """Wrong, and not by a wrong number before it."""
        return not self.ok and self.cause is None

    @property
    def slip(self) -> str | None:
        """The likeliest slip's name."""
        if not self.unexplained:
            return None
        return self.likely[0].slip.name if self.likely else ARITHMETIC if self.near else None

    def row(self) -> Row:
        """The answer's row in the report."""
        e, a = self.entry, self.answer
        follows = self.cause is not None
        return Row(e.symbol, e.value, a.given, self.ok, follows, self.slip, reason(self))


def rank(findings: Iterable[Finding]) -> None:
    """Put the likeliest slip first, and leave out what others of the same array speak against.

    A slip that is made is made in a whole array as a rule: the one that explains most of it goes first. Then those made
    more often on the sheet, at the number itself and not before it, and in the table's order.
    """
    wrong = [one for one in findings if one.unexplained]
    arrays = Counter(key for one in wrong for key in {m.key for m in one.matches if not m.loose})
    sheet = Counter(name for one in wrong for name in {m.slip.name for m in one.matches})

    def order(m: Match) -> tuple[Any, ...]:
        rare = (m.weak, -sheet[m.slip.name], m.blank is not None, SLIPS.index(m.slip))
        return -arrays[m.key], m.loose, *rare

    for one in wrong:
        one.matches.sort(key=order)
        best: dict[str, Match] = {}
        for m in one.matches:
            if order(m)[:2] == order(one.matches[0])[:2]:
                best.setdefault(m.slip.name, m)
        one.likely = list(best.values())


def reason(one: Finding) -> str:
    """A sentence about an answer."""
    decimals = min(max(one.answer.decimals, 4), 12)
    right = shown(one.entry.value, decimals)
    if one.ok:
        return "right" if one.exact else "right, from your own rounded numbers"
    if one.cause is not None:
        return f"follows from {one.cause}: right, given that number"
    if not one.likely:
        if one.near:
            return f"wrong: an arithmetic slip; right is {right}"
        return f"wrong: right is {right}, and no known slip gives this number"
    strong = [m for m in one.likely if m.weak == one.likely[0].weak]
    texts = [f"{m.slip.says}{'' if m.blank is None else f', in {m.blank}'} ({m.slip.name})" for m in strong]
    others = [m.slip.name for m in one.likely if m not in strong]
    also = f"; it may also be {' or '.join(others)}" if others else ""
    return f"{' or '.join(texts)}{also}; right is {right}"
