"""How one number is written: with so many decimals, and in Unicode or LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalknet.chalk import names
from chalknet.chalk.numbers import shown


def latex_number(text: str) -> str:
    r"""A printed number in LaTeX.

    >>> latex_number("1.5e-09")
    '1.5 \\cdot 10^{-9}'
    """
    mantissa, e, power = text.partition("e")
    return f"{mantissa} \\cdot 10^{{{int(power)}}}" if e else text.replace("inf", "\\infty")


def text_number(text: str) -> str:
    """A printed number for a terminal: a true minus, powers of ten written out.

    >>> text_number("-1.5e-09")
    '−1.5·10⁻⁹'
    """
    mantissa, e, power = text.partition("e")
    out = mantissa.replace("-", "−").replace("inf", "∞")
    return out + ("·10" + str(int(power)).replace("-", "⁻").translate(names.SUPER) if e else "")


def digits(decimals: int | None) -> Callable[[float], str]:
    """How a number is printed with so many decimals (None: all that it has)."""
    return (lambda v: repr(float(v))) if decimals is None else lambda v: shown(v, decimals)


def exact(v: Any) -> str:
    """A constant of a formula: 2, 0.5, 1e-08."""
    return repr(float(v)).removesuffix(".0")
