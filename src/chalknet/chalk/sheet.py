"""A trace as a sheet: every number under its symbol, what it is computed from, and its place in the order.

`Chain` works the sheet out from somebody's own numbers: where there is one it is taken, the others follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from chalknet.chalk.expr import Symbol
from chalknet.chalk.groups import Group, Index
from chalknet.chalk.programs import Program
from chalknet.chalk.roles import Role, roles
from chalknet.chalk.trace import Trace
from chalknet.exceptions import UnknownNameError

EQUAL = 1e-9  # relative: what rounding in floating point may do
SPELLINGS = str.maketrans({"′": "'", "’": "'", "∂": "d"})


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
        self.roles: dict[str, Role] = roles(self.book)
        self.entry = cache(self._entry)
        self.forms = cache(self._forms)
        self.needs = cache(self._needs)
        self.sources = cache(self._sources)

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
        if not programs and entry.group.whole is not None and not entry.index:
            programs = [Program(entry.group.whole)]
        return tuple(p for p in programs if close(p(), entry.value, EQUAL * max(1.0, p.terms())))

    def _needs(self, symbol: str) -> tuple[str, ...]:
        """The numbers of the sheet that a number is computed from."""
        forms = self.forms(symbol)
        out: list[str] = []
        for name in forms[0].symbols if forms else ():
            if self.entry(name) is not None:
                out.append(name)
            elif name in self.position:  # a whole array
                group = self.groups[self.position[name]]
                out += [group.symbol(index) for index in group.indices()]
        return tuple(out)

    def _sources(self, name: str) -> frozenset[str]:
        """The arrays that an array depends on, itself included."""
        found, stack = {name}, [name]
        while stack:
            group = self.groups[self.position[stack.pop()]]
            first = group.symbol(next(group.indices()))
            fresh = {base(n) for form in self.forms(first) for n in form.symbols if base(n) in self.position}
            stack += fresh - found
            found |= fresh
        return frozenset(found)


class Chain(Mapping[str, Any]):
    """The sheet's numbers as somebody with the numbers `own` would find them.

    `rounded` is the decimals that everything computed on the way is rounded to, None for none.
    """

    def __init__(
        self,
        sheet: Sheet,
        own: dict[str, float],
        rounded: int | None = None,
        *,
        touched: set[str] | None = None,
        moved: Mapping[str, float] = MappingProxyType({}),
        slip: tuple[str, Callable[[str], Program | None]] | None = None,
    ) -> None:
        self.sheet, self.own, self.rounded = sheet, own, rounded
        # arrays with numbers of one's own; shared: what the one takes later, the same but for a slip has too
        self._touched = {base(symbol) for symbol in own} if touched is None else touched
        self._moved, self._slip = moved, slip
        self._known: dict[str, float] = {}  # what was worked out

    def take(self, symbol: str, value: float) -> None:
        """A number of one's own, from now on."""
        self.own[symbol] = value
        self._touched.add(base(symbol))

    def slipping(self, name: str, slip: Callable[[str], Program | None]) -> Chain:
        """The same person, but for a slip in one array: the expressions that were used for its numbers."""
        return Chain(self.sheet, self.own, self.rounded, touched=self._touched, slip=(name, slip))

    def moving(self, symbol: str, value: float) -> Chain:
        """The same person, but for one number."""
        return Chain(self.sheet, self.own, self.rounded, touched=self._touched, moved={symbol: value})

    def __getitem__(self, symbol: str) -> Any:
        if symbol in self._moved:
            return self._moved[symbol]
        if symbol in self.own:
            return self.own[symbol]
        if symbol not in self._known:
            if self.sheet.entry(symbol) is None:
                return self._array(symbol)
            self._work_out(symbol)
        return self._known[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self.own)

    def __len__(self) -> int:
        return len(self.own)

    def _array(self, name: str) -> np.ndarray:
        group = self.sheet.groups[self.sheet.position[name]]  # a KeyError says that it is a constant
        values = [self[group.symbol(index)] for index in group.indices()]
        return np.reshape(values, group.value.shape)

    def _work_out(self, symbol: str) -> None:
        stack = [symbol]
        while stack:
            top = stack[-1]
            program = self._program(top)
            if program is not None:
                needs = self.sheet.needs(top)
                missing = [n for n in needs if not (n in self._known or n in self.own or n in self._moved)]
                if missing:
                    stack += missing
                    continue
            stack.pop()
            self._known[top] = self._computed(top, program)

    def _program(self, symbol: str) -> Program | None:
        """How a number is computed; None where its right value is taken, since nothing changes it."""
        name = base(symbol)
        if self._slip is not None and name == self._slip[0]:
            slipped = self._slip[1](symbol)
            if slipped is not None:
                return slipped
        sources = self.sheet.sources(name)
        touched = not sources.isdisjoint(self._touched) or (
            self._slip is not None and self._slip[0] in sources
        )
        if touched or self.rounded is not None:
            return next(iter(self.sheet.forms(symbol)), None)
        return None

    def _computed(self, symbol: str, program: Program | None) -> float:
        if program is None:
            entry = self.sheet.entry(symbol)
            return 0.0 if entry is None else entry.value
        value = program(self)
        for other in self.sheet.forms(symbol)[1:]:  # where the textbook's form overflows
            value = value if np.isfinite(value) else other(self)
        return value if self.rounded is None or not np.isfinite(value) else round(value, self.rounded)


def base(symbol: str) -> str:
    """The array that a number belongs to.

    >>> base("dL/dW1'[0,2]")
    "dL/dW1'"
    """
    return symbol.partition("[")[0]


def close(a: float, b: float, within: float) -> bool:
    """Tell whether two numbers are the same but for so much; infinities and NaN equal themselves."""
    return bool(abs(a - b) <= within) or a == b or (a != a and b != b)
