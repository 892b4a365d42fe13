"""The table of activations. To add one: two functions and a row, in ``piecewise`` or ``smooth``."""

from __future__ import annotations

from chalknet.maths.piecewise import PIECEWISE
from chalknet.maths.smooth import SMOOTH
from chalknet.maths.table import Activation, find

__all__ = ["ACTIVATIONS", "ALIASES", "Activation", "get"]

ACTIVATIONS: dict[str, Activation] = {row.name: row for row in (*PIECEWISE, *SMOOTH)}
ALIASES = {"logistic": "sigmoid"}  # scikit-learn's name


def get(name: str) -> Activation:
    """The activation called name, or by an alias of it.

    Raises:
        UnknownNameError: no such activation; the message lists them.

    Example:
        >>> row = get("leaky_relu")
        >>> row.p, row.f(-2.0, row.p).item()
        (0.01, -0.02)
    """
    return find("activation", name, ACTIVATIONS, ALIASES)
