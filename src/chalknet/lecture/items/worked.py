"""Worked lines for an item: a choice from a trace, or one formula of ``maths`` at given numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chalknet.chalk import names
from chalknet.chalk.expr import Expr, Symbol, evaluate
from chalknet.chalk.numbers import shown, written
from chalknet.chalk.numerals import text_number
from chalknet.chalk.trace import Step, Trace


def chosen(trace: Trace, *groups: str) -> Iterator[Step]:
    """The steps under these names (``"z1"``, ``"dL/dW2"``), in the order of the names.

    A name with a place (``"z1[0]"``) is that step alone.
    """
    for group in groups:
        found = [s for s in trace.steps if group in (s.symbol, s.symbol.partition("[")[0])]
        if not found:
            raise KeyError(f"the trace has no step {group!r}")
        yield from found


def formula(symbol: str, row: Any, *arguments: Symbol | float, decimals: int = 4) -> Step:
    """A row of `maths` (an activation, a loss) at given numbers as a worked line, in the textbook's form if that holds.

    >>> from chalknet.maths.losses import LOSSES
    >>> line = formula("l", LOSSES["squared_error"], Symbol("y", 1.0), Symbol("z2", 3.0))
    >>> line.symbolic, line.arithmetic, line.value
    ('(z⁽²⁾ − y)²', '(3 - 1)**2', 4.0)
    """
    forms = [f(*arguments, row.p) for f in (row.textbook, row.f) if f is not None]
    value = float(evaluate(forms[-1]) if isinstance(forms[-1], Expr) else forms[-1])
    w = written(forms, value, decimals)
    return Step(symbol, "", "", w.value, w.expr, w.decimals, "", true=w.true)


def number(value: float, decimals: int = 4) -> str:
    """A number as worked lines print it.

    >>> number(-0.25), number(196.561213)
    ('−0.25', '196.5612')
    """
    return text_number(shown(float(value), decimals))


def vector(values: Iterable[float], decimals: int = 4) -> str:
    """Numbers as a row.

    >>> vector([120.5, -62.5])
    '[120.5, −62.5]'
    """
    return f"[{', '.join(number(v, decimals) for v in values)}]"


def symbol(name: str) -> str:
    """A symbol as people read it.

    >>> symbol("dL/dW2")
    '∂L/∂W⁽²⁾'
    """
    return names.text(name)
