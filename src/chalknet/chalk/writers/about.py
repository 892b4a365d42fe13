"""What stands above a calculation: which network, loss, optimizer and data it is about, and how to read the names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalknet.chalk.ledger import Ledger
from chalknet.chalk.rule import CRITERION
from chalknet.engines import base
from chalknet.maths import losses, optimizers

if TYPE_CHECKING:
    from chalknet.chalk.trace import Trace


def plural(n: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "row"), plural(2, "row")
    ('1 row', '2 rows')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def words(name: str) -> str:
    """A table's name in words.

    >>> words("squared_error")
    'squared error'
    """
    return name.replace("_", " ")


def title(book: Ledger) -> str:
    """What the calculation is."""
    sizes = "-".join(map(str, (book.description.n_in, *(o for _, o in book.description.dense))))
    many = len(book.updates)
    return f"{'One update' if many == 1 else f'{many} updates'} of a {sizes} network"


def layers(book: Ledger) -> str:
    """The network from left to right."""
    out = plural(book.description.n_in, "input")
    for spec in book.description.layers:
        if spec.kind == base.DENSE:
            out += f" → {plural(spec.n_out, 'unit')}"
        elif spec.kind == base.DROPOUT:
            out += f", dropout {spec.p:g}"
        elif spec.kind != base.ACTIVATION:
            out += f", {words(spec.kind)}"
        else:
            out += f" ({words(spec.name)})"
    return out


def facts(book: Ledger) -> list[tuple[str, str]]:
    """(what, which) of the calculation."""
    d, row = book.description, losses.get(book.description.loss)
    optimizer = optimizers.get(d.optimizer)
    rate = f"learning rate {book.updates[0].rate:g}"
    steps = {"sgd": "plain gradient descent", "momentum": "gradient descent with momentum"}
    if book.rule:
        steps["sgd"] = "the perceptron rule"
    name = steps.get(d.optimizer) or f"{optimizer.layer}" + (
        " (Nesterov)" if d.optimizer == "nesterov" else ""
    )
    extra = [
        f"{label} {value:g}"
        for label, value in (
            ("L1", d.l1),
            ("L2", d.l2),
            ("norm at most", d.clip_norm),
            ("gradients within ±", d.clip_value),
            ("units' weights at most", d.max_norm),
        )
        if value
    ]
    linked = f", {book.link} included" if book.link else ""
    return [
        ("network", layers(book)),
        ("loss", CRITERION if book.rule else words(row.name) + linked),
        ("update", ", ".join([name, rate, *extra])),
        ("data", plural(len(book.X), "row") + (", weighted" if book.weights is not None else "")),
    ]


def legend(trace: Trace) -> list[str]:
    """How to read what follows, a sentence each."""
    book = trace.book
    several = len(book.X) > 1
    out = []
    if trace.style == "node":
        out.append("w⁽¹⁾₂,₃ leads from input 2 to unit 3 of layer 1; everything counts from 1.")
        if several:
            out.append("With several rows the row comes first: z⁽¹⁾₂,₃ is unit 3 for row 2.")
        out.append(
            f"Results are rounded to {plural(trace.precision, 'decimal')}; what they are made of has as many digits as "
            "that needs."
        )
    else:
        out.append("One row a sample. · multiplies matrices; ⊙ and all other operations go entry by entry.")
    out.append("A prime marks what comes after an update: W are the old weights, W′ the new ones.")
    return out
