"""The compiled entry points: train for a while, loss and gradient, predict."""

from __future__ import annotations

import numpy as np
from numba import njit, types

from chalknet.engines import rules as r
from chalknet.engines.fused import layout as at
from chalknet.engines.fused.batch import forward
from chalknet.engines.fused.lowering import INNER, compiled
from chalknet.engines.fused.lowlevel import call, call_float, copy, integers, number, shift
from chalknet.engines.fused.pointwise import U64, draw, stream
from chalknet.engines.fused.steps import FLOATS, INTEGERS, F, I
from chalknet.engines.random import SHUFFLE

end_of_epoch = compiled(r.end_of_epoch)


@njit(**INNER)
def shuffle(fact, order, epoch, wanted):
    """Fill `order` with the training rows, in the epoch's order."""
    rows, n = integers(fact[at.TRAIN]), fact[at.N_TRAIN]
    for i in range(n):
        order[i] = rows[i]
    if wanted != 0:
        key = stream(U64(fact[at.SEED]), U64(SHUFFLE), U64(epoch))
        for i in range(n - 1, 0, -1):
            j = np.int64(draw(key, U64(i)) * U64(i + 1) >> U64(32))
            order[i], order[j] = order[j], order[i]


@njit(**INNER)
def exchange(fact):
    """Rows of their own take the place of those trained on, or the other way round."""
    for i in range(6):
        place = at.X if i == 0 else at.STARTS + i - 1  # N_IN lies between and is the same
        fact[place], fact[at.OTHERS + i] = fact[at.OTHERS + i], fact[place]


def train_type(T):
    """The C signature of `train`."""
    return I(
        INTEGERS,
        INTEGERS,
        FLOATS,
        types.CPointer(T),
        INTEGERS,
        INTEGERS,
        FLOATS,
        FLOATS,
        FLOATS,
        FLOATS,
        I,
        I,
    )


def train(net, fact, knob, buffer, order, counts, figures, rules, losses, scores, steps, epochs):
    """Train until an epoch, step or stop rule ends the call; returns why it ended.

    `losses` and `scores` take one number an epoch of this call (`counts` tells how many there were).
    """
    batch, n, done = fact[at.BATCH], fact[at.N_TRAIN], 0
    while True:
        if fact[at.ORDERED] != counts[r.EPOCH]:  # once an epoch, however many calls it takes
            # one batch is one batch, in whatever order
            shuffle(fact, order, counts[r.EPOCH], fact[at.SHUFFLED] if n > batch else 0)
            fact[at.ORDERED] = counts[r.EPOCH]
        fresh = counts[r.STEP] == counts[r.BATCH]  # the optimizer has seen nothing before this epoch
        for b in range(fact[at.BLOCKS]):
            fact[b * at.N_FACTS + at.EPOCH], fact[b * at.N_FACTS + at.LEARNING] = counts[r.EPOCH], 1
        knob[at.CLOCK + 2] = counts[r.DONE]
        knob[at.CLOCK + 3] = 0.0 if fresh else np.float64(counts[r.SAMPLES])
        begin = counts[r.BATCH] * batch
        while begin < n:
            m = min(batch, n - begin)
            knob[at.CLOCK] = counts[r.FIT_STEP]
            clock, schedule = shift(knob, at.CLOCK), shift(knob, at.SCHEDULE)
            knob[at.RATE] = call_float(fact[at.PACE_STEP], (figures[r.RATE], clock, schedule))
            counts[r.STEP] += 1
            counts[r.FIT_STEP] += 1
            counts[r.BATCH] += 1
            knob[at.TIME] = counts[r.STEP]
            cost = call_float(fact[at.BATCH_KERNEL], (net, fact, knob, buffer, shift(order, begin), m, 0))
            figures[r.TOTAL] += cost * m
            if not np.isfinite(cost):
                losses[done] = cost
                return r.DIVERGED
            begin += batch
            steps -= 1
            if steps <= 0 and begin < n:
                return r.RUNNING
        losses[done] = figures[r.TOTAL] / n
        figures[r.TOTAL] = 0.0
        counts[r.BATCH] = 0
        counts[r.EPOCH] += 1
        counts[r.DONE] += 1
        counts[r.SAMPLES] += n
        scores[done] = 0.0
        if fact[at.SCORE] != 0:
            fact[at.LEARNING] = 0
            rows = integers(fact[at.VALIDATION])
            if fact[at.APART] != 0:
                exchange(fact)
            scores[done] = call_float(
                fact[at.SCORE], (net, fact, knob, buffer, rows, fact[at.N_VALIDATION], 0)
            )
            if fact[at.APART] != 0:
                exchange(fact)
        reason, best = end_of_epoch(losses[done], scores[done], counts, figures, rules)
        if best:
            for i in range(fact[at.KEPT]):
                buffer[fact[at.BEST] + i] = buffer[i]
        done += 1
        if reason != r.RUNNING or done >= epochs or steps <= 0:
            return reason


