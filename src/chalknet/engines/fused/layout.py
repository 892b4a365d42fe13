"""Where everything lies: one buffer for all blocks of a run, and small arrays that say where things are in it.

Kernels take these few arrays and nothing else, which keeps their calls and their compilation short. Rows of weights
and of blocks are padded to the vector length, and strides that fall into few sets of the cache are avoided. The padding
is zero in parameters and gradients, and private to a run: `pack` and `unpack` translate from and to the flat vector
that everybody else sees.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chalknet.engines import base
from chalknet.engines.base import Description
from chalknet.engines.fused.row_loops import room_for
from chalknet.engines.fused.sizes import RANGE, aligned, block_rows, is_narrow, padded
from chalknet.engines.fused.tile import TALL
from chalknet.engines.random import dropout_threshold

# `net` (int64) holds a record for each block; layer k, which takes block k to block k + 1, shares block k's record.
# Kernels get k as the place where the record begins, so `net[k + WIDTH]`, and NEXT further on lies the next record.
WIDTH = 0  # of the block, without padding
STRIDE = 1  # of its rows, with padding
BLOCK = 2  # where it begins in the buffer
DELTA = 3  # where the gradient by it begins: element-wise layers share one
FORWARD, BACKWARD = 4, 5  # addresses of the layer's kernels
FORWARD_STEP, BACKWARD_STEP = 6, 7  # addresses of an activation's formulas
WEIGHTS, BIASES = 8, 9  # offsets of a layer's in the padded parameters, the same for one that learns nothing
MASK = 10  # where a dropout layer's mask begins, or a normalisation's normalised numbers
DROPPED = 11  # it drops draws below this number
NUMBER = 12  # of the layer
LEARN = 13  # address of the kernel that forms a layer's gradient
ROW = 14  # how long a row of its weights is in the buffer: those of a narrow layer lie turned, a row for each output
PLAIN = 15  # 1: the weights are penalised and decay; a normalisation's scales are not and do not
SPREAD, RUNNING = 16, 17  # of a normalisation, see `norm`
TURN = 18  # 1 where weights lie turned
NEXT = 19

# `fact` (int64): places in the buffer, where the parameters come first,
GRADIENT, SLOT0, SLOT1, SLOT2, BEST, Y, W, TURNED, CONSTANTS, ZEROS, ONE = range(11)
SIZE = 11  # of the padded parameters, behind which running numbers follow
FIRST, LAST = (
    12,
    13,
)  # records of the first layer that learns (below it no gradient is needed), of the last block
# addresses of formulas,
LOSS_STEP, LINK_STEP, PREPARE_STEP, UPDATE_STEP, PACE_STEP = range(14, 19)
# addresses of kernels; 0 where there is nothing to do,
BATCH_KERNEL, GATHER, TARGETS, LOSS, PENALTY, CLIP, UPDATE, SCORE, PRODUCT = range(19, 28)
# the data, addresses and sizes (see `rows`),
X, N_IN, STARTS, COLUMNS, ALL_TARGETS, LABELS, ROW_WEIGHTS, TRAIN, N_TRAIN, VALIDATION, N_VALIDATION = range(
    28, 39
)
# switches and numbers.
SUMMED = 39  # 1: the loss is not divided by the batch's weight
SEPARATE = 40  # 1: biases have optimizer constants of their own
BATCH, SHUFFLED, SCORED, SEED, EPOCH, LEARNING = range(41, 47)
ORDERED = 47  # the epoch that the order was drawn for, -1 for none yet
ROOM = 48  # where the loss may write what it needs
# A batch is worked through in blocks of rows, some at a time. Each of these has a `net` and a `fact` of its own,
# one behind the other, which differ in the places of the block's numbers and in the next two.
FROM, COUNT = 49, 50  # the block's rows among the batch's: the first, how many
ROW_LOSSES = 51  # where the block's losses begin, one a row
BLOCKS, BLOCK_ROWS, NET_SIZE = range(52, 55)  # how many blocks at a time, their rows, numbers of one `net`
ACTIVE, FRESH, FINAL = range(55, 58)  # blocks in use; 1 for a batch's first; 1 if gradients are used at once
ROWS = 58  # address of the batch's row numbers
RANGES, N_RANGES = 59, 60  # address of the table of ranges (see `ranges`), how many there are
FORM_KERNEL, BLOCK_KERNEL = 61, 62  # addresses: what is done to one range, to one block
UPDATE_RANGES = 63  # 1: each range is updated as soon as its gradient is there
HELPED, BOARD = (
    64,
    65,
)  # 1 while other threads help; address of the board on which work is offered to them (see `team`)
KEPT = 66  # of the padded parameters and running numbers
LIMIT, LENGTHS = 67, 68  # address of the kernel that limits weights after an update; room for their lengths
# 1: validation rows are none of X; what X, STARTS, COLUMNS, ALL_TARGETS, LABELS and ROW_WEIGHTS are for them.
APART, OTHERS = 69, 70
LOSS_P = 76  # where the loss's shape parameter begins, a number for each output
SAMPLING = 77  # 1: dropout is on although nothing is learned
N_FACTS = 78

# `knob` (float64).
PER_OUTPUT, REPORT, L1, L2, CLIP_NORM, CLIP_VALUE, THRESHOLD = range(1, 8)
WEIGHT, RATE, TIME = (
    8,
    9,
    10,
)  # of the running batch: its weight, its learning rate, how many updates there were with it
HYPER = 12  # twice 8: for weights, for biases
SCHEDULE = 28  # 8
CLOCK = 36  # 4: step, total steps, epoch, samples
MAX_NORM = 40
MOMENTS = 41  # 3 for each output, for R²
# then SHAPE: an activation's shape parameter, a dropout's 1/(1 - rate), an epsilon; one a layer; then their momenta
SHAPE = 11  # where they begin


class Layout:
    """A description's place in memory.

    Args:
        description: the network, and for training its options.
        batch: rows of a batch.
        training: whether there are gradients, dropout and a loss.
        sampling: whether there is dropout all the same.
        slots, best: how many optimizer slots to keep room for, and whether for the best parameters.
        blocks: how many blocks of a batch's rows are worked on at a time.
        narrow: from which layer on those with few outputs have their weights turned.
    """

    def __init__(
        self,
        description: Description,
        batch: int,
        *,
        training: bool,
        sampling: bool = False,
        slots: int = 0,
        best: bool = False,
        blocks: int = 1,
        narrow: int = 0,
    ) -> None:
        self.description = d = description.fused() if training else description
        self.dtype = np.dtype(d.dtype)
        self.specs = [s for s in d.layers if training or sampling or s.kind != base.DROPOUT]
        self.training = training
        k = len(self.specs)
        self.nets, self.facts = (
            np.zeros((blocks, k + 1, NEXT), np.int64),
            np.zeros((blocks, N_FACTS), np.int64),
        )
        self.net, self.fact = self.nets[0], self.facts[0]
        self.fact[ORDERED], self.fact[SAMPLING] = -1, sampling
        self.knob = np.zeros(MOMENTS + 3 * d.n_out + 2 * k)
        self.knob[SHAPE] = MOMENTS + 3 * d.n_out
        self.dense = [i for i, s in enumerate(self.specs) if s.kind == base.DENSE]
        self.learned = [i for i, s in enumerate(self.specs) if s.learned is not None]
        self.keeping = [i for i, s in enumerate(self.specs) if s.kind in base.KEEPING]
        self.narrow = [
            i
            for i in self.dense
            if i >= narrow and is_narrow(self.specs[i].n_in, self.specs[i].n_out, self.dtype)
        ]
        self._layers()
        whole = training and d.mixes_rows
        self.rows = batch if whole else block_rows(batch, self._row_size() * self.dtype.itemsize, blocks)
        self.shared = self._shared(slots, best)
        self.span = self._block(self.shared) - self.shared
        self.buffer = aligned(self.shared + blocks * self.span, self.dtype)
        self.fact[BATCH], self.fact[BLOCK_ROWS], self.fact[BLOCKS] = batch, self.rows, blocks
        self.fact[NET_SIZE] = self.net.size
        if training:
            self.buffer[self.fact[ONE]] = 1.0
            for b in range(blocks):
                begin = int(self.fact[W]) + b * self.span
                self.buffer[begin : begin + self.rows] = 1.0

    def _layers(self) -> None:
        net, at = self.net, 0
        net[:, WIDTH] = [self.description.n_in] + [s.n_out for s in self.specs]
        net[:, STRIDE] = [padded(int(w), self.dtype) for w in net[:, WIDTH]]
        net[:, NUMBER] = np.arange(len(net))
        shapes = self.knob[int(self.knob[SHAPE]) :]
        for i, s in enumerate(self.specs):
            if s.learned is not None:
                rows, net[i, ROW] = (
                    (s.n_out, net[i, STRIDE]) if i in self.narrow else (s.learned[0], net[i + 1, STRIDE])
                )
                net[i, WEIGHTS], net[i, BIASES] = at, at + rows * net[i, ROW]
                net[i, PLAIN], net[i, TURN] = s.kind == base.DENSE, i in self.narrow
                at = int(net[i, BIASES] + net[i + 1, STRIDE])
            if s.kind == base.DROPOUT:
                net[i, DROPPED] = dropout_threshold(s.p)
                shapes[i] = 1.0 / (1.0 - s.p)
            else:
                shapes[i], shapes[len(self.specs) + i] = s.p, s.momentum
        self.fact[SIZE], self.fact[FIRST], self.fact[LAST] = (
            at,
            NEXT * self.learned[0],
            NEXT * len(self.specs),
        )
        for i in self.keeping:
            net[i, RUNNING] = at
            at += 2 * int(net[i, STRIDE])
        self.fact[KEPT] = at

    def _places(self, at: int) -> Callable[[Any], int]:
        """Hands out places from `at` on, each on a cache line; called with 0 it tells where the next begins."""
        lanes = 64 // self.dtype.itemsize

        def place(n: Any) -> int:
            nonlocal at
            begin = at
            at += -(-int(n) // lanes) * lanes
            return begin

        return place

    def _shared(self, slots: int, best: bool) -> int:
        """Places of what there is once; returns where they end."""
        net, fact, size, place = self.net, self.fact, int(self.fact[SIZE]), self._places(0)
        place(fact[KEPT])
        if self.training:
            fact[GRADIENT] = place(size)
            for i in range(slots):
                fact[SLOT0 + i] = place(size)
            fact[BEST] = place(fact[KEPT]) if best else 0
            fact[CONSTANTS], fact[ONE], fact[ZEROS] = place(16), place(1), place(net[:, STRIDE].max())
            fact[LENGTHS], fact[LOSS_P] = place(net[:, STRIDE].max()), place(net[-1, STRIDE])
        return place(0)

    def _block(self, at: int) -> int:
        """Places of what each block of rows has, for the first one; returns where they end."""
        net, fact, rows, place = self.net, self.fact, self.rows, self._places(at)
        for record in net:
            record[BLOCK] = place(record[STRIDE] * rows)
        for i, s in enumerate(self.specs):
            if s.kind in base.SCALED:
                net[i, SPREAD] = place(rows if s.kind == base.LAYER_NORM else 4 * net[i, STRIDE])
                net[i, MASK] = place(net[i, STRIDE] * rows) if self.training else net[i + 1, BLOCK]
        for i, s in enumerate(self.specs):
            if s.kind == base.DROPOUT:
                net[i, MASK] = place(net[i + 1, STRIDE] * rows)
        if not self.training:
            return place(0)
        stride = int(net[-1, STRIDE])
        fact[Y], fact[W], fact[ROW_LOSSES] = place(stride * rows), place(rows), place(rows)
        passing = [i for i in self.dense if i != self.learned[0]]  # those that pass derivatives on
        fact[TURNED] = place(max((net[i, STRIDE] * net[i + 1, STRIDE] for i in passing), default=0))
        net[-1, DELTA], fact[ROOM] = place(stride * rows), place(room_for(rows, stride))
        for i in range(len(self.specs) - 1, -1, -1):
            own = i in self.learned
            net[i, DELTA] = place(net[i, STRIDE] * rows) if own else net[i + 1, DELTA]
        return place(0)

    def _row_size(self) -> int:
        """About how many numbers a row of a block takes."""
        return int(self.net[:, STRIDE].sum() + self.net[self.learned, STRIDE].sum())

    def spread(self) -> None:
        """Tell the other blocks what the first one knows, once that is everything."""
        for b in range(1, len(self.nets)):
            self.nets[b], self.facts[b] = self.net, self.fact
            self.nets[b][:, [BLOCK, DELTA, MASK, SPREAD]] += b * self.span
            self.facts[b][[Y, W, TURNED, ROOM, ROW_LOSSES]] += b * self.span

    def ranges(self, together: bool, whole: int | None) -> np.ndarray:
        """The table of ranges: (layer, first and last row of its weights + 1, 1 if the biases go with it).

        Where a range is updated `together` with its gradient, that stays in the first-level cache in between. The
        layer number `whole` is one range.
        """
        table = []
        for i in reversed(self.learned):
            n = rows = int((self.net[i, BIASES] - self.net[i, WEIGHTS]) // self.net[i, ROW])
            if together:
                rows = max(RANGE // int(self.net[i, ROW] * self.dtype.itemsize), 1)
            elif len(self.nets) > 1:
                rows = -(-n // (2 * len(self.nets)))
            rows = n if i == whole else -(-rows // TALL) * TALL
            table += [(NEXT * i, j, min(j + rows, n), int(j == 0)) for j in range(0, n, rows)]
        return np.array(table, np.int64)

    def matrices(self, flat: np.ndarray, place: int) -> Any:
        """Pairs of views, in the flat vector and in the padded one: each layer's weights and biases."""
        at = 0
        for i in self.learned:
            stride = int(self.net[i, ROW])
            n_in, n_out = self.specs[i].learned or (0, 0)
            begin, middle = (place + int(self.net[i, column]) for column in (WEIGHTS, BIASES))
            weights = flat[at : at + n_in * n_out].reshape(n_in, n_out)
            padded_rows = self.buffer[begin:middle].reshape(-1, stride)
            yield (
                (weights.T, padded_rows[:, :n_in]) if i in self.narrow else (weights, padded_rows[:, :n_out])
            )
            at += (n_in + 1) * n_out
            yield flat[at - n_out : at], self.buffer[middle : middle + n_out]

    def pack(self, flat: np.ndarray, place: int) -> None:
        """Copy a flat vector to its padded place in the buffer."""
        for ours, theirs in self.matrices(flat, place):
            theirs[...] = ours

    def moments(self, buffers: np.ndarray, place: int) -> Any:
        """The same of the means and variances that layers keep, behind the parameters."""
        at = 0
        for i in self.keeping:
            n, begin = int(self.net[i, WIDTH]), place + int(self.net[i, RUNNING])
            stride = int(self.net[i, STRIDE])
            theirs = self.buffer[begin : begin + 2 * stride].reshape(2, stride)[:, :n]
            yield buffers[at : at + 2 * n].reshape(2, n), theirs
            at += 2 * n

    def pack_kept(self, buffers: np.ndarray, place: int) -> None:
        """Copy what layers keep to its padded place, behind parameters that begin there."""
        for ours, theirs in self.moments(buffers, place):
            theirs[...] = ours
