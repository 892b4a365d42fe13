"""The table of losses. To add one: two functions and a row, in ``regression`` or ``classification``."""

from __future__ import annotations

from chalknet.maths.classification import CLASSIFICATION
from chalknet.maths.regression import REGRESSION
from chalknet.maths.table import Loss, find

__all__ = ["ALIASES", "LOSSES", "Loss", "get"]

LOSSES: dict[str, Loss] = {row.name: row for row in (*REGRESSION, *CLASSIFICATION)}
ALIASES = {
    "mse": "squared_error",
    "mae": "absolute_error",
    "pinball": "quantile",
    "log_loss": "binary_cross_entropy",
    "cross_entropy": "softmax_cross_entropy",
}


def get(name: str) -> Loss:
    """The loss called name, or by an alias of it.

    Raises:
        UnknownNameError: no such loss; the message lists them.

    Example:
        >>> row = get("mse")
        >>> row.f(1.0, 3.0, row.p), row.df(1.0, 3.0, row.p)
        (4.0, 4.0)
    """
    return find("loss", name, LOSSES, ALIASES)
