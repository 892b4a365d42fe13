"""The loss's groups: its value with the mean's 1/N, and its derivative by the network's output."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.expr import Expr, add_up
from chalknet.chalk.groups import Builder, Index
from chalknet.chalk.ledger import Stage
from chalknet.maths import losses
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

    def terms(r: int, g: Any, through: str) -> list[Any]:
        a, y = builder.entries(through), builder.entries("y")
        kept = [j for j in range(a.shape[1]) if not (drops and y[r, j].value == 0)]
        return [g(y[r, j], a[r, j], d.loss_p) for j in kept or [0]]

    def of_row(r: int, g: Any, through: str) -> Any:
        total = add_up(terms(r, g, through))
        return total / book.per_row if book.per_row != 1.0 else total

    # a target of exactly 0 takes its term out: y log a
    drops = row.rows and row.targets == (0.0, 1.0)
    ways: list[Any] = [lambda r, g=g: of_row(r, g, output) for g in dict.fromkeys((f, row.f))]
    if book.link is not None:
        ways.append(from_z(builder, names.primed(book.stages[-1].target, i), of_row))
    name = row.name.replace("_", " ")
    if m > 1 or book.weights is not None:
        rows_name = names.primed("l", i)
        builder.add(
            rows_name, one.arrays["l"], part, f"{name} of each row",
            forms=tuple((lambda index, way=way: way(index[0])) for way in ways), source=loss_source(row),
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
        loss_forms = tuple((lambda _, way=way: way(0)) for way in ways)
    builder.add(
        names.primed("L", i), one.loss, part, f"the loss: {name}", forms=loss_forms, source=loss_source(row),
        whole=whole_loss(builder, f, output), note=convention(builder),
    )  # fmt: skip


def from_z(builder: Builder, z: str, of_row: Any) -> Any:
    """A row's loss from what the last layer passes to the link: safe where the prediction itself is 0 or 1."""
    row = losses.get(builder.book.description.loss)
    if not row.whole_row:
        return lambda r: of_row(r, row.f, z)
    return lambda r: builder.projected(row.f(builder.matrix("y"), builder.matrix(z), row.p), r, 0)


def together(builder: Builder, linked: Any, whole_row: bool, a: str) -> list[Any]:
    """The derivative through the link and the loss in one: ŷ − y; (Σ y) ŷ − y for rows of targets that sum up to else.

    Before the mean's 1/N and the rows' weights.
    """
    if linked is None:
        return []

    def all_of(index: Index) -> Any:
        y = builder.entries("y")
        return add_up(list(y[index[0]])) * builder.entries(a)[index] - y[index]

    def one(index: Index) -> Any:
        return linked(builder.entries("y")[index], builder.entries(a)[index])

    if not whole_row:
        return [one]
    return [one, all_of] if np.allclose(builder.book.y.sum(axis=1), 1) else [all_of]


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


def shared(builder: Builder, e: Any, weight: Any) -> Any:
    """A derivative times its row's weight, and divided by what the loss divides by."""
    e = weight * e if builder.book.weights is not None else e
    return e if builder.book.divisor == 1.0 else e / float(builder.book.divisor)


def weight_of(builder: Builder, row: int) -> Any:
    """The symbol of a row's weight, where rows have weights."""
    return builder.entries("s")[row, 0] if builder.book.weights is not None else None


def d_output(builder: Builder, i: int, arrays: dict[str, np.ndarray], row: Any, last: Stage) -> None:
    """The loss's derivative by the last layer's output, 1/N included."""
    book = builder.book
    z, a = names.primed(last.target, i), names.primed(book.output, i)

    def form(g: Any) -> Any:
        return lambda index: shared(builder, g(index), weight_of(builder, index[0]))

    def of_entry(g: Any) -> Any:
        return form(lambda index: g(builder.entries("y")[index], builder.entries(z)[index]))

    def whole(g: Any, through: str) -> Any:
        weight = builder.matrix("s") if book.weights is not None else None
        return shared(builder, g(builder.matrix("y"), builder.matrix(through)), weight)

    # a formula of a whole row has no form entry by entry but the joint one below
    by_p = [
        (lambda y, q, g=g: g(y, q, book.description.loss_p))
        for g in (row.d_textbook, None if row.whole_row else row.df)
        if g is not None
    ]
    forms = [of_entry(g) for g in by_p]
    if book.link is None:
        whole_form, title = whole(by_p[0], z), "the loss's derivative"
    else:
        if builder.jacobian and book.link in ROW_ACTIVATIONS:
            spelled_out(builder, i, arrays, z, a)
        joint = together(builder, row.d_linked, row.whole_row, a)
        forms = [form(g) for g in joint] + forms
        summing = not row.whole_row or len(joint) == 2  # targets sum to 1 where that matters
        whole_form = whole(row.d_linked if summing else lambda y, q: Expr("across", y) * q - y, a)
        title = f"prediction minus target: {book.link} and the loss in one"
    note = f"here the mean's 1/{book.divisor:g} enters" if book.divisor != 1.0 else ""
    name = f"dL/d{last.target}"
    builder.add(
        names.primed(name, i), arrays[name], "backward", title, forms=tuple(forms), whole=whole_form,
        source="lecture S10, S19", note=note,
    )  # fmt: skip


def spelled_out(builder: Builder, i: int, arrays: dict[str, np.ndarray], z: str, a: str) -> None:
    """Softmax's Jacobian in full: ∂L/∂a, then ∂L/∂z through every output; ends in the same numbers."""
    book, plain = builder.book, builder.book.plain_loss
    p = book.description.loss_p
    prediction = arrays[book.output]
    weights = None if book.weights is None else book.weights[:, None]
    with np.errstate(all="ignore"):
        d_a = shared(builder, plain.df(book.y, prediction, p), weights)
        value = d_softmax(prediction, d_a)
    name = names.primed(f"dL/d{book.output}", i)
    ways = (plain.d_textbook, plain.df)
    forms = tuple(
        lambda index, g=g: shared(
            builder,
            g(builder.entries("y")[index], builder.entries(a)[index], p),
            weight_of(builder, index[0]),
        )
        for g in ways
    )
    column = builder.matrix("s") if book.weights is not None else None
    builder.add(
        name, d_a, "backward", "the loss's derivative by each probability", forms=forms,
        whole=shared(builder, ways[0](builder.matrix("y"), builder.matrix(a), p), column), source="lecture S19",
    )  # fmt: skip

    def route(index: Index) -> Any:
        q, d = builder.entries(a)[index[0]], builder.entries(name)[index[0]]
        # dL/dz_j = sum over k of dL/da_k * a_k (1 if j = k else 0, minus a_j): softmax's vjp with one term a class
        return d_softmax(np.array([q], object), np.array([d], object))[0, index[1]]

    builder.add(
        f"j{z}", value, "backward", "the same through softmax's Jacobian: equal to ŷ − y below", forms=(route,),
        whole=d_softmax(builder.matrix(a), builder.matrix(name)), source="lecture S19",
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
