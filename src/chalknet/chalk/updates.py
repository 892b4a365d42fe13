"""The update's groups: penalties, clipping and the optimizer's step, read off the optimizer's own formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.chalk import names, normalized
from chalknet.chalk.expr import Expr, Symbol, add_up, replace, simplified, symbols_of
from chalknet.engines import base as kinds
from chalknet.engines.base import places
from chalknet.estimators._one_versus_all import SPARSE_INTERCEPT_DECAY
from chalknet.maths import optimizers
from chalknet.maths.constraints import shrinkage

if TYPE_CHECKING:
    from chalknet.chalk.groups import Builder, Index

DAMPED = {  # what moves a perceptron's intercept
    0.0: "fit_intercept=False: the bias is not learned",
    SPARSE_INTERCEPT_DECAY: "X is sparse: the bias, which every row sees, moves by a hundredth of the step only, as "
    "in scikit-learn",
}


WHAT = {"W": "weights", "b": "biases"}


def write_update(builder: Builder, i: int) -> None:
    """Append the groups of the i-th update."""
    book, done = builder.book, builder.book.updates[i]
    d = book.description
    row = optimizers.get(d.optimizer)
    lr, t = Symbol(names.primed("lr", i), done.rate), Symbol(names.primed("t", i), done.t)
    factor = clip_factor(builder, i)
    for_weights, for_biases = d.hypers()
    for (dense, *pair), (_, *where) in zip(normalized.learning(book.stages), places(d), strict=True):
        for base, place, hyper in zip(
            pair, where, (for_weights if dense else for_biases, for_biases), strict=True
        ):
            # a decay that is 0 (for biases always) is no term at all
            named = tuple(
                Symbol(name, v) if v or name != row.decay else v
                for name, v in zip(row.hyper, hyper, strict=True)
            )
            scales = tuple(map(simplified, row.scales(lr, t, named)))
            constants = moving(builder, i, scales, row.constants(done.rate, done.t, hyper))
            parameter(builder, i, base, place, constants, factor, row)
    for stage in book.stages:
        if stage.spec.kind == kinds.BATCH_NORM:
            normalized.write_running(builder, stage, i)


def moving(
    builder: Builder, i: int, constants: tuple[Any, ...], numbers: tuple[float, ...]
) -> tuple[Any, ...]:
    """Constants that depend on the step's number get a line of their own; the others stand where they are used."""
    out = []
    for k, (c, number) in enumerate(zip(constants, numbers, strict=True)):
        if isinstance(c, Expr) and names.primed("t", i) in symbols_of(c):
            letters = names.primed("lrt" if k == 4 else f"lrt{'abc'[k % 3]}", i)
            if letters not in builder.values:
                builder.add(
                    letters, number, "update", "the step's rate, corrected for the slots' start at 0",
                    forms=(lambda _, c=c: c,), whole=c, source="Kingma and Ba 2015, section 2",
                )  # fmt: skip
            out.append(Symbol(letters, number))
        else:
            out.append(c)
    return tuple(out)


def clip_factor(builder: Builder, i: int) -> Symbol | None:
    """The factor by which a gradient that is too long is shortened, as a line of its own."""
    book, done = builder.book, builder.book.updates[i]
    d = book.description
    if d.clip_norm <= 0:
        return None
    name = names.primed("clip", i)
    bases = [base for _, *pair in normalized.learning(book.stages) for base in pair]

    def of(base: str, read: Any) -> Any:
        w, g = read(names.primed(base, i)), read(names.primed(f"dL/d{base}", i))
        if isinstance(w, Symbol):
            return seen(builder, i, base, w, g, None)
        return [seen(builder, i, base, *pair, None) for pair in zip(w.flat, g.flat, strict=True)]

    def one(_: Index) -> Any:
        squares = [e * e for base in bases for e in of(base, builder.entries)]
        return d.clip_norm / np.maximum(np.sqrt(add_up(squares)), d.clip_norm)

    length = Expr("norm", *(of(base, builder.matrix) for base in bases))
    builder.add(
        name, done.clip, "update", f"the gradient's length is at most {d.clip_norm:g}: the factor that sees to it",
        forms=(one,), whole=d.clip_norm / np.maximum(length, d.clip_norm), source="Pascanu et al. 2013",
    )  # fmt: skip
    return Symbol(name, done.clip)


def seen(builder: Builder, i: int, base: str, w: Any, g: Any, factor: Symbol | None) -> Any:
    """The gradient that the optimizer sees: penalties and clipping are terms of their own."""
    d, weight = builder.book.description, float(builder.book.passes[i].weight)
    if base[0] == "W":
        for penalty, slope in ((d.l2, w), (d.l1, np.sign(w) if d.l1 else 0.0)):
            if penalty:
                g = g + (penalty if weight == 1.0 else Expr("divide", penalty, weight)) * slope
    if d.clip_value > 0:
        g = np.minimum(np.maximum(g, -d.clip_value), d.clip_value)
    if base[0] == "b" and builder.book.damped != 1.0:
        g = builder.book.damped * g
    return g if factor is None else factor * g


