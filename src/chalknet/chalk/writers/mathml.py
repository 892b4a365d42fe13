"""MathML, which browsers set without any script: names, numbers and expressions."""

from __future__ import annotations

from html import escape
from typing import Any

from chalknet.chalk import names
from chalknet.chalk.numerals import text_number
from chalknet.chalk.printers import POWER, Printer

MINUS = '<mo form="prefix">−</mo>'
OPEN, CLOSE = ('<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>')  # as high as a line


def number(text: str) -> str:
    """A printed number.

    >>> number("-1.5"), number("2e+09")
    ('<mo form="prefix">−</mo><mn>1.5</mn>', '<mn>2</mn><mo>·</mo><msup><mn>10</mn><mrow><mn>9</mn></mrow></msup>')
    """
    mantissa, e, power = text.partition("e")
    sign = MINUS if mantissa.startswith("-") else ""
    out = sign + f"<mn>{text_number(mantissa.removeprefix('-'))}</mn>"
    if not e:
        return out
    return f"{out}<mo>·</mo><msup><mn>10</mn><mrow>{number(str(int(power)))}</mrow></msup>"


def letter(text: str) -> str:
    """A name's letters: one is set in italics, ŷ with its hat above."""
    hats = {"ŷ": "y", "ã": "a", "h̃": "h"}
    if text in hats:
        mark = "^" if text == "ŷ" else "~"
        return f'<mover accent="true"><mi>{hats[text]}</mi><mo>{mark}</mo></mover>'
    base, mark, below = text.partition("ₜ")
    if mark:
        return f"<msub><mi>{base}</mi><mi>t{below}</mi></msub>"
    if len(text) > 1 and text[-1] in "₁₂":
        return f"<msub><mi>{text[:-1]}</mi><mn>{'₀₁₂'.index(text[-1])}</mn></msub>"
    return f"<mi>{escape(text)}</mi>"


def fraction(above: str, below: str) -> str:
    """One thing over another."""
    return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"


GENERAL = {
    "dl": fraction("<mo>∂</mo><mi>ℓ</mi>", f"<mo>∂</mo>{letter('ŷ')}"),
    "dz": fraction("<mo>∂</mo><mi>ℓ</mi>", "<mo>∂</mo><mi>z</mi>"),
    "df": "<mi>f</mi><mo>′</mo><mo>(</mo><mi>z</mi><mo>)</mo>",
    "dsigma": "<mi>σ</mi><mo>′</mo><mo>(</mo><mi>z</mi><mo>)</mo>",
}


def symbol(name: str) -> str:
    """A symbol in MathML, counted from 1.

    >>> symbol("W1[0,2]")
    '<msubsup><mi>w</mi><mrow><mn>1</mn><mo>,</mo><mn>3</mn></mrow><mrow><mo>(</mo><mn>1</mn><mo>)</mo></mrow></msubsup>'
    """
    if name in names.CONSTANTS:
        return GENERAL.get(name) or letter(names.text(name))
    n = names.parse(name)
    if route := names.route(n):
        chain = "<mo>·</mo>".join(
            fraction(f"<mo>∂</mo>{symbol(a)}", f"<mo>∂</mo>{symbol(b)}") if a != "L"
            else fraction("<mo>∂</mo><mi>L</mi>", f"<mo>∂</mo>{symbol(b)}")
            for a, b in route
        )  # fmt: skip
        return f"<msub><mrow><mo>(</mo>{chain}<mo>)</mo></mrow><mrow>{_place(n.place)}</mrow></msub>"
    body = _scripts(n)
    if n.slot:
        body = f"<mi>{n.slot}</mi><mo>(</mo>{body}<mo>)</mo>"
    return fraction("<mo>∂</mo><mi>L</mi>", f"<mo>∂</mo>{body}") if n.d else body


