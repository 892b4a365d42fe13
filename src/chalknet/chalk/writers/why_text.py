"""`trace.why` as text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from chalknet.chalk import names
from chalknet.chalk.expr import Expr, Symbol, add_up
from chalknet.chalk.gradient_paths import UP, Factor, Path
from chalknet.chalk.numbers import written
from chalknet.chalk.trace import Step
from chalknet.chalk.writers import pieces, text
from chalknet.chalk.writers.about import plural
from chalknet.chalk.writers.rules import plain_number
from chalknet.chalk.writers.text import CHAPTER, FORMULA, HEADING, NOTE, VALUE, Line

if TYPE_CHECKING:
    from chalknet.chalk.why import Share, Why

SHOWN = 12  # paths printed in all
ROWS = 6  # rows of a batch printed


def write(answer: Why, width: int) -> Iterator[Line]:
    """The whole answer."""
    variable = names.text(answer.symbol)
    title = f"Why {names.text(UP + answer.symbol)} = {plain_number(answer.gradient, answer.precision)}"
    yield [(title, CHAPTER)]
    yield [("─" * width, CHAPTER)]
    lead = "One path leads" if answer.count == 1 else f"{answer.count} paths lead"
    yield from text.prose(f"{lead} from {variable} to the loss.", width, NOTE)
    k = 0
    for share in answer.shares[:ROWS]:
        if len(answer.shares) > 1:
            yield []
            yield [(f"row {(share.row or 0) + 1}", HEADING)]
        for path in share.paths[: room(answer)]:
            k += 1
            yield []
            yield from write_path(path, k, answer.precision, width)
        yield from rest_of_share(answer, share, width)
        k += share.ways - len(share.paths[: room(answer)])
    if note := rest_of_rows(answer):
        yield []
        yield from text.prose(note, width, NOTE)
    yield []
    yield [("the gradient: the sum over all paths", HEADING)]
    yield from text.node(names.text(UP + answer.symbol), total(answer, "text"), width, VALUE)
    if answer.updates:
        yield []
        yield [("the new value", HEADING)]
        for step in answer.updates:
            e = pieces.equation("text", step, answer.precision)
            yield from text.node(e.left, e.sides, width, VALUE)


def room(answer: Why) -> int:
    """How many paths of each row are printed."""
    return max(1, SHOWN // min(len(answer.shares), ROWS))


def write_path(path: Path, number: int, precision: int, width: int) -> Iterator[Line]:
    """One path: where it leads, its factors, their product."""
    yield from text.prose(f"path {number}: {route(path)}", width, HEADING, hanging=4)
    for factor, e in zip(path.factors, path.expressions, strict=True):
        eq = pieces.equation("text", step_of(factor, e, precision), precision)
        yield from text.node(left_text(factor), eq.sides, width, FORMULA)
    yield from text.node("product", product(path, precision, "text"), width, VALUE)


def route(path: Path) -> str:
    """w → z → a → L."""
    return " → ".join(names.text(name) for name in path.names)


def left_text(factor: Factor) -> str:
    """∂u/∂v."""
    above, _, below = factor.symbol[1:].partition("/d")
    return f"∂{names.text(above)}/∂{names.text(below)}"


def step_of(factor: Factor, e: Any, precision: int) -> Step:
    """A factor as a step: in symbols, in numbers, its value."""
    if not isinstance(e, Expr):
        return Step("L", "", "", factor.value, e, precision, "")
    w = written([e], factor.value, precision)
    return Step("L", "", "", factor.value, e, w.decimals, "", true=w.true)


def product(path: Path, precision: int, kind: str) -> list[list[str]]:
    """The sides of the product's equation: its factors, which a line may begin with, and the result."""
    values = [Symbol(str(k), f.value) for k, f in enumerate(path.factors)]
    sides = [[pieces.value_of(kind, path.product, precision)]]
    if len(values) < 2:
        return sides
    e: Any = values[0]
    for v in values[1:]:
        e = Expr("multiply", e, v)
    w = written([e], path.product, precision)
    dot = {"text": "· ", "latex": "\\cdot "}[kind]
    numbers = [pieces.inside(kind, v, w.decimals) for v in values]
    return [[numbers[0], *(dot + n for n in numbers[1:])], *sides]


def total(answer: Why, kind: str) -> list[list[str]]:
    """The sides of the sum's equation; what is not printed goes in as one number."""
    shown = [path.product for share in answer.shares[:ROWS] for path in share.paths[: room(answer)]]
    terms = [s.total for s in answer.shares[:ROWS]] if len(answer.shares) > 1 else shown
    hidden = len(answer.shares) > ROWS or (len(answer.shares) == 1 and answer.count > len(shown))
    if hidden:
        terms.append(answer.gradient - sum(terms))
    sides = [[pieces.value_of(kind, answer.gradient, answer.precision)]]
    if len(terms) < 2:
        return sides
    e = add_up([Symbol(str(k), v) for k, v in enumerate(terms)])
    w = written([e], answer.gradient, answer.precision)
    return [pieces.numeric(kind, e, w.decimals, short=False), *sides]


def rest_of_share(answer: Why, share: Share, width: int) -> Iterator[Line]:
    """What is not printed of one row, and the row's sum where it has several paths."""
    p = answer.precision
    shown = list(islice(share.paths, room(answer)))
    if share.ways > len(shown):
        yield []
        yield from text.prose(hidden_paths(answer, share), width, NOTE)
    if len(answer.shares) > 1 and share.ways > 1:
        yield [(f"row {(share.row or 0) + 1} in all: {plain_number(share.total, p)}", VALUE)]


def hidden_paths(answer: Why, share: Share) -> str:
    """The paths of a row that are not printed, in words; "" for none."""
    shown = share.paths[: room(answer)]
    if share.ways == len(shown):
        return ""
    rest = share.total - sum(path.product for path in shown)
    return (
        f"⋯ {plural(share.ways - len(shown), 'more path')}, together {plain_number(rest, answer.precision)}"
    )


def rest_of_rows(answer: Why) -> str:
    """The rows that are not printed, in words; "" for none."""
    others = answer.shares[ROWS:]
    if not others:
        return ""
    paths = sum(s.ways for s in others)
    together = plain_number(sum(s.total for s in others), answer.precision)
    return f"⋯ {plural(len(others), 'more row')} with {plural(paths, 'path')}, together {together}"
