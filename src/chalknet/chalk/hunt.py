"""Which slips give the number that somebody found."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from chalknet.chalk.chain import Chain, SlipOf
from chalknet.chalk.findings import Finding, Match
from chalknet.chalk.groups import Index
from chalknet.chalk.learners import Learners
from chalknet.chalk.places import Place, Variant
from chalknet.chalk.programs import Program
from chalknet.chalk.sheet import base
from chalknet.chalk.slips import SLIPS, Slip

WORK = (
    1_000_000  # operations of arithmetic, after which slips in what was left blank are no longer looked for
)
Way = tuple[Slip, Variant, tuple[Any, ...]]  # to slip: the last names it


class Hunt:
    """Tries every slip at a number's own place, and in the arrays left blank that it is computed from."""

    def __init__(self, learners: Learners) -> None:
        self.learners, self.sheet = learners, learners.sheet
        self.ways = cache(self._ways)
        self._expressions: dict[tuple[Any, ...], SlipOf] = {}
        self._slipping: dict[tuple[Any, ...], Chain] = {}

    def matches(self, one: Finding) -> list[Match]:
        """Every slip that gives the answer."""
        return [*self.here(one), *self.before(one)]

    def companions(self, array: list[Finding]) -> None:
        """Right answers that would be the same with the slip of their array: nobody knows whether it was made there."""
        slipped = [one for one in array if one.likely]
        keys = {one.likely[0].key for one in slipped}
        for one in array if keys else ():
            if one.ok:
                one.likely = [m for m in self.matches(one) if m.key in keys and not m.loose]
                one.company = slipped[0].entry.symbol if one.likely else None

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

    def here(self, one: Finding) -> Iterator[Match]:
        """The slips at the number's own place."""
        name, index = one.entry.group.name, one.entry.index
        forms = self.sheet.forms(one.entry.symbol) or [Program(self.sheet.symbol(name, index))]
        for way in self.ways(name):
            edit = way[1].change(index)
            yield from self.match(one, [edit.of(form) for form in forms], self.learners.all, way)

    def before(self, one: Finding) -> Iterator[Match]:
        """The slips in arrays left blank."""
        forms = list(self.sheet.forms(one.entry.symbol))
        for name in self.learners.before(one.entry.symbol)[1]:
            group = self.sheet.groups[self.sheet.position[name]]
            first = self.sheet.forms(group.symbol(next(group.indices())))
            if group.value.size * max(map(len, first), default=1) > WORK // 10:
                continue
            for way in self.ways(name):
                if self.sheet.work > WORK:
                    return
                yield from self.match(
                    one,
                    forms,
                    [self.slipping(k, name, way) for k in range(len(self.learners.all))],
                    way,
                    name,
                )

    def match(
        self, one: Finding, programs: list[Program], chains: list[Chain], way: Way, blank: str | None = None
    ) -> Iterator[Match]:
        """The slip with the number that it gives, if that may be the answer."""
        slip, variant, key = way
        values = [self.learners.found(one, p, chain) for chain in chains for p in programs]
        found = [v for v in values if v is not None]
        a = one.answer._replace(half=self.learners.last_digit)
        tight = [v for v in found if a.fits(v)]
        if found:
            yield Match(slip, key, (tight or found)[0], variant.weak, blank, not tight)

    def slipping(self, learner: int, name: str, way: Way) -> Chain:
        """Somebody who made a slip in a whole array."""
        _, variant, key = way
        at = (learner, *key)
        if key not in self._expressions:
            self._expressions[key] = cache(self._slip(name, variant))
        if at not in self._slipping:
            self._slipping[at] = self.learners.all[learner].slipping(name, self._expressions[key])
        return self._slipping[at]

    def _slip(self, name: str, variant: Variant) -> SlipOf:
        positions = self.sheet.position
        group = self.sheet.groups[positions[name]]

        def expression(index: Index) -> Program | None:
            forms = self.sheet.forms(group.symbol(index))
            if not forms:
                return None
            slipped = variant.change(index).of(forms[0])
            # with clipping the new weights depend on the very gradients that they would be used for: nobody can do that
            circular = any(
                name in self.sheet.sources(at) for at in map(base, slipped.symbols) if at in positions
            )
            return None if circular else slipped

        return expression
