"""The loss's groups: its value with the mean's 1/N, and its derivative by the network's output."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.chalk import names, outputs
from chalknet.chalk.expr import Expr, add_up, unguarded
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

    # a target of exactly 0 takes its term out: y log a
    drops = row.rows and row.targets == (0.0, 1.0)
    # the textbook's form of the prediction, the safe one, and that of what the last layer passes to the link
    ways: list[tuple[Any, str]] = [(g, output) for g in dict.fromkeys((f, row.f))]
    if book.link is not None:
        ways.append((losses.get(d.loss).f, names.primed(book.stages[-1].target, i)))

    def of_row(r: int, g: Any, through: str) -> Any:
        if losses.get(d.loss).f is g and losses.get(d.loss).whole_row:
            return builder.projected(g(builder.matrix("y"), builder.matrix(through), d.loss_p), r, 0)
        y = builder.entries("y")
        kept = [j for j in range(y.shape[1]) if not (drops and y[r, j].value == 0)]
        total = add_up([outputs.apply(builder, g, through, (r, j)) for j in kept or [0]])
        return total / book.per_row if book.per_row != 1.0 else total

    name = row.name.replace("_", " ")
    if m > 1 or book.weights is not None:
        rows_name = names.primed("l", i)
        builder.add(
            rows_name, one.arrays["l"][:, None], part, f"{name} of each row", source=loss_source(row),
            forms=tuple((lambda index, way=way: of_row(index[0], *way)) for way in ways),
            whole=[over_rows(builder, "across", *way) for way in ways],
        )  # fmt: skip

        mean, whole = averaged(builder, i)
        loss_forms: tuple[Any, ...] = (mean,)
    else:
        loss_forms = tuple((lambda _, way=way: of_row(0, *way)) for way in ways)
        whole = [over_rows(builder, "all", *way) for way in ways]
    builder.add(
        names.primed("L", i), one.loss, part, f"the loss: {name}", forms=loss_forms, source=loss_source(row),
        whole=whole, note=convention(builder),
    )  # fmt: skip


def averaged(builder: Builder, i: int) -> tuple[Any, Any]:
    """All rows' losses in one number: its form, and over matrices."""
    book, rows_name = builder.book, names.primed("l", i)

    def of(ls: Any, s: Any, add: Any) -> Any:
        total = add(ls if book.weights is None else s * ls)
        return total if book.description.reduction == "sum" else total / float(book.passes[i].weight)

    def form(_: Index) -> Any:
        s = builder.entries("s")[:, 0] if book.weights is not None else None
        return of(builder.entries(rows_name)[:, 0], s, lambda terms: add_up(list(terms)))

    return form, of(builder.matrix(rows_name), column_of(builder), lambda e: Expr("all", e))


def together(builder: Builder, row: Any) -> list[Any]:
    """The derivative through the link and the loss in one, as functions of (y, prediction, the sum of the row's y).

    That is ŷ − y; (Σ y) ŷ − y for rows of targets that sum up to else. Without the mean's 1/N and the rows' weights.
    """

    def one(y: Any, q: Any, total: Any) -> Any:
        return row.d_linked(y, q)

    def all_of(y: Any, q: Any, total: Any) -> Any:
        return total * q - y

    if not row.whole_row:
        return [one]
    return [one, all_of] if np.allclose(builder.book.y.sum(axis=1), 1) else [all_of]


def joint_forms(builder: Builder, row: Any, a: str) -> tuple[list[Any], list[Any]]:
    """`together` for each entry, and over matrices."""

    def entry(g: Any, index: Index) -> Any:
        y = builder.entries("y")
        total = add_up(list(y[index[0]]))
        return shared(builder, g(y[index], builder.entries(a)[index], total), weight_of(builder, index[0]))

    y, column = builder.matrix("y"), column_of(builder)
    return (
        [(lambda index, g=g: entry(g, index)) for g in together(builder, row)],
        [shared(builder, g(y, builder.matrix(a), Expr("across", y)), column) for g in together(builder, row)],
    )


def over_rows(builder: Builder, add: str, g: Any, through: str) -> Any:
    """The rows' losses over matrices, added up over the outputs (or all), as the reduction has it."""
    book = builder.book
    inner = outputs.apply_whole(builder, g, through)
    summed = getattr(inner, "op", "") == "across" or book.y.shape[1] == 1
    total = inner if add == "across" and summed else Expr(add, inner)
    return total / book.per_row if book.per_row != 1.0 else total


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


def column_of(builder: Builder) -> Any:
    """The symbol of all rows' weights, where rows have weights."""
    return builder.matrix("s") if builder.book.weights is not None else None


def d_output(builder: Builder, i: int, arrays: dict[str, np.ndarray], row: Any, last: Stage) -> None:
    """The loss's derivative by the last layer's output, 1/N included."""
    book = builder.book
    z, a = names.primed(last.target, i), names.primed(book.output, i)

    def of_entry(ways: tuple[Any, Any]) -> Any:
        def entry(index: Index) -> Any:
            slope = outputs.slope(builder, ways[0], ways[1], z, index)
            return shared(builder, slope, weight_of(builder, index[0]))

        return entry

    def plain(g: Any, written: Any = None) -> Any:
        return written or (None if g is None else lambda y, q, p: unguarded(g(y, q, p)))

    safe = (row.df, row.d_p)
    textbook = plain(row.df, row.d_textbook), plain(row.d_p)
    # a formula of a whole row has no form entry by entry but the joint one
    forms = [] if row.whole_row else [of_entry(textbook), of_entry(safe)]
    wholes = [
        shared(builder, outputs.slope_whole(builder, *ways, z), column_of(builder))
        for ways in (textbook, safe)
    ]
    title = "the loss's derivative"
    if book.link is not None:
        if builder.jacobian and book.link in ROW_ACTIVATIONS:
            spelled_out(builder, i, arrays, z, a)
        joint, over = joint_forms(builder, row, a)
        forms, wholes = joint + forms, over + wholes
        title = f"prediction minus target: {book.link} and the loss in one"
    note = f"here the mean's 1/{book.divisor:g} enters" if book.divisor != 1.0 else ""
    name = f"dL/d{last.target}"
    builder.add(
        names.primed(name, i), arrays[name], "backward", title, forms=tuple(forms), whole=wholes,
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
    column = column_of(builder)
    builder.add(
        name, d_a, "backward", "the loss's derivative by each probability", forms=forms,
        whole=[shared(builder, g(builder.matrix("y"), builder.matrix(a), p), column) for g in ways],
        source="lecture S19",
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
