"""Where everything lies: one array for all buffers of a run, and three small arrays that say where things are in it.

Kernels take these few arrays and nothing else, which keeps their calls and their compilation short. Rows of weights
and of blocks are padded to the vector length, and no stride is a multiple of 2 KiB (such strides fall into the same cache
sets). The padding is zero in parameters and gradients, and private to a run: `pack` and `unpack` translate from and to
the flat vector that everybody else sees.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.engines import base
from chalknet.engines.base import Description
from chalknet.engines.fused.steps import address_of
from chalknet.engines.fused.tile import VECTOR_BYTES
from chalknet.engines.random import dropout_threshold
from chalknet.maths import losses, optimizers

# Rows of `net` (int64), a column a layer; layer k takes block k to block k + 1, so blocks have one column more.
KIND = 0  # one of the three below
WIDTH = 1  # of block k, without padding
STRIDE = 2  # of block k, with padding
WEIGHTS = 3  # offset of a dense layer's weights and biases in the padded parameters
BIASES = 4
FORWARD = 5  # addresses of an activation's two steps
BACKWARD = 6
BLOCK = 7  # where block k begins in the buffer
DELTA = 8  # where the gradient by block k begins: element-wise layers share one
MASK = 9  # where the mask that made block k begins
DROPPED = 10  # a dropout layer drops draws below this number
N_NET = 11
DENSE, ACTIVATION, DROPOUT = 0, 1, 2
KINDS = {base.DENSE: DENSE, base.ACTIVATION: ACTIVATION, base.DROPOUT: DROPOUT}

# Places of `fact` (int64): offsets in the buffer, addresses of steps, switches.
PARAMETERS, GRADIENT, SLOT0, SLOT1, SLOT2, BEST, Y, W, TURNED, CONSTANTS = range(10)
SIZE = 10  # of the padded parameters
FIRST = 11  # the first dense layer: nothing below it needs a gradient
LOSS_STEP, LINK_STEP, PREPARE_STEP, UPDATE_STEP, PACE_STEP = range(12, 17)
SUMMED = 17  # 1: the loss is not divided by the batch's weight
SLOTS = 18  # how many the optimizer has
SEPARATE = 19  # 1: biases have optimizer constants of their own
PENALTY, CLIPPING = 20, 21  # 1: there is some
BATCH, SHUFFLED, SCORED, SEED, SINGLE = range(22, 27)
N_FACTS = 27

# Places of `knob` (float64).
LOSS_P, PER_OUTPUT, REPORT, L1, L2, CLIP_NORM, CLIP_VALUE, THRESHOLD = range(8)
HYPER = 8  # twice 8: for weights, for biases
SCHEDULE = 24  # 8
CLOCK = 32  # 4: step, total steps, epoch, samples
SHAPE = 36  # an activation's shape parameter, or a dropout's 1/(1 - rate); one a layer


def aligned(n: int, dtype: Any) -> np.ndarray:
    """Zeros that begin on a cache line."""
    dtype = np.dtype(dtype)
    raw = np.zeros(max(n, 1) * dtype.itemsize + 64, np.uint8)
    begin = -raw.ctypes.data % 64
    return raw[begin : begin + max(n, 1) * dtype.itemsize].view(dtype)


def padded(n: int, dtype: Any) -> int:
    """The stride of rows of `n` numbers."""
    size = np.dtype(dtype).itemsize
    lanes = VECTOR_BYTES // size
    stride = -(-n // lanes) * lanes
    return stride + lanes if stride * size % 2048 == 0 else stride


class Layout:
    """A description's place in memory.

    Args:
        description: the network, and for training its options.
        batch: rows of a block.
        training: whether there are gradients, dropout and a loss.
        slots, best: how many optimizer slots to keep room for, and whether for the best parameters.
    """

    def __init__(
        self, description: Description, batch: int, *, training: bool, slots: int = 0, best: bool = False
    ) -> None:
        self.description = d = description.fused() if training else description
        self.dtype = np.dtype(d.dtype)
        self.specs = [s for s in d.layers if training or s.kind != base.DROPOUT]
        self.training = training
        k = len(self.specs)
        self.net = np.zeros((N_NET, k + 1), np.int64)
        self.fact = np.zeros(N_FACTS, np.int64)
        self.knob = np.zeros(SHAPE + k)
        self._layers()
        self.buffer = aligned(self._places(batch, slots, best), self.dtype)
        self.fact[BATCH] = batch

    def _layers(self) -> None:
        net, at = self.net, 0
        net[WIDTH] = [self.description.n_in] + [s.n_out for s in self.specs]
        net[STRIDE] = [padded(int(w), self.dtype) for w in net[WIDTH]]
        first = len(self.specs)
        for i, s in enumerate(self.specs):
            net[KIND, i] = KINDS[s.kind]
            if s.kind == base.DENSE:
                first = min(first, i)
                net[WEIGHTS, i], net[BIASES, i] = at, at + s.n_in * net[STRIDE, i + 1]
                at = int(net[BIASES, i] + net[STRIDE, i + 1])
            elif s.kind == base.ACTIVATION:
                net[FORWARD, i] = address_of("activate", s.name, str(self.dtype))
                if self.training:
                    net[BACKWARD, i] = address_of("derive", s.name, str(self.dtype))
                self.knob[SHAPE + i] = s.p
            else:
                net[DROPPED, i] = dropout_threshold(s.p)
                self.knob[SHAPE + i] = 1.0 / (1.0 - s.p)
        self.fact[SIZE], self.fact[FIRST] = at, first
        # the flat vector's elements in the padded one
        parts = [
            net[WEIGHTS, i] + (np.arange(s.n_in + 1)[:, None] * net[STRIDE, i + 1] + np.arange(s.n_out)).ravel()
            for i, s in enumerate(self.specs)
            if s.kind == base.DENSE
        ]
        self.real = np.concatenate(parts)

    def _places(self, batch: int, slots: int, best: bool) -> int:
        """Give everything its place; returns the buffer's length."""
        net, fact, size, at = self.net, self.fact, int(self.fact[SIZE]), 0

        def place(n: int) -> int:
            nonlocal at
            begin, lanes = at, 64 // self.dtype.itemsize
            at += -(-n // lanes) * lanes
            return begin

        fact[PARAMETERS] = place(size)
        for i in range(net.shape[1]):
            net[BLOCK, i] = place(int(net[STRIDE, i]) * batch)
        if not self.training:
            return at
        fact[GRADIENT] = place(size)
        for i in range(slots):
            fact[SLOT0 + i] = place(size)
        fact[BEST] = place(size) if best else 0
        fact[Y], fact[W] = place(int(net[STRIDE, -1]) * batch), place(batch)
        dense = [i for i, s in enumerate(self.specs) if s.kind == base.DENSE]
        fact[TURNED] = place(max(int(net[STRIDE, i] * net[STRIDE, i + 1]) for i in dense))
        fact[CONSTANTS] = place(16)
        net[DELTA, -1] = place(int(net[STRIDE, -1]) * batch)
        for i in range(len(self.specs) - 1, -1, -1):
            net[DELTA, i] = place(int(net[STRIDE, i]) * batch) if net[KIND, i] == DENSE else net[DELTA, i + 1]
            if net[KIND, i] == DROPOUT:
                net[MASK, i + 1] = place(int(net[STRIDE, i + 1]) * batch)
        return at

    def section(self, place: int) -> np.ndarray:
        """A padded vector of the parameters' size in the buffer."""
        begin = int(self.fact[place])
        return self.buffer[begin : begin + int(self.fact[SIZE])]

    def pack(self, flat: np.ndarray, place: int) -> None:
        """Copy a flat vector into its padded place."""
        self.section(place)[self.real] = flat

    def unpack(self, place: int, into: np.ndarray) -> None:
        """Copy a padded vector into a flat one."""
        into[...] = self.section(place)[self.real]

    def set_goal(self) -> None:
        """Fill in the loss and what is done to its gradient."""
        d, fact, knob = self.description, self.fact, self.knob
        row = losses.get(d.loss)
        by_element = d.reduction == "mean" and not row.rows
        fact[LOSS_STEP] = address_of("measure", row.name, d.dtype)
        fact[LINK_STEP] = 0 if row.link == "identity" else address_of("activate", row.link, d.dtype)
        fact[SUMMED] = d.reduction == "sum"
        fact[PENALTY] = d.l1 != 0.0 or d.l2 != 0.0
        fact[CLIPPING] = d.clip_norm > 0.0 or d.clip_value > 0.0
        knob[LOSS_P], knob[PER_OUTPUT], knob[REPORT] = d.loss_p, 1.0 / d.n_out if by_element else 1.0, d.report
        knob[L1], knob[L2], knob[CLIP_NORM], knob[CLIP_VALUE] = d.l1, d.l2, d.clip_norm, d.clip_value
        knob[THRESHOLD] = d.threshold

    def set_pace(self, total_steps: int, seed: int) -> None:
        """Fill in the optimizer, its schedule and how batches are made."""
        d, fact, knob = self.description, self.fact, self.knob
        row = optimizers.get(d.optimizer)
        fact[PREPARE_STEP] = address_of("prepare", row.name, d.dtype)
        fact[UPDATE_STEP] = address_of("update", row.name, d.dtype)
        fact[PACE_STEP] = address_of("pace", d.schedule, "float64")
        fact[SLOTS], fact[SEPARATE] = len(row.slots), row.decay is not None
        for i, values in enumerate(d.hypers()):
            knob[HYPER + 8 * i : HYPER + 8 * i + len(values)] = values
        knob[SCHEDULE : SCHEDULE + len(d.schedule_hyper)] = d.schedule_hyper
        knob[CLOCK + 1] = total_steps
        fact[SHUFFLED], fact[SCORED], fact[SEED] = d.shuffle, d.score, seed
