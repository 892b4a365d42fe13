"""What each array of a trace is in the calculation: a weighted sum, a gradient by weights, an update, and so on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chalknet.chalk import names
from chalknet.chalk.ledger import Ledger
from chalknet.chalk.normalized import called, given, learning
from chalknet.engines import base
from chalknet.maths import optimizers

GRADIENTS = (
    "output", "through", "unmasked", "below", "weight", "bias", "gain", "shift", "unscaled", "centred",
)  # fmt: skip
LOSSES = ("row loss", "loss")
UPDATES = ("parameter", "slot")


class Role(NamedTuple):
    """An array's part in the calculation.

    `kind` is "sum" (x W + b), "activation", "masked" (after a dropout), "row loss", "loss", "output" (dL by the last
    layer's output), "through" (dL by what goes into an activation), "unmasked" (into a dropout), "below" (into a layer
    of weights), "normalized" (by a normalisation, with its "moment" and, back, "centred", "unscaled", "gain", "shift"),
    "weight", "bias", "slot", "parameter" or "given". `source` and `target` name what goes into the layer
    and what comes out of it, `number` is the layer's; `joint` is true where activation and loss may go back together.
    """

    kind: str
    source: str = ""
    target: str = ""
    number: int = 0
    activation: str = ""
    p: float = 0.0
    update: int = 0
    joint: bool = False


def roles(book: Ledger) -> dict[str, Role]:
    """The role of every array of a trace by its name; arrays without one (a mask, a rate) are left out."""
    found = {name: Role("given", target=name) for name in ("x", "y", "s")}
    for n in range(1, len(book.description.dense) + 1):
        found |= {f"{letter}{n}": Role("given", target=f"{letter}{n}", number=n) for letter in "Wb"}
    for stage in book.stages:
        found |= {
            name: Role("given", target=name, number=stage.number)
            for name, _, _ in given(stage, book.passes[0].arrays)
        }
    for i in range(len(book.passes)):
        found |= dict(forward(book, i))
        if i < len(book.updates):
            found |= dict(backward(book, i))
            found |= dict(update(book, i))
    return found


def forward(book: Ledger, i: int) -> Iterator[tuple[str, Role]]:
    """Roles of the pass before the i-th update, and of its loss."""
    kinds = {base.DENSE: "sum", base.ACTIVATION: "activation", base.DROPOUT: "masked"}
    for stage in book.stages:
        source, target = ends(stage.source, stage.target, i)
        kind = kinds.get(stage.spec.kind, "normalized")
        yield target, Role(kind, source, target, stage.number, stage.spec.name, stage.spec.p, i)
        if stage.spec.kind in base.SCALED:
            for name in called(stage)[:3]:
                own = names.primed(name, i)
                yield own, Role("moment", source, own, stage.number, update=i)
    last = book.stages[-1]
    if book.link is not None:
        source, target = ends(last.target, book.output, i)
        yield target, Role("activation", source, target, last.number, book.link, 0.0, i)
    output = names.primed(book.output, i)
    yield names.primed("l", i), Role("row loss", output, update=i)
    yield names.primed("L", i), Role("loss", output, update=i)


def backward(book: Ledger, i: int) -> Iterator[tuple[str, Role]]:
    """Roles of the gradients of that pass."""
    output, last = names.primed(book.output, i), book.stages[-1]
    if book.rule:
        z = names.primed("z1", i)
        yield f"dL/d{z}", Role("output", output, output, 1, update=i)
        role = Role("", "x", z, 1, update=i)
        yield names.primed("dL/dW1", i), role._replace(kind="weight")
        yield names.primed("dL/db1", i), role._replace(kind="bias")
        yield names.primed("dL/dx", i), role._replace(kind="below")
        return
    yield (
        f"dL/d{output}",
        Role("output", output, output, last.number, update=i),
    )  # through a loss's link, on request
    yield f"dL/d{names.primed(last.target, i)}", Role("output", output, output, last.number, update=i)
    kinds = {base.DENSE: "below", base.ACTIVATION: "through", base.DROPOUT: "unmasked"}
    joint = book.description.fused() is not book.description
    for stage in reversed(book.stages):
        source, target = ends(stage.source, stage.target, i)
        role = Role(
            "", source, target, stage.number, stage.spec.name, stage.spec.p, i, joint and stage == last
        )
        yield f"dL/d{source}", role._replace(kind=kinds.get(stage.spec.kind, "centred"))
        if stage.spec.kind in base.SCALED:
            its = called(stage)
            for name, kind in ((its.gain, "gain"), (its.shift, "shift"), (its.normal, "unscaled")):
                yield names.primed(f"dL/d{name}", i), role._replace(kind=kind)
        if stage.spec.kind == base.DENSE:
            yield names.primed(f"dL/dW{stage.number}", i), role._replace(kind="weight")
            yield names.primed(f"dL/db{stage.number}", i), role._replace(kind="bias")


def update(book: Ledger, i: int) -> Iterator[tuple[str, Role]]:
    """Roles of the new parameters and of the optimizer's slots; `source` names the parameter before."""
    slots = optimizers.get(book.description.optimizer).slots
    for _, *pair in learning(book.stages):
        for name in pair:
            old, new = (names.primed(name, j) for j in (i, i + 1))
            n = names.parse(name).layer or 0
            yield new, Role("parameter", old, new, n, update=i)
            for slot in slots:
                yield f"{slot}{new}", Role("slot", old, new, n, update=i)


def ends(source: str, target: str, i: int) -> tuple[str, str]:
    """A layer's two ends in the i-th pass; the inputs are the same in all of them."""
    return (source if source == "x" else names.primed(source, i)), names.primed(target, i)
