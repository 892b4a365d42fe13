"""Expressions cut into pieces that may begin a line: an equation is broken only before =, + or −.

The breaking printers are the printers of `printers` with a mark before each sign of a sum that is not shut in by a
fraction, a function or a power. Long sums are cut: their first and last terms are printed, ⋯ stands for the others.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from typing import Any

from chalknet.chalk import names
from chalknet.chalk.expr import Expr, evaluate, parts, rebuilt
from chalknet.chalk.numerals import digits, exact, latex_number, text_number
from chalknet.chalk.printers import SUM, Latex, Printer, Text, addends
from chalknet.chalk.trace import Step
from chalknet.chalk.writers import mathml
from chalknet.chalk.writers.elide import kept, left_out

BREAK = "\x1e"  # stands in the text where a line may begin
TERMS = 12  # of a sum, before the rest is left out
DIGITS = 8  # of a constant beside symbols
LONG = 66  # width from which a fraction is written on one line, so that it can be broken
FUNCTIONS = ("log", "tanh", "sin", "cos", "erf", "maximum", "minimum")
OPEN = ("add", "subtract", "multiply", "entrywise", "matmul", "negative")


class Breaking(Printer):
    """What the breaking printers share; `missing` counts the terms left out of sums."""

    short: int | None = TERMS
    missing = 0
    breaks = True  # whether the brackets of functions and powers may be broken at all
    loose = False  # whether they are
    more = "…"  # digits left out

    def terms(self, e: Expr) -> list[Any]:
        """At most so many terms."""
        every = addends(e)
        places = kept(len(every), self.short)
        self.missing = max(self.missing, left_out(len(every), places))
        return [None if p is None else every[p] for p in places]

    def constant(self, text: str) -> str:
        """A formula's constant; beside symbols five digits of a long one will do."""
        if self.decide or len(text) <= DIGITS or "e" in text:
            return super().constant(text)
        return super().constant(f"{float(text):.5g}") + self.more

    def operation(self, e: Expr) -> tuple[str, int]:
        """No line begins inside a fraction, nor inside a function as long as there is another way."""
        text, level = super().operation(e)
        stays = (
            e.op in OPEN or (e.op == "divide" and not self.fraction(e)) or (self.loose and e.op in FUNCTIONS)
        )
        return (text if stays else closed(text)), level

    def power(self, base: Any, exponent: Any) -> tuple[str, int]:
        """Nor inside a power's base."""
        text, level = super().power(base, exponent)
        return (text if self.loose and not isinstance(exponent, Expr) else closed(text)), level

    def fraction(self, e: Expr) -> bool:
        """Wide fractions become a / b."""
        return super().fraction(e) and all(self.width(closed(self(a))) <= LONG for a in e.args)

    def pieces(self, e: Any) -> list[str]:
        """The expression in pieces."""
        out = self(e).split(BREAK)
        if self.breaks and not self.loose and max(map(self.width, out)) > LONG:
            self.loose = True
            out = self(e).split(BREAK)
        return out

    @staticmethod
    def width(text: str) -> int:
        """How wide it will look, in characters."""
        return text_width(text)


class BreakingText(Breaking, Text):
    """Unicode."""

    table = {**Text.table, "add": "{}" + BREAK + "+ {}", "subtract": "{}" + BREAK + "− {}"}


class BreakingLatex(Breaking, Latex):
    """LaTeX; brackets that a line may begin in do not grow."""

    more = "\\ldots{}"
    table = {**Latex.table, "add": "{}" + BREAK + "+ {}", "subtract": "{}" + BREAK + "- {}"}

    def bracketed(self, text: str) -> str:
        """Brackets."""
        return f"\\bigl({text}\\bigr)" if BREAK in text else super().bracketed(text)

    @staticmethod
    def width(text: str) -> int:
        """How wide it will look, in characters."""
        return latex_width(text)


class BreakingMathML(Breaking, mathml.MathML):
    """MathML."""

    more = "<mo>…</mo>"
    breaks = False
    table = {
        **mathml.MathML.table,
        # at the beginning of a formula a sign would be set as one of a number
        "add": "{}" + BREAK + '<mo form="infix">+</mo>{}', "subtract": "{}" + BREAK + '<mo form="infix">−</mo>{}',
    }  # fmt: skip

    @staticmethod
    def width(text: str) -> int:
        """How wide it will look, in characters."""
        return text_width(re.sub(r"<[^>]*>", "", text))


