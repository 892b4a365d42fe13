"""Names of the numbers: as symbols that programs use (counted from 0), and as people read them (counted from 1).

A symbol is a letter, the number of its layer of weights (from 1), a prime for each update already made, and the place
in brackets (from 0): `W1[0,2]`, `z2'[1]`, `dL/db1[2]`. With several samples their row comes first: `z1[1,2]`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PATTERN = re.compile(
    r"(?P<d>dL/d)?(?P<slot>[a-z](?=(?:[Wb]|(?:gain)+|(?:shift)+)\d))?(?P<letter>[A-Za-z]+?)(?P<layer>\d*)(?P<primes>'*)(?:\[(?P<index>[\d,]+)\])?"
)
# A symbol inside a sentence: with a place, or a whole gradient.
SYMBOL = re.compile(
    r"\b(?:dL/d)?(?:[xyslq]|(?:[A-Za-z]{1,2}|var|gain|shift)\d+)'*\[\d+(?:,\d+)*\]|\bdL/d(?:x|(?:[A-Za-z]{1,2}|gain|shift)\d+)\b'*"
)
SUPER = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SUB = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
GREEK = {
    "lr": ("\\alpha", "α"),
    "lrt": ("\\alpha_t", "αₜ"),
    **{f"lrt{c}": (f"\\alpha_{{t,{c}}}", f"αₜ,{c}") for c in "abc"},  # NAdam has two rates
    "l": ("\\ell", "ℓ"),
    "mask": ("k", "k"),
    "clip": ("c", "c"),
    "V": ("V", "V"),  # weights after the optimizer's step, before they are held to a length by
    "lim": ("\\kappa", "κ"),
    # of a normalisation: moments, what they make of the numbers, scales and shifts, running moments
    "mu": ("\\mu", "μ"),
    "var": ("v", "v"),
    "u": ("\\hat z", "ẑ"),
    "gain": ("\\gamma", "γ"),
    "shift": ("\\beta", "β"),
    "rm": ("\\bar \\mu", "μ̄"),
    "rv": ("\\bar v", "v̄"),
}
CONSTANTS = {
    "beta_1": ("\\beta_1", "β₁"), "beta_2": ("\\beta_2", "β₂"), "epsilon": ("\\varepsilon", "ε"),
    "momentum": ("\\mu", "μ"),
    "rho": ("\\rho", "ρ"), "weight_decay": ("\\lambda", "λ"), "t": ("t", "t"),
    # of general statements: prediction, logarithm of a variance, quantile, derivative of a loss, of an activation
    "logvar": ("s", "s"), "q": ("q", "q"),
    "dlogvar": ("\\frac{\\partial \\ell}{\\partial s}", "∂ℓ/∂s"),
    "yhat": ("\\hat y", "ŷ"), "dl": ("\\frac{\\partial \\ell}{\\partial \\hat y}", "∂ℓ/∂ŷ"),
    "dz": ("\\frac{\\partial \\ell}{\\partial z}", "∂ℓ/∂z"),
    "df": ("f'(z)", "f′(z)"), "dsigma": ("\\sigma'(z)", "σ′(z)"),
}  # fmt: skip
WIDE = {"aa": ("\\tilde a", "ã"), "hh": ("\\tilde h", "h̃")}


class Name(NamedTuple):
    """A symbol in its parts; `place` counts from 0."""

    d: bool
    slot: str
    letter: str
    layer: int | None
    primes: int
    place: tuple[int, ...]


def parse(symbol: str) -> Name:
    """Take a symbol apart. Raises ValueError for what is none.

    >>> parse("dL/dW1'[0,2]").place
    (0, 2)
    """
    found = PATTERN.fullmatch(symbol.replace(" ", ""))
    if found is None:
        raise ValueError(f"{symbol!r} is no symbol such as W1[0,2], z1[2] or dL/db1[0].")
    index = tuple(int(i) for i in found["index"].split(",")) if found["index"] else ()
    layer = int(found["layer"]) if found["layer"] else None
    return Name(bool(found["d"]), found["slot"] or "", found["letter"], layer, len(found["primes"]), index)


def name(base: str, index: tuple[int, ...] | None = None) -> str:
    """A symbol from its base (`z1`, `dL/dW2'`) and place.

    >>> name("W1", (0, 2))
    'W1[0,2]'
    """
    return base if not index else f"{base}[{','.join(map(str, index))}]"


def primed(base: str, primes: int) -> str:
    """The base with a prime for each update.

    >>> primed("dL/dz1", 2)
    "dL/dz1''"
    """
    return base + "'" * primes


def letters(n: Name) -> tuple[str, str]:
    r"""The letters of a symbol in LaTeX and Unicode: one weight is a small w.

    >>> letters(parse("W1[0,2]")), letters(parse("lr"))
    (('w', 'w'), ('\\alpha', 'α'))
    """
    if n.letter == "W" and n.place:
        return "w", "w"
    return GREEK.get(n.letter) or WIDE.get(n.letter) or (n.letter, n.letter)


def route(n: Name) -> list[tuple[str, str]]:
    """The chain of derivatives behind a gradient that was taken through softmax's Jacobian; empty for others.

    >>> route(parse("jz2[0,1]"))
    [('L', 'a2'), ('a2', 'z2')]
    """
    if n.letter[0] != "j" or n.layer is None:
        return []
    z, a = (primed(f"{letter}{n.layer}", n.primes) for letter in (n.letter[1:], "a"))
    return [("L", a), (a, z)]


def topped(symbol: str) -> bool:
    """Tell whether the printed symbol has a superscript or is a fraction, so that a power needs brackets.

    >>> topped("z1[0]"), topped("beta_2"), topped("x[0]")
    (True, False, False)
    """
    if symbol in CONSTANTS:
        return False
    n = parse(symbol)
    return n.d or n.layer is not None or n.primes > 0


def latex(symbol: str) -> str:
    r"""The symbol in LaTeX, counted from 1.

    >>> latex("dL/dW1[0,2]")
    '\\frac{\\partial L}{\\partial w^{(1)}_{1,3}}'
    """
    if symbol in CONSTANTS:
        return CONSTANTS[symbol][0]
    n = parse(symbol)
    if steps := route(n):
        chain = " \\cdot ".join(f"\\frac{{\\partial {latex(a)}}}{{\\partial {latex(b)}}}" for a, b in steps)
        return f"\\left({chain}\\right)_{{{','.join(str(i + 1) for i in n.place)}}}"
    letter = letters(n)[0]
    top = (f"({n.layer})" if n.layer is not None else "") + "\\prime" * n.primes
    text = letter + (f"^{{{top}}}" if top else "")
    text += f"_{{{','.join(str(i + 1) for i in n.place)}}}" if n.place else ""
    if n.slot:
        text = f"{n.slot}_{{{text}}}"
    return f"\\frac{{\\partial L}}{{\\partial {text}}}" if n.d else text


def text(symbol: str) -> str:
    """The symbol in Unicode, counted from 1.

    >>> text("z1[2]"), text("dL/dW1[0,2]")
    ('z⁽¹⁾₃', '∂L/∂w⁽¹⁾₁,₃')
    """
    if symbol in CONSTANTS:
        return CONSTANTS[symbol][1]
    n = parse(symbol)
    below = ",".join(str(i + 1) for i in n.place).translate(SUB)
    if steps := route(n):
        return f"({'·'.join(f'∂{text(a)}/∂{text(b)}' for a, b in steps)}){below}"
    out = letters(n)[1] + ("" if n.layer is None else f"⁽{str(n.layer).translate(SUPER)}⁾") + "′" * n.primes
    out += below
    if n.slot:
        out = f"{n.slot}({out})"
    return f"∂L/∂{out}" if n.d else out


def printed(sentence: str) -> str:
    """A sentence with its symbols as people read them.

    >>> printed("a2[3] is dead and dL/dz1 vanishes.")
    'a⁽²⁾₄ is dead and ∂L/∂z⁽¹⁾ vanishes.'
    """
    return SYMBOL.sub(lambda m: text(m[0]), sentence)


def variable(symbol: str) -> str:
    """The symbol as a Python variable of the whole array.

    >>> variable("dL/dW1'")
    'dL_dW1_1'
    """
    if symbol in CONSTANTS:
        return symbol
    n = parse(symbol)
    layer = "" if n.layer is None else str(n.layer)
    return ("dL_d" if n.d else "") + n.slot + n.letter + layer + (f"_{n.primes}" if n.primes else "")
