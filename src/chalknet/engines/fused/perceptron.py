"""The perceptron's loop, compiled: the plain source of `chalkboard_perceptron`, with loops for what touches a row.

Sums run in the order of the features, without reassociation, so that a score has the same bits as the NumPy engine's
and scikit-learn's; the four sums of a block are independent, which hides their latency.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload, register_jitable

from chalknet.engines import chalkboard_perceptron as plain
from chalknet.engines.chalkboard_perceptron import ABSOLUTES, SCALE, SQUARES, STEP, WORK
from chalknet.engines.fused.disk import DiskCache
from chalknet.engines.fused.fingerprint import FORMULAS, digest
from chalknet.engines.fused.lowering import scalar

AHEAD = 4  # rows scored at once
SOURCES = FORMULAS + digest("engines/chalkboard_perceptron.py", "engines/fused/perceptron.py")
OPTIONS: dict[str, Any] = {"error_model": "numpy"}
ROW = {**OPTIONS, "forceinline": True}  # once a row: a call would pass dozens of words and count references


@register_jitable(**ROW)
def dot_dense(rows, row, w):
    """w·x of one dense row; products in the data's dtype, their sum in float64."""
    x = rows[row]
    total = 0.0
    for j in range(w.size):
        total += np.float64(w[j] * x[j])
    return total


@register_jitable(**ROW)
def sparse_row(rows, row):
    """Columns and values of one CSR row."""
    data, columns, starts = rows
    return columns[starts[row] : starts[row + 1]], data[starts[row] : starts[row + 1]]


@register_jitable(**ROW)
def dot_sparse(rows, row, w):
    """w·x of one CSR row. Unsigned indices need no check for counting from the end."""
    columns, x = sparse_row(rows, row)
    total = 0.0
    for k in range(columns.size):
        total += np.float64(w[np.uintp(columns[k])] * x[k])
    return total


def ahead_dense(rows, order, at, w, dots):
    """Four rows at a time."""
    n = min(dots.size, order.size - at)
    if n == 4:
        a, b, c, d = rows[order[at]], rows[order[at + 1]], rows[order[at + 2]], rows[order[at + 3]]
        p = q = r = s = 0.0
        for j in range(w.size):
            p += np.float64(w[j] * a[j])
            q += np.float64(w[j] * b[j])
            r += np.float64(w[j] * c[j])
            s += np.float64(w[j] * d[j])
        dots[0], dots[1], dots[2], dots[3] = p, q, r, s
    else:
        for i in range(n):
            dots[i] = dot_dense(rows, order[at + i], w)
    return n


def ahead_sparse(rows, order, at, w, dots):
    """One row after the other; the processor overlaps them by itself."""
    n = min(dots.size, order.size - at)
    for i in range(n):
        dots[i] = dot_sparse(rows, order[at + i], w)
    return n


def add_dense(rows, row, w, numbers, cells, norms):
    """The update of a dense row."""
    x = rows[row]
    cells[WORK] = numbers[SCALE]
    cells[STEP] /= cells[WORK]
    step = np.float64(cells[STEP])
    for j in range(w.size):
        w[j] = w[j] + np.float64(x[j]) * step
    if norms:
        squares = absolutes = 0.0
        for j in range(w.size):
            squares += np.float64(w[j] * w[j])
            absolutes += np.float64(abs(w[j]))
        numbers[SQUARES] = squares * np.float64(cells[WORK] * cells[WORK])
        numbers[ABSOLUTES] = absolutes * np.float64(cells[WORK])


def add_sparse(rows, row, w, numbers, cells, norms):
    """The update of a CSR row."""
    columns, x = sparse_row(rows, row)
    cells[WORK] = numbers[SCALE]
    cells[STEP] /= cells[WORK]
    step = np.float64(cells[STEP])
    squares = absolutes = 0.0
    for k in range(columns.size):
        j = np.uintp(columns[k])
        w[j] = w[j] + np.float64(x[k]) * step
        if norms:
            squares += np.float64(w[j] * w[j])
            absolutes += np.float64(abs(w[j]))
    if norms:
        numbers[SQUARES] = squares * np.float64(cells[WORK] * cells[WORK])
        numbers[ABSOLUTES] = absolutes * np.float64(cells[WORK])


@register_jitable(**ROW)
def truncate_one(w, q, j, scale, pull):
    """One weight moves towards 0, and what it paid is noted."""
    before, paid = np.float64(w[j]), np.float64(q[j])
    if before > 0.0:
        w[j] = max(0.0, before - (pull + paid) / scale)
    elif before < 0.0:
        w[j] = min(0.0, before + (pull - paid) / scale)
    q[j] = paid + scale * (np.float64(w[j]) - before)


def truncate_dense(rows, row, w, q, scale, pull):
    """All weights."""
    for j in range(w.size):
        truncate_one(w, q, j, scale, pull)


def truncate_sparse(rows, row, w, q, scale, pull):
    """The weights of the row's columns."""
    columns, _ = sparse_row(rows, row)
    for k in range(columns.size):
        truncate_one(w, q, np.uintp(columns[k]), scale, pull)


def finite(w):
    """Whether every weight is a finite number."""
    for j in range(w.size):  # noqa: SIM110  Numba compiles no generator in all()
        if not np.isfinite(w[j]):
            return False
    return True


def multiply(w, factor):
    """w *= factor; `factor` is rounded to w's dtype first, through a cell of that dtype."""
    cell = np.empty_like(w[:1])
    cell[0] = factor
    for j in range(w.size):
        w[j] *= cell[0]


def reorder(order, again):
    """Apply a permutation to an order."""
    before = order.copy()
    for i in range(order.size):
        order[i] = before[again[i]]


def by_kind(function, dense, sparse):
    """Let compiled code take `dense` or `sparse` in place of a plain function, by the type of its rows."""

    def pick(first, *others):
        return sparse if isinstance(first, types.BaseTuple) else dense

    overload(function, jit_options=ROW, strict=False)(pick)


by_kind(plain.ahead, ahead_dense, ahead_sparse)
by_kind(plain.add, add_dense, add_sparse)
by_kind(plain.truncate, truncate_dense, truncate_sparse)
for name, loop in {"finite": finite, "multiply": multiply, "reorder": reorder}.items():
    by_kind(getattr(plain, name), loop, loop)
for body in (plain.vote, plain.end_epoch, plain.learn, plain.permutation):
    register_jitable(**OPTIONS)(body)


@overload(plain.respond)
def _respond(z, y):
    unit = scalar(plain.respond, np.float64)
    return lambda z, y: unit(z, y)


@cache
def compiled() -> tuple[Any, Any]:
    """The compiled `learn` and `permutation`; compiled once for each dtype and kind of rows, and kept on disk."""

    def learn(run, plan, curve, budget):
        return plain.learn(run, plan, curve, budget)

    def permutation(seed, n):
        return plain.permutation(seed, n)

    made = []
    for function in (learn, permutation):
        made.append(njit(function, nogil=True, **OPTIONS))
        made[-1]._cache = DiskCache(function, SOURCES, f"perceptron {function.__name__}", slow=True)  # noqa: SLF001  as in `steps`
    return made[0], made[1]
