"""Formulas over a whole row: softmax, log-softmax, and softmax with cross-entropy in one.

Arrays are (m, n): m rows of n outputs. The safe forms subtract the row's maximum, so no exponential overflows; logits
of ±inf give the limit. Derivatives of row activations are vector-Jacobian products: d is the gradient at the output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chalknet.maths.ops import where
from chalknet.maths.table import find

__all__ = [
    "ALIASES",
    "ROW_ACTIVATIONS",
    "RowActivation",
    "d_log_softmax",
    "d_softmax",
    "d_softmax_cross_entropy",
    "get",
    "log_softmax",
    "softmax",
    "softmax_cross_entropy",
]


class RowActivation(NamedTuple):
    """One activation of whole rows: a = f(z), dl/dz = vjp(a, dl/da), all (m, n)."""

    name: str
    f: Callable[..., Any]
    vjp: Callable[..., Any]
    layer: str
    source: str = ""
    textbook: Callable[..., Any] | None = None
    low: float = 0.0  # outputs lie in [low, high]
    high: float = 1.0


def shifted(z):
    """z − max z, row by row; 0 at the maximum even where that is infinite."""
    m = np.max(z, axis=1, keepdims=True)  # (m, 1)
    # inf − inf is replaced, and −inf is what an overflow should give
    with np.errstate(invalid="ignore", over="ignore"):
        return where(z == m, 0.0, z - m)


def softmax(z):
    """aⱼ = e^(zⱼ − max z) / Σₖ e^(zₖ − max z).

    Example:
        >>> softmax(np.array([[1000.0, 1000.0]]))
        array([[0.5, 0.5]])
    """
    e = np.exp(shifted(z))  # (m, n)
    return e / np.sum(e, axis=1, keepdims=True)


def d_softmax(a, d):
    """dl/dzⱼ = aⱼ (dⱼ − Σₖ aₖ dₖ)."""
    return a * (d - np.sum(a * d, axis=1, keepdims=True))


def log_softmax(z):
    """aⱼ = s − log Σₖ eˢₖ with s = zⱼ − max z.

    The maximum's own e⁰ is the 1 of log1p, so that small losses keep their digits.

    Example:
        >>> log_softmax(np.array([[0.0, -50.0]])).tolist()
        [[-1.9287498479639178e-22, -50.0]]
    """
    s = shifted(z)  # (m, n)
    e = np.exp(s)
    ties = np.sum(where(s == 0.0, e, 0.0), axis=1, keepdims=True)  # how often the maximum occurs, (m, 1)
    rest = np.sum(where(s == 0.0, 0.0, e), axis=1, keepdims=True)
    return s - np.log1p(rest + (ties - 1.0))


def d_log_softmax(a, d):
    """dl/dzⱼ = dⱼ − e^(aⱼ) Σₖ dₖ, where a is log-softmax's output."""
    return d - np.exp(a) * np.sum(d, axis=1, keepdims=True)


def softmax_cross_entropy(y, z):
    """l = −Σⱼ yⱼ log softmax(z)ⱼ, one number a row, from logits; never clipped.

    Args:
        y: (m, n) targets, one-hot or probabilities.
        z: (m, n) logits.

    Example:
        >>> softmax_cross_entropy(np.array([[0.0, 1.0]]), np.array([[0.0, 0.0]]))
        array([0.69314718])
    """
    a = log_softmax(z)
    return np.sum(-y * where(y == 0.0, np.maximum(a, 0.0), a), axis=1)  # 0 · −inf is 0 here; NaN stays


def d_softmax_cross_entropy(y, z):
    """dl/dz = (Σⱼ yⱼ) softmax(z) − y, which is ŷ − y for one-hot rows."""
    return np.sum(y, axis=1, keepdims=True) * softmax(z) - y


def textbook_softmax(z):
    """e^(zⱼ) / Σₖ e^(zₖ), as the lecture writes it."""
    return np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)


def textbook_log_softmax(z):
    """log(e^(zⱼ) / Σₖ e^(zₖ))."""
    return np.log(np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True))


def textbook_softmax_cross_entropy(y, z, p):
    """−Σⱼ yⱼ log(e^(zⱼ) / Σₖ e^(zₖ))."""
    return -np.sum(y * np.log(np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)), axis=1)


_BRIDLE = "Bridle 1990"

ROW_ACTIVATIONS: dict[str, RowActivation] = {
    "softmax": RowActivation("softmax", softmax, d_softmax, "Softmax", _BRIDLE, textbook_softmax),
    "log_softmax": RowActivation(
        "log_softmax",
        log_softmax,
        d_log_softmax,
        "LogSoftmax",
        _BRIDLE,
        textbook_log_softmax,
        -float("inf"),
        0.0,
    ),
}
ALIASES: dict[str, str] = {}


def get(name: str) -> RowActivation:
    """The row activation called name.

    Raises:
        UnknownNameError: no such row activation; the message lists them.

    Example:
        >>> get("softmax").layer
        'Softmax'
    """
    return find("row activation", name, ROW_ACTIVATIONS, ALIASES)
