"""The loss's groups: its value with the mean's 1/N, and its derivative by the network's output."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.expr import Expr, add_up
from chalknet.chalk.groups import Builder, Index
from chalknet.chalk.ledger import Stage
from chalknet.maths import rows as row_formulas
from chalknet.maths.rows import ROW_ACTIVATIONS

d_softmax: Any = row_formulas.d_softmax


def write_loss(builder: Builder, i: int) -> None:
    """The loss of that pass: of each row where there are several, and in all."""
    one = builder.book.passes[i]
    book, row = builder.book, builder.book.plain_loss
    d = book.description
    part = "loss" if i == 0 else "loss again"
    output, m = names.primed(book.output, i), len(book.X)
    f = row.textbook or row.f

    def terms(r: int, g: Any) -> list[Any]:
        a, y = builder.entries(output), builder.entries("y")
        parts = [g(y[r, j], a[r, j], d.loss_p) for j in range(a.shape[1])]
        # a target of exactly 0 takes its term out: y log a
        return [
            p
            for j, p in enumerate(parts)
            if not (row.rows and y[r, j].value == 0 and row.targets == (0.0, 1.0))
        ] or parts[:1]

    def of_row(r: int, g: Any) -> Any:
        total = add_up(terms(r, g))
        return total / book.per_row if book.per_row != 1.0 else total

    forms = tuple(g for g in (f, row.f) if g is not None)
    name = row.name.replace("_", " ")
    if m > 1:
        rows_name = names.primed("l", i)
        builder.add(
            rows_name, one.arrays["l"], part, f"{name} of each row",
            forms=tuple((lambda index, g=g: of_row(index[0], g)) for g in forms), source=loss_source(row),
        )  # fmt: skip

        def mean(_: Index) -> Any:
            ls = builder.entries(rows_name)
            if book.weights is not None:
                s = builder.entries("s")
                ls = np.array([s[r, 0] * ls[r] for r in range(m)], object)
            total = add_up(list(ls))
            return total if d.reduction == "sum" else total / float(one.weight)

        loss_forms: tuple[Any, ...] = (mean,)
    else:
        loss_forms = tuple((lambda _, g=g: of_row(0, g)) for g in forms)
    builder.add(
        names.primed("L", i), one.loss, part, f"the loss: {name}", forms=loss_forms, source=loss_source(row),
        whole=whole_loss(builder, f, output), note=convention(builder),
    )  # fmt: skip


def whole_loss(builder: Builder, f: Any, output: str) -> Any:
    """The loss over matrices."""
    inner = f(builder.matrix("y"), builder.matrix(output), builder.book.description.loss_p)
    if builder.book.weights is not None:
        inner = builder.matrix("s") * inner
    total = Expr("all", inner)
    return total if builder.book.divisor == 1.0 else total / float(builder.book.divisor)


def convention(builder: Builder) -> str:
    """Where the loss's 1/N comes from, in words."""
    book = builder.book
    n, m = book.description.n_out, len(book.X)
    if book.description.reduction == "sum":
        return "the sum over all rows and outputs: nothing is divided"
    if book.weights is not None:
        return f"the sum is divided by the rows' weights, {book.passes[0].weight:g}" + (
            f", and by the {n} outputs" if book.per_row != 1 else ""
        )
    rows_part = "" if m == 1 else f"the {m} rows"
    outputs = f"the {n} outputs" if book.per_row != 1 else ""
    both = " and ".join(t for t in (outputs, rows_part) if t)
    return (
        f"the mean over {both}: that is the 1/{book.divisor:g}"
        if both and book.divisor != 1
        else "one row: nothing to average"
    )


