"""Goes through the answers of a sheet in the calculation's order and judges each."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import groupby
from typing import Any

from chalknet.chalk.answers import EXACT, Answer
from chalknet.chalk.findings import Finding, Match, rank
from chalknet.chalk.places import Place, Variant
from chalknet.chalk.programs import Program
from chalknet.chalk.report import Report
from chalknet.chalk.sheet import Chain, Entry, Sheet, base
from chalknet.chalk.slips import SLIPS, Slip

LARGE = 5000  # numbers of a sheet, from which on nobody fills it in whole
FEW = 3.0  # units that an arithmetic slip may be off, however small the number
NOISE = 1e-12  # of the terms: what is left where they cancel is not to be blamed on anybody

Way = tuple[Slip, Variant, tuple[Any, ...]]  # to slip: the last names it


class Checker:
    """Judges answers.

    Three people may have filled in a sheet: one goes on with the numbers as they stand on it (`written`), one with all
    the digits that they were rounded from (`carried`), one rounds what is not written down too (`rounding`).
    `corrected` are the first and the last with every wrong number put right.
    """

    def __init__(self, sheet: Sheet, given: dict[str, Answer]) -> None:
        self.sheet, self.given = sheet, given
        numbers = {symbol: a.value for symbol, a in given.items()}
        decimals = max((a.decimals for a in given.values()), default=0)
        self.last_digit = 0.5 * 10.0**-decimals  # half a unit of it, on the whole sheet
        small = sum(g.value.size for g in sheet.groups) <= LARGE
        self.written, self.carried = Chain(sheet, numbers), Chain(sheet, {})
        self.corrected = [Chain(sheet, {})]
        self.learners = [self.carried, self.written]
        if small:
            self.corrected.append(Chain(sheet, {}, decimals))
            self.learners.append(Chain(sheet, numbers, decimals))
        self.unsure: dict[str, float] = {}  # numbers carried whose digits nobody knows: by how much
        self.cause: dict[str, str] = {}  # the wrong number that each wrong number came from
        self.ways = cache(self._ways)
        self.before = cache(self._before)
        self._slipping: dict[tuple[Any, ...], Chain] = {}
        self._moving: dict[str, Chain] = {}

    def report(self) -> Report:
        """Judge all answers."""
        entries = sorted((self.sheet.find(symbol) for symbol in self.given), key=lambda e: e.order)
        found: list[Finding] = []
        for _, members in groupby(entries, key=lambda e: e.order[0]):
            array = [self.judge(entry) for entry in members]
            rank(array)
            self.companions(array)
            for one in array:
                self.remember(one)
            found += array
        rank(found)
        return Report(tuple(one.row() for one in found))

    def judge(self, entry: Entry) -> Finding:
        """Right, following from a wrong number, or neither, and then by which slip."""
        a, forms = self.given[entry.symbol], self.sheet.forms(entry.symbol)
        one = Finding(entry, a, expected=entry.value)
        if a.fits(entry.value):
            one.ok = one.exact = True
            return one
        terms = max((p.terms() for p in forms), default=0.0)
        right = [p(chain) for chain in self.corrected for p in forms]
        between = [entry.value, *right]
        one.ok = any(a.fits(v, NOISE * terms) for v in between) or min(between) <= a.value <= max(between)
        if one.ok:
            return one
        cause = self.first_cause(entry.symbol)
        if cause is not None:
            one.expected = forms[0](self.written)
            if any(
                self.fits(one, p, chain, NOISE * terms) is not None for chain in self.learners for p in forms
            ):
                one.cause = cause
                return one
        one.matches = [*self.slips_here(one), *self.slips_before(one)]
        size = max(abs(a.value), abs(one.expected), abs(entry.value))
        within = max(0.5 * size, terms, FEW)
        one.near = any(abs(a.value - v) <= within for v in (one.expected, entry.value))
        return one

    def first_cause(self, symbol: str) -> str | None:
        """The first wrong number that a number depends on."""
        causes = {self.cause[name] for name in self.before(symbol)[0] if name in self.cause}
        return min(causes, key=lambda name: self.sheet.find(name).order, default=None)

    def fits(self, one: Finding, program: Program, chain: Chain, more: float = 0.0) -> float | None:
        """The program's value from a person's numbers, if it may be the answer."""
        value = program(chain)
        if not math.isfinite(value):
            return None
        if chain is self.carried:
            more += self.spread(one.entry.symbol, program, value)
        return value if one.answer.fits(value, more) else None

    def spread(self, symbol: str, program: Program, value: float) -> float:
        """How far the value may be off for what nobody knows of the digits carried."""
        total = 0.0
        for name in self.before(symbol)[0] | program.symbols.keys() if self.unsure else ():
            if name in self.unsure:
                if name not in self._moving:
                    self._moving[name] = self.carried.moving(name, self.carried.own[name] + self.unsure[name])
                total += abs(program(self._moving[name]) - value)
        return total if math.isfinite(total) else 0.0

    def _before(self, symbol: str) -> tuple[set[str], list[str]]:
        """(answers, arrays with blanks) that a number is computed from, through blanks; the nearest arrays first."""
        queue, answered = [symbol], set[str]()
        seen: set[str] = {symbol}
        for at in queue:
            for name in self.sheet.needs(at):
                if name in seen:
                    continue
                seen.add(name)
                if name in self.given:
                    answered.add(name)
                elif len(queue) <= LARGE:
                    queue.append(name)
        blanks = dict.fromkeys(base(name) for name in queue[1:] if self.sheet.forms(name))
        return answered, list(blanks)

    def slips_here(self, one: Finding) -> list[Match]:
        """The slips at the number's own place that give the answer."""
        name, index = one.entry.group.name, one.entry.index
        forms = [p.expression for p in self.sheet.forms(one.entry.symbol)] or [self.sheet.symbol(name, index)]
        found = []
        for slip, variant, key in self.ways(name):
            changed = [e for e in (variant.change(index, form) for form in forms) if e is not None]
            programs = [Program(e) for e in changed]
            values = [self.fits(one, p, chain) for chain in self.learners for p in programs]
            found += self.match(one, values, slip, variant, key)
        return found

    def companions(self, array: list[Finding]) -> None:
        """Right answers that would be the same with the slip of their array: nobody knows whether it was made there."""
        slipped = [one for one in array if one.matches]
        keys = {one.matches[0].key for one in slipped}
        for one in array if keys else ():
            if one.ok:
                also = [
                    m
                    for m in (*self.slips_here(one), *self.slips_before(one))
                    if m.key in keys and not m.loose
                ]
                one.matches, one.company = also, slipped[0].entry.symbol if also else None

    def match(
        self,
        one: Finding,
        values: list[float | None],
        slip: Slip,
        variant: Variant,
        key: tuple[Any, ...],
        blank: str | None = None,
    ) -> list[Match]:
        """The slip with the values that it gives, if one of them may be the answer."""
        found = [v for v in values if v is not None]
        a = one.answer._replace(half=self.last_digit)
        tight = [v for v in found if a.fits(v)]
        return [Match(slip, key, (tight or found)[0], variant.weak, blank, not tight)] if found else []

    def slips_before(self, one: Finding) -> list[Match]:
        """The slips in arrays left blank that give the answer."""
        forms, found = self.sheet.forms(one.entry.symbol), []
        for name in self.before(one.entry.symbol)[1]:
            for slip, variant, key in self.ways(name):
                chains = [self.slipping(chain, name, variant, key) for chain in self.learners]
                values = [self.fits(one, p, chain) for chain in chains for p in forms]
                found += self.match(one, values, slip, variant, key, name)
        return found

    def _ways(self, name: str) -> list[Way]:
        """The ways to slip in one array."""
        role = self.sheet.roles.get(name)
        if role is None:
            return []
        place = Place(self.sheet, self.sheet.groups[self.sheet.position[name]], role)
        return [
            (slip, variant, (name, slip.name, k))
            for slip in SLIPS
            for k, variant in enumerate(slip.variants(place))
        ]

    def slipping(self, chain: Chain, name: str, variant: Variant, key: tuple[Any, ...]) -> Chain:
        """A person who made a slip in a whole array."""
        at = (self.learners.index(chain), *key)
        if at not in self._slipping:
            self._slipping[at] = chain.slipping(name, cache(self._slip(variant)))
        return self._slipping[at]

    def _slip(self, variant: Variant) -> Callable[[str], Program | None]:
        def of(symbol: str) -> Program | None:
            forms = self.sheet.forms(symbol)
            changed = variant.change(self.sheet.find(symbol).index, forms[0].expression) if forms else None
            return None if changed is None else Program(changed)

        return of

    def remember(self, one: Finding) -> None:
        """Tell the chains which number this was, and what it may have been before it was rounded."""
        symbol, a, forms = one.entry.symbol, one.answer, self.sheet.forms(one.entry.symbol)
        if one.ok:
            for chain in self.corrected:
                chain.take(symbol, a.value)
        else:
            self.cause[symbol] = one.cause or symbol
        if one.unexplained:
            candidates = [m.value for m in one.matches]
        else:
            candidates = [p(chain) for chain in (self.carried, *self.corrected, self.written) for p in forms]
            candidates.append(one.entry.value)
        value = next((v for v in candidates if a.fits(v)), None)
        cause = one.company or self.first_cause(symbol)
        if value is None:
            value, spread = a.value, a.half
        elif one.matches:
            spread = max(abs(m.value - value) for m in one.matches)
        elif not one.ok or (cause is not None and not math.isclose(value, one.entry.value, rel_tol=EXACT)):
            spread = min((self.spread(symbol, p, value) for p in forms), default=0.0)
        else:
            spread = 0.0
        self.carried.take(symbol, value)
        if spread > NOISE * abs(value):
            self.unsure[symbol] = min(spread, a.half)
        if (
            one.ok
            and cause is not None
            and not (spread == 0.0 and math.isclose(value, one.entry.value, rel_tol=EXACT))
        ):
            self.cause[symbol] = cause  # right by chance of rounding: the digits that it had were wrong
