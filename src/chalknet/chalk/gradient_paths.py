"""The chain rule read backwards off a calculation: which numbers a gradient goes through, and with which factors.

A gradient of the backward pass is linear in the gradients above it, dL/dv = Σ ∂u/∂v · dL/du. Its own expression is
taken apart into these factors ∂u/∂v, so that no derivative is written a second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from chalknet.chalk import names
from chalknet.chalk.expr import Expr, Symbol, evaluate
from chalknet.chalk.groups import Group, Index
from chalknet.chalk.numerals import digits
from chalknet.chalk.printers import Text, addends
from chalknet.chalk.trace import Step

if TYPE_CHECKING:
    from chalknet.chalk.trace import Trace

UP = "dL/d"  # begins the name of a gradient


class Factor(NamedTuple):
    """One factor of the chain rule: ∂u/∂v or, at the end, ∂L/∂u."""

    symbol: str  # "dz1[2]/dW1[0,2]"
    formula: str  # in Unicode
    value: float


class Path(NamedTuple):
    """One way from a number to the loss; `row` is the sample where there are several."""

    names: list[str]  # "W1[0,2]", "z1[2]", …, "L"
    factors: list[Factor]
    expressions: list[Any]  # of the factors
    row: int | None

    @property
    def product(self) -> float:
        """What this path adds to the gradient."""
        return prod(f.value for f in self.factors)


def coefficients(e: Any) -> dict[str, Any]:
    """The factor of each gradient in an expression that is linear in them.

    >>> d, a = Symbol("dL/da1[0]", 2.0), Symbol("a1[0]", 0.5)
    >>> Text(digits(None), lambda s: s.name)(coefficients(d * a * (1.0 - a))["dL/da1[0]"])
    'a1[0]·(1 − a1[0])'
    """
    if isinstance(e, Symbol):
        return {e.name: 1.0} if e.name.startswith(UP) else {}
    if not isinstance(e, Expr):
        return {}
    if e.op == "add":
        out: dict[str, Any] = {}
        for term in addends(e):
            for name, c in coefficients(term).items():
                out[name] = out[name] + c if name in out else c
        return out
    if e.op == "negative":
        return {name: Expr("negative", c) for name, c in coefficients(e.args[0]).items()}
    if e.op not in ("subtract", "multiply", "divide"):
        return {}
    a, b = e.args
    left, right = coefficients(a), coefficients(b)
    if e.op == "subtract":
        minus = {
            name: Expr("subtract", left[name], c) if name in left else Expr("negative", c)
            for name, c in right.items()
        }
        return left | minus
    if e.op == "divide":
        return {name: Expr("divide", c, b) for name, c in left.items()}
    found = {name: times(c, b) for name, c in left.items()}
    return found | {name: times(a, c) for name, c in right.items()}


def times(a: Any, b: Any) -> Any:
    """The product; a factor 1 is left out."""
    for one, other in ((a, b), (b, a)):
        if not isinstance(one, Expr) and one == 1.0:
            return other
    return Expr("multiply", a, b)


class Chain:
    """The gradients of one calculation as a graph from each to those above it."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.groups = {g.name: g for g in trace.groups}
        self.links: dict[str, tuple[Any, dict[str, Any]]] = {}
        self.counts: dict[str, int] = {}
        self.factors: dict[tuple[str, str], Factor] = {}

    def group(self, symbol: str) -> tuple[Group, Index]:
        """The group and place behind a symbol. Raises KeyError or IndexError where there is none."""
        g = self.groups[symbol.partition("[")[0]]
        place = names.parse(symbol).place
        if g.value.ndim == 2 and len(place) == 1 and g.lone:
            place = (0, *place)
        if len(place) != g.value.ndim or any(i >= n for i, n in zip(place, g.value.shape, strict=True)):
            raise IndexError(symbol)
        return g, place

    def step(self, symbol: str) -> Step:
        """The step of a symbol."""
        g, place = self.group(symbol)
        return self.trace.step(g, place)

    def up(self, gradient: str) -> tuple[Any, dict[str, Any]]:
        """(a gradient's expression, its factor for each gradient above it: none where the loss itself comes next)."""
        if gradient not in self.links:
            inner = gradient.removeprefix(UP)
            jacobian = f"j{inner}"  # softmax spelled out goes through the probabilities
            e = self.step(jacobian if jacobian.partition("[")[0] in self.groups else gradient).expr
            self.links[gradient] = (e, coefficients(e))
        return self.links[gradient]

    def count(self, gradient: str) -> int:
        """How many paths lead on to the loss."""
        if gradient not in self.counts:
            above = self.up(gradient)[1]
            self.counts[gradient] = sum(map(self.count, above)) if above else 1
        return self.counts[gradient]

    def paths(self, gradient: str) -> Iterator[tuple[list[str], list[Factor], list[Any]]]:
        """Every path from a gradient's own variable to the loss, in the order of the expressions."""
        e, above = self.up(gradient)
        here = gradient.removeprefix(UP)
        if not above:
            value = float(self.trace.value(gradient))
            yield [here, "L"], [Factor(gradient, shown(e), value)], [e]
            return
        for upper, c in above.items():
            factor = self.factor(here, upper, c)
            for chain, factors, expressions in self.paths(upper):
                yield [here, *chain], [factor, *factors], [c, *expressions]

    def factor(self, here: str, upper: str, c: Any) -> Factor:
        """∂u/∂v."""
        if (here, upper) not in self.factors:
            symbol = f"d{upper.removeprefix(UP)}/d{here}"
            self.factors[here, upper] = Factor(symbol, shown(c), float(evaluate(c)) + 0.0)
        return self.factors[here, upper]


def shown(e: Any) -> str:
    """A factor's formula in Unicode."""
    return Text(digits(None), lambda s: names.text(s.name))(e)