def parameter(
    builder: Builder,
    i: int,
    base: str,
    place: slice,
    constants: tuple[Any, ...],
    factor: Symbol | None,
    row: Any,
) -> None:
    """New slots and new values of one layer's weights or biases."""
    book, done = builder.book, builder.book.updates[i]
    old, new = names.primed(base, i), names.primed(base, i + 1)
    shape = builder.values[old].shape
    slot_names = [f"{letter}{old}" for letter in row.slots]
    new_slots = [f"{letter}{new}" for letter in row.slots]
    named = names.parse(base)
    what, number = WHAT.get(named.letter, "scales" if "gain" in base else "shifts"), named.layer
    note = DAMPED.get(book.damped if base[0] == "b" else 1.0, "a prime marks what comes after the update")
    for slot, name, before in zip(row.slots, slot_names, done.slots, strict=True):
        if name not in builder.values:
            builder.give(name, before[place].reshape(shape), f"{slot} of the {what} of layer {number}")

    tidy = simplified if any(not isinstance(c, Expr) for c in constants) else lambda e: e  # a decay of 0

    def stepped(w: Any, g: Any, s: tuple[Any, ...], fresh: list[Any]) -> tuple[Any, tuple[Any, ...]]:
        """(new w in terms of the new slots, the new slots in terms of the old and of each other)."""
        w_new, s_new = row.step(w, seen(builder, i, base, w, g, factor), s, constants)
        known = {id(e): f for e, f in zip(s_new, fresh, strict=True)}
        slots = (replace(e, {k: f for k, f in known.items() if k != id(e)}) for e in s_new)
        return tidy(replace(w_new, known)), tuple(map(tidy, slots))

    def entry(index: Index) -> tuple[Any, tuple[Any, ...]]:
        g = builder.entries(names.primed(f"dL/d{base}", i))[index]
        s = tuple(builder.entries(name)[index] for name in slot_names)
        fresh = [builder.entries(name)[index] for name in new_slots]
        return stepped(builder.entries(old)[index], g, s, fresh)

    for k, name in enumerate(new_slots):
        builder.values[name] = done.new_slots[k][place].reshape(shape).astype(float)
    whole, whole_slots = stepped(
        builder.matrix(old), builder.matrix(names.primed(f"dL/d{base}", i)),
        tuple(builder.matrix(name) for name in slot_names), [builder.matrix(name) for name in new_slots],
    )  # fmt: skip
    for k, name in enumerate(new_slots):
        builder.add(
            name, builder.values[name], "update", f"layer {number}: {row.slots[k]} of the {what}",
            forms=(lambda index, k=k: entry(index)[1][k],), whole=whole_slots[k], source=row.source,
        )  # fmt: skip
    if named.letter == "W" and book.description.max_norm > 0:
        name = names.primed(f"V{number}", i + 1)
        builder.add(
            name, done.stepped[place].reshape(shape), "update", f"layer {number}: the {what} after the step",
            forms=(lambda index: entry(index)[0],), whole=whole,
            source="lecture S10" if row.name == "sgd" else row.source,
        )  # fmt: skip
        held(builder, i, f"{number}", new, book.parameters[i + 1][place].reshape(shape))
        return
    builder.add(
        new, book.parameters[i + 1][place].reshape(shape), "update", f"layer {number}: the new {what}",
        forms=(lambda index: entry(index)[0],), whole=whole, source="lecture S10" if row.name == "sgd" else row.source,
        note=note,
    )  # fmt: skip


def held(builder: Builder, i: int, number: str, new: str, value: np.ndarray) -> None:
    """Weights that are held to a length: a factor for each unit, and the new weights."""
    longest, source = builder.book.description.max_norm, "Srivastava et al. 2014, section 5.1"
    stepped, factor = (names.primed(f"{letter}{number}", i + 1) for letter in ("V", "lim"))

    def of_unit(index: Index) -> Any:
        column = builder.entries(stepped)[:, index[1]]
        return longest / np.maximum(np.sqrt(add_up([v * v for v in column])), longest)

    v = builder.matrix(stepped)
    builder.add(
        factor, shrinkage(builder.values[stepped], longest), "update",
        f"layer {number}: no unit's weights are longer than {longest:g}: the factors that see to it", forms=(of_unit,),
        whole=longest / np.maximum(np.sqrt(Expr("total", v * v)), longest), source=source,
    )  # fmt: skip
    builder.add(
        new, value, "update", f"layer {number}: the new weights",
        forms=(lambda index: builder.entries(factor)[0, index[1]] * builder.entries(stepped)[index],),
        whole=builder.matrix(factor) * v, source=source, note="a prime marks what comes after the update",
    )  # fmt: skip
