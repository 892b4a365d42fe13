"""The loops around formulas: plain body = NumPy meaning; overload = compiled meaning, picked by literal name.

Blocks are m rows with a stride of `ld` elements, of which the first n are real and the rest padding; compiled code sees
pointers, plain Python flat arrays.
Element-wise formulas run over the padding too (one long loop vectorises); what they leave there is never read.
"""

from __future__ import annotations

import numpy as np
from numba.extending import overload

from chalknet.engines.fused.lowering import DTYPES, scalar
from chalknet.engines.fused.lowlevel import JIT, number
from chalknet.engines.fused.row_loops import (
    ROW_BACKWARD,
    ROW_FORWARD,
    ROWS,
    softmax_cross_entropy,
    turn_rows,
    turn_rows_back,
)
from chalknet.maths import activations, losses, optimizers, schedules


def block(flat, m, n, ld):
    """The real part of a block, as a view (m, n)."""
    return flat[: m * ld].reshape(m, ld)[:, :n]


def activate(name, z, a, m, n, ld, p):
    """a = f(z), for a block."""
    if name in ROW_FORWARD:
        ROW_FORWARD[name](name, z, a, m, n, ld, p)
    else:
        block(a, m, n, ld)[:] = activations.get(name).f(block(z, m, n, ld), p)


def derive(name, z, a, d, m, n, ld, p):
    """d = d * f'(z), for a block; for an activation of whole rows the vector-Jacobian product."""
    if name in ROW_BACKWARD:
        ROW_BACKWARD[name](name, z, a, d, m, n, ld, p)
    else:
        zz, aa, dd = (block(v, m, n, ld) for v in (z, a, d))
        dd *= activations.get(name).slope(zz, aa, p)


def measure(name, y, a, d, w, out, room, m, n, ld, p, scale):
    """out = w * loss, one number a row, and d = w * scale * dloss/da, for a block.

    `p` holds a number for each output. `room` is scratch.
    """
    row = losses.get(name)
    if row.whole_row:
        softmax_cross_entropy(name, y, a, d, w, out, room, m, n, ld, p, scale)
        return
    yy, aa, ww, pp = block(y, m, n, ld), block(a, m, n, ld), w[:m], p[:n]
    d[: m * ld] = 0.0
    if row.d_p:
        half = n // 2
        yy, aa, pp = yy[:, :half], aa[:, :half], aa[:, half:]
        block(d, m, n, ld)[:, half:] = row.d_p(yy, aa, pp) * (ww * scale)[:, None]
    block(d, m, n, ld)[:, : aa.shape[1]] = row.df(yy, aa, pp) * (ww * scale)[:, None]
    out[:m] = ww * row.f(yy, aa, pp).sum(axis=1)


def prepare(name, rate, t, h, c):
    """c = the optimizer's constants of this step."""
    row = optimizers.get(name)
    values = row.scales(rate, t, tuple(h[: len(row.hyper)].tolist()))
    c[: len(values)] = values


def update(name, w, g, s0, s1, s2, n, c):
    """One optimizer step over n parameters, in place."""
    row = optimizers.get(name)
    slots = (s0, s1, s2)[: len(row.slots)]
    length = len(row.scales(0.1, 1.0, tuple(row.hyper.values())))
    w[:n], new = row.step(w[:n], g[:n], tuple(s[:n] for s in slots), tuple(c[:length].tolist()))
    for s, v in zip(slots, new, strict=True):
        s[:n] = v


def pace(name, rate, clock, h):
    """The schedule's learning rate; clock = (step, total steps, epoch, samples)."""
    row = schedules.get(name)
    return row.rate(rate, tuple(clock[:4].tolist()), tuple(h[: len(row.hyper)].tolist()))


if JIT:
    from chalknet.engines.fused.lowlevel import shift, spread


@overload(activate, prefer_literal=True)
def _activate(name, z, a, m, n, ld, p):
    key = name.literal_value
    if key in ROW_FORWARD:
        return ROW_FORWARD[key]
    f = scalar(activations.get(key).f, DTYPES[z.dtype])

    def loop(name, z, a, m, n, ld, p):
        for i in range(m * ld):
            a[i] = f(z[i], p)

    return loop


@overload(derive, prefer_literal=True)
def _derive(name, z, a, d, m, n, ld, p):
    key = name.literal_value
    if key in ROW_BACKWARD:
        return ROW_BACKWARD[key]
    df = scalar(activations.get(key).slope, DTYPES[z.dtype])

    def loop(name, z, a, d, m, n, ld, p):
        for i in range(m * ld):
            d[i] *= df(z[i], a[i], p)

    return loop


