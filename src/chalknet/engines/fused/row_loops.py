"""Formulas over whole rows, fused by hand; the readable forms stand in `maths.rows`, and tests tie the two together.

These are bodies for `loops`' overloads, so their signatures are those of `activate`, `derive` and `measure` there.
"""

from __future__ import annotations

import numpy as np


def softmax(name, z, a, m, n, ld, p):
    """a = e^(z - max z) / sum e^(z - max z), row by row."""
    for i in range(m):
        zz, aa = z[i * ld : i * ld + n], a[i * ld : i * ld + n]
        top = zz[0]
        for j in range(1, n):
            top = max(top, zz[j])
        total = top - top
        for j in range(n):
            e = np.exp(zz[j] - top)
            aa[j] = e
            total += e
        for j in range(n):
            aa[j] /= total


def log_softmax(name, z, a, m, n, ld, p):
    """a = z - max z - log sum e^(z - max z), row by row."""
    for i in range(m):
        zz, aa = z[i * ld : i * ld + n], a[i * ld : i * ld + n]
        top = zz[0]
        for j in range(1, n):
            top = max(top, zz[j])
        total = top - top
        for j in range(n):
            total += np.exp(zz[j] - top)
        shift = np.log(total)
        for j in range(n):
            aa[j] = (zz[j] - top) - shift


def d_softmax(name, z, a, d, m, n, ld, p):
    """d = a * (d - sum a d), row by row."""
    for i in range(m):
        aa, dd = a[i * ld : i * ld + n], d[i * ld : i * ld + n]
        total = dd[0] - dd[0]
        for j in range(n):
            total += aa[j] * dd[j]
        for j in range(n):
            dd[j] = aa[j] * (dd[j] - total)


def d_log_softmax(name, z, a, d, m, n, ld, p):
    """d = d - e^a sum d, row by row."""
    for i in range(m):
        aa, dd = a[i * ld : i * ld + n], d[i * ld : i * ld + n]
        total = dd[0] - dd[0]
        for j in range(n):
            total += dd[j]
        for j in range(n):
            dd[j] -= np.exp(aa[j]) * total


def softmax_cross_entropy(name, y, a, d, w, m, n, ld, p, scale):
    """loss = sum y (log sum e^z - z), d = w scale (softmax(z) sum y - y); `a` holds the logits z."""
    total = 0.0
    for i in range(m):
        zz, yy, dd = a[i * ld : i * ld + n], y[i * ld : i * ld + n], d[i * ld : i * ld + ld]
        top = zz[0]
        for j in range(1, n):
            top = max(top, zz[j])
        partition = top - top
        mass = partition
        picked = partition
        for j in range(n):
            e = np.exp(zz[j] - top)
            dd[j] = e
            partition += e
            mass += yy[j]
        for j in range(n):
            # 0 * -inf would be NaN: a class that cannot be is no surprise when it is not
            picked += yy[j] * (zz[j] - top) if yy[j] != 0.0 else yy[j]
        total += w[i] * (mass * np.log(partition) - picked)
        factor = w[i] * scale
        share = factor * mass / partition
        for j in range(n):
            dd[j] = dd[j] * share - factor * yy[j]
        for j in range(n, ld):
            dd[j] = 0.0
    return total


ROW_FORWARD = {"softmax": softmax, "log_softmax": log_softmax}
ROW_BACKWARD = {"softmax": d_softmax, "log_softmax": d_log_softmax}
