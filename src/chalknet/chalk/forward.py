"""The forward pass's groups: weighted sums, activations, dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.chalk import names, normalized
from chalknet.chalk.expr import Expr, add_up
from chalknet.chalk.groups import Builder, Index
from chalknet.chalk.ledger import Stage, mask_of
from chalknet.engines import base
from chalknet.maths import activations
from chalknet.maths.rows import ROW_ACTIVATIONS


def write_forward(builder: Builder, i: int) -> None:
    """The pass before the i-th update, layer by layer."""
    arrays = builder.book.passes[i].arrays
    part = "forward" if i == 0 else "forward again"
    for stage in builder.book.stages:
        source = names.primed(stage.source, i if stage.source != "x" else 0)
        target = names.primed(stage.target, i)
        if stage.spec.kind == base.DENSE:
            dense(builder, stage, source, target, arrays, part, i)
        elif stage.spec.kind == base.DROPOUT:
            dropout(builder, stage, source, target, arrays, part, i)
        elif stage.spec.kind != base.ACTIVATION:
            normalized.write(builder, stage, source, target, arrays, part, i)
        elif not builder.book.rule:
            activation(
                builder,
                stage.spec.name,
                stage.spec.p,
                source,
                target,
                arrays[stage.target],
                part,
                stage.number,
            )
    if builder.book.link is not None:
        last = builder.book.stages[-1]
        output = names.primed(builder.book.output, i)
        source = names.primed(last.target, i)
        value, note = arrays[builder.book.output], "inside the loss"
        activation(builder, builder.book.link, 0.0, source, output, value, part, last.number, note)


def dense(
    builder: Builder, stage: Stage, source: str, target: str, arrays: dict[str, np.ndarray], part: str, i: int
) -> None:
    """A dense layer's weighted sums."""
    x, W, b = source, names.primed(f"W{stage.number}", i), names.primed(f"b{stage.number}", i)

    def one(index: Index) -> Any:
        row, unit = index
        xs, ws, bs = builder.entries(x), builder.entries(W), builder.entries(b)
        return add_up([xs[row, k] * ws[k, unit] for k in range(ws.shape[0])]) + bs[0, unit]

    whole = Expr("matmul", builder.matrix(x), builder.matrix(W)) + builder.matrix(b)
    builder.add(
        target, arrays[stage.target], part, f"layer {stage.number}: weighted sums", forms=(one,), whole=whole,
        source="lecture S8, S9",
    )  # fmt: skip


def dropout(
    builder: Builder, stage: Stage, source: str, target: str, arrays: dict[str, np.ndarray], part: str, i: int
) -> None:
    """A dropout's mask and what it leaves."""
    mask = names.primed(mask_of(stage), min(i, len(builder.book.updates) - 1))
    if mask not in builder.values:
        builder.add(mask, arrays[mask_of(stage)], part, f"layer {stage.number}: the mask that was drawn")

    def one(index: Index) -> Any:
        return builder.entries(source)[index] * builder.entries(mask)[index]

    builder.add(
        target, arrays[stage.target], part, f"layer {stage.number}: dropout", forms=(one,),
        whole=builder.matrix(source) * builder.matrix(mask), source="Srivastava et al. 2014",
        note=f"a unit is left out with probability {stage.spec.p:g}; what stays is divided by {1 - stage.spec.p:g}",
    )  # fmt: skip


def activation(
    builder: Builder,
    name: str,
    p: float,
    source: str,
    target: str,
    value: np.ndarray,
    part: str,
    number: int,
    note: str = "",
) -> None:
    """An activation, entry by entry or row by row."""
    if name in ROW_ACTIVATIONS:
        row = ROW_ACTIVATIONS[name]
        textbook = row.textbook or row.f

        def plain(index: Index) -> Any:
            return textbook(builder.entries(source)[index[:1]][None])[0, index[1]]

        def safe(index: Index) -> Any:
            return builder.projected(row.f(builder.matrix(source)), *index)

        forms: tuple[Any, ...] = (plain, safe)
        whole = [g(builder.matrix(source)) for g in (textbook, row.f)]
    else:
        act = activations.get(name)
        forms = tuple(
            (lambda index, f=f: f(builder.entries(source)[index], p))
            for f in (act.textbook, act.f)
            if f is not None
        )
        whole = [f(builder.matrix(source), p) for f in (act.textbook, act.f) if f is not None]
    title = f"layer {number}: {name.replace('_', ' ')}"
    builder.add(target, value, part, title, forms=forms, whole=whole, source=source_of(name), note=note)


def source_of(name: str) -> str:
    """Where an activation comes from: the lecture's item, or the table's source."""
    if name in ("sigmoid", "tanh", "relu", "leaky_relu", "softmax"):
        return "lecture S14"
    return ROW_ACTIVATIONS[name].source if name in ROW_ACTIVATIONS else activations.get(name).source
