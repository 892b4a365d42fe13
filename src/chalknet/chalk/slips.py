"""Well-known slips: the table by which `check_work` says how a wrong number came about. One row a slip.

A slip is a change of the right expression: a symbol left out or taken from elsewhere, a factor, a sign. From the
expressions as slipped the number is computed as the learner would, and compared.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.groups import Index
from chalknet.chalk.places import (
    Edit,
    Place,
    Variant,
    filled_across,
    gates,
    in_gradient,
    instead,
    read_across,
    scaled,
    summed,
    swap,
    targets,
    times,
)
from chalknet.chalk.roles import GRADIENTS, LOSSES, UPDATES
from chalknet.maths import activations
from chalknet.maths.rows import ROW_ACTIVATIONS


class Slip(NamedTuple):
    """A row of the table: its name, what it means, and the ways to make it at a place."""

    name: str
    says: str
    variants: Callable[[Place], Iterator[Variant]]


def factor_two(place: Place) -> Iterator[Variant]:
    """2 or ½."""
    for factor in (2.0, 0.5):
        if place.role.kind in (*GRADIENTS, *LOSSES):
            yield Variant(times(factor))
        if place.role.kind in UPDATES:
            yield Variant(in_gradient(place, partial(operator.mul, factor)))


def mean_forgotten(place: Place) -> Iterator[Variant]:
    """All or part of what the mean divides by; weakly: together with the 2 of a square."""
    book, kind = place.sheet.book, place.role.kind
    if kind in (*LOSSES, "output") or place.role.joint:
        whole, outputs = book.divisor, book.per_row
        divided = {outputs} if kind == "row loss" else {whole, outputs, whole / outputs}
        yield from (Variant(times(number)) for number in sorted(divided - {1.0}))
        if whole not in (1.0, 2.0) and kind not in LOSSES:
            yield Variant(times(0.5 * whole), weak=True)


def new_weights(place: Place) -> Iterator[Variant]:
    """W′ in W's place on the way back."""
    new = names.primed(f"W{place.role.number}", place.role.update + 1)
    if place.role.kind == "below":

        def change(index: Index) -> Edit:
            return swap(zip(place.row_of(place.weights, index[1]), place.row_of(new, index[1]), strict=True))

        yield Variant(change)


def derivative_of_output(place: Place) -> Iterator[Variant]:
    """σ′ taken of a instead of z; weakly: the form in a, such as a (1 − a), taken of z."""
    role, at = place.role, place.sheet.symbol
    if role.kind != "through":
        return
    d = f"dL/d{role.target}"
    if role.activation in ROW_ACTIVATIONS:
        row = ROW_ACTIVATIONS[role.activation]
        again = row.textbook or row.f

        def of_row(index: Index) -> Edit:
            a, d_a = (np.array([place.row_of(name, index[0])], object) for name in (role.target, d))
            return Edit(instead=row.vjp(again(a), d_a)[0, index[1]])

        yield Variant(of_row)
        return
    act = activations.get(role.activation)
    f = act.textbook or act.f
    for df in (act.d_textbook or act.df, act.df):

        def of_output(index: Index, df: Any = df) -> Edit:
            a = at(role.target, index)
            return Edit(instead=at(d, index) * df(a, f(a, role.p), role.p))

        def of_input(index: Index, df: Any = df) -> Edit:
            z = at(role.source, index)
            return Edit(instead=at(d, index) * df(z, z, role.p))

        yield Variant(of_output)
        yield Variant(of_input, weak=True)


def mask_forgotten(place: Place) -> Iterator[Variant]:
    """What an activation or a dropout holds back, passed on."""
    role = place.role
    if role.kind in ("through", "unmasked"):
        smooth = role.kind == "through" and not gates(role)
        yield Variant(instead(place, f"dL/d{role.target}"), weak=smooth)
    if role.kind == "masked":
        yield Variant(instead(place, role.source))