@overload(measure, prefer_literal=True)
def _measure(name, y, a, d, w, out, room, m, n, ld, p, scale):
    row, dtype = losses.get(name.literal_value), DTYPES[a.dtype]
    if row.whole_row:
        return softmax_cross_entropy
    f, df = scalar(row.f, dtype), scalar(row.df, dtype)
    if row.d_p:
        return _pairs(f, df, scalar(row.d_p, dtype))

    def loop(name, y, a, d, w, out, room, m, n, ld, p, scale):
        if m == 1:
            one = number(0.0, d)
            for j in range(n):
                one += f(y[j], a[j], p[j])
                d[j] = w[0] * scale * df(y[j], a[j], p[j])
            out[0] = one * w[0]
            for j in range(n, ld):
                d[j] = number(0.0, d)
            return
        # Turned, so that every loop runs over rows: there are few outputs, often.
        for begin in range(0, m, ROWS):
            size = min(ROWS, m - begin)
            values, targets = room, shift(room, ld * size)
            turn_rows(shift(a, begin * ld), size, n, ld, values)
            turn_rows(shift(y, begin * ld), size, n, ld, targets)
            weights, each = shift(w, begin), shift(out, begin)
            for i in range(size):
                each[i] = number(0.0, d)
            for j in range(n):
                v, t = shift(values, j * size), shift(targets, j * size)
                for i in range(size):
                    each[i] += f(t[i], v[i], p[j])
                    v[i] = weights[i] * scale * df(t[i], v[i], p[j])
            for i in range(size):
                each[i] *= weights[i]
            turn_rows_back(values, size, n, ld, shift(d, begin * ld))

    return loop


def _pairs(f, df, d_p):
    """The loop of a loss of pairs of outputs: predictions, then what takes p's place for each of them."""

    def loop(name, y, a, d, w, out, room, m, n, ld, p, scale):
        half = n // 2
        for begin in range(0, m, ROWS):
            size = min(ROWS, m - begin)
            values, targets = room, shift(room, ld * size)
            turn_rows(shift(a, begin * ld), size, n, ld, values)
            turn_rows(shift(y, begin * ld), size, n, ld, targets)
            weights, each = shift(w, begin), shift(out, begin)
            for i in range(size):
                each[i] = number(0.0, d)
            for j in range(half):
                v, s, t = (
                    shift(values, j * size),
                    shift(values, (half + j) * size),
                    shift(targets, j * size),
                )
                for i in range(size):
                    own, partner, factor = v[i], s[i], weights[i] * scale
                    each[i] += f(t[i], own, partner)
                    v[i] = factor * df(t[i], own, partner)
                    s[i] = factor * d_p(t[i], own, partner)
            for i in range(size):
                each[i] *= weights[i]
            turn_rows_back(values, size, n, ld, shift(d, begin * ld))

    return loop


@overload(prepare, prefer_literal=True)
def _prepare(name, rate, t, h, c):
    row = optimizers.get(name.literal_value)
    scales, k = scalar(row.scales, np.float64), len(row.hyper)

    def fill(name, rate, t, h, c):
        values = scales(rate, t, spread(h, k))
        for i in range(len(values)):
            c[i] = values[i]

    return fill


@overload(update, prefer_literal=True)
def _update(name, w, g, s0, s1, s2, n, c):
    row = optimizers.get(name.literal_value)
    step = scalar(row.step, DTYPES[w.dtype])
    length = len(row.scales(0.1, 1.0, tuple(row.hyper.values())))
    return _SLOTS[len(row.slots)](step, length)


def _no_slots(step, length):
    def loop(name, w, g, s0, s1, s2, n, c):
        k = spread(c, length)
        for i in range(n):
            w[i], _ = step(w[i], g[i], (), k)

    return loop


def _one_slot(step, length):
    def loop(name, w, g, s0, s1, s2, n, c):
        k = spread(c, length)
        for i in range(n):
            w[i], s = step(w[i], g[i], (s0[i],), k)
            s0[i] = s[0]

    return loop


def _two_slots(step, length):
    def loop(name, w, g, s0, s1, s2, n, c):
        k = spread(c, length)
        for i in range(n):
            w[i], s = step(w[i], g[i], (s0[i], s1[i]), k)
            s0[i] = s[0]
            s1[i] = s[1]

    return loop


def _three_slots(step, length):
    def loop(name, w, g, s0, s1, s2, n, c):
        k = spread(c, length)
        for i in range(n):
            w[i], s = step(w[i], g[i], (s0[i], s1[i], s2[i]), k)
            s0[i] = s[0]
            s1[i] = s[1]
            s2[i] = s[2]

    return loop


_SLOTS = (_no_slots, _one_slot, _two_slots, _three_slots)


@overload(pace, prefer_literal=True)
def _pace(name, rate, clock, h):
    row = schedules.get(name.literal_value)
    f, k = scalar(row.rate, np.float64), len(row.hyper)
    return lambda name, rate, clock, h: f(rate, spread(clock, 4), spread(h, k))
