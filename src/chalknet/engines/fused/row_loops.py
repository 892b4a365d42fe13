"""Formulas over whole rows, fused by hand; the readable forms stand in `maths.rows`, and tests tie the two together.

These are bodies for `loops`' overloads, so their signatures are those of `activate`, `derive` and `measure` there.
"""

from __future__ import annotations

import numpy as np

from chalknet.engines.fused.lowlevel import number
from chalknet.maths.ops import where


def softmax(name, z, a, m, n, ld, p):
    """a = e^(z - max z) / sum e^(z - max z), row by row."""
    zero = number(0.0, z)
    for begin in range(0, m * ld, ld):
        top = z[begin]
        for j in range(begin + 1, begin + n):
            top = max(top, z[j])
        total = zero
        for j in range(begin, begin + n):
            a[j] = np.exp(where(z[j] == top, zero, z[j] - top))
            total += a[j]
        for j in range(begin, begin + n):
            a[j] /= total


def log_softmax(name, z, a, m, n, ld, p):
    """a = s - log sum e^s with s = z - max z, row by row; the maximum's own e^0 is the 1 of log1p."""
    zero, one = number(0.0, z), number(1.0, z)
    for begin in range(0, m * ld, ld):
        top = z[begin]
        for j in range(begin + 1, begin + n):
            top = max(top, z[j])
        ties, rest = zero, zero
        for j in range(begin, begin + n):
            s = where(z[j] == top, zero, z[j] - top)
            a[j] = s
            ties += where(s == zero, one, zero)
            rest += where(s == zero, zero, np.exp(s))
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
            d[j] -= np.exp(a[j]) * total


def softmax_cross_entropy(name, y, a, d, w, m, n, ld, p, scale):
    """loss = sum y (log sum e^z - z), d = w scale (softmax(z) sum y - y); `a` holds the logits z."""
    zero, one = number(0.0, a), number(1.0, a)
    total = 0.0
    for i in range(m):
        begin = i * ld
        top = a[begin]
        for j in range(begin + 1, begin + n):
            top = max(top, a[j])
        ties, rest, mass, picked = zero, zero, zero, zero
        for j in range(begin, begin + n):
            s = where(a[j] == top, zero, a[j] - top)
            e = np.exp(s)
            d[j] = e
            ties += where(s == zero, one, zero)
            rest += where(s == zero, zero, e)
            mass += y[j]
            # 0 * -inf would be NaN: a class that cannot be is no surprise when it is not
            picked += y[j] * where(y[j] == zero, max(s, zero), s)
        total += w[i] * (mass * np.log1p(rest + (ties - one)) - picked)
        factor = w[i] * scale
        share = mass / (rest + ties)
        for j in range(begin, begin + n):
            d[j] = factor * (d[j] * share - y[j])
        for j in range(begin + n, begin + ld):
            d[j] = zero
    return total


ROW_FORWARD = {"softmax": softmax, "log_softmax": log_softmax}
ROW_BACKWARD = {"softmax": d_softmax, "log_softmax": d_log_softmax}
