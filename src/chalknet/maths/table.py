"""The rows' types, and the look-up by name that every table shares.

Formulas take positional arguments only, the shape parameter p included when it is unused. z is what a layer passes to
its activation, a what comes out, y the target, g a gradient, w a weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

from chalknet.exceptions import UnknownNameError

__all__ = ["INF", "REALS", "Activation", "Loss", "find"]

INF = float("inf")
REALS = (-INF, INF)

Row = TypeVar("Row")


class Activation(NamedTuple):
    """One activation: a = f(z, p), with its derivative and what readers of the formula need to know."""

    name: str
    f: Callable[..., Any]  # a = f(z, p), the safe form
    df: Callable[..., Any]  # da/dz = df(z, a, p)
    layer: str  # the layer's class name, as in cn.ReLU
    p: float = 0.0  # default of the one shape parameter
    p_name: str | None = None  # its name, or None: p is unused
    low: float = -INF  # outputs lie in [low, high], at the default p
    high: float = INF
    kinks: tuple[float, ...] | Callable[[float], tuple[float, ...]] = ()  # z where df jumps; may depend on p
    zero: bool = False  # f(0, p) = 0: units that are only padding stay 0
    source: str = ""  # who wrote the formula first, or the name it is known by
    textbook: Callable[..., Any] | None = None  # textbook(z, p), where f is another, safe form
    d_textbook: Callable[..., Any] | None = None  # the derivative as a textbook writes it, (z, a, p)
    p_range: tuple[float, float] = REALS  # p lies strictly between these two
    from_output: bool = (
        False  # d_textbook takes a alone and is right to an ulp of 1: what compiled kernels run
    )

    @property
    def slope(self) -> Callable[..., Any]:
        """The derivative that compiled kernels run: from the output where that saves an exponential, else df."""
        return self.d_textbook if self.from_output and self.d_textbook is not None else self.df

    def kinks_at(self, p: float | None = None) -> tuple[float, ...]:
        """The z at which df jumps, for shape parameter p (the row's default when None)."""
        return self.kinks(self.p if p is None else p) if callable(self.kinks) else self.kinks


class Loss(NamedTuple):
    """One loss: l = f(y, a, p) for one output of one row, with its derivative and how it is meant to be used."""

    name: str
    f: Callable[..., Any]  # l = f(y, a, p), the safe form
    df: Callable[..., Any]  # dl/da = df(y, a, p)
    layer: str  # the loss object's class name, as in cn.MSE
    p: float = 0.0
    p_name: str | None = None
    rows: bool = False  # True: the mean is over rows, outputs are summed; False: it is over all elements
    pair: str = "identity"  # the output activation it is meant for
    link: str = "identity"  # turns the last layer's output into what a user wants
    fused: tuple[str, str] | None = None  # (activation, loss): that loss on z is this one on activation(z)
    whole_row: bool = False  # f takes (m, n) and gives (m,)
    labels: bool = False  # targets are whole class numbers; the formula sees them one-hot
    kinks: Callable[[Any, Any], tuple[Any, ...]] | None = None  # kinks(y, p): the a where df jumps
    domain: tuple[float, float] = REALS  # a lies in this closed interval
    targets: tuple[float, float] = REALS  # y lies in this closed interval
    above: bool = False  # and not on its lower end
    source: str = ""
    textbook: Callable[..., Any] | None = None  # textbook(y, a, p), where f is another, safe form
    d_textbook: Callable[..., Any] | None = None  # the derivative as a textbook writes it, (y, a, p)
    p_range: tuple[float, float] = REALS
    d_linked: Callable[..., Any] | None = (
        None  # the same in terms of a = link(z), for targets that sum to 1: (y, a)
    )
    levels: bool = (
        False  # p may be several numbers, such as quantiles: each target has an output for each of them
    )
    d_p: Callable[..., Any] | None = (
        None  # dl/dp: then p is no constant but an output, the second half of a row's
    )

    @property
    def smooths(self) -> bool:
        """True where targets are shares from 0 to 1, so that labels can be smoothed."""
        return self.targets == (0.0, 1.0)


def find(kind: str, name: str, table: Mapping[str, Row], aliases: Mapping[str, str]) -> Row:
    """The row called name (or by an alias of it).

    Args:
        kind: what the table holds, for the message: "activation".
        name: the name asked for.
        table: rows by name.
        aliases: other names, to the table's own.

    Raises:
        UnknownNameError: the name is in neither; the message lists those that are.

    Example:
        >>> find("fruit", "pome", {"apple": 1, "plum": 2}, {"pome": "apple"})
        1
    """
    if isinstance(name, str) and aliases.get(name, name) in table:
        return table[aliases.get(name, name)]
    near = get_close_matches(str(name), [*table, *aliases], 1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    allowed = ", ".join(sorted([*table, *aliases]))
    raise UnknownNameError(f"unknown {kind} {name!r}{hint}: use one of {allowed}.")
