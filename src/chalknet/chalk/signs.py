"""Signs of what goes right or wrong in a calculation; `remarks` has a sentence for each.

A sign looks at a ledger and gives what its sentence is filled with, once for each time it is there. Units are named by
their symbols: layers of weights count from 1, units from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from chalknet.chalk import names, stride
from chalknet.chalk.ledger import Ledger, Stage
from chalknet.chalk.numbers import shown
from chalknet.engines import base
from chalknet.maths import activations
from chalknet.maths.rows import ROW_ACTIVATIONS

NAMED = 6  # units named before the others are counted
NEAR = 0.01  # how close to its bound a unit is saturated, as a share of its range; below it a probability is wrong
FADED = 1e-3  # the share of the last layer's gradient below which one has vanished
WIDE = 3.0  # standardised inputs rarely reach beyond
SQUASHING = ("sigmoid", "tanh", "hard_sigmoid", "hard_tanh", "softsign")
RECTIFYING = ("relu", "relu6")

Found = Iterator[dict[str, Any]]


def listed(symbols: Iterable[str]) -> str:
    """Names in a sentence: a few in full, the rest counted.

    >>> listed(["a1[0]", "a1[2]", "a1[3]"])
    'a1[0], a1[2] and a1[3]'
    """
    every = list(symbols)
    if len(every) > NAMED + 1:
        return f"{', '.join(every[:NAMED])} and {len(every) - NAMED} more"
    return " and ".join(filter(None, (", ".join(every[:-1]), every[-1])))


def units(array: str, which: Any) -> dict[str, str]:
    """The symbols of an array's units, and the words that agree with their number."""
    found = [f"{array}[{j}]" for j in np.flatnonzero(which)]
    one = len(found) == 1
    return {"units": listed(found), "are": "is" if one else "are", "their": "its" if one else "their"}


def at(book: Ledger, array: str, place: Any) -> str:
    """The symbol of an entry, whose row is left out where there is one row only."""
    kept = [int(k) for k in place]
    lone = len(kept) == 2 and len(book.X) == 1 and names.parse(array).letter != "W"
    return names.name(array, tuple(kept[1:] if lone or array[0] == "b" else kept))


def rows(book: Ledger) -> str:
    """The rows of the batch, in words."""
    return "this row" if len(book.X) == 1 else f"all {len(book.X)} rows"


def below(stage: Stage) -> str:
    """The weights that an activation hands their gradient to."""
    return "W1" if stage.number <= 1 else f"W1 to W{stage.number}"


def activated(book: Ledger, kinds: tuple[str, ...]) -> Iterator[tuple[Stage, np.ndarray, np.ndarray]]:
    """The activations of these names, with what went in and what came out in the first pass."""
    arrays = book.passes[0].arrays
    for stage in book.stages:
        if stage.spec.kind == base.ACTIVATION and stage.spec.name in kinds:
            yield stage, arrays[stage.source], arrays[stage.target]


def odd_inputs(book: Ledger) -> Found:
    """An input that is infinite or no number."""
    bad = np.argwhere(~np.isfinite(book.X))
    if len(bad):
        r, j = bad[0]
        yield {"symbol": at(book, "x", (r, j)), "value": str(book.X[r, j])}


def not_finite(book: Ledger) -> Found:
    """The first number, in the calculation's order, that overflowed."""
    if not np.isfinite(book.X).all():
        return
    reach = float(np.max(np.abs(book.X)))
    for i, one in enumerate(book.passes):
        parameters = {k: v for k, v in one.arrays.items() if k[0] in "Wb"}
        for array, value in (parameters | one.arrays).items():
            bad = np.argwhere(~np.isfinite(value))
            if len(bad):
                called = (
                    f"x reaches {reach:.3g}, so standardise the inputs"
                    if reach > WIDE
                    else "look at the weights"
                )
                rate = book.updates[min(i, len(book.updates)) - 1 if i else 0].rate
                yield {"symbol": at(book, names.primed(array, i), bad[0]), "why": called, "rate": f"{rate:g}"}
                return


def dead_units(book: Ledger) -> Found:
    """Units whose ReLU is 0 for every row, where others of their layer live."""
    for stage, z, _ in activated(book, RECTIFYING):
        dead = (z <= 0).all(axis=0)
        if dead.any() and not dead.all():
            wake = "; another row may wake them" if len(book.X) == 1 else ""
            yield {**units(stage.target, dead), "rows": rows(book), "wake": wake}


def dead_layers(book: Ledger) -> Found:
    """Layers below the output all of whose ReLUs are 0."""
    for stage, z, _ in activated(book, RECTIFYING):
        if (z <= 0).all() and stage != book.stages[-1]:
            yield {"layer": stage.target, "rows": rows(book), "weights": below(stage)}


def dead_outputs(book: Ledger) -> Found:
    """A ReLU on the output units that lets nothing through."""
    for stage, z, _ in activated(book, RECTIFYING):
        if (z <= 0).all() and stage == book.stages[-1]:
            yield {"layer": stage.target, "rows": rows(book), "loss": shown(book.passes[0].loss, 4)}


