"""What a check of somebody's work found, as rows and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalknet.chalk.numbers import shown


@dataclass(frozen=True)
class Row:
    """One answer.

    Attributes:
        symbol: its name.
        right: the right value.
        given: the answer.
        ok: whether it is right, to the digits it was given with.
        follows: whether it is wrong only because of a wrong number before it.
        slip: the slip that gives this very number; "arithmetic" where none does, but the number is near; else None.
        reason: all this in a sentence.
    """

    symbol: str
    right: float
    given: Any
    ok: bool
    follows: bool
    slip: str | None
    reason: str


@dataclass(frozen=True)
class Report:
    """All answers in the calculation's order. It is true when all are right, and prints as a table."""

    rows: tuple[Row, ...]

    @property
    def first_wrong(self) -> str | None:
        """The symbol of the first wrong number, None where all are right."""
        return next((row.symbol for row in self.rows if not row.ok), None)

    def __bool__(self) -> bool:
        return self.first_wrong is None

    def _verdict(self) -> str:
        right, all_of = sum(row.ok for row in self.rows), len(self.rows)
        if self.first_wrong is None:
            return f"All right: {all_of} of {all_of}." if self.rows else "Nothing was answered yet."
        follow = sum(row.follows for row in self.rows)
        return f"{right} of {all_of} right; the first wrong number is {self.first_wrong}" + (
            f", and {follow} of the others only {'follows' if follow == 1 else 'follow'} from a wrong number."
            if follow
            else "."
        )

    def _cells(self) -> list[tuple[str, str, str, str]]:
        return [(row.symbol, str(row.given), shown(row.right, 6), row.reason) for row in self.rows]

    def __str__(self) -> str:
        cells = [("symbol", "given", "right", ""), *self._cells()]
        widths = [max(len(line[k]) for line in cells) for k in range(3)]
        lines = [
            f"{sign} {a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}  {d}".rstrip()
            for sign, (a, b, c, d) in zip([" ", *map(mark, self.rows)], cells, strict=True)
        ]
        return "\n".join([self._verdict(), *(lines if self.rows else [])])

    __repr__ = __str__

    def __rich__(self) -> Any:
        """The table with colours, for rich's consoles."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for heading, right in (("", False), ("symbol", False), ("given", True), ("right", True), ("", False)):
            table.add_column(heading, justify="right" if right else "left")
        for row, cells in zip(self.rows, self._cells(), strict=True):
            colour = "green" if row.ok else "yellow" if row.follows else "red"
            table.add_row(
                Text(mark(row), colour), *(Text(c, colour if k == 3 else "") for k, c in enumerate(cells))
            )
        return Group(self._verdict(), *([table] if self.rows else []))


def mark(row: Row) -> str:
    """A sign before each row."""
    return "✓" if row.ok else "↳" if row.follows else "✗"
