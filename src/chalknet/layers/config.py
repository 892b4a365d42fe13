"""What activations, losses, optimizers and schedules have in common: a few named, checked parameters."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple, TypeVar

from chalknet.exceptions import ParameterError


class Range(NamedTuple):
    """Which numbers a parameter may be."""

    low: float = -math.inf
    high: float = math.inf
    with_low: bool = False
    with_high: bool = False

    def __str__(self) -> str:
        if self.high == math.inf:
            edge = "at least" if self.with_low else "above"
            return "finite" if self.low == -math.inf else f"finite and {edge} {self.low:g}"
        return (
            f"in {'[' if self.with_low else '('}{self.low:g}, {self.high:g}{']' if self.with_high else ')'}"
        )

    def holds(self, x: Any) -> bool:
        """True when x lies in the range."""
        return (self.low < x or (self.with_low and self.low == x)) and (
            x < self.high or (self.with_high and x == self.high)
        )


ABOVE_ZERO = Range(0.0)
FROM_ZERO = Range(0.0, with_low=True)
FRACTION = Range(0.0, 1.0, with_low=True, with_high=True)
BELOW_ONE = Range(0.0, 1.0, with_low=True)
# A parameter that is not named here may be any finite number; shape parameters have their range in their row.
RANGES: dict[str, Range] = {
    "learning_rate": ABOVE_ZERO,
    "epsilon": ABOVE_ZERO,
    "factor": ABOVE_ZERO,
    "weight_decay": FROM_ZERO,
    "power": FROM_ZERO,
    "every": Range(1.0, with_low=True),
    "momentum": FRACTION,
    "warmup": FRACTION,
    "floor": FRACTION,
    "up": FRACTION,
    "start": FRACTION,
    "end": FRACTION,
    "beta_1": BELOW_ONE,
    "beta_2": BELOW_ONE,
    "rho": BELOW_ONE,
}


def number(owner: str, name: str, value: Any, allowed: Range | None = None) -> float:
    """Return ``value`` as a float, or raise :class:`ParameterError` where it is none or lies out of range."""
    allowed = allowed or RANGES.get(name, Range())
    if (
        isinstance(value, Real)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and allowed.holds(value)
    ):
        return float(value)
    raise ParameterError(f"{owner}: {name} must be a number {allowed}, but was given {value!r}.")


def whole(owner: str, name: str, value: Any, least: int = 1) -> int:
    """Return ``value`` as an int, or raise :class:`ParameterError` where it is no whole number from ``least``."""
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least:
        return int(value)
    raise ParameterError(
        f"{owner}: {name} must be a whole number of at least {least}, but was given {value!r}."
    )


class Configured:
    """An object which is fully described by its class and a few named parameters.

    A subclass states ``name`` (the row of its table) and ``defaults``; from these follow the constructor's
    signature (positional or by keyword), the checks, ``repr``, equality by value, pickling and
    :meth:`to_config`. A parameter may be changed later, and is checked then too.
    """

    name: ClassVar[str] = ""
    defaults: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        parameters = [inspect.Parameter(n, kind, default=d) for n, d in cls.defaults.items()]
        cls.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args or not kwargs.keys() <= self.defaults.keys():
            signature: inspect.Signature = type(self).__signature__  # type: ignore[attr-defined]
            try:
                kwargs = signature.bind(*args, **kwargs).arguments
            except TypeError as error:
                takes = ", ".join(self.defaults) or "no parameters"
                raise TypeError(f"{type(self).__name__} takes {takes}: {error}.") from None
        for name, value in {**self.defaults, **kwargs}.items():
            setattr(self, name, value)

    def _check(self, name: str, value: Any) -> Any:
        """Return the value to keep for a parameter; numbers unless a subclass knows better."""
        return number(type(self).__name__, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, self._check(name, value) if name in self.defaults else value)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters by name, in the constructor's order."""
        return {name: getattr(self, name) for name in self.defaults}

    def to_config(self) -> dict[str, Any]:
        """Return ``{"name": ..., parameter: value, ...}``, plain enough for JSON."""
        values = self.parameters().items()
        return {"name": self.name} | {n: v.to_config() if isinstance(v, Configured) else v for n, v in values}

    def __repr__(self) -> str:
        shown = []
        for name, value in self.parameters().items():
            if value != self._check(name, self.defaults[name]):
                shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Configured) or type(self) is not type(other):
            return NotImplemented
        return self.parameters() == other.parameters()

    def __hash__(self) -> int:
        return hash(type(self))  # parameters may change, the class does not


T = TypeVar("T")


def build(config: Mapping[str, Any], find: Callable[[str], Callable[..., T]], what: str) -> T:
    """Make the object that ``to_config`` described; ``find`` turns the config's name into a class.

    Raises :class:`ParameterError` for a config without a name or with parameters the class does not take.
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("name"), str):
        raise ParameterError(f'A {what} is described by a dict with a "name", but was given {config!r}.')
    make = find(config["name"])
    try:
        return make(**{str(k): v for k, v in config.items() if k != "name"})
    except TypeError as error:
        raise ParameterError(
            f"The description of the {what} {config['name']!r} does not fit: {error}"
        ) from None


def describe(sentence: Callable[..., Any], *more: str, source: str = "") -> str:
    """Return the docstring of a class made from a table's row: its formula's docstring up to the example, and more."""
    paragraphs = [p for p in (inspect.getdoc(sentence) or "").split("\n\n") if ">>>" not in p]
    paragraphs += [*more, f"Source: {source}." if source else ""]
    return "\n\n".join(p.strip() for p in paragraphs if p.strip())