def _scripts(n: names.Name) -> str:
    body = letter(names.letters(n)[1])
    top = "" if n.layer is None else f"<mo>(</mo><mn>{n.layer}</mn><mo>)</mo>"
    top += "<mo>′</mo>" * n.primes
    if top and n.place:
        return f"<msubsup>{body}<mrow>{_place(n.place)}</mrow><mrow>{top}</mrow></msubsup>"
    if top:
        return f"<msup>{body}<mrow>{top}</mrow></msup>"
    return f"<msub>{body}<mrow>{_place(n.place)}</mrow></msub>" if n.place else body


def _place(place: tuple[int, ...]) -> str:
    return "<mo>,</mo>".join(f"<mn>{i + 1}</mn>" for i in place)


def function(name: str) -> str:
    """A function of one argument, by name."""
    return f"<mi>{name}</mi>{OPEN}{{}}{CLOSE}"


class MathML(Printer):
    """MathML for browsers. Sums and products are flat, so that an equation can be cut before its signs."""

    minus = (MINUS,)
    scientific = "<mn>10</mn>"
    dots = "<mo>⋯</mo>"
    table = {
        **{
            op: "{}<mo>" + sign + "</mo>{}"
            for op, sign in (
                ("greater", "&gt;"), ("greater_equal", "≥"), ("less", "&lt;"), ("less_equal", "≤"), ("equal", "="),
                ("not_equal", "≠"), ("add", "+"), ("subtract", "−"), ("multiply", "·"), ("entrywise", "⊙"),
                ("matmul", "·"), ("slash", "/"),
            )
        },
        "divide": fraction("{}", "{}"), "negative": MINUS + "{}",
        "power": "<msup><mrow>{}</mrow><mrow>{}</mrow></msup>",
        "transpose": "<msup><mrow>{}</mrow><mo>⊤</mo></msup>", "sqrt": "<msqrt>{}</msqrt>",
        "exp": "<msup><mi>e</mi><mrow>{}</mrow></msup>",
        "expm1": "<mo>(</mo><msup><mi>e</mi><mrow>{}</mrow></msup><mo>−</mo><mn>1</mn><mo>)</mo>",
        "log1p": f"<mi>log</mi>{OPEN}<mn>1</mn><mo>+</mo>{{}}{CLOSE}",
        "absolute": "<mo>|</mo>{}<mo>|</mo>", "norm": "<mo>‖</mo>{}<mo>‖</mo>",
        "floor": "<mo>⌊</mo>{}<mo>⌋</mo>",
        "maximum": f"<mi>max</mi>{OPEN}{{}}<mo>,</mo>{{}}{CLOSE}",
        "minimum": f"<mi>min</mi>{OPEN}{{}}<mo>,</mo>{{}}{CLOSE}",
        "where": "<mrow><mo>{{</mo><mtable><mtr><mtd><mrow>{1}</mrow></mtd><mtd><mtext>if\u00a0</mtext>{0}</mtd></mtr>"
                 "<mtr><mtd><mrow>{2}</mrow></mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow>",
        "total": "<munder><mo>∑</mo><mtext>rows</mtext></munder>{}",
        "across": "<munder><mo>∑</mo><mtext>outputs</mtext></munder>{}", "all": "<mo>∑</mo>{}",
        "top": "<munder><mi>max</mi><mtext>outputs</mtext></munder>{}",
        "left": f"<mi>left</mi>{OPEN}{{}}{CLOSE}", "right": f"<mi>right</mi>{OPEN}{{}}{CLOSE}",
        "beside": "<mo>[</mo>{}<mo>|</mo>{}<mo>]</mo>",
        **{f: function(f) for f in ("log", "tanh", "sin", "cos", "erf", "erfc", "sign")},
    }  # fmt: skip

    def constant(self, text: str) -> str:
        """A constant of the formula."""
        return number(text)

    def bracketed(self, text: str) -> str:
        """Brackets as high as what they hold, where that is no single line and will not be cut."""
        grows = "<mfrac" in text and "\x1e" not in text
        return f"<mrow><mo>(</mo>{text}<mo>)</mo></mrow>" if grows else f"{OPEN}{text}{CLOSE}"

    def power(self, base: Any, exponent: Any) -> tuple[str, int]:
        """The exponent needs no brackets."""
        return self.table["power"].format(self.base(base), self(exponent)), POWER
