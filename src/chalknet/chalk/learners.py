"""Who may have filled in a sheet, and which number each of them would have found at a place."""

from __future__ import annotations

import math
from functools import cache

from chalknet.chalk.answers import EXACT, Answer
from chalknet.chalk.chain import Chain, Own, own_of
from chalknet.chalk.findings import Finding
from chalknet.chalk.programs import Program
from chalknet.chalk.sheet import Sheet, base

LARGE = 5000  # numbers of a sheet, from which on nobody fills it in whole
NOISE = 1e-12  # of the terms: what is left where they cancel is not to be blamed on anybody


class Learners:
    """The people who may have given these answers.

    One goes on with the numbers as they stand on the sheet (`written`), one with all the digits that they were rounded
    from (`carried`), one rounds what is not written down too. `corrected` are the first and the last with every wrong
    number put right.
    """

    def __init__(self, sheet: Sheet, given: dict[str, Answer]) -> None:
        self.sheet, self.given = sheet, given
        numbers = own_of(sheet, {symbol: a.value for symbol, a in given.items()})
        decimals = max((a.decimals for a in given.values()), default=0)
        self.last_digit = 0.5 * 10.0**-decimals  # half a unit of it, on the whole sheet
        self._right, self._carried = Own(), Own()
        self.carried, self.written = Chain(sheet, self._carried), Chain(sheet, numbers)
        self.corrected, self.all = [Chain(sheet, self._right)], [self.carried, self.written]
        if sum(g.value.size for g in sheet.groups) <= LARGE:
            self.corrected.append(Chain(sheet, self._right, decimals))
            self.all.append(Chain(sheet, numbers, decimals))
        self.cause: dict[str, str] = {}  # the wrong number that each wrong number came from
        self.before = cache(self._before)
        self._unsure: dict[str, float] = {}  # numbers carried whose digits nobody knows: by how much
        self._moving: dict[str, Chain] = {}

    def _before(self, symbol: str) -> tuple[set[str], list[str]]:
        """(answers, arrays with blanks) that a number is computed from, through blanks; the nearest arrays first."""
        queue, answered = [symbol], set[str]()
        seen: set[str] = {symbol}
        for at in queue:
            for name in self.sheet.needs(at) if len(seen) <= LARGE else ():
                if name not in seen:
                    seen.add(name)
                    if name in self.given:
                        answered.add(name)
                    else:
                        queue.append(name)
        return answered, [
            name for name in dict.fromkeys(map(base, queue[1:])) if self.sheet.whole(name) is not None
        ]

    def corrected_for(self, symbol: str) -> list[Chain]:
        """The people who may be right about a number; one may have rounded a blank only among numbers written down."""
        computed = [name for name in self.sheet.needs(symbol) if self.sheet.forms(name)]
        written = sum(name in self.given for name in computed)
        return self.corrected if written and 2 * written >= len(computed) else self.corrected[:1]

    def first_cause(self, symbol: str) -> str | None:
        """The first wrong number that a number depends on."""
        causes = {self.cause[name] for name in self.before(symbol)[0] if name in self.cause}
        return min(causes, key=lambda name: self.sheet.find(name).order, default=None)

    def found(self, one: Finding, program: Program, chain: Chain, more: float = 0.0) -> float | None:
        """What somebody finds, if it may be the answer."""
        self.sheet.work += len(program)
        value = program(chain)
        if not math.isfinite(value):
            return None
        if chain is self.carried:
            more += self.spread(one.entry.symbol, program, value)
        return value if one.answer.fits(value, more) else None

    def spread(self, symbol: str, program: Program, value: float) -> float:
        """How far the value may be off for what nobody knows of the digits carried."""
        total = 0.0
        for name in self.before(symbol)[0] | program.symbols.keys() if self._unsure else ():
            if name in self._unsure:
                if name not in self._moving:
                    entry = self.sheet.find(name)
                    moved = self.carried[name] + self._unsure[name]
                    self._moving[name] = self.carried.moving(entry.group.name, entry.index, moved)
                total += abs(program(self._moving[name]) - value)
        return total if math.isfinite(total) else 0.0

    def remember(self, one: Finding) -> None:
        """Tell everybody which number this was, and what it may have been before it was rounded."""
        symbol, a, forms = one.entry.symbol, one.answer, self.sheet.forms(one.entry.symbol)
        if one.ok:
            self._right.take(self.sheet, symbol, a.value)
        else:
            self.cause[symbol] = one.cause or symbol
        if one.unexplained:
            candidates = [m.value for m in one.likely]
        else:
            candidates = [p(chain) for chain in (self.carried, *self.corrected, self.written) for p in forms]
            candidates.append(one.entry.value)
        value = next((v for v in candidates if a.fits(v)), None)
        cause = one.company or self.first_cause(symbol)
        exact = value is not None and math.isclose(value, one.entry.value, rel_tol=EXACT)
        if value is None:
            value, spread = a.value, a.half
        elif one.likely:
            spread = max(abs(m.value - value) for m in one.likely)
        elif not one.ok or (cause is not None and not exact):
            spread = min((self.spread(symbol, p, value) for p in forms), default=0.0)
        else:
            spread = 0.0
        self._carried.take(self.sheet, symbol, value)
        if spread > NOISE * abs(value):
            self._unsure[symbol] = min(spread, a.half)
        if one.ok and cause is not None and not (exact and spread == 0.0):
            self.cause[symbol] = cause  # right by chance of rounding: the digits that it had were wrong
