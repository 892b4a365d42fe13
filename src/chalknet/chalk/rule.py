"""The perceptron's rule as a calculation: w′ = w − α (ŷ − y) x, with ŷ = 1 where z ≥ 0, else 0.

It is a step down the perceptron criterion L = (ŷ − y) z, which is 0 where the answer is right and |z| where it is
wrong: its slope by z is the error ŷ − y. Where z is exactly 0 there is no right side, and ``Perceptron`` counts it as a
mistake whatever y is (as scikit-learn does): ŷ is then the other class.

Source: F. Rosenblatt, *The perceptron*, Psychological Review 65 (1958); the criterion: Bishop 2006, section 4.1.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalknet.chalk import names
from chalknet.chalk.expr import Expr, Symbol, add_up
from chalknet.chalk.objective import averaged, column_of, convention, shared, weight_of
from chalknet.maths import activations
from chalknet.maths.ops import where

if TYPE_CHECKING:
    from chalknet.chalk.groups import Builder, Index
    from chalknet.chalk.ledger import Ledger

SOURCE = "lecture S2"
CRITERION = "perceptron criterion"
STEP = activations.get("step")
ANSWER = STEP.textbook or STEP.f


def write_answer(builder: Builder, i: int) -> None:
    """ŷ of every unit and row."""
    source, target = ends(builder.book, i)
    value = builder.book.passes[i].arrays["a1"]

    def one(index: Index) -> Any:
        z, y = builder.entries(source)[index], builder.entries("y")[index]
        return 1.0 - y if z.value == 0 else ANSWER(z, STEP.p)

    whole, note = ANSWER(builder.matrix(source), STEP.p), ""
    undecided = builder.values[source] == 0
    if undecided.any():
        whole = where(builder.matrix(source) == 0.0, 1.0 - builder.matrix("y"), whole)
        note = "z is exactly 0: the rule counts that as a mistake whatever y is, so ŷ is the other class"
    part = "forward" if i == 0 else "forward again"
    builder.add(target, value, part, "layer 1: step", forms=(one,), whole=whole, source=SOURCE, note=note)


def write_criterion(builder: Builder, i: int) -> None:
    """(ŷ − y) z of each row where there are several, and in all."""
    book, part = builder.book, "loss" if i == 0 else "loss again"
    source, target = ends(book, i)
    several = len(book.X) > 1 or book.weights is not None

    def of_row(row: int) -> Any:
        a, y, z = (builder.entries(name)[row] for name in (target, "y", source))
        return add_up([(a[j] - y[j]) * z[j] for j in range(len(z))])

    def over(add: str) -> Any:
        terms = (builder.matrix(target) - builder.matrix("y")) * builder.matrix(source)
        return terms if add == "across" and book.description.n_out == 1 else Expr(add, terms)

    if several:
        each = names.primed("l", i)
        builder.add(
            each, book.passes[i].arrays["l"][:, None], part, f"{CRITERION} of each row", source=SOURCE,
            forms=(lambda index: of_row(index[0]),), whole=over("across"),
        )  # fmt: skip
        forms, whole = averaged(builder, i)
    else:
        forms, whole = (lambda _: of_row(0)), over("all")
    note = "0 where the answer is right, else how far z lies on the wrong side"
    builder.add(
        names.primed("L", i), book.passes[i].loss, part, f"the loss: {CRITERION}", forms=(forms,), whole=whole,
        source=SOURCE, note=f"{note}; {convention(builder)}" if several else note,
    )  # fmt: skip


def write_error(builder: Builder, i: int) -> None:
    """ŷ − y, which the rule takes back."""
    book = builder.book
    source, target = ends(book, i)

    def one(index: Index) -> Any:
        error = builder.entries(target)[index] - builder.entries("y")[index]
        return shared(builder, error, weight_of(builder, index[0]))

    whole = shared(builder, builder.matrix(target) - builder.matrix("y"), column_of(builder))
    builder.add(
        f"dL/d{source}", book.passes[i].arrays["dL/dz1"], "backward", "the error: the answer minus the target",
        forms=(one,), whole=whole, source=SOURCE,
        note=f"here the mean's 1/{book.divisor:g} enters" if book.divisor != 1.0 else "",
    )  # fmt: skip


def ends(book: Ledger, i: int) -> tuple[str, str]:
    """The names of z and ŷ in the i-th pass."""
    return names.primed("z1", i), names.primed("a1", i)


def laws() -> tuple[Any, Any]:
    """The criterion and its slope by z, in symbols."""
    y, q, z = Symbol("y", 0.5), Symbol("yhat", 0.25), Symbol("z", 0.5)
    return (q - y) * z, q - y
