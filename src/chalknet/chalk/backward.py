"""The backward pass's groups: gradients by weights, biases and inputs, and through activations and masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.chalk import names, normalized
from chalknet.chalk.expr import Expr, add_up
from chalknet.chalk.forward import source_of
from chalknet.chalk.groups import Builder, Index
from chalknet.chalk.ledger import Stage, mask_of
from chalknet.chalk.objective import d_output, joint_forms
from chalknet.chalk.rule import write_error
from chalknet.engines import base
from chalknet.maths import activations, losses
from chalknet.maths.rows import ROW_ACTIVATIONS


def write_backward(builder: Builder, i: int) -> None:
    """All gradients of that pass, from the loss back to the inputs."""
    arrays = builder.book.passes[i].arrays
    book, row = builder.book, losses.get(builder.book.description.loss)
    last = book.stages[-1]
    if book.rule:
        write_error(builder, i)
        d_dense(builder, book.stages[0], "x", names.primed("z1", i), arrays, i)
        return
    d_output(builder, i, arrays, row, last)
    for stage in reversed(book.stages):
        source = names.primed(stage.source, i if stage.source != "x" else 0)
        target = names.primed(stage.target, i)
        if stage.spec.kind == base.DENSE:
            d_dense(builder, stage, source, target, arrays, i)
        elif stage.spec.kind == base.DROPOUT:
            d_dropout(builder, stage, source, target, arrays, i)
        elif stage.spec.kind == base.ACTIVATION:
            d_activation(builder, stage, source, target, arrays, i)
        else:
            normalized.write_back(builder, stage, source, target, arrays, i)


def d_dense(
    builder: Builder, stage: Stage, source: str, target: str, arrays: dict[str, np.ndarray], i: int
) -> None:
    """Gradients by a dense layer's weights, biases and inputs."""
    n, d = stage.number, f"dL/d{target}"
    W, by_source = names.primed(f"W{n}", i), names.primed(f"dL/d{stage.source}", i)

    def weight(index: Index) -> Any:
        xs, ds = builder.entries(source), builder.entries(d)
        return add_up([xs[r, index[0]] * ds[r, index[1]] for r in range(xs.shape[0])])

    def bias(index: Index) -> Any:
        ds = builder.entries(d)
        return add_up([ds[r, index[1]] for r in range(ds.shape[0])])

    def below(index: Index) -> Any:
        ds, ws = builder.entries(d), builder.entries(W)
        return add_up([ds[index[0], j] * ws[index[1], j] for j in range(ws.shape[1])])

    rows_note = (
        "each row of the batch gives one term; the mean's 1/m is in them already"
        if len(builder.book.X) > 1
        else ""
    )
    builder.add(
        names.primed(f"dL/dW{n}", i), arrays[f"dL/dW{n}"], "backward", f"layer {n}: gradient of the weights",
        forms=(weight,), whole=Expr("matmul", Expr("transpose", builder.matrix(source)), builder.matrix(d)),
        source="lecture S10", note=rows_note,
    )  # fmt: skip
    builder.add(
        names.primed(f"dL/db{n}", i), arrays[f"dL/db{n}"], "backward", f"layer {n}: gradient of the biases",
        forms=(bias,), whole=Expr("total", builder.matrix(d)), source="lecture S10",
        note="a bias is seen by every row: its gradient is the column's sum" if len(builder.book.X) > 1 else "",
    )  # fmt: skip
    builder.add(
        by_source, arrays[f"dL/d{stage.source}"], "backward", f"gradient by the inputs of layer {n}",
        forms=(below,), whole=Expr("matmul", builder.matrix(d), Expr("transpose", builder.matrix(W))),
        source="lecture S10", note="with the old weights, before any update" if stage.source != "x" else "",
    )  # fmt: skip


def d_activation(
    builder: Builder, stage: Stage, source: str, target: str, arrays: dict[str, np.ndarray], i: int
) -> None:
    """Back through an activation; the last one before a cross-entropy may go together with it."""
    name, p = stage.spec.name, stage.spec.p
    d = f"dL/d{target}"
    forms: list[Any]
    if name in ROW_ACTIVATIONS:
        vjp = ROW_ACTIVATIONS[name].vjp

        def of_row(index: Index) -> Any:
            a, d_a = (builder.entries(array)[index[:1]][None] for array in (target, d))
            return vjp(a, d_a)[0, index[1]]

        forms, whole = [of_row], [vjp(builder.matrix(target), builder.matrix(d))]
    else:
        act = activations.get(name)

        def slope(g: Any, read: Any) -> Any:
            return read(d) * g(read(source), read(target), p)

        ways = [g for g in (act.d_textbook, act.df) if g is not None]
        forms = [(lambda index, g=g: slope(g, lambda array: builder.entries(array)[index])) for g in ways]
        whole = [slope(g, builder.matrix) for g in ways]
    joint = builder.book.description.fused()
    note = ""
    if joint is not builder.book.description and stage == builder.book.stages[-1]:
        more, over = joint_forms(builder, losses.get(joint.loss), target)
        forms, whole = forms + more, whole + over
        note = "together with the loss this is ŷ − y"
    builder.add(
        names.primed(f"dL/d{stage.source}", i), arrays[f"dL/d{stage.source}"], "backward",
        f"layer {stage.number}: through {name.replace('_', ' ')}", forms=tuple(forms), whole=whole,
        source=source_of(name), note=note,
    )  # fmt: skip


def d_dropout(
    builder: Builder, stage: Stage, source: str, target: str, arrays: dict[str, np.ndarray], i: int
) -> None:
    """Back through a dropout's mask."""
    mask, d = names.primed(mask_of(stage), i), f"dL/d{target}"

    def one(index: Index) -> Any:
        return builder.entries(d)[index] * builder.entries(mask)[index]

    builder.add(
        names.primed(f"dL/d{stage.source}", i), arrays[f"dL/d{stage.source}"], "backward",
        f"layer {stage.number}: through the dropout's mask",
        forms=(one,), whole=builder.matrix(d) * builder.matrix(mask), source="Srivastava et al. 2014",
    )  # fmt: skip
