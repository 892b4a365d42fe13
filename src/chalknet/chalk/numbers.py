"""How numbers are printed, and with how many digits an equation's operands must be printed for it to be true."""

from __future__ import annotations

import math
from typing import Any

from chalknet.chalk.expr import Expr, Symbol, evaluate, symbols_of

LARGE = 1e15  # from here on a power of ten is easier to read


def shown(v: float, decimals: int) -> str:
    """A number with so many decimals, zeros at the end left out; where that would leave nothing of it, so many digits.

    >>> shown(0.5, 4), shown(9213.25, 4), shown(0.00012345, 4), shown(-0.0, 4)
    ('0.5', '9213.25', '1.235e-04', '0')
    """
    v = float(v)
    if not math.isfinite(v):
        return "nan" if math.isnan(v) else ("inf" if v > 0 else "-inf")
    if v != 0 and (abs(v) < 10.0 ** (2 - max(decimals, 2)) * 0.1 or abs(v) >= LARGE):
        exact = f"{v:.{decimals}f}" if abs(v) < LARGE else ""
        if exact and float(exact) == v:
            return trimmed(exact)
        return f"{v:.{max(decimals - 1, 0)}e}"
    return trimmed(f"{v:.{decimals}f}")


def trimmed(text: str) -> str:
    """The decimal number without zeros at its end.

    >>> trimmed("1.500"), trimmed("-0.000"), trimmed("20")
    ('1.5', '0', '20')
    """
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def half_unit(text: str) -> float:
    """Half a unit of the last digit of a printed number.

    >>> half_unit("0.125"), half_unit("3e-09")
    (0.0005, 5e-10)
    """
    mantissa, _, power = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 0.5 * 10.0 ** (int(power or 0) - decimals)


def tolerance(value: float, decimals: int) -> float:
    """How far a printed equation's left side may lie from the value: half a unit of the last place it is printed to."""
    text = shown(value, decimals)
    if "e" in text:
        return half_unit(text)
    return 0.5 * 10.0**-decimals


def digits_needed(e: Any, value: float, decimals: int) -> int | None:
    """With how many decimals the operands must be printed, so that the printed equation is true (None: all of them)."""
    if not isinstance(e, Expr) or not math.isfinite(value):
        return decimals
    wanted = shown(value, decimals)
    values = {name: float(s.value) for name, s in symbols_of(e).items() if isinstance(s, Symbol)}
    for more in range(decimals, 16):
        rounded = {name: float(shown(v, more)) for name, v in values.items()}
        if shown(evaluate(e, rounded), decimals) == wanted:
            return more
    return None