def closed(text: str) -> str:
    """The text with no place for a break."""
    return text.replace(BREAK, " ")


def text_width(text: str) -> int:
    """Characters of a terminal that a text takes.

    >>> text_width("h̃⁽¹⁾₂")
    5
    """
    return sum(not unicodedata.combining(c) for c in text)


def latex_width(text: str) -> int:
    r"""About how many characters wide LaTeX will look; scripts count half, fractions their wider part.

    >>> latex_width("z^{(1)}_{3} + 27"), latex_width(r"\frac{\partial L}{\partial w^{(1)}_{1,3}}")
    (9, 6)
    """
    text = re.sub(r"\\(left|right|bigl|bigr|operatorname|text)(?![a-z])", "", text).replace("\\frac", "\0")
    text = re.sub(r"\\(log|tanh|sin|cos|max|min)", r"\1", text)
    text = re.sub(r"\\[a-zA-Z]+ ?", "x", text)
    before = ""
    while before != text:  # from the inside outwards
        before = text
        text = re.sub(r"[\^_]\{([^{}]*)\}", lambda m: "s" * ((len(m[1]) + 1) // 2), text)
        text = re.sub(r"\0\{([^{}]*)\}\{([^{}]*)\}", lambda m: max(m[1], m[2], key=len), text)
    return len(re.sub(r"[\\{}]", "", text))


class Equation:
    """One step in pieces for one writer: its left side, then sides that each follow an equals sign."""

    def __init__(self, left: str, sides: list[list[str]], missing: int) -> None:
        self.left, self.sides, self.missing = left, sides, missing


FORMATS: dict[str, tuple[type[Breaking], Any, Any]] = {
    "text": (BreakingText, names.text, text_number),
    "latex": (BreakingLatex, names.latex, latex_number),
    "mathml": (BreakingMathML, mathml.symbol, mathml.number),
}


def symbolic(kind: str, e: Any, *, short: bool = True) -> tuple[list[str], int]:
    """(pieces of an expression in symbols, how many terms were left out)."""
    printer, name, _ = FORMATS[kind]
    p = printer(digits(None), lambda s: name(s.name))
    p.short = TERMS if short else None
    pieces = p.pieces(e)
    return pieces, p.missing


def numeric(kind: str, e: Any, decimals: int | None, *, short: bool = True) -> list[str]:
    """Pieces of an expression in numbers."""
    printer, _, number = FORMATS[kind]
    shown = digits(decimals)
    p = printer(lambda v: number(shown(v)))
    p.short = TERMS if short else None
    return p.pieces(e)


def value_of(kind: str, value: float, decimals: int | None) -> str:
    """A number as printed."""
    return FORMATS[kind][2](exact(value) if decimals is None else digits(decimals)(value))


def equation(kind: str, step: Step, precision: int, *, short: bool = True) -> Equation:
    """A step that is one number: symbol = in symbols = in numbers = value."""
    sides: list[list[str]] = []
    missing = 0
    result = [value_of(kind, step.value, precision)]
    if step.expr is not None:
        pieces, missing = symbolic(kind, step.expr, short=short)
        if max(map(FORMATS[kind][0].width, pieces)) > LONG:  # of its cases the one that holds
            pieces, missing = symbolic(kind, decided(step.expr), short=short)
        sides.append(pieces)
        if step.true:
            sides.append(numeric(kind, step.expr, step.decimals, short=short))
    different = [side for side, _ in groupby([*sides, result])]  # 1 = 1 is said once
    return Equation(FORMATS[kind][1](step.symbol), different, missing)


def decided(e: Any) -> Any:
    """The expression with only the branch that the present values choose of each condition."""
    done: dict[int, Any] = {}
    for part in parts(e, done):
        new = rebuilt(part, done)
        chosen = part.op == "where"
        done[id(part)] = new.args[1 if evaluate(part.args[0]) else 2] if chosen else new
    return done[id(e)] if isinstance(e, Expr) else e


def inside(kind: str, e: Any, decimals: int | None) -> str:
    """A number in front of a matrix, in brackets where it is a sum or negative."""
    printer, _, number = FORMATS[kind]
    shown = digits(decimals)
    p = printer(lambda v: number(shown(v)))
    text, level = p.show(e)
    return closed(p.bracketed(text) if level <= SUM or text.startswith(p.minus) else text)
