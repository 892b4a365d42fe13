"""Readers of expressions: LaTeX, Unicode text, plain Python arithmetic, NumPy code. One look-up table each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.expr import Expr, Symbol, evaluate
from chalknet.chalk.numerals import exact, latex_number, text_number

SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 6)  # how tightly an operation binds
LEVEL = {
    "add": SUM, "subtract": SUM, "multiply": PRODUCT, "divide": PRODUCT, "matmul": PRODUCT, "negative": SIGN,
    "power": POWER,
}  # fmt: skip
FUNCTIONS = ("exp", "log", "log1p", "expm1", "tanh", "sqrt", "sin", "cos")
COMPARE = {
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "not_equal": "!=",
}


class Printer:
    """Prints an expression; subclasses say how symbols, numbers and operations look.

    Args:
        number: how a float is printed.
        symbol: how a symbol is printed; None prints its number.
        decide: whether conditions are decided by the symbols' values (worked arithmetic) or printed.
    """

    table: dict[str, str] = {}
    minus: tuple[str, ...] = ("-", "−")  # how the text of a negative number begins
    scientific = "·10"  # what the text of a power of ten contains: it binds like the product that it is
    dots = "⋯"  # terms left out
    fractions = True  # a division is printed as a fraction, whose two sides need no brackets

    def __init__(self, number: Callable[[float], str], symbol: Callable[[Symbol], str] | None = None) -> None:
        self.number, self.symbol, self.decide = number, symbol, symbol is None

    def __call__(self, e: Any) -> str:
        """The expression as text."""
        return self.show(e)[0]

    def show(self, e: Any) -> tuple[str, int]:
        """The text, and how tightly its outermost operation binds."""
        if not isinstance(e, Expr):
            return self._signed(self.constant(exact(e)))
        if isinstance(e, Symbol):
            return (self.symbol(e), ATOM) if self.symbol else self._signed(self.number(float(e.value)))
        if e.op == "where" and self.decide:
            return self.show(e.args[1] if evaluate(e.args[0]) else e.args[2])
        if e.op == "xlogy" and "xlogy" not in self.table:
            x, y = e.args
            nothing = self.decide and evaluate(x) == 0
            return self.show(0.0 if nothing else Expr("multiply", x, Expr("log", y)))
        if e.op == "erfc" and "erfc" not in self.table:
            return self.show(Expr("subtract", 1.0, Expr("erf", *e.args)))
        if e.op in ("sign", "floor") and self.decide:
            return self._signed(self.number(float(evaluate(e))))
        if e.op == "multiply" and isinstance(e.args[0], Expr) and same(*e.args):
            return self.power(e.args[0], 2.0)
        if e.op == "multiply" and self._same_square(e):
            return self.show(Expr("multiply", e.args[0].args[0], Expr("multiply", e.args[1], e.args[1])))
        if e.op == "power":
            return self.power(*e.args)
        return self.operation(e)

    @staticmethod
    def _same_square(e: Expr) -> bool:
        """(c * r) * r with equal r: read as c * r²."""
        left, right = e.args
        return (
            isinstance(left, Expr) and left.op == "multiply" and isinstance(right, Expr)
            and isinstance(left.args[1], Expr) and same(left.args[1], right)
        )  # fmt: skip

    def constant(self, text: str) -> str:
        """A constant of the formula, all its digits."""
        return text

    def _signed(self, text: str) -> tuple[str, int]:
        level = SIGN if text.startswith(self.minus) else ATOM
        return text, PRODUCT if self.scientific in text else level

    def inside(self, e: Any, least: int) -> str:
        """The text, in brackets where it binds less tightly than `least`."""
        text, level = self.show(e)
        return text if level >= least else self.bracketed(text)

    def bracketed(self, text: str) -> str:
        """The text in brackets."""
        return f"({text})"

    def base(self, e: Any) -> str:
        """What a power is taken of; a symbol that has a superscript of its own stands in brackets."""
        text = self.inside(e, ATOM)
        topped = self.symbol and isinstance(e, Symbol) and names.topped(e.name)
        return self.bracketed(text) if topped else text

    def power(self, base: Any, exponent: Any) -> tuple[str, int]:
        """A power."""
        return self.table["power"].format(self.base(base), self.inside(exponent, ATOM)), POWER

    def positive(self, text: str) -> str:
        """The text, in brackets where it begins with a minus, as one writes it by hand: 3 + (-2)."""
        return self.bracketed(text) if text.startswith(self.minus) else text

    def fraction(self, e: Expr) -> bool:
        """Tell whether a division is printed as a fraction; not one of a fraction, which would be tiny."""
        above = e.args[0]
        return self.fractions and not (isinstance(above, Expr) and above.op == "divide")

    def terms(self, e: Expr) -> list[Any]:
        """The terms of a sum, from the left; None stands for those left out."""
        return addends(e)

    def operation(self, e: Expr) -> tuple[str, int]:
        """Every other operation, by its table."""
        level = LEVEL.get(e.op, ATOM)
        template = self.table[e.op]
        if e.op == "add":
            first, *rest = (self.dots if t is None else self.inside(t, SUM) for t in self.terms(e))
            return template.format("", "").join([first, *map(self.positive, rest)]), level
        if e.op == "subtract":
            right = self.positive(self.inside(e.args[1], PRODUCT))
            return template.format(self.inside(e.args[0], SUM), right), level
        if e.op == "divide" and self.fraction(e):
            return template.format(self(e.args[0]), self(e.args[1])), level
        if e.op in ("multiply", "divide", "matmul"):
            return self.product(e, template), level
        if e.op == "negative":
            return template.format(self.positive(self.inside(e.args[0], PRODUCT))), level
        if e.op == "norm":
            return self.table["norm"].format(", ".join(self(a) for a in e.args)), level
        if len(e.args) == 1 and template.endswith("{}"):  # a sum sign binds like a product
            return template.format(self.inside(e.args[0], PRODUCT)), PRODUCT
        return template.format(*(self(a) for a in e.args)), level

    def product(self, e: Expr, template: str) -> str:
        """A product or a quotient on one line; matrices multiplied entry by entry have a sign of their own."""
        left = self.inside(e.args[0], PRODUCT)
        right = self.inside(e.args[1], POWER if e.op == "divide" else PRODUCT)
        if e.op == "divide" and self.fractions:
            template = self.table["slash"]
        elif e.op == "multiply":
            if isinstance(e.args[1], Expr) and e.args[1].op == "divide" and not self.fraction(e.args[1]):
                right = self.bracketed(right)
            if all(is_array(a) for a in e.args):
                template = self.table["entrywise"]
        return template.format(self.positive(left), self.positive(right))


def addends(e: Any) -> list[Any]:
    """The terms of a sum, from the left: a + b + c is three."""
    out = []
    while isinstance(e, Expr) and e.op == "add":
        out.append(e.args[1])
        e = e.args[0]
    return [e, *reversed(out)]


def is_array(e: Any) -> bool:
    """Tell whether an expression stands for a matrix, not for one number."""
    if isinstance(e, Symbol):
        return np.ndim(e.value) > 0
    return isinstance(e, Expr) and e.op not in ("all", "norm") and any(is_array(a) for a in e.args)


def same(a: Any, b: Any) -> bool:
    """Tell whether two expressions say the same."""
    if isinstance(a, Symbol) or isinstance(b, Symbol) or not isinstance(a, Expr) or not isinstance(b, Expr):
        return a is b or (not isinstance(a, Expr) and not isinstance(b, Expr) and a == b)
    return (
        a.op == b.op
        and len(a.args) == len(b.args)
        and all(same(x, y) for x, y in zip(a.args, b.args, strict=True))
    )


class Python(Printer):
    """Plain Python arithmetic, which a reader can paste into an interpreter after `from math import *`."""

    fractions = False
    table = {
        "add": "{} + {}", "subtract": "{} - {}", "multiply": "{}*{}", "entrywise": "{}*{}", "divide": "{}/{}",
        "negative": "-{}", "power": "{}**{}", "maximum": "max({}, {})", "minimum": "min({}, {})", "absolute": "abs({})",
        **{f: f + "({})" for f in (*FUNCTIONS, "erf")},
    }  # fmt: skip


class NumPy(Printer):
    """NumPy code over whole arrays."""

    fractions = False

    def base(self, e: Any) -> str:
        """Variables need no brackets."""
        return self.inside(e, ATOM)

    table = {
        **{op: "{} " + sign + " {}" for op, sign in COMPARE.items()},
        "add": "{} + {}", "subtract": "{} - {}", "multiply": "{} * {}", "entrywise": "{} * {}",
        "divide": "{} / {}", "negative": "-{}", "power": "{}**{}", "matmul": "{} @ {}",
        "transpose": "{}.T", "where": "np.where({}, {}, {})",
        "total": "np.sum({}, axis=0, keepdims=True)", "across": "np.sum({}, axis=1, keepdims=True)",
        "all": "np.sum({})", "norm": "np.sqrt(sum(np.sum(g**2) for g in ({},)))",
        "top": "np.max({}, axis=1, keepdims=True)",
        "left": "np.hsplit({}, 2)[0]", "right": "np.hsplit({}, 2)[1]", "beside": "np.hstack([{}, {}])",
        "maximum": "np.maximum({}, {})", "minimum": "np.minimum({}, {})", "absolute": "np.abs({})",
        "erf": "scipy.special.erf({})", "erfc": "scipy.special.erfc({})", "xlogy": "scipy.special.xlogy({}, {})",
        **{f: f"np.{f}" + "({})" for f in (*FUNCTIONS, "sign", "floor")},
    }  # fmt: skip


class Text(Printer):
    """Unicode for terminals."""

    fractions = False
    table = {
        "greater": "{} > {}", "greater_equal": "{} ≥ {}", "less": "{} < {}", "less_equal": "{} ≤ {}",
        "equal": "{} = {}",
        "add": "{} + {}", "subtract": "{} − {}", "multiply": "{}·{}", "entrywise": "{} ⊙ {}", "divide": "{}/{}",
        "negative": "−{}", "power": "{}^{}", "matmul": "{} · {}", "transpose": "{}ᵀ",
        "where": "({1} if {0}, else {2})",
        "total": "Σ_rows {}", "across": "Σ_outputs {}", "all": "Σ {}", "top": "max_outputs {}",
        "norm": "‖{}‖",
        "left": "left({})", "right": "right({})", "beside": "[{} | {}]",
        "maximum": "max({}, {})", "minimum": "min({}, {})", "absolute": "|{}|", "sqrt": "√({})",
        "exp": "e^({})", "expm1": "(e^({}) − 1)", "log1p": "log(1 + {})",
        **{f: f + "({})" for f in ("log", "tanh", "sin", "cos", "erf", "erfc", "sign", "floor")},
    }  # fmt: skip

    def constant(self, text: str) -> str:
        """A true minus, powers of ten written out."""
        return text_number(text)

    def power(self, base: Any, exponent: Any) -> tuple[str, int]:
        """Squares as ²."""
        if exponent == 2.0 and not isinstance(exponent, Expr):
            return self.base(base) + "²", POWER
        return super().power(base, exponent)


class Latex(Printer):
    """LaTeX, for amsmath."""

    scientific = "\\cdot 10^"
    dots = "\\cdots"

    def constant(self, text: str) -> str:
        """Powers of ten are written out."""
        return latex_number(text)

    table = {
        "greater": "{} > {}", "greater_equal": "{} \\ge {}", "less": "{} < {}", "less_equal": "{} \\le {}",
        "equal": "{} = {}",
        "add": "{} + {}", "subtract": "{} - {}", "multiply": "{} \\cdot {}", "entrywise": "{} \\odot {}",
        "divide": "\\frac{{{}}}{{{}}}", "slash": "{} / {}", "negative": "-{}",
        "power": "{}^{{{}}}", "matmul": "{} \\cdot {}", "transpose": "{{{}}}^{{\\top}}",
        "where": "\\begin{{cases}} {1} & {0} \\\\ {2} & \\text{{otherwise}} \\end{{cases}}",
        "total": "\\sum_{{\\text{{rows}}}} {}", "across": "\\sum_{{\\text{{outputs}}}} {}", "all": "\\sum {}",
        "top": "\\max_{{\\text{{outputs}}}} {}", "norm": "\\left\\lVert {} \\right\\rVert",
        "left": "\\operatorname{{left}}({})", "right": "\\operatorname{{right}}({})",
        "beside": "\\left[{} \\mid {}\\right]",
        "maximum": "\\max({}, {})", "minimum": "\\min({}, {})", "absolute": "\\left|{}\\right|",
        "sqrt": "\\sqrt{{{}}}", "exp": "e^{{{}}}", "expm1": "\\left(e^{{{}}} - 1\\right)", "log1p": "\\log(1 + {})",
        "erf": "\\operatorname{{erf}}({})", "erfc": "\\operatorname{{erfc}}({})",
        "sign": "\\operatorname{{sign}}({})", "floor": "\\lfloor {} \\rfloor",
        **{f: f"\\{f}" + "({})" for f in ("log", "tanh", "sin", "cos")},
    }  # fmt: skip

    def bracketed(self, text: str) -> str:
        """Brackets that grow."""
        return f"\\left({text}\\right)"

    def power(self, base: Any, exponent: Any) -> tuple[str, int]:
        """The exponent needs no brackets."""
        return self.table["power"].format(self.base(base), self(exponent)), POWER
