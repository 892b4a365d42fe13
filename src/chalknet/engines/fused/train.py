"""The compiled entry points: train for a while, loss and gradient, predict.

Each closes over the digest of the sources it is made from (see `fingerprint`).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engines import rules as r
from chalknet.engines.fused import kernels as k
from chalknet.engines.fused.fingerprint import KERNELS
from chalknet.engines.fused.gemm import OPTIONS
from chalknet.engines.fused.lowering import compiled
from chalknet.engines.fused.lowlevel import address, call, call_float
from chalknet.engines.fused.scores import score

end_of_epoch = compiled(r.end_of_epoch)
OPTIONS = {**OPTIONS, "cache": True}


def _train(fingerprint):
    @njit(**OPTIONS)
    def train(net, goal, pace, rows, memory, counts, numbers, rules, wish, losses, scores):
        """Train until an epoch, step or stop rule ends the call; returns (reason, epochs).

        wish = (batch size, shuffle?, steps, epochs, how to score validation rows, seed); losses and scores take one
        number an epoch of this call.
        """
        fingerprint  # noqa: B018
        batch, steps, epochs, seed = wish[0], wish[2], wish[3], wish[5]
        n = rows.train.size
        clock = np.zeros(4)
        done = 0
        while True:
            shuffled = wish[1] if n > batch else 0  # one batch is one batch, in whatever order
            k.shuffle(memory.order, rows.train, seed, counts[r.EPOCH], shuffled)
            fresh = counts[r.STEP] == counts[r.BATCH]  # the optimizer has seen nothing before this epoch
            clock[1], clock[2] = pace.total_steps, counts[r.DONE]
            clock[3] = 0.0 if fresh else counts[r.SAMPLES]
            begin = counts[r.BATCH] * batch
            while begin < n:
                m = min(batch, n - begin)
                index = memory.order[begin : begin + m]
                k.gather_inputs(net, rows, index, m, memory)
                weight = k.gather_targets(net, rows, index, m, memory)
                k.forward(net, rows, index, m, memory, seed, counts[r.EPOCH], 1)
                cost = goal.report * k.loss(net, goal, m, weight, memory)
                k.backward(net, rows, index, m, memory)
                if goal.l1 != 0.0 or goal.l2 != 0.0:
                    cost += k.penalise(net, goal, weight, memory)
                if goal.clip_norm > 0.0 or goal.clip_value > 0.0:
                    k.clip(goal, memory)
                clock[0] = counts[r.FIT_STEP]
                rate = call_float(pace.rate, (numbers[r.RATE], address(clock, 0), address(pace.schedule, 0)))
                counts[r.STEP] += 1
                counts[r.FIT_STEP] += 1
                counts[r.BATCH] += 1
                k.update(net, pace, rate, float(counts[r.STEP]), memory)
                numbers[r.TOTAL] += cost * m
                if not np.isfinite(cost):
                    losses[done] = cost
                    return r.DIVERGED, done + 1
                begin += batch
                steps -= 1
                if steps <= 0 and begin < n:
                    return r.RUNNING, done
            losses[done] = numbers[r.TOTAL] / n
            numbers[r.TOTAL] = 0.0
            counts[r.BATCH] = 0
            counts[r.EPOCH] += 1
            counts[r.DONE] += 1
            counts[r.SAMPLES] += n
            if wish[4] != r.NO_SCORE:
                scores[done] = score(net, goal, rows, batch, wish[4], memory)
            reason, best = end_of_epoch(losses[done], scores[done], counts, numbers, rules)
            if best:
                memory.best[:] = memory.parameters
            done += 1
            if reason != r.RUNNING or done >= epochs or steps <= 0:
                return reason, done

    return train


def _loss_and_gradient(fingerprint):
    @njit(**OPTIONS)
    def loss_and_gradient(net, goal, rows, block, memory, total):
        """The objective over all training rows; its gradient is left in `total`, padded."""
        fingerprint  # noqa: B018
        n = rows.train.size
        weight = 0.0
        for i in range(n):
            weight += rows.weights[rows.train[i]] if rows.weighted != 0 else 1.0
        total[:] = 0
        value = 0.0
        for begin in range(0, n, block):
            m = min(block, n - begin)
            index = rows.train[begin : begin + m]
            k.gather_inputs(net, rows, index, m, memory)
            k.gather_targets(net, rows, index, m, memory)
            k.forward(net, rows, index, m, memory, 0, 0, 0)
            value += k.loss(net, goal, m, weight, memory)
            k.backward(net, rows, index, m, memory)
            for i in range(total.size):
                total[i] += memory.gradient[i]
        memory.gradient[:] = total
        penalty = k.penalise(net, goal, weight, memory)
        total[:] = memory.gradient
        return value + penalty

    return loss_and_gradient


def _predict(fingerprint):
    @njit(**OPTIONS)
    def predict(net, rows, link, p, memory, n, block, out):
        """The last block for rows 0 … n - 1, through the link (an address, 0 for none)."""
        fingerprint  # noqa: B018
        last = net.kind.size
        width, stride, at = net.width[last], net.stride[last], memory.at[last]
        index = np.empty(block, np.int64)
        for begin in range(0, n, block):
            m = min(block, n - begin)
            for i in range(m):
                index[i] = begin + i
            k.gather_inputs(net, rows, index, m, memory)
            k.forward(net, rows, index, m, memory, 0, 0, 0)
            if link != 0:
                z = address(memory.blocks, at)
                call(link, (z, z, m, width, stride, memory.blocks.dtype.type(p)))
            for i in range(m):
                for j in range(width):
                    out[begin + i, j] = memory.blocks[at + i * stride + j]

    return predict


train = _train(KERNELS)
loss_and_gradient = _loss_and_gradient(KERNELS)
predict = _predict(KERNELS)
