"""What is left out of large arrays and long lists: the first and the last are shown, ⋯ stands for the others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


def kept(n: int, limit: int | None) -> list[int | None]:
    """The places that are shown of n, None for the gap; two thirds of them from the beginning.

    >>> kept(4, 4), kept(100, 4), kept(3, None)
    ([0, 1, 2, 3], [0, 1, 2, None, 99], [0, 1, 2])
    """
    if limit is None or n <= limit:
        return list(range(n))
    tail = limit // 3
    return [*range(limit - tail), None, *range(n - tail, n)]


def left_out(n: int, places: list[int | None]) -> int:
    """How many of n are not shown.

    >>> left_out(100, kept(100, 4))
    96
    """
    return n - sum(p is not None for p in places)


class Grid(NamedTuple):
    """The shown part of a matrix: row and column numbers, None for a gap."""

    value: np.ndarray  # (rows, columns)
    rows: list[int | None]
    columns: list[int | None]

    def cells(self, dots: tuple[str, str, str], show: Any) -> list[list[str]]:
        """Text by row and column; `dots` are those for a gap in a row, in a column, in both."""
        return [
            [
                dots[2] if i is None and j is None else dots[1] if i is None else dots[0] if j is None
                else show(float(self.value[i, j]))
                for j in self.columns
            ]
            for i in self.rows
        ]  # fmt: skip


def note(grids: list[Grid]) -> str:
    """What is left out of matrices that stand in one equation, in words; "" for nothing.

    >>> note([grid(np.zeros((1, 100)), (6, 6)), grid(np.zeros((100, 3)), (6, 6))])
    '⋯ leaves out 94 of 100 rows and 94 of 100 columns'
    """
    out = []
    for axis, what in enumerate(("rows", "columns")):
        counts = [
            (left_out(g.value.shape[axis], (g.rows, g.columns)[axis]), g.value.shape[axis]) for g in grids
        ]
        found = dict.fromkeys(f"{missing} of {n}" for missing, n in counts if missing)
        if found:
            out.append(f"{', '.join(found)} {what}")
    return f"⋯ leaves out {' and '.join(out)}" if out else ""


def grid(value: Any, limits: tuple[int | None, int | None]) -> Grid:
    """A number, a list or a matrix as a grid with at most so many rows and columns.

    >>> grid(np.zeros((100, 3)), (6, 6)).rows
    [0, 1, 2, 3, None, 98, 99]
    """
    array = np.atleast_2d(np.asarray(value, float))
    return Grid(array, kept(array.shape[0], limits[0]), kept(array.shape[1], limits[1]))
