"""Where everything lies: padded parameters and blocks, the addresses of the steps, the buffers of a run.

Rows of weights and of blocks are padded to the vector length, and no stride is a multiple of 2 KiB (such strides fall
into the same cache sets). The padding is zero in parameters and gradients, and private to the run: `pack` and `unpack`
translate from and to the flat vector that everybody else sees.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chalknet.engines import base
from chalknet.engines.base import Description
from chalknet.engines.fused.lowlevel import writable
from chalknet.engines.fused.steps import address_of
from chalknet.engines.fused.tile import VECTOR_BYTES
from chalknet.engines.random import dropout_threshold
from chalknet.maths import losses, optimizers

DENSE, ACTIVATION, DROPOUT = 0, 1, 2
KINDS = {base.DENSE: DENSE, base.ACTIVATION: ACTIVATION, base.DROPOUT: DROPOUT}


class Net(NamedTuple):
    """A network for the kernels: layer k takes block k to block k + 1."""

    kind: np.ndarray  # (layers,)
    width: np.ndarray  # (layers + 1,) real columns of each block
    stride: np.ndarray  # (layers + 1,) padded columns
    weights: np.ndarray  # (layers,) offset of a dense layer's weights in the padded parameters
    biases: np.ndarray  # (layers,)
    forward: np.ndarray  # (layers,) addresses of the activations' steps
    backward: np.ndarray  # (layers,)
    shape: np.ndarray  # (layers,) float64, shape parameters; for dropout 1/(1 - rate)
    threshold: np.ndarray  # (layers,) uint64, draws below it are dropped
    first: int  # the first dense layer: nothing below it needs a gradient


class Goal(NamedTuple):
    """The loss and what is done to its gradient."""

    loss: int  # address
    p: float
    per_output: float  # 1/outputs where the mean is over elements, else 1
    summed: int  # 1: no mean over rows
    report: float
    l1: float
    l2: float
    clip_norm: float
    clip_value: float
    link: int  # address of the activation that makes predictions of the last block, 0 for none
    threshold: float


class Pace(NamedTuple):
    """The optimizer and its schedule."""

    prepare: int
    update: int
    rate: int
    slots: int
    separate: int  # 1: biases have constants of their own
    hyper: np.ndarray  # (2, 8): for weights, for biases
    schedule: np.ndarray  # (8,)
    total_steps: float


class Rows(NamedTuple):
    """The data: X flat, or CSR in three arrays; y flat targets, or class numbers."""

    X: np.ndarray
    n_in: int
    sparse: int
    indptr: np.ndarray
    indices: np.ndarray
    y: np.ndarray
    labels: np.ndarray
    labelled: int
    weights: np.ndarray
    weighted: int
    train: np.ndarray
    validation: np.ndarray


class Memory(NamedTuple):
    """The buffers of a run."""

    parameters: np.ndarray
    gradient: np.ndarray
    s0: np.ndarray
    s1: np.ndarray
    s2: np.ndarray
    best: np.ndarray
    blocks: np.ndarray  # activations, block after block
    deltas: np.ndarray  # gradients with respect to them
    masks: np.ndarray  # of dropout layers
    at: np.ndarray  # (layers + 1,) where block k begins
    delta_at: np.ndarray  # (layers + 1,) where its gradient begins: element-wise layers share one
    y: np.ndarray  # the batch's targets, padded like the last block
    w: np.ndarray  # the batch's weights
    turned: np.ndarray  # a transposed weight matrix
    constants: np.ndarray  # (2 * 8,) of the optimizer's step
    order: np.ndarray  # the epoch's order of the training rows


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
    """A description's place in memory, for one dtype."""

    def __init__(self, description: Description, *, training: bool) -> None:
        d = self.description = description.fused() if training else description
        self.dtype = np.dtype(d.dtype)
        specs = [s for s in d.layers if training or s.kind != base.DROPOUT]
        self.specs = specs
        widths = [d.n_in] + [s.n_out for s in specs]
        strides = [padded(w, self.dtype) for w in widths]
        weights, biases, at = [], [], 0
        for k, s in enumerate(specs):
            weights.append(at)
            at += s.n_in * strides[k + 1] if s.kind == base.DENSE else 0
            biases.append(at)
            at += strides[k + 1] if s.kind == base.DENSE else 0
        self.size = at
        self.real = self._real(widths, strides, weights)
        # integers go to the kernels as arrays, which are int64 always
        i64 = lambda values: np.array(values, np.int64)  # noqa: E731
        step = lambda kind, s: address_of(kind, s.name, d.dtype) if s.kind == base.ACTIVATION else 0  # noqa: E731
        dense = [k for k, s in enumerate(specs) if s.kind == base.DENSE]
        self.net = Net(
            i64([KINDS[s.kind] for s in specs]),
            i64(widths),
            i64(strides),
            i64(weights),
            i64(biases),
            i64([step("activate", s) for s in specs]),
            i64([step("derive", s) if training else 0 for s in specs]),
            np.array([1.0 / (1.0 - s.p) if s.kind == base.DROPOUT else s.p for s in specs]),
            np.array([dropout_threshold(s.p) if s.kind == base.DROPOUT else 0 for s in specs], np.uint64),
            dense[0] if dense else len(specs),
        )

    def _real(self, widths: list[int], strides: list[int], weights: list[int]) -> np.ndarray:
        """The positions of the flat vector's elements in the padded one."""
        parts = []
        for k, s in enumerate(self.specs):
            if s.kind == base.DENSE:
                inside = np.arange(s.n_in + 1)[:, None] * strides[k + 1] + np.arange(widths[k + 1])
                parts.append(weights[k] + inside.ravel())
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def pack(self, flat: np.ndarray, into: np.ndarray) -> None:
        """Copy a flat vector into a padded one."""
        into[self.real] = flat

    def unpack(self, from_: np.ndarray, into: np.ndarray) -> None:
        """Copy a padded vector into a flat one."""
        into[...] = from_[self.real]

    def goal(self) -> Goal:
        """The loss and penalties as the kernels take them."""
        d = self.description
        row = losses.get(d.loss)
        by_element = d.reduction == "mean" and not row.rows
        return Goal(
            address_of("measure", row.name, d.dtype),
            float(d.loss_p),
            1.0 / d.n_out if by_element else 1.0,
            int(d.reduction == "sum"),
            float(d.report),
            float(d.l1),
            float(d.l2),
            float(d.clip_norm),
            float(d.clip_value),
            0 if row.link == "identity" else address_of("activate", row.link, d.dtype),
            float(d.threshold),
        )

    def pace(self, total_steps: int) -> Pace:
        """The optimizer and schedule as the kernels take them."""
        d = self.description
        row = optimizers.get(d.optimizer)
        hyper, schedule = np.zeros((2, 8)), np.zeros(8)
        for i, values in enumerate(d.hypers()):
            hyper[i, : len(values)] = values
        schedule[: len(d.schedule_hyper)] = d.schedule_hyper
        return Pace(
            address_of("prepare", row.name, d.dtype),
            address_of("update", row.name, d.dtype),
            address_of("pace", d.schedule, "float64"),
            len(row.slots),
            int(row.decay is not None),
            hyper,
            schedule,
            float(total_steps),
        )

    def memory(self, batch: int, n_train: int, *, slots: int = 0, best: bool = False, gradient: bool = True) -> Memory:
        """Buffers for blocks of `batch` rows."""
        net, dtype = self.net, self.dtype
        at = np.concatenate([[0], np.cumsum(net.stride * batch)]).astype(np.int64)
        delta_at = at[:-1].copy()
        for k in range(len(self.specs) - 1, -1, -1):
            if net.kind[k] != DENSE:
                delta_at[k] = delta_at[k + 1]
        turned = [net.stride[k] * net.stride[k + 1] for k in range(len(self.specs)) if net.kind[k] == DENSE]
        dropout = bool((net.kind == DROPOUT).any())
        size = self.size
        return Memory(
            aligned(size, dtype),
            aligned(size * gradient, dtype),
            aligned(size * (slots > 0), dtype),
            aligned(size * (slots > 1), dtype),
            aligned(size * (slots > 2), dtype),
            aligned(size * best, dtype),
            aligned(int(at[-1]), dtype),
            aligned(int(at[-1]) * gradient, dtype),
            aligned(int(at[-1]) * dropout, dtype),
            at,
            delta_at,
            aligned(int(net.stride[-1]) * batch * gradient, dtype),
            aligned(batch, dtype),
            aligned(max(turned, default=0) * gradient, dtype),
            np.zeros(16, dtype),
            np.empty(n_train, np.int64),
        )


