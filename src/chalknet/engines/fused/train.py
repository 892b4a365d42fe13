"""The compiled entry points: train for a while, loss and gradient, predict.

Each closes over the digest of the sources it is made from (see `fingerprint`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from chalknet.engines import rules as r
from chalknet.engines.fused import gather as g
from chalknet.engines.fused import kernels as k
from chalknet.engines.fused import layout as at
from chalknet.engines.fused import single
from chalknet.engines.fused.fingerprint import KERNELS
from chalknet.engines.fused.lowering import INNER, compiled
from chalknet.engines.fused.lowlevel import address, call, call_float, noinline
from chalknet.engines.fused.scores import score

end_of_epoch = compiled(r.end_of_epoch)
ENTRY: dict[str, Any] = {"error_model": "numpy", "nogil": True, "cache": True}


@njit(**INNER)
def pace(fact, knob, counts, numbers):
    """The learning rate of the next step; counts it."""
    knob[at.CLOCK] = counts[r.FIT_STEP]
    rate = call_float(fact[at.PACE_STEP], (numbers[r.RATE], address(knob, at.CLOCK), address(knob, at.SCHEDULE)))
    counts[r.STEP] += 1
    counts[r.FIT_STEP] += 1
    counts[r.BATCH] += 1
    return rate


@njit(**INNER)
def one_batch(net, fact, knob, buffer, rows, index, counts, numbers):
    """Everything for one batch; returns its loss before the update."""
    noinline()
    epoch = counts[r.EPOCH]
    weight = g.gather(net, fact, buffer, rows, index, 1)
    k.forward(net, fact, knob, buffer, rows, index, epoch, 1)
    cost = knob[at.REPORT] * k.loss(net, fact, knob, buffer, index.size, weight)
    k.backward(net, fact, knob, buffer, rows, index)
    if fact[at.PENALTY] != 0:
        cost += k.penalise(net, fact, knob, buffer, weight)
    if fact[at.CLIPPING] != 0:
        k.clip(fact, knob, buffer)
    rate = pace(fact, knob, counts, numbers)
    k.update(net, fact, knob, buffer, rate, float(counts[r.STEP]))
    return cost


@njit(**INNER)
def one_row(net, fact, knob, buffer, rows, index, counts, numbers):
    """The same for batches of one row, in plain gradient descent."""
    noinline()
    weight = g.gather(net, fact, buffer, rows, index, 1)
    single.forward_row(net, fact, knob, buffer)
    cost = knob[at.REPORT] * k.loss(net, fact, knob, buffer, index.size, weight)
    single.backward_row(net, fact, knob, buffer, pace(fact, knob, counts, numbers))
    return cost


def _train(fingerprint):
    @njit(**ENTRY)
    def train(net, fact, knob, buffer, rows, order, counts, numbers, rules, steps, epochs, losses, scores):
        """Train until an epoch, step or stop rule ends the call; returns why it ended.

        `losses` and `scores` take one number an epoch of this call (`counts` tells how many there were).
        """
        fingerprint  # noqa: B018
        batch, n, done = fact[at.BATCH], rows.train.size, 0
        while True:
            shuffled = fact[at.SHUFFLED] if n > batch else 0  # one batch is one batch, in whatever order
            g.shuffle(order, rows.train, fact[at.SEED], counts[r.EPOCH], shuffled)
            fresh = counts[r.STEP] == counts[r.BATCH]  # the optimizer has seen nothing before this epoch
            knob[at.CLOCK + 2] = counts[r.DONE]
            knob[at.CLOCK + 3] = 0.0 if fresh else counts[r.SAMPLES]
            begin = counts[r.BATCH] * batch
            while begin < n:
                index = order[begin : min(begin + batch, n)]
                if fact[at.SINGLE] != 0:
                    cost = one_row(net, fact, knob, buffer, rows, index, counts, numbers)
                else:
                    cost = one_batch(net, fact, knob, buffer, rows, index, counts, numbers)
                numbers[r.TOTAL] += cost * index.size
                if not np.isfinite(cost):
                    losses[done] = cost
                    return r.DIVERGED
                begin += batch
                steps -= 1
                if steps <= 0 and begin < n:
                    return r.RUNNING
            losses[done] = numbers[r.TOTAL] / n
            numbers[r.TOTAL] = 0.0
            counts[r.BATCH] = 0
            counts[r.EPOCH] += 1
            counts[r.DONE] += 1
            counts[r.SAMPLES] += n
            if fact[at.SCORED] != r.NO_SCORE:
                scores[done] = score(net, fact, knob, buffer, rows)
            reason, best = end_of_epoch(losses[done], scores[done], counts, numbers, rules)
            if best:
                for i in range(fact[at.SIZE]):
                    buffer[fact[at.BEST] + i] = buffer[fact[at.PARAMETERS] + i]
            done += 1
            if reason != r.RUNNING or done >= epochs or steps <= 0:
                return reason

    return train


def _loss_and_gradient(fingerprint):
    @njit(**ENTRY)
    def loss_and_gradient(net, fact, knob, buffer, rows, total):
        """The objective over all training rows; its gradient is left in `total`, padded."""
        fingerprint  # noqa: B018
        n, block = rows.train.size, fact[at.BATCH]
        weight = 0.0
        for i in range(n):
            weight += rows.weights[rows.train[i]] if rows.weighted != 0 else 1.0
        gradient = buffer[fact[at.GRADIENT] : fact[at.GRADIENT] + fact[at.SIZE]]
        total[:] = 0
        value = 0.0
        for begin in range(0, n, block):
            index = rows.train[begin : min(begin + block, n)]
            g.gather(net, fact, buffer, rows, index, 1)
            k.forward(net, fact, knob, buffer, rows, index, 0, 0)
            value += k.loss(net, fact, knob, buffer, index.size, weight)
            k.backward(net, fact, knob, buffer, rows, index)
            for i in range(total.size):
                total[i] += gradient[i]
        gradient[:] = total
        value += k.penalise(net, fact, knob, buffer, weight)
        total[:] = gradient
        return value

    return loss_and_gradient


def _predict(fingerprint):
    @njit(**ENTRY)
    def predict(net, fact, knob, buffer, rows, link, n, out):
        """The last block for rows 0 … n - 1, through the link (an address, 0 for none)."""
        fingerprint  # noqa: B018
        width, stride, last = net[at.WIDTH, -1], net[at.STRIDE, -1], net[at.BLOCK, -1]
        block = fact[at.BATCH]
        index = np.empty(block, np.int64)
        for begin in range(0, n, block):
            m = min(block, n - begin)
            for i in range(m):
                index[i] = begin + i
            g.gather(net, fact, buffer, rows, index[:m], 0)
            k.forward(net, fact, knob, buffer, rows, index[:m], 0, 0)
            if link != 0:
                z = address(buffer, last)
                call(link, (z, z, m, width, stride, buffer.dtype.type(0)))
            for i in range(m):
                for j in range(width):
                    out[begin + i, j] = buffer[last + i * stride + j]

    return predict


train = _train(KERNELS)
loss_and_gradient = _loss_and_gradient(KERNELS)
predict = _predict(KERNELS)