def saturated(book: Ledger) -> Found:
    """Squashing units at their bounds for every row; the output before its own cross-entropy may be there."""
    fused = book.description.fused() is not book.description
    for stage, _, a in activated(book, SQUASHING):
        row = activations.get(stage.spec.name)
        share = (a - row.low) / (row.high - row.low)
        flat = ((share < NEAR) | (share > 1 - NEAR)).all(axis=0)
        if flat.any() and not (fused and stage == book.stages[-1]):
            yield {
                **units(stage.target, flat), "rows": rows(book), "name": stage.spec.name.replace("_", " "),
                "bounds": f"{row.low:g} or {row.high:g}",
            }  # fmt: skip


def flat_steps(book: Ledger) -> Found:
    """Step functions among the layers: flat everywhere."""
    for stage, _, _ in activated(book, ("step",)) if not book.rule else ():
        yield {"layer": stage.target, "weights": below(stage)}


def vanished(book: Ledger) -> Found:
    """A first layer whose gradient is a small part of the last one's."""
    arrays, last = book.passes[0].arrays, len(book.description.dense)
    first, final = (float(np.max(np.abs(arrays[f"dL/dz{n}"]))) for n in (1, last))
    if 0 < first < FADED * final:
        yield {"first": f"{first:.1e}", "final": f"{final:.1e}", "n": last}


def overshoots(book: Ledger) -> Found:
    """The first update that went downhill too far."""
    for i, done in enumerate(book.updates):
        found = stride.examine(book, i)
        if found is None or found.share is None:
            continue
        before, after = shown(found.before, 4), shown(found.after, 4)
        moved = (
            f"stayed at {before}, across the minimum" if found.stayed else f"rose from {before} to {after}"
        )
        limit = (
            f"on these rows it must stay below about {found.share * done.rate:.3g}"
            if found.proportional
            else f"less than {found.share:.2g} of this step would have lowered it"
        )
        yield {"after": names.primed("L", i + 1), "moved": moved, "rate": f"{done.rate:g}", "limit": limit}
        return


def uphill(book: Ledger) -> Found:
    """An update against the gradient: carried by what the optimizer remembers, or by decay."""
    for i in range(len(book.updates)):
        found = stride.examine(book, i)
        if found is not None and found.share is None:
            numbers = {"before": shown(found.before, 4), "value": shown(found.after, 4)}
            yield {"after": names.primed("L", i + 1), **numbers}
            return


def sure_and_wrong(book: Ledger) -> Found:
    """Right answers that are given next to no probability."""
    a, y = book.passes[0].arrays[book.output], book.y
    output = book.link or book.stages[-1].spec.name
    if output not in ("softmax", "sigmoid") or not {"entropy", "focal"} & set(
        book.description.loss.split("_")
    ):
        return
    own = np.where(y == 1, a, np.where((y == 0) & (output == "sigmoid"), 1 - a, 1.0))
    wrong = np.argwhere(own < NEAR)
    if len(wrong):
        found = [at(book, book.output, place) for place in wrong]
        yield {
            "units": listed(found),
            "worst": f"{float(own.min()):.2g}",
            "are": "is" if len(found) == 1 else "are",
        }


def out_of_reach(book: Ledger) -> Found:
    """Targets that the output's activation can never give."""
    last = book.stages[-1].spec
    if book.link is not None or last.kind != base.ACTIVATION:
        return
    row: Any = ROW_ACTIVATIONS.get(last.name) or activations.get(last.name)
    beyond = np.argwhere((book.y < row.low) | (book.y > row.high))
    if len(beyond):
        target = f"{at(book, 'y', beyond[0])} = {book.y[tuple(beyond[0])]:g}"
        low, high = (f"{bound:g}" if np.isfinite(bound) else "" for bound in (row.low, row.high))
        span = f"from {low} to {high}" if low and high else f"from {low} up" if low else f"up to {high}"
        yield {"target": target, "name": last.name.replace("_", " "), "span": span}


def twins(book: Ledger) -> Found:
    """Hidden units with the same weights in and out, which every update moves alike."""
    for n in range(1, len(book.description.dense)):
        each = [(p.arrays[f"W{n}"], p.arrays[f"b{n}"], p.arrays[f"W{n + 1}"].T) for p in book.passes[:2]]
        columns = np.vstack([array for arrays in each for array in arrays])  # one a unit, before and after
        if not np.isfinite(columns).all():
            continue
        _, kind, counts = np.unique(columns, axis=1, return_inverse=True, return_counts=True)
        if counts.max() > 1:
            yield units(f"z{n}", np.ravel(kind) == counts.argmax())


def linear(book: Ledger) -> Found:
    """Layers of weights that follow each other without an activation."""
    named = [stage for stage in book.stages if stage.spec.kind != base.DROPOUT]
    for one, two in pairwise(named):
        if one.spec.kind == two.spec.kind == base.DENSE:
            yield {"n": one.number, "next": two.number}


def at_rest(book: Ledger) -> Found:
    """No gradient at all, and no unit to blame."""
    arrays = book.passes[0].arrays
    still = not any(
        np.any(arrays[f"dL/d{c}{n + 1}"]) for n in range(len(book.description.dense)) for c in "Wb"
    )
    if still and not [*dead_layers(book), *dead_outputs(book), *flat_steps(book)]:
        yield {"loss": shown(book.passes[0].loss, 4)}