def rows_of(X: Any, dtype: np.dtype, data: base.Data | None = None) -> Rows:
    """The data as the kernels take them; X of the right dtype and order is not copied."""
    none, no_index = np.empty(0, dtype), np.empty(0, np.int64)
    sparse = not isinstance(X, np.ndarray)
    if sparse:
        X = X.tocsr()
        values = writable(np.ascontiguousarray(X.data, dtype))
        indptr = writable(X.indptr.astype(np.int64, copy=False))
        indices = writable(X.indices.astype(np.int32, copy=False))
    else:
        values = writable(np.ascontiguousarray(X, dtype))
        indptr, indices = no_index, np.empty(0, np.int32)
    y, labels, weights, train, validation = none, no_index, none, no_index, no_index
    labelled = weighted = 0
    if data is not None:
        train, validation = writable(data.rows), writable(data.validation)
        if data.y.ndim == 1:
            labelled, labels = 1, writable(data.y.astype(np.int64, copy=False))
        else:
            y = writable(np.ascontiguousarray(data.y, dtype))
        if data.weights is not None:
            weighted, weights = 1, writable(np.ascontiguousarray(data.weights, dtype))
    return Rows(
        values, X.shape[1], int(sparse), indptr, indices, y, labels, labelled, weights, weighted, train, validation
    )
