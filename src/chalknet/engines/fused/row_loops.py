"""Formulas over whole rows, fused by hand; the readable forms stand in `maths.rows`, and tests tie the two together.

These are bodies for `loops`' overloads, so their signatures are those of `activate`, `derive` and `measure` there.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines.fused.fast import exp
from chalknet.engines.fused.lowering import FLAGS, INNER
from chalknet.engines.fused.lowlevel import number
from chalknet.maths.ops import where


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
        log = np.log1p(rest + (ties - one))
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


def softmax_cross_entropy(name, y, a, d, w, m, n, ld, p, scale):
    """loss = sum y (log sum e^z - z), d = w scale (softmax(z) sum y - y); `a` holds the logits z."""
    zero, one, total = number(0.0, a), number(1.0, a), 0.0
    for i in range(m * ld):
        d[i] = (
            one  # above 0 is only padding, which becomes 0 below: one long loop instead of a short one for each row
        )
    subtract_top(a, d, m, n, ld)
    for i in range(m):
        picked = zero
        for j in range(i * ld, i * ld + n):
            # 0 * -inf would be NaN: a class that cannot be is no surprise when it is not
            picked += y[j] * where(y[j] == zero, max(d[j], zero), d[j])
        total -= w[i] * picked
    for i in range(m * ld):
        d[i] = where(d[i] > zero, zero, exp(d[i]))
    for i in range(m):
        begin, factor = i * ld, w[i] * scale
        ties, rest, mass = zero, zero, zero
        for j in range(begin, begin + n):
            ties += where(d[j] == one, one, zero)
            rest += where(d[j] == one, zero, d[j])
            mass += y[j]
        total += w[i] * (mass * np.log1p(rest + (ties - one)))
        share = mass / (rest + ties)
        for j in range(begin, begin + n):
            d[j] = factor * (d[j] * share - y[j])
    return total


ROW_FORWARD = {"softmax": softmax, "log_softmax": log_softmax}
ROW_BACKWARD = {"softmax": d_softmax, "log_softmax": d_log_softmax}
