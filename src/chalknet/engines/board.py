"""A network's layers as the very objects a reader can call, over a flat vector that belongs to somebody else."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from chalknet.engines import base
from chalknet.engines.base import NO_BUFFERS, Description, places
from chalknet.engines.random import mask_source
from chalknet.layers import activation, loss
from chalknet.layers.base import Layer
from chalknet.layers.dense import Dense
from chalknet.layers.dropout import Dropout
from chalknet.layers.learned import Learned
from chalknet.layers.normalization import BatchNorm, LayerNorm, Moments, Standardize
from chalknet.maths import activations
from chalknet.maths.rows import ROW_ACTIVATIONS

BLOCK = 1024  # rows at a time in predictions
# A run that diverges is told of by its loss.
QUIET: Any = {"over": "ignore", "invalid": "ignore", "divide": "ignore"}


class Board:
    """A description's layers as objects whose weights and biases are views of a flat vector, as are their moments."""

    def __init__(
        self, description: Description, parameters: np.ndarray, buffers: np.ndarray = NO_BUFFERS
    ) -> None:
        self.description = description
        self.layers: list[Layer] = []
        own = iter(places(description))
        at, dtype = 0, parameters.dtype
        for spec in description.layers:
            layer: Layer
            if spec.learned is not None:
                _, weights, biases = next(own)
                views = parameters[weights].reshape(spec.learned), parameters[biases].reshape(1, -1)
            if spec.kind == base.DENSE:
                layer = Dense.over(*views)
            elif spec.kind == base.DROPOUT:
                layer = Dropout(spec.p)
            elif spec.kind == base.BATCH_NORM:
                layer = BatchNorm(spec.n_out, momentum=spec.momentum, epsilon=spec.p, dtype=dtype).settle(
                    *views
                )
            elif spec.kind == base.LAYER_NORM:
                layer = LayerNorm(spec.n_out, epsilon=spec.p, dtype=dtype).settle(*views)
            elif spec.kind == base.STANDARDIZE:
                layer = Standardize(spec.n_out, dtype=dtype)
            else:
                cls = activation.find(spec.name)
                layer = cls(spec.p) if _shaped(spec.name) else cls()
            if isinstance(layer, Moments):
                layer.over_moments(buffers[at : at + 2 * spec.n_out].reshape(2, -1))
                at += 2 * spec.n_out
            self.layers.append(layer)
        goal = loss.find(description.loss)
        shape = {goal.row.p_name: description.loss_p} if goal.row.p_name else {}
        self.loss = goal(reduction=description.reduction, **shape)
        self.learned = [layer for layer in self.layers if isinstance(layer, Learned)]

    def spreads(self, x: Any) -> bool:
        """Whether rows must leave their sparse form, since the first layer is no Dense: some at a time."""
        return not isinstance(self.layers[0], Dense) and not isinstance(x, np.ndarray)

    def forward(self, x: Any, training: bool = False) -> np.ndarray:
        """The last layer's output."""
        if self.spreads(x):
            if not training and x.shape[0] > BLOCK:
                parts = [self.forward(x[i : i + BLOCK]) for i in range(0, x.shape[0], BLOCK)]
                return np.concatenate(parts)
            x = x.toarray()
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def sampled(self, x: Any, first: int, seed: int, epoch: int) -> np.ndarray:
        """The last layer's output for rows from number `first` on, with the dropout of that seed and epoch."""
        x = x.toarray() if self.spreads(x) else x
        rows = np.arange(first, first + x.shape[0])
        for k, layer in enumerate(self.layers):
            if isinstance(layer, Dropout):
                layer.mask_source = mask_source(seed, k, epoch, rows, layer.rate, self.description.dtype)
            x = layer.forward(x, isinstance(layer, Dropout))
        return x

    def backward(self, d: np.ndarray) -> None:
        """Pass the loss's derivative back; every layer that learns then has its gradient."""
        for layer in reversed(self.layers):
            if layer is self.learned[0] and isinstance(layer, Dense):
                layer.backward(d, need_dinputs=False)
                return
            d = layer.backward(d)
            if layer is self.learned[0]:
                return

    def gradient(self) -> np.ndarray:
        """The gradient as one flat vector."""
        return np.concatenate([g.ravel() for layer in self.learned for g in (layer.dweights, layer.dbiases)])

    def cost(
        self, output: np.ndarray, y: np.ndarray, w: np.ndarray | None
    ) -> tuple[float, np.ndarray, float]:
        """The loss, its derivative by the output, and the batch's weight; all zero where every weight is zero."""
        total = float(len(output)) if w is None else float(w.sum(dtype=np.float64))
        if total == 0.0:
            return 0.0, np.zeros_like(output), 0.0
        return self.loss.forward(output, y, w), self.loss.backward(output, y, w), total

    def slope(self, x: Any, y: np.ndarray, w: np.ndarray | None) -> tuple[float, np.ndarray, float]:
        """The loss of some rows, its gradient as one flat vector, and the rows' weight."""
        cost, derivative, total = self.cost(self.forward(x), y, w)
        self.backward(derivative)
        return cost, self.gradient(), total

    def together(self, parts: list[tuple[float, np.ndarray, float]]) -> tuple[float, np.ndarray, float]:
        """The same of several blocks of rows, from that of each."""
        total = sum(weight for _, _, weight in parts)
        summed = self.description.reduction == "sum" or total == 0.0
        shares = [1.0 if summed else weight / total for _, _, weight in parts]
        cost = float(np.dot(shares, [cost for cost, _, _ in parts]))
        return (
            cost,
            np.sum([share * g for share, (_, g, _) in zip(shares, parts, strict=True)], axis=0),
            total,
        )

    def penalise(self, gradient: np.ndarray, total_weight: float) -> float:
        """Add the gradient of l1 |w| + l2 w²/2, shared out over the batch's weight; returns the penalty."""
        d = self.description
        share = 1.0 / total_weight if total_weight > 0.0 else 0.0
        squares = sizes = 0.0
        for layer, (spec, place, _) in zip(self.learned, places(d), strict=True):
            if spec.kind != base.DENSE:
                continue
            w = layer.weights.ravel()
            gradient[place] += (d.l2 * share) * w
            squares += float(w @ w)
            if d.l1:
                gradient[place] += (d.l1 * share) * np.sign(w)
                sizes += float(np.abs(w).sum())
        return (0.5 * d.l2 * squares + d.l1 * sizes) * share


def _shaped(name: str) -> bool:
    return name not in ROW_ACTIVATIONS and activations.get(name).p_name is not None


class BoardReader:
    """A network that is ready to predict, see `protocol.Reader`."""

    most = sys.maxsize

    def __init__(
        self, description: Description, parameters: np.ndarray, link: bool, buffers: np.ndarray = NO_BUFFERS
    ) -> None:
        self.board, self.n_out, self.dtype = (
            Board(description, parameters, buffers),
            description.n_out,
            parameters.dtype,
        )
        name = description.output_link()
        self.last = activation.find(name)() if link and name != "identity" else None

    def __call__(self, X: Any, draw: tuple[int, int] | None = None) -> np.ndarray:
        """Predictions, a block of rows at a time; with a `draw` (seed, epoch) of dropout's masks."""
        out = np.empty((X.shape[0], self.n_out), self.dtype)
        with np.errstate(**QUIET):
            for begin in range(0, len(out), BLOCK):
                rows = X[begin : begin + BLOCK]
                a = self.board.forward(rows) if draw is None else self.board.sampled(rows, begin, *draw)
                out[begin : begin + BLOCK] = a if self.last is None else self.last.forward(a)
        return out
