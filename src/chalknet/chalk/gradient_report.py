"""What a gradient check found, as numbers and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Compared(NamedTuple):
    """One array of numbers whose derivatives were compared."""

    name: str  # W1, b1, ..., x
    shape: tuple[int, ...]
    difference: np.ndarray  # (numbers,), NaN where the point lies on a kink
    unsure: int  # derivatives that are lost in the loss's rounding

    def called(self, place: int) -> str:
        """The name of one of its numbers, such as ``W1[0,2]``."""
        return f"{self.name}[{','.join(str(int(i)) for i in np.unravel_index(place, self.shape))}]"

    @property
    def kinks(self) -> int:
        """How many of its numbers were skipped."""
        return int(np.isnan(self.difference).sum())

    @property
    def worst(self) -> int | None:
        """The place of the largest difference; None where all were skipped."""
        return None if self.kinks == self.difference.size else int(np.nanargmax(self.difference))


@dataclass(frozen=True)
class GradientReport:
    """How far the derivatives by backpropagation lie from central differences.

    It is true where no difference is above `tolerance` (and there is one), and prints as a table.

    Attributes:
        arrays: the weights and biases of each layer of weights, counted from 1, then the inputs x.
        compared: what was compared: ``"Network.backward"``, ``"numpy engine"``, ``"numba engine"``.
        objective: the loss (and penalty) whose derivatives they are.
        tolerance: the largest relative difference that passes.
        floored: how many predictions lie where the loss is held at its floor.
    """

    arrays: tuple[Compared, ...]
    compared: tuple[str, ...]
    objective: str
    tolerance: float
    floored: int = 0

    @property
    def parameters(self) -> dict[str, float]:
        """Each number's relative difference by its name: weights, biases and inputs; without those on a kink."""
        return {
            array.called(i): float(d)
            for array in self.arrays
            for i, d in enumerate(array.difference)
            if not np.isnan(d)
        }

    @property
    def worst(self) -> str | None:
        """The name of the number with the largest difference, such as ``W1[0,2]``; None where all lie on kinks."""
        found = self._worst()
        return None if found is None else found[0].called(found[1])

    @property
    def max_difference(self) -> float:
        """The largest relative difference; 0 where all lie on kinks."""
        found = self._worst()
        return 0.0 if found is None else float(found[0].difference[found[1]])

    @property
    def kinks(self) -> int:
        """How many numbers lie on a kink of an activation or of the loss, where there is no derivative: skipped."""
        return sum(array.kinks for array in self.arrays)

    @property
    def unsure(self) -> int:
        """How many derivatives are so small that the loss's own rounding hides an error of a tenth or less."""
        return sum(array.unsure for array in self.arrays)

    def __bool__(self) -> bool:
        return self._worst() is not None and self.max_difference <= self.tolerance

    def __str__(self) -> str:
        lines = [("array", "numbers", "on a kink", "largest difference", "at")]
        for array in self.arrays:
            place = array.worst
            lines.append(
                (
                    array.name,
                    " × ".join(map(str, array.shape)),
                    str(array.kinks),
                    "" if place is None else f"{array.difference[place]:.1e}",
                    "" if place is None else array.called(place),
                )
            )
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = [
            "  ".join(
                text.rjust(w) if i in (2, 3) else text.ljust(w)
                for i, (text, w) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        return "\n".join([self._verdict(), *(line.rstrip() for line in table), *self._notes()])

    __repr__ = __str__

    def _worst(self) -> tuple[Compared, int] | None:
        found = [(array, place) for array in self.arrays if (place := array.worst) is not None]
        return max(found, key=lambda pair: pair[0].difference[pair[1]], default=None)

    def _verdict(self) -> str:
        if self.worst is None:
            return "Nothing could be compared: every number lies on a kink."
        one = len(self.compared) == 1
        does = ("agrees" if one else "agree") if self else ("does not agree" if one else "do not agree")
        return (
            f"{' and '.join(self.compared)} {does} with central differences of {self.objective}: largest relative "
            f"difference {self.max_difference:.1e} {'<=' if self else '>'} {self.tolerance:g}, at {self.worst}."
        )

    def _notes(self) -> list[str]:
        notes = []
        if self.kinks:
            lie = "1 number lies" if self.kinks == 1 else f"{self.kinks} numbers lie"
            notes.append(f"{lie} on a kink, where there is no derivative to compare with: skipped.")
        if self.unsure:
            are = "1 derivative is" if self.unsure == 1 else f"{self.unsure} derivatives are"
            notes.append(f"{are} so small that the loss's rounding would hide an error of a tenth.")
        if self.floored:
            lie = "1 prediction lies" if self.floored == 1 else f"{self.floored} predictions lie"
            notes.append(f"{lie} where the loss is held at its floor and shows no slope: left out.")
        return notes
