"""`explain`: every number of one or several updates as worked arithmetic, and the `Trace` that holds them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.chapters import write
from chalknet.chalk.groups import Group, Index
from chalknet.chalk.ledger import Ledger
from chalknet.chalk.numbers import SAFE, written
from chalknet.chalk.numerals import digits, latex_number, text_number
from chalknet.chalk.printers import Latex, NumPy, Printer, Python, Text
from chalknet.chalk.remarks import remarks
from chalknet.chalk.writers.display import Display

STYLES = ("node", "matrix")


@dataclass(frozen=True)
class Step:
    """One printed equation: a number (node style) or a whole array (matrix style).

    `expr` is the expression behind it (None for what is given or drawn), `decimals` how many its operands need, `true`
    whether its arithmetic gives the value (it cannot where something overflows).
    """

    symbol: str
    title: str
    part: str
    value: Any
    expr: Any
    decimals: int | None
    source: str
    note: str = ""
    code: str | None = None
    true: bool = True

    @property
    def shape(self) -> list[int]:
        """The value's shape, [] for a number."""
        return list(np.shape(self.value))

    @property
    def formula(self) -> str:
        """The equation in symbols, LaTeX."""
        left = names.latex(self.symbol)
        return (
            left
            if self.expr is None
            else f"{left} = {Latex(digits(None), lambda s: names.latex(s.name))(self.expr)}"
        )

    @property
    def symbolic(self) -> str:
        """The right side in symbols, Unicode."""
        return "" if self.expr is None else Text(digits(None), lambda s: names.text(s.name))(self.expr)

    def worked(self, printer: type[Printer]) -> str | None:
        """The right side with numbers for symbols; None where there is none: a matrix, something given, an overflow."""
        if self.expr is None or not self.true:
            return None
        number = digits(self.decimals)
        if printer is Text:
            return printer(lambda v: text_number(number(v)))(self.expr)
        if printer is Latex:
            return printer(lambda v: latex_number(number(v)))(self.expr)
        return printer(number)(self.expr)

    @property
    def arithmetic(self) -> str | None:
        """The right side as a plain Python expression."""
        return self.worked(Python)


class Trace(Display):
    """All steps of an explanation, in the calculation's order; see `explain`.

    Attributes:
        steps: in node style one a number, in matrix style one an array.
        style, precision: as asked for.
        remarks: what a teacher would say to this calculation, a sentence each.
    """

    def __init__(self, book: Ledger, *, style: str, precision: int, code: bool, jacobian: bool) -> None:
        self.book, self.style, self.precision, self.with_code = book, style, precision, code
        self._builder = write(book, jacobian=jacobian)

    @property
    def groups(self) -> list[Group]:
        """The calculation array by array."""
        return self._builder.groups

    @property
    def given(self) -> list[Group]:
        """Inputs, targets and the parameters before."""
        return self._builder.given

    @cached_property
    def remarks(self) -> list[str]:
        """What a teacher would say: a dead unit, a step that overshoots, …; a sentence each, the gravest first."""
        return remarks(self)

    @cached_property
    def steps(self) -> list[Step]:
        """Every step of the trace's style."""
        return list(self.matrix_steps() if self.style == "matrix" else self.node_steps())

    def given_steps(self) -> Iterator[Step]:
        """What is given as steps without a right side, so that every symbol has one."""
        for g in self.given:
            entries = g.indices() if self.style == "node" else [None]
            for index in entries:
                symbol, value = (
                    (g.name, g.value) if index is None else (g.symbol(index), float(g.value[index]))
                )
                yield Step(symbol, f"given: {g.title}", g.part, value, None, self.precision, g.source)

    def matrix_steps(self) -> Iterator[Step]:
        """One step an array."""
        for g in self.groups:
            value = g.value if g.value.ndim else float(g.value)
            more = (g.whole, self.precision, g.source, g.note, self.code_of(g), False)
            yield Step(g.name, g.title, g.part, value, *more)

    def node_steps(self) -> Iterator[Step]:
        """One step a number."""
        for g in self.groups:
            code, note = self.code_of(g), g.note
            for index in g.indices():
                yield self.step(g, index, code, note)
                code, note = None, ""  # both speak of the whole array: once is enough

    def step(self, g: Group, index: Index, code: str | None = None, note: str = "") -> Step:
        """The step of one entry, written in the first of its forms that is true at the printed precision."""
        value = float(g.value[index]) + 0.0  # no -0
        w = written((form(index) for form in g.forms), value, self.precision)
        if w.form > 0:
            note = f"{note}; {SAFE}" if note else SAFE
        return Step(
            g.symbol(index), g.title, g.part, w.value, w.expr, w.decimals, g.source, note, code, w.true
        )

    def code_of(self, g: Group) -> str | None:
        """The line of NumPy that computes a group, on request."""
        return self.numpy_line(g) if self.with_code and g.whole is not None else None

    def numpy_line(self, g: Group) -> str:
        """The line of NumPy that computes a group from its expression over matrices."""
        line = NumPy(digits(None), lambda s: names.variable(s.name))(g.whole)
        return f"{names.variable(g.name)} = {line}"

    def to_dict(self) -> dict[str, Any]:
        """The trace as plain JSON: what is not finite becomes null, matrices nested lists; nothing is elided."""
        return {
            "style": self.style,
            "precision": self.precision,
            "given": {g.name: plain(g.value) for g in self.given},
            "constants": {name: plain(value) for name, value in self.constants.items()},
            "steps": [
                {
                    "id": f"{n}",
                    "title": s.title,
                    "symbol": s.symbol,
                    "formula": s.formula,
                    "arithmetic": s.arithmetic,
                    "value": plain(s.value),
                    "shape": s.shape,
                    "source": s.source,
                    "part": s.part,
                    "note": s.note,
                    **({"code": s.code} if self.with_code else {}),
                }
                for n, s in enumerate([*self.given_steps(), *self.steps])
            ],
        }

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def value(self, symbol: str) -> float:
        """The number behind a symbol such as "W1'[0,2]" or "L". Raises KeyError or IndexError for others."""
        return self._builder.value(symbol)

    def array(self, name: str) -> np.ndarray:
        """The whole array under a name such as "W1'" or "dL/dz2"; with its row axis also where there is one row."""
        return self._builder.values[name]


def plain(value: Any) -> Any:
    """Nested lists of numbers, None for what is not finite."""
    if np.ndim(value):
        array = np.asarray(value, float)
        return array.tolist() if np.isfinite(array).all() else [plain(v) for v in array]
    return float(value) if math.isfinite(value) else None
