"""The shapes of a matrix equation: 1×2 · 2×4 + 1×4 = 1×4."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.chalk.expr import Expr, Symbol


def size(value: Any) -> str:
    """The shape of a matrix, or its length.

    >>> size(np.zeros((1, 4)))
    '1×4'
    """
    return "×".join(map(str, np.shape(value)))


def shapes(e: Any, value: Any) -> str:
    """How the shapes of an expression's matrices make the result's; "" where all are alike or there are none.

    >>> x, W = Symbol("x", np.zeros((1, 2))), Symbol("W1", np.zeros((2, 4)))
    >>> shapes(Expr("matmul", x, W), np.zeros((1, 4)))
    '1×2 · 2×4 = 1×4'
    """
    text = _of(e)
    if text in ("", size(value)):
        return ""
    return f"{text} = {size(value)}"


def _of(e: Any) -> str:
    """The shapes as they meet; operations entry by entry on matrices of one shape leave that shape."""
    if isinstance(e, Symbol):
        return size(e.value)
    if not isinstance(e, Expr):
        return ""
    if e.op == "matmul":
        return " · ".join(map(_bracketed, e.args))
    if e.op == "transpose":
        inner = _bracketed(e.args[0])
        return f"{inner}ᵀ" if inner.startswith("(") else "×".join(reversed(inner.split("×")))
    if e.op == "total":
        return f"sum over the rows of {_bracketed(e.args[0])}"
    if e.op in ("left", "right"):
        return f"half of {_bracketed(e.args[0])}"
    if e.op == "beside":
        return " beside ".join(map(_bracketed, e.args))
    if e.op in ("across", "top", "all", "norm"):
        # softmax's own sum over a row: what it is divided into has the result's shape
        return ""
    texts = list(dict.fromkeys(filter(None, map(_of, e.args))))
    if e.op in ("add", "subtract") or len(texts) == 1:
        return " + ".join(texts)
    return " ⊙ ".join(dict.fromkeys(filter(None, map(_bracketed, e.args))))


def _bracketed(e: Any) -> str:
    text = _of(e)
    return f"({text})" if " + " in text and not text.endswith("ᵀ") else text
