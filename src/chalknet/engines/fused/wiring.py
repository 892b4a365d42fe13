"""Which compiled pieces a run needs: their addresses are written into a layout, and only they are ever compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.engines import base
from chalknet.engines import rules as r
from chalknet.engines.base import Description
from chalknet.engines.fused import batch as b
from chalknet.engines.fused import dense as d
from chalknet.engines.fused import layout as at
from chalknet.engines.fused import limits, norm
from chalknet.engines.fused import pointwise as p
from chalknet.engines.fused.gemm import product, product_type
from chalknet.engines.fused.layout import Layout
from chalknet.engines.fused.lowlevel import kept
from chalknet.engines.fused.scores import score
from chalknet.engines.fused.sizes import RANGE
from chalknet.engines.fused.steps import address_of, kernel
from chalknet.engines.state import Apart, Data
from chalknet.maths import losses, optimizers

NEVER = 1 << 30


def single_rows(description: Description, csr: bool) -> bool:
    """May the update be made on the way back? It depends on the network and its options alone."""
    plain = description.optimizer == "sgd" and description.batch_size == 1 and not csr
    d = description
    free = not (d.l1 or d.l2 or d.clip_norm or d.clip_value or d.max_norm)
    return plain and free and all(s.kind in (base.DENSE, base.ACTIVATION) for s in description.layers)


def first_narrow(csr: bool, single: bool = False) -> int:
    """From which layer on weights may lie turned: not those that are updated on the way back or read CSR rows."""
    return NEVER if single else int(csr)


def is_csr(X: Any) -> bool:
    """Whether X is CSR (else it is an array)."""
    return not isinstance(X, np.ndarray)


_OTHERS: dict[str, tuple[Any, Any, Any]] = {  # layers that are the same for all kinds of rows
    base.DROPOUT: (p.drop, p.undrop, None),
    base.BATCH_NORM: (norm.batch_norm, norm.batch_norm_back, norm.norm_learn),
    base.LAYER_NORM: (norm.layer_norm, norm.layer_norm_back, norm.norm_learn),
    base.STANDARDIZE: (norm.standardize, norm.standardize_back, None),
}


class Wiring:
    """Fills in a layout's addresses; holds the arrays whose memory they name."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.dtype = layout, str(layout.dtype)
        self.held: list[np.ndarray] = []

    def _hold(self, array: Any, dtype: Any) -> int:
        """The address of an array's memory; what already has the right dtype and order is not copied."""
        self.held.append(np.ascontiguousarray(array, dtype).reshape(-1))
        return kept(self.held[-1])

    def rows(self, X: Any) -> None:
        """Where X is read from."""
        fact, csr, first = self.layout.fact, is_csr(X), self.layout.fact[at.FIRST]
        fact[at.N_IN] = X.shape[1]
        fact[at.X] = self._hold(X.data if csr else X, self.layout.dtype)
        if csr:
            fact[at.STARTS] = self._hold(X.indptr, np.int64)
            fact[at.COLUMNS] = self._hold(X.indices, np.int32)
        if csr and first == 0 and self.layout.dense[0] == 0:
            fact[at.GATHER] = 0  # the first dense layer reads CSR itself
        else:
            fact[at.GATHER] = kernel(b.spread_out if csr else b.gather, self.dtype)

    def layers(self, csr: bool, single: bool = False) -> None:
        """The kernels of each layer."""
        net, training, first = self.layout.net, self.layout.training, self.layout.fact[at.FIRST]
        for i, spec in enumerate(self.layout.specs):
            forward, backward, learn = self._kernels(i, spec, csr, single)
            net[i, at.FORWARD] = kernel(forward, self.dtype)
            if spec.kind == base.ACTIVATION:
                net[i, at.FORWARD_STEP] = address_of("activate", spec.name, self.dtype)
            if training and (at.NEXT * i > first or (single and at.NEXT * i == first)):
                net[i, at.BACKWARD] = kernel(backward, self.dtype)
                if spec.kind == base.ACTIVATION:
                    net[i, at.BACKWARD_STEP] = address_of("derive", spec.name, self.dtype)
            if training and learn is not None:
                net[i, at.LEARN] = kernel(learn, self.dtype)
        fact = self.layout.fact
        if not single:
            fact[at.PRODUCT] = kernel(product, self.dtype, product_type)
        if training:
            fact[at.BATCH_KERNEL] = kernel(b.single if single else b.one_batch, self.dtype)
            if not single:
                fact[at.BLOCK_KERNEL], fact[at.FORM_KERNEL] = (
                    kernel(b.block, self.dtype),
                    kernel(b.form, self.dtype),
                )

    def _kernels(self, i: int, spec: base.LayerSpec, csr: bool, single: bool) -> tuple[Any, Any, Any]:
        """What runs for layer i forward, backward and for its gradient."""
        if spec.kind == base.ACTIVATION:
            return p.activate, p.derive, None
        if spec.kind in _OTHERS:
            return _OTHERS[spec.kind]
        if single:
            return d.single_forward, d.single_backward, None
        if csr and i == 0:
            return d.sparse_forward, None, d.sparse_learn
        if i in self.layout.narrow:
            return d.narrow_forward, d.narrow_backward, d.narrow_learn
        return d.dense_forward, d.dense_backward, d.dense_learn

    def link(self, name: str) -> None:
        """The activation that predictions go through."""
        self.layout.fact[at.LINK_STEP] = 0 if name == "identity" else address_of("activate", name, self.dtype)

    def goal(self, data: Data) -> None:
        """Targets, the loss, and the penalties in its gradient."""
        o, fact, knob = self.layout.description, self.layout.fact, self.layout.knob
        row = losses.get(o.loss)
        fact[at.TRAIN], fact[at.N_TRAIN] = self._hold(data.rows, np.int64), data.rows.size
        if data.y.ndim == 1:
            fact[at.LABELS], fact[at.TARGETS] = (
                self._hold(data.y, np.int64),
                kernel(b.take_labels, self.dtype),
            )
        else:
            fact[at.ALL_TARGETS] = self._hold(data.y, self.layout.dtype)
            fact[at.TARGETS] = kernel(b.take_targets, self.dtype)
        weights = data.weights
        if data.apart is not None:
            weights = self._apart(data, data.apart)
        if weights is not None:
            fact[at.ROW_WEIGHTS] = self._hold(weights, self.layout.dtype)
        fact[at.LOSS], fact[at.LOSS_STEP] = (
            kernel(b.loss, self.dtype),
            address_of("measure", row.name, self.dtype),
        )
        fact[at.SUMMED] = o.reduction == "sum"
        knob[at.PER_OUTPUT] = 1.0 / o.n_out if o.reduction == "mean" and not row.rows else 1.0
        knob[at.REPORT], levels = o.report, np.atleast_1d(o.loss_p)
        begin = int(fact[at.LOSS_P])
        self.layout.buffer[begin : begin + o.n_out] = np.repeat(levels, o.n_out // len(levels))
        if o.l1 or o.l2:
            fact[at.PENALTY], knob[at.L1], knob[at.L2] = kernel(limits.penalise, self.dtype), o.l1, o.l2

    def _apart(self, data: Data, own: Apart) -> np.ndarray | None:
        """Where rows of their own are read from while they are scored; returns the weights of the rows trained on."""
        fact, csr, dtype = self.layout.fact, is_csr(own.X), self.layout.dtype
        labels, weighted = own.y.ndim == 1, data.weights is not None or own.weights is not None
        ones = [
            np.ones(len(y)) if weighted and w is None else w
            for y, w in ((data.y, data.weights), (own.y, own.weights))
        ]
        fact[at.APART] = 1
        fact[at.OTHERS : at.OTHERS + 6] = [
            self._hold(own.X.data if csr else own.X, dtype),
            self._hold(own.X.indptr, np.int64) if csr else 0,
            self._hold(own.X.indices, np.int32) if csr else 0,
            0 if labels else self._hold(own.y, dtype),
            self._hold(own.y, np.int64) if labels else 0,
            0 if ones[1] is None else self._hold(ones[1], dtype),
        ]
        return ones[0]

    def pace(self, data: Data, seed: int, single: bool) -> None:
        """The optimizer, its schedule, how batches are made and scored."""
        o, fact, knob = self.layout.description, self.layout.fact, self.layout.knob
        row = optimizers.get(o.optimizer)
        fact[at.PACE_STEP] = address_of("pace", o.schedule, "float64")
        if not single:
            fact[at.UPDATE] = kernel(b.update, self.dtype)
            fact[at.PREPARE_STEP] = address_of("prepare", row.name, self.dtype)
            fact[at.UPDATE_STEP] = address_of("update", row.name, self.dtype)
        if o.clip_norm > 0.0 or o.clip_value > 0.0:
            fact[at.CLIP], knob[at.CLIP_NORM], knob[at.CLIP_VALUE] = (
                kernel(limits.clip, self.dtype),
                o.clip_norm,
                o.clip_value,
            )
        if o.max_norm > 0.0:
            fact[at.LIMIT], knob[at.MAX_NORM] = kernel(limits.limit, self.dtype), o.max_norm
        fact[at.SEPARATE] = row.decay is not None
        for i, values in enumerate(o.hypers()):
            knob[at.HYPER + 8 * i : at.HYPER + 8 * i + len(values)] = values
        knob[at.SCHEDULE : at.SCHEDULE + len(o.schedule_hyper)] = o.schedule_hyper
        knob[at.CLOCK + 1] = -(-data.rows.size // int(fact[at.BATCH])) * o.max_epochs
        fact[at.SHUFFLED], fact[at.SEED] = o.shuffle, seed
        if o.score != r.NO_SCORE:
            fact[at.SCORE], fact[at.SCORED], knob[at.THRESHOLD] = (
                kernel(score, self.dtype),
                o.score,
                o.threshold,
            )
            rows = data.validation if data.apart is None else np.arange(data.apart.X.shape[0])
            fact[at.VALIDATION], fact[at.N_VALIDATION] = self._hold(rows, np.int64), rows.size
            self.link(losses.get(o.loss).link)

    def ready(self, csr: bool) -> None:
        """Everything is known: make the table of ranges, and tell all blocks."""
        layout, fact = self.layout, self.layout.fact
        large = fact[at.SIZE] * layout.dtype.itemsize > RANGE
        whole = fact[at.PENALTY] or fact[at.CLIP] or fact[at.LIMIT]
        together = bool(large and fact[at.UPDATE] and not whole)
        table = layout.ranges(together, 0 if csr else None)
        fact[at.UPDATE_RANGES], fact[at.N_RANGES] = together, len(table)
        fact[at.RANGES] = self._hold(table, np.int64)
        layout.spread()
