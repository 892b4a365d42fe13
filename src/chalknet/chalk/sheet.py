"""A trace as a sheet: every number under its symbol, what it is computed from, and its place in the order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

import numpy as np

from chalknet.chalk.expr import Symbol
from chalknet.chalk.groups import Group, Index
from chalknet.chalk.programs import Program
from chalknet.chalk.roles import Role, roles
from chalknet.chalk.trace import Trace
from chalknet.exceptions import UnknownNameError

EQUAL = 1e-9  # relative: what rounding in floating point may do
SPELLINGS = str.maketrans({"′": "'", "’": "'", "∂": "d"})


def base(symbol: str) -> str:
    """The array that a number belongs to.

    >>> base("dL/dW1'[0,2]")
    "dL/dW1'"
    """
    return symbol.partition("[")[0]


def close(a: float, b: float, within: float) -> bool:
    """Tell whether two numbers are the same but for so much; infinities and NaN equal themselves."""
    return bool(abs(a - b) <= within) or a == b or (a != a and b != b)


@dataclass(frozen=True)
class Entry:
    """One number of the sheet."""

    symbol: str
    group: Group
    index: Index
    order: tuple[int, int]  # of the array, and in it

    @property
    def value(self) -> float:
        """The right value."""
        return float(self.group.value[self.index]) + 0.0  # no -0


class Sheet:
    """All numbers of a trace by their symbols; nothing is built before it is asked for."""

    def __init__(self, trace: Trace) -> None:
        self.book = trace.book
        self.groups: list[Group] = [*trace.given, *trace.groups]
        self.position: dict[str, int] = {}
        for k, group in enumerate(self.groups):
            self.position.setdefault(group.name, k)
        self.work = 0  # operations of arithmetic done so far
        self.roles: dict[str, Role] = roles(self.book)
        self.entry = cache(self._entry)
        self.forms = cache(self._forms)
        self.needs = cache(self._needs)
        self.sources = cache(self._sources)
        self.whole = cache(self._whole)

    def _entry(self, symbol: str) -> Entry | None:
        """The number under a symbol; None where there is none."""
        base, bracket, rest = symbol.partition("[")
        if base not in self.position or (bracket and not re.fullmatch(r"\d+(,\d+)*\]", rest)):
            return None
        k = self.position[base]
        group = self.groups[k]
        place = tuple(int(i) for i in rest[:-1].split(",")) if bracket else ()
        index = place
        if len(place) == 1 and group.value.ndim == 2:  # a lone row or column is not part of the name
            index = (*place, 0) if group.column else (0, *place)
        if len(index) != group.value.ndim or any(
            i >= n for i, n in zip(index, group.value.shape, strict=True)
        ):
            return None
        flat = int(np.ravel_multi_index(index, group.value.shape)) if index else 0
        return Entry(symbol, group, index, (k, flat)) if group.symbol(index) == symbol else None

    def find(self, symbol: str) -> Entry:
        """The number that somebody means: blanks do not matter.

        Raises UnknownNameError for what the trace has not.
        """
        found = self.entry("".join(symbol.split()).translate(SPELLINGS))
        if found is None:
            raise UnknownNameError(
                f"check_work: this trace has no number {symbol!r}{self._hint(''.join(symbol.split()))}"
            )
        return found

    def _hint(self, symbol: str) -> str:
        base = symbol.partition("[")[0].translate(SPELLINGS)
        if base in self.position:
            group = self.groups[self.position[base]]
            first, last = (
                group.symbol(tuple(np.multiply(k, [n - 1 for n in group.value.shape]).tolist()))
                for k in (0, 1)
            )
            return f": {base} is one number." if first == base else f": {base} goes from {first} to {last}."
        stands = re.sub(r"^(dL/d)?a(?=\d)", r"\1z", base)
        if stands in self.position:
            return f": the layer has no activation, {stands} stands for it."
        near = get_close_matches(base, self.position, 1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        return f"{meant}: symbols are written as in z1[0], dL/dW1[0,2] or L."

    def symbol(self, name: str, index: Index) -> Symbol:
        """The symbol of one number of an array."""
        group = self.groups[self.position[name]]
        return Symbol(group.symbol(index), float(group.value[index]))

    def _forms(self, symbol: str) -> tuple[Program, ...]:
        """The ways to compute a number which give it; none for what is given or drawn."""
        entry = self.entry(symbol)
        if entry is None:
            return ()
        programs = [Program(form(entry.index)) for form in entry.group.forms]
        return tuple(p for p in programs if close(p(), entry.value, EQUAL * max(1.0, p.terms())))

    def _needs(self, symbol: str) -> tuple[str, ...]:
        """The numbers of the sheet that a number is computed from."""
        forms = self.forms(symbol)
        return tuple(n for n in forms[0].symbols if self.entry(n) is not None) if forms else ()

    def _sources(self, name: str) -> tuple[str, ...]:
        """The arrays that an array depends on, itself included, in the calculation's order."""
        found, stack = {name}, [name]
        while stack:
            at = stack.pop()
            group, whole = self.groups[self.position[at]], self.whole(at)
            programs = self.forms(group.symbol(next(group.indices()))) if whole is None else (whole,)
            fresh = {base(n) for p in programs for n in p.symbols if base(n) in self.position}
            stack += fresh - found
            found |= fresh
        return tuple(sorted(found, key=self.position.__getitem__))

    def _whole(self, name: str) -> Program | None:
        """How a whole array is computed; None for what is given or drawn."""
        whole = self.groups[self.position[name]].whole
        return None if whole is None else Program(whole)