def slope_type(T):
    """The C signature of `slope`."""
    return F(INTEGERS, INTEGERS, FLOATS, types.CPointer(T), types.CPointer(T))


def slope(net, fact, knob, buffer, flat):
    """The objective over all training rows at the parameters `flat`, which its gradient takes the place of."""
    move(net, fact, buffer, flat, 1)
    arguments = (net, fact, knob, buffer, integers(fact[at.TRAIN]), fact[at.N_TRAIN], 0)
    value = call_float(fact[at.BATCH_KERNEL], arguments)
    move(net, fact, shift(buffer, fact[at.GRADIENT]), flat, 0)
    return value


@njit(**INNER)
def move(net, fact, padded, flat, inwards):
    """Copy a flat vector to its padded form or back."""
    for layer in range(fact[at.FIRST], fact[at.LAST], at.NEXT):
        begin, end, row = net[layer + at.WEIGHTS], net[layer + at.BIASES], net[layer + at.ROW]
        if begin == end:  # it learns nothing
            continue
        n_in, n_out = net[layer + at.WIDTH], net[layer + at.NEXT + at.WIDTH]
        if net[layer + at.PLAIN] == 0:
            n_in = np.int64(1)
        turned = net[layer + at.TURN] != 0
        for i in range(n_in):
            if turned:
                for j in range(n_out):
                    if inwards != 0:
                        padded[begin + j * row + i] = flat[i * n_out + j]
                    else:
                        flat[i * n_out + j] = padded[begin + j * row + i]
            elif inwards != 0:
                copy(shift(padded, begin + i * row), shift(flat, i * n_out), n_out)
            else:
                copy(shift(flat, i * n_out), shift(padded, begin + i * row), n_out)
        flat = shift(flat, n_in * n_out)
        if inwards != 0:
            copy(shift(padded, end), flat, n_out)
        else:
            copy(flat, shift(padded, end), n_out)
        flat = shift(flat, n_out)


def predict_type(T):
    """The C signature of `predict`."""
    return types.void(INTEGERS, INTEGERS, FLOATS, types.CPointer(T), INTEGERS, I, types.CPointer(T))


def predict(net, fact, knob, buffer, index, n, out):
    """The last block for rows 0 … n - 1, through the link where there is one. `index` is room for a block's numbers."""
    last, block = fact[at.LAST], fact[at.BLOCK_ROWS]
    width, stride = net[last + at.WIDTH], net[last + at.STRIDE]
    z = shift(buffer, net[last + at.BLOCK])
    for begin in range(0, n, block):
        m = min(block, n - begin)
        for i in range(m):
            index[i] = begin + i
        forward(net, fact, knob, buffer, index, m)
        if fact[at.LINK_STEP] != 0:
            call(fact[at.LINK_STEP], (z, z, m, width, stride, number(0.0, buffer)))
        for i in range(m):
            for j in range(width):
                out[(begin + i) * width + j] = z[i * stride + j]
