"""General statements beside the numbers: a loss with its derivative, an activation's derivative in both its forms.

They are the rows' own functions, called with symbols: no formula is written here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chalknet.chalk import outputs, rule
from chalknet.chalk.expr import Expr, Symbol, unguarded
from chalknet.chalk.groups import Group
from chalknet.chalk.ledger import Ledger
from chalknet.chalk.numbers import shown
from chalknet.chalk.numerals import text_number
from chalknet.chalk.printers import same
from chalknet.engines import base
from chalknet.maths import activations, losses
from chalknet.maths.rows import ROW_ACTIVATIONS

GUARDS = ("minimum", "maximum", "where", "erfc")


class Law(NamedTuple):
    """A left side (a symbol) and the expressions that it equals."""

    symbol: str
    forms: tuple[Any, ...]


def plain_number(v: float, precision: int) -> str:
    """A number in a sentence.

    >>> plain_number(-0.5, 4)
    '−0.5'
    """
    return text_number(shown(v, precision))


def guarded(e: Any) -> bool:
    """Tell whether a formula has cases or bounds."""
    return isinstance(e, Expr) and (e.op in GUARDS or any(map(guarded, e.args)))


class Laws:
    """Which statements belong to which group; each is made once."""

    def __init__(self, book: Ledger) -> None:
        self.book, self.told = book, set[str]()
        self.through = {
            f"dL/d{s.source}": s.spec
            for s in book.stages
            if s.spec.kind == base.ACTIVATION and s.spec.name not in ROW_ACTIVATIONS and not book.rule
        }

    def of(self, g: Group) -> list[Law]:
        """The statements to be made at this group."""
        spec = self.through.get(g.name)
        if spec is not None and g.part == "backward" and spec.name not in self.told:
            self.told.add(spec.name)
            return self.derivative(spec)
        if g.name == "L":
            return self.loss()
        return []

    def derivative(self, spec: base.LayerSpec) -> list[Law]:
        """An activation's derivative by z alone and by what came out, where the table has both."""
        act = activations.get(spec.name)
        if act.d_textbook is None:
            return []
        z, a = Symbol("z", 0.5), Symbol("a", 0.5)
        safe, textbook = act.df(z, a, spec.p), act.d_textbook(z, a, spec.p)
        # a safe form that only holds z within bounds teaches nothing
        plain = not same(safe, textbook) and not guarded(safe)
        forms = (safe, textbook) if plain else (textbook,)
        return [Law("dsigma" if spec.name == "sigmoid" else "df", forms)]

    def loss(self) -> list[Law]:
        """The loss of one output of one row and its derivative: where a 2 or a ½ comes from."""
        if self.book.rule:
            return [Law(symbol, (e,)) for symbol, e in zip(("l", "dz"), rule.laws(), strict=True)]
        row, p = self.book.plain_loss, outputs.symbol_of_p(self.book)
        y, q = Symbol("y", 0.5), Symbol("yhat", 0.25)
        laws = [
            Law("l", ((row.textbook or row.f)(y, q, p),)),
            Law("dl", ((row.d_textbook or row.df)(y, q, p),)),
        ]
        if row.d_p is not None:
            laws.append(Law("dlogvar", (unguarded(row.d_p(y, q, p)),)))
        linked = losses.get(self.book.description.loss).d_linked
        return laws if linked is None else [*laws, Law("dz", (linked(y, q),))]
