"""How numbers are printed, and with how many digits an equation's operands must be printed for it to be true."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from chalknet.chalk.expr import Expr, Symbol, parts, settle

SMALL, LARGE = 1e-4, 1e15  # outside of these a power of ten is easier to read
DIGITS = 15  # that a float has for certain
ROUNDING = 1e-13  # by which sums in another order may differ, relative to their largest term

SAFE = "printed in its safe form: the textbook's would not give this number in floating point"

# What the printed operations are in plain Python. Where NumPy would go on with inf or nan, these raise.
PLAIN: dict[str, Callable[..., float]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "negative": operator.neg, "power": operator.pow, "maximum": max, "minimum": min, "absolute": abs,
    "exp": math.exp, "log": math.log, "log1p": math.log1p, "expm1": math.expm1, "tanh": math.tanh,
    "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "erf": math.erf,
}  # fmt: skip


def shown(v: float, decimals: int) -> str:
    """A number with so many decimals, zeros at the end left out; where that would leave nothing of it, so many digits.

    >>> shown(0.5, 4), shown(9213.25, 4), shown(0.00012346, 4), shown(-0.0, 4)
    ('0.5', '9213.25', '0.0001235', '0')
    >>> shown(1e-8, 4), shown(123456789012.3456, 4)
    ('1e-08', '123456789012.346')
    """
    v = float(v)
    if not math.isfinite(v):
        return "nan" if math.isnan(v) else ("inf" if v > 0 else "-inf")
    places = places_of(v, decimals)
    if places is not None:
        return trimmed(f"{v:.{places}f}")
    mantissa, _, power = f"{v:.{max(decimals - 1, 0)}e}".partition("e")
    return f"{trimmed(mantissa)}e{power}"


def places_of(v: float, decimals: int) -> int | None:
    """How many decimals a finite number is printed with; None: as a power of ten."""
    size = math.floor(math.log10(abs(v))) if v else 0
    if abs(v) >= LARGE:
        return None
    if v == 0 or abs(v) >= 10.0 ** (2 - max(decimals, 2)) * 0.1:
        return min(decimals, max(DIGITS - 1 - size, 0))  # no more digits than a float has
    if float(f"{v:.{decimals}f}") == v:
        return decimals
    return max(decimals, 1) - 1 - size if abs(v) >= SMALL else None


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
    """How far a printed equation's left side may lie from the value: half a unit of the last place it is printed to.

    >>> tolerance(7.5, 4), tolerance(0.000012346, 4)
    (5e-05, 5e-09)
    """
    places = places_of(value, decimals)
    if places is not None:
        return 0.5 * 10.0**-places
    power = int(f"{value:.{max(decimals - 1, 0)}e}".partition("e")[2])
    return 0.5 * 10.0 ** (power - max(decimals - 1, 0))


class Written(NamedTuple):
    """How a number is written: the expression, the decimals of its operands (None: all), and which form it is.

    `true` tells whether the printed arithmetic gives the value; where it does not, there is none.
    """

    expr: Any
    decimals: int | None
    form: int
    true: bool
    value: float


def written(forms: Iterable[Any], value: float, decimals: int) -> Written:
    """The first of the forms whose printed arithmetic gives the value to so many decimals, and with which operands.

    Where terms cancel down to rounding, an engine's order of adding up gives other last digits than a reader's. There
    the value is that of the arithmetic, 0 where nothing but rounding is left.
    """
    kept = list(forms)
    for k, e in enumerate(kept):
        fits, needed = digits_needed(e, value, decimals)
        if fits:
            return Written(e, needed, k, true=True, value=value)
    for k, e in enumerate(kept):
        steps = printed_values(settle(e), None)
        noise = ROUNDING * max(map(abs, steps), default=0.0)
        if steps and abs(steps[-1] - value) <= noise:
            close = 0.0 if abs(steps[-1]) <= noise else steps[-1]
            fits, needed = digits_needed(e, close, decimals)
            if fits:
                return Written(e, needed, k, true=True, value=close)
    return Written(kept[0] if kept else None, decimals, 0, true=False, value=value)


def digits_needed(e: Any, value: float, decimals: int) -> tuple[bool, int | None]:
    """(whether the printed equation can be true, with how many decimals of its operands; None: all that they have)."""
    if not math.isfinite(value):
        return False, decimals
    decided, wanted, unit = settle(e), shown(value, decimals), tolerance(value, decimals)
    exact = printed_value(decided, None)
    if exact is None or abs(exact - value) > unit:
        return False, decimals
    for more in range(decimals, DIGITS + 1):
        got = printed_value(decided, more)
        if got is None or abs(got - value) > unit:
            continue
        # the second holds where the value lies halfway between two that could be printed
        if shown(got, decimals) == wanted or abs(got - value) <= 1e-6 * unit:
            return True, more
    return (True, None) if shown(exact, decimals) == wanted else (False, decimals)


def printed_value(e: Any, decimals: int | None) -> float | None:
    """What the printed arithmetic of a settled expression gives in plain Python; None where it fails or overflows."""
    steps = printed_values(e, decimals)
    return steps[-1] if steps else None


def printed_values(e: Any, decimals: int | None) -> list[float]:
    """Every intermediate result of that arithmetic, the final one last; none where it fails or overflows."""
    if not isinstance(e, Expr):
        return [float(e)]
    done: dict[int, float] = {}
    try:
        for part in parts(e, done):
            if isinstance(part, Symbol):
                v = float(part.value)
                done[id(part)] = v if decimals is None else float(shown(v, decimals))
            else:
                args = (done[id(a)] if isinstance(a, Expr) else a for a in part.args)
                done[id(part)] = PLAIN[part.op](*args)
            if not math.isfinite(done[id(part)]):
                return []
    except (ArithmeticError, ValueError):
        return []
    return list(done.values())
