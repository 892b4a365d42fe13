"""A sheet worked out from somebody's own numbers: where there is one it is taken, the others follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from chalknet.chalk.groups import Index
from chalknet.chalk.programs import Program
from chalknet.chalk.sheet import Sheet

SlipOf = Callable[
    [Index], Program | None
]  # the expression that was used for the number at a place, None: the right


class Own(dict[str, dict[Index, float]]):
    """Somebody's own numbers: by array, and their places in it."""

    def take(self, sheet: Sheet, symbol: str, value: float) -> None:
        """One more."""
        entry = sheet.find(symbol)
        self.setdefault(entry.group.name, {})[entry.index] = value


class Chain(Mapping[str, Any]):
    """The sheet's numbers, and whole arrays, as somebody with the numbers `own` would find them.

    Args:
        sheet: the right numbers, and how they are computed.
        own: what is taken as it stands; may grow.
        rounded: the decimals that everything computed on the way is rounded to, None for none.
        moved: one number in place of the one there is, as (array, place, value).
        slip: an array, and the expressions that were used for its numbers.
    """

    def __init__(
        self,
        sheet: Sheet,
        own: Own,
        rounded: int | None = None,
        *,
        moved: tuple[str, Index, float] | None = None,
        slip: tuple[str, SlipOf] | None = None,
    ) -> None:
        self.sheet, self.own, self.rounded, self._moved, self._slip = sheet, own, rounded, moved, slip
        self._arrays: dict[str, tuple[int, np.ndarray]] = {}  # worked out, with so many own numbers in them
        self._special = {pair[0] for pair in (moved, slip) if pair is not None}

    def slipping(self, name: str, slip: SlipOf) -> Chain:
        """The same person, but for a slip in one array."""
        return Chain(self.sheet, self.own, self.rounded, slip=(name, slip))

    def moving(self, name: str, index: Index, value: float) -> Chain:
        """The same person, but for one number."""
        return Chain(self.sheet, self.own, self.rounded, moved=(name, index, value))

    def __getitem__(self, symbol: str) -> Any:
        entry = self.sheet.entry(symbol)
        if entry is not None:
            return float(self.array(entry.group.name)[entry.index])
        if symbol in self.sheet.position:
            return self.array(symbol)
        raise KeyError(symbol)  # a constant: the expression knows its value

    def __iter__(self) -> Iterator[str]:
        return iter(self.sheet.position)

    def __len__(self) -> int:
        return len(self.sheet.position)

    def array(self, name: str) -> np.ndarray:
        """A whole array."""
        if not self._fresh(name):
            for source in self.sheet.sources(name):
                if not self._fresh(source):
                    self._arrays[source] = len(self.own.get(source, ())), self._worked_out(source)
        return self._arrays[name][1]

    def _fresh(self, name: str) -> bool:
        return name in self._arrays and self._arrays[name][0] == len(self.own.get(name, ()))

    def _worked_out(self, name: str) -> np.ndarray:
        group, sources = self.sheet.groups[self.sheet.position[name]], self.sheet.sources(name)
        whole, own = self.sheet.whole(name), self.own.get(name, {})
        touched = any(source in self.own or source in self._special for source in sources)
        if whole is None or not (touched or self.rounded is not None):
            value = group.value.copy()
        else:
            value = np.array(np.broadcast_to(whole.array(self), group.value.shape), float)
            self.sheet.work += len(whole) + value.size // 100
            if not np.isfinite(value).all():
                self._other_forms(name, value)
        if self._slip is not None and self._slip[0] == name:
            for index in group.indices():
                program = None if index in own else self._slip[1](index)
                if program is not None:
                    value[index] = program(self)
                    self.sheet.work += len(program)
        if self.rounded is not None and whole is not None:
            value = np.array(np.round(value, self.rounded))
        for index, number in own.items():
            value[index] = number
        if self._moved is not None and self._moved[0] == name:
            value[self._moved[1]] = self._moved[2]
        return value

    def _other_forms(self, name: str, value: np.ndarray) -> None:
        """Where one form overflows, another may not."""
        group = self.sheet.groups[self.sheet.position[name]]
        for index in np.ndindex(value.shape):
            if np.isfinite(value[index]):
                continue
            numbers = [form(self) for form in self.sheet.forms(group.symbol(index))]
            value[index] = next((v for v in numbers if np.isfinite(v)), value[index])


def own_of(sheet: Sheet, numbers: Mapping[str, float]) -> Own:
    """Own numbers by their symbols."""
    own = Own()
    for symbol, value in numbers.items():
        own.take(sheet, symbol, value)
    return own
