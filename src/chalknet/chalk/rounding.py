"""What rounding can do to a loss and to its derivatives: sizes of the terms that were added up on the way.

A sum of terms t is right to about eps Σ|t|, however small the sum itself is. Going through the network with absolute
values, forwards for the loss and backwards for the derivatives, gives these Σ|t|; times eps they bound the error.

Source: J. H. Wilkinson, *Rounding Errors in Algebraic Processes* (1963), running error analysis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chalknet.chalk.expr import Symbol, evaluate
from chalknet.chalk.running_error import running_error
from chalknet.layers.activation import ElementActivation, RowActivationLayer
from chalknet.layers.base import Layer
from chalknet.layers.dense import Dense
from chalknet.layers.normalization import Scaled, Standardize
from chalknet.maths.table import REALS

EPS = 4.0 * float(np.finfo(np.float64).eps)


class Rounding(NamedTuple):
    """Sizes to be multiplied by `EPS`."""

    loss: np.ndarray  # (m,) of each row's share of the loss
    slopes: list[np.ndarray]  # of dL/d(inputs), then of dL/d(output) of each layer, (m, n) each


def rounding(
    layers: Sequence[Layer],
    values: list[np.ndarray],
    slopes: list[Any],
    loss: Any,
    y: np.ndarray,
    share: np.ndarray,
) -> Rounding:
    """Bounds for a batch.

    Args:
        layers: the layers.
        values: the inputs (m, in) and each layer's output.
        slopes: dL/d(output) of each layer, None where a layer of the reader's own does not keep it.
        loss: the loss object.
        y: (m, out) targets or (m,) class numbers.
        share: (m,) factor of each row in the loss.
    """
    known = [np.zeros_like(a) if d is None else np.abs(d) for a, d in zip(values[1:], slopes, strict=True)]
    sizes = [_size(layer, a, out) for layer, a, out in zip(layers, values[:-1], values[1:], strict=True)]
    moved = share * evaluation(loss, values[-1], y)
    for d, size in zip(known, sizes, strict=True):
        moved += (d * size).sum(axis=1)
    targets = (
        0.0 if loss.row.targets == REALS else 1.0
    )  # what a prediction is compared with, or 1 as in 1 - y/a
    if y.ndim == 2:
        targets = targets + np.abs(y)
    back = [known[-1] + share[:, None] * (sizes[-1] + targets)]
    for layer, a, out, d in zip(
        reversed(layers), values[-2::-1], values[:0:-1], reversed(known), strict=True
    ):
        back.append(_backward(layer, a, out, d, back[-1]))
    return Rounding(moved, back[::-1])


def evaluation(loss: Any, a: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Σ|t| of each row's loss (m,): of its formula's own terms, and of their sum over the outputs."""
    row, targets = loss.row, loss.targets(y, a.shape[1], len(a), a.dtype)
    n, t = a.shape[1], a.shape[1] // 2
    if row.d_p:
        n, formula = t, row.f(Symbol("y", targets[:, :t]), Symbol("a", a[:, :t]), Symbol("p", a[:, t:]))
    else:
        p = loss.levels(n)
        formula = row.f(Symbol("y", targets), Symbol("a", a), p if np.ndim(p) == 0 else Symbol("p", p))
    terms = running_error(formula) + np.abs(
        evaluate(formula)
    )  # (m, 1) where the formula sums over the outputs
    sums = np.broadcast_to(terms, (len(a), 1 if row.whole_row else n)).sum(axis=1)
    return sums if loss.rowwise or loss.reduction == "sum" else sums / a.shape[1]


def _size(layer: Layer, a: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Σ|t| of a layer's output."""
    if isinstance(layer, Dense):
        return np.abs(a) @ np.abs(layer.weights) + np.abs(layer.biases)
    if isinstance(layer, Scaled):
        normal, s = layer.standing(a)
        return np.abs(layer.weights) * (np.abs(a) + np.abs(a - normal * s)) / s + np.abs(layer.biases)
    if isinstance(layer, Standardize):
        return (np.abs(a) + np.abs(layer.mean)) / np.sqrt(layer.variance)
    return np.abs(out)


def _backward(layer: Layer, a: np.ndarray, out: np.ndarray, d: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Σ|t| of dL/d(inputs) from that of dL/d(output), whose own absolute values are d."""
    if isinstance(layer, Dense):
        return size @ np.abs(layer.weights).T
    if isinstance(layer, Standardize):
        return size / np.sqrt(layer.variance)
    if isinstance(layer, Scaled):
        normal, s = layer.standing(a)
        size = size * np.abs(layer.weights)
        if layer.axis == 1:
            slanted = np.abs(normal) * (size * np.abs(normal)).mean(axis=1, keepdims=True)
            size = size + size.mean(axis=1, keepdims=True) + slanted
        return size / s
    if isinstance(layer, ElementActivation):  # f' is often a difference from 1, as in a (1 - a)
        return np.abs(layer.row.df(a, out, layer.p)) * size + d
    if isinstance(layer, RowActivationLayer):  # as long as no entry of the Jacobian is above 1
        units = np.eye(out.shape[1])[:, None]  # (n, 1, n)
        return size + sum(np.abs(layer.row.vjp(out, unit)) * size[:, [k]] for k, unit in enumerate(units))
    return size