def d_output(builder: Builder, i: int, arrays: dict[str, np.ndarray], row: Any, last: Stage) -> None:
    """The loss's derivative by the last layer's output, 1/N included."""
    book = builder.book
    d = book.description
    z, a = names.primed(last.target, i), names.primed(book.output, i)
    divisor = float(book.divisor)

    def scaled(e: Any, r: int) -> Any:
        e = builder.entries("s")[r, 0] * e if book.weights is not None else e
        return e if divisor == 1.0 else e / divisor

    def form(g: Any, through: str) -> Any:
        return lambda index: scaled(g(builder.entries("y")[index], builder.entries(through)[index]), index[0])

    def whole(g: Any, through: str) -> Any:
        e = g(builder.matrix("y"), builder.matrix(through))
        e = builder.matrix("s") * e if book.weights is not None else e
        return e if divisor == 1.0 else e / divisor

    by_p = [
        (lambda y, q, g=g: g(y, q, d.loss_p))
        for g in (row.d_textbook, None if row.whole_row else row.df)
        if g
    ]
    forms: list[Any] = [form(g, z) for g in by_p]
    whole_form = whole(by_p[0], z) if by_p else None
    title = f"∂L/∂{'z' if last.target[0] == 'z' else last.target[0]} of layer {last.number}: the loss's derivative"
    if book.link is not None:
        if builder.jacobian and book.link in ROW_ACTIVATIONS:
            spelled_out(builder, i, arrays, scaled, z, a)
        if (row.d_linked is not None and np.allclose(book.y.sum(axis=1), 1)) or (
            not row.whole_row and row.d_linked
        ):
            forms.insert(0, form(row.d_linked, a))
            whole_form = whole(row.d_linked, a)
        if row.whole_row:  # targets that do not sum to 1
            forms.append(
                lambda index: scaled(
                    add_up(list(builder.entries("y")[index[0]])) * builder.entries(a)[index]
                    - builder.entries("y")[index],
                    index[0],
                )
            )
            if whole_form is None:
                whole_form = whole(lambda y, q: Expr("across", y) * q - y, a)
        title = (
            "prediction minus target: softmax and cross-entropy in one" if book.link == "softmax" else title
        )
    note = f"here the mean's 1/{divisor:g} enters" if divisor != 1.0 else ""
    builder.add(
        names.primed(f"dL/d{last.target}", i), arrays[f"dL/d{last.target}"], "backward", title, forms=tuple(forms),
        whole=whole_form, source="lecture S10, S19", note=note,
    )  # fmt: skip


def spelled_out(builder: Builder, i: int, arrays: dict[str, np.ndarray], scaled: Any, z: str, a: str) -> None:
    """Softmax's Jacobian in full: ∂L/∂a, then ∂L/∂z through every output; ends in the same numbers."""
    plain = builder.book.plain_loss
    p, book = builder.book.description.loss_p, builder.book
    prediction = arrays[book.output]
    with np.errstate(all="ignore"):
        factor = np.ones((len(book.X), 1)) if book.weights is None else book.weights[:, None]
        d_a = plain.df(book.y, prediction, p) * factor / book.divisor
    name = names.primed(f"dL/d{book.output}", i)
    g = plain.d_textbook or plain.df
    builder.add(
        name, d_a, "backward", "the loss's derivative by each probability",
        forms=(lambda index: scaled(g(builder.entries("y")[index], builder.entries(a)[index], p), index[0]),),
        source="lecture S19",
    )  # fmt: skip

    def route(index: Index) -> Any:
        q, d = builder.entries(a)[index[0]], builder.entries(name)[index[0]]
        j = index[1]
        # dL/dz_j = sum over k of dL/da_k * a_k (1 if j = k else 0, minus a_j): softmax's vjp with one term a class
        return d_softmax(np.array([q], object), np.array([d], object))[0, j]

    value = d_softmax(prediction, d_a)
    builder.add(
        f"j{names.primed(z, 0)}", value, "backward", "the same through softmax's Jacobian: equal to ŷ − y below",
        forms=(route,), source="lecture S19",
    )  # fmt: skip


def loss_source(row: Any) -> str:
    """Where a loss comes from: the lecture's item, or the table's source."""
    return (
        "lecture S9, S12"
        if row.name == "squared_error"
        else "lecture S18"
        if "entropy" in row.name
        else row.source
    )
