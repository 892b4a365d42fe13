"""Formulas over whole rows, fused by hand; the readable forms stand in `maths.rows`, and tests tie the two together.

These are bodies for `loops`' overloads, so their signatures are those of `activate`, `derive` and `measure` there.
"""

from __future__ import annotations

from numba import njit

from chalknet.engines.fused.fast import exp, log1p
from chalknet.engines.fused.gemm import transpose, turn_back
from chalknet.engines.fused.lowering import FLAGS, INNER
from chalknet.engines.fused.lowlevel import number, shift
from chalknet.maths.ops import where

ROWS = 128  # of a block, that are turned at a time
NARROW = 4  # outputs: fewer are moved one by one


@njit(**INNER)
def turn_rows(source, m, n, ld, target):
    """The first n columns of m rows as n rows."""
    if n >= NARROW:
        transpose(source, m, ld, target, m)
        return
    for j in range(n):
        for i in range(m):
            target[j * m + i] = source[i * ld + j]


@njit(**INNER)
def turn_rows_back(source, m, n, ld, target):
    """The other way; what is beyond the n columns becomes zero."""
    zero = number(0.0, source)
    if n >= NARROW:
        for i in range(n * m, ld * m):
            source[i] = zero
        turn_back(source, m, ld, target)
        return
    for i in range(m * ld):
        target[i] = zero
    for j in range(n):
        for i in range(m):
            target[i * ld + j] = source[j * m + i]


def room_for(rows: int, stride: int) -> int:
    """How many numbers a loss needs room for."""
    return (2 * stride + 5) * min(rows, ROWS)


@njit(**INNER, fastmath=FLAGS)
def subtract_top(z, out, m, n, ld):
    """out = z - max z, row by row: 0 at the maximum even where that is infinite. Leaves the padding alone."""
    zero = number(0.0, z)
    for begin in range(0, m * ld, ld):
        top = z[begin]
        for j in range(begin + 1, begin + n):
            top = max(top, z[j])
        for j in range(begin, begin + n):
            out[j] = where(z[j] == top, zero, z[j] - top)


def softmax(name, z, a, m, n, ld, p):
    """a = e^(z - max z) / sum e^(z - max z), row by row; one long loop of exponentials vectorises."""
    subtract_top(z, a, m, n, ld)
    for i in range(m * ld):
        a[i] = exp(a[i])
    for begin in range(0, m * ld, ld):
        total = number(0.0, z)
        for j in range(begin, begin + n):
            total += a[j]
        for j in range(begin, begin + n):
            a[j] /= total


def log_softmax(name, z, a, m, n, ld, p):
    """a = s - log sum e^s with s = z - max z, row by row; the maximum's own e^0 is the 1 of log1p."""
    zero, one = number(0.0, z), number(1.0, z)
    subtract_top(z, a, m, n, ld)
    for begin in range(0, m * ld, ld):
        ties, rest = zero, zero
        for j in range(begin, begin + n):
            ties += where(a[j] == zero, one, zero)
            rest += where(a[j] == zero, zero, exp(a[j]))
        log = log1p(rest + (ties - one))
        for j in range(begin, begin + n):
            a[j] -= log


def d_softmax(name, z, a, d, m, n, ld, p):
    """d = a * (d - sum a d), row by row."""
    for begin in range(0, m * ld, ld):
        total = number(0.0, z)
        for j in range(begin, begin + n):
            total += a[j] * d[j]
        for j in range(begin, begin + n):
            d[j] = a[j] * (d[j] - total)


def d_log_softmax(name, z, a, d, m, n, ld, p):
    """d = d - e^a sum d, row by row."""
    for begin in range(0, m * ld, ld):
        total = number(0.0, z)
        for j in range(begin, begin + n):
            total += d[j]
        for j in range(begin, begin + n):
            d[j] -= exp(a[j]) * total


def softmax_cross_entropy(name, y, a, d, w, out, room, m, n, ld, p, scale):
    """loss = sum y (log sum e^z - z), d = w scale (softmax(z) sum y - y); `a` holds the logits z.

    Rows are taken ROWS at a time and turned, so that every loop runs over rows: there are few classes, often.
    """
    for begin in range(0, m, ROWS):
        at, size = begin * ld, min(ROWS, m - begin)
        turned_cross_entropy(
            shift(y, at),
            shift(a, at),
            shift(d, at),
            shift(w, begin),
            shift(out, begin),
            room,
            size,
            n,
            ld,
            scale,
        )


@njit(**INNER, fastmath=FLAGS)
def turned_cross_entropy(y, z, d, w, out, room, m, n, ld, scale):
    """The same for at most ROWS rows. `room` takes z and y turned (classes, rows), and numbers of each row."""
    zero, one = number(0.0, z), number(1.0, z)
    turned, targets = room, shift(room, ld * m)
    turn_rows(z, m, n, ld, turned)
    turn_rows(y, m, n, ld, targets)
    rows = shift(targets, ld * m)
    top, picked, ties = rows, shift(rows, m), shift(rows, 2 * m)
    rest, mass = shift(rows, 3 * m), shift(rows, 4 * m)
    for i in range(m):
        top[i] = turned[i]
        picked[i] = ties[i] = rest[i] = mass[i] = zero
    for j in range(1, n):
        s = shift(turned, j * m)
        for i in range(m):
            top[i] = max(top[i], s[i])
    for j in range(n):
        s, t = shift(turned, j * m), shift(targets, j * m)
        for i in range(m):
            below = where(s[i] == top[i], zero, s[i] - top[i])  # 0 at the maximum even where that is infinite
            power = exp(below)
            # 0 * -inf would be NaN: a class that cannot be is no surprise when it is not
            picked[i] += t[i] * where(t[i] == zero, max(below, zero), below)
            ties[i] += where(below == zero, one, zero)
            rest[i] += where(below == zero, zero, power)
            mass[i] += t[i]
            s[i] = power
    for i in range(m):
        out[i] = w[i] * (mass[i] * log1p(rest[i] + (ties[i] - one)) - picked[i])
        rest[i] = mass[i] / (rest[i] + ties[i])
    factor = number(scale, z)
    for j in range(n):
        s, t = shift(turned, j * m), shift(targets, j * m)
        for i in range(m):
            s[i] = w[i] * factor * (s[i] * rest[i] - t[i])
    turn_rows_back(turned, m, n, ld, d)


ROW_FORWARD = {"softmax": softmax, "log_softmax": log_softmax}
ROW_BACKWARD = {"softmax": d_softmax, "log_softmax": d_log_softmax}