def transposed(place: Place) -> Iterator[Variant]:
    """Rows for columns: in the weights, in their gradient, or in the table of either."""
    role, name, at = place.role, place.group.name, place.sheet.symbol
    if role.kind in ("sum", "below"):
        shape = place.value(place.weights).shape

        def read(index: Index) -> Edit:
            used = (
                [(k, index[1]) for k in range(shape[0])]
                if role.kind == "sum"
                else [(index[1], j) for j in range(shape[1])]
            )
            w = place.weights
            return swap((at(w, u), at(w, read_across(u[0], u[1], shape))) for u in used)

        yield Variant(read, weak=shape[0] != shape[1])
    elif name.removeprefix("dL/d").startswith("W"):
        n_in, n_out = place.group.value.shape

        def table(index: Index) -> Edit:
            other = filled_across(index[0], index[1], (n_in, n_out))
            return Edit(instead=place.group.forms[0](other) if place.group.forms else at(name, other))

        def update(index: Index) -> Edit:
            return swap([(at(place.gradient, index), at(place.gradient, index[::-1]))])

        yield Variant(table, weak=n_in != n_out)
        if role.kind in UPDATES and n_in == n_out:
            yield Variant(update)


def sign(place: Place) -> Iterator[Variant]:
    """The whole turned; in an update the step; weakly: the target, or one term of a sum."""
    kind = place.role.kind
    if kind in UPDATES:
        yield Variant(in_gradient(place, operator.neg))
    yield Variant(times(-1.0), weak=kind not in (*GRADIENTS, *LOSSES))
    if kind == "output":
        yield Variant(scaled(targets(place), -1.0), weak=True)
    yield from (Variant(scaled(terms, -1.0), weak=True) for terms in summed(place))


def bias_forgotten(place: Place) -> Iterator[Variant]:
    """A weighted sum without its bias."""
    if place.role.kind == "sum":
        yield Variant(scaled(lambda index: [place.sheet.symbol(place.biases, (0, index[1]))], 0.0))


def input_forgotten(place: Place) -> Iterator[Variant]:
    """A weighted sum without one of its inputs, a weight's gradient without its input; weakly: any sum's term."""
    role = place.role
    if role.kind == "weight":
        yield Variant(lambda index: swap((s, 1.0) for s in place.column_of(role.source, index[0])))
    yield from (Variant(scaled(terms, 0.0), weak=role.kind != "sum") for terms in summed(place))


def prediction_for_error(place: Place) -> Iterator[Variant]:
    """ŷ where ŷ − y belongs: the target taken for 0; weakly: the bare prediction."""
    role = place.role
    if role.kind in (*LOSSES, "output") or role.joint:
        yield Variant(scaled(targets(place), 0.0))
    if role.kind == "output":
        yield Variant(instead(place, role.target), weak=True)


def activation_forgotten(place: Place) -> Iterator[Variant]:
    """z where a belongs: as the activation itself, in what is computed from it, or its derivative left out."""
    role, at = place.role, place.sheet.symbol
    if role.kind == "activation":
        yield Variant(instead(place, role.source))
    if role.kind == "through":
        yield Variant(instead(place, f"dL/d{role.target}"), weak=gates(role))
    before = place.sheet.roles.get(role.source)
    if role.kind in ("sum", "weight", "output") and before is not None and before.kind == "activation":
        z, (rows, units) = before.source, place.value(role.source).shape

        def change(index: Index) -> Edit:
            used = [
                (r, k) for r in (range(rows) if role.kind == "weight" else [index[0]]) for k in range(units)
            ]
            return swap((at(role.source, u), at(z, u)) for u in used)

        yield Variant(change)


# In the order in which they are told where several give the same number.
SLIPS = (
    Slip("prediction_for_error", "ŷ was used where ŷ − y belongs", prediction_for_error),
    Slip("new_weights", "the new weights were used on the way back, where the old ones belong", new_weights),
    Slip("mask_forgotten", "the mask was forgotten: where a unit is off, nothing passes", mask_forgotten),
    Slip(
        "derivative_of_output", "the derivative was taken of a, where it belongs to z", derivative_of_output
    ),
    Slip("activation_forgotten", "the activation was left out", activation_forgotten),
    Slip("bias_forgotten", "the bias was left out", bias_forgotten),
    Slip("transposed", "a matrix was transposed: rows were taken for columns", transposed),
    Slip("sign", "a sign was turned", sign),
    Slip("mean_forgotten", "the mean's division was forgotten", mean_forgotten),
    Slip("factor_two", "a factor 2 or ½ was lost or doubled", factor_two),
    Slip("input_forgotten", "an input or term was left out", input_forgotten),
)
ARITHMETIC = "arithmetic"
