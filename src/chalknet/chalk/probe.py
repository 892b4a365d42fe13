"""The loss of a network as a function of any one of its numbers, and its central differences by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.chalk.differences import Slopes, central_differences
from chalknet.chalk.rounding import EPS, rounding
from chalknet.engines import describe
from chalknet.layers.activation import ElementActivation
from chalknet.layers.dense import Dense
from chalknet.layers.learned import Learned
from chalknet.layers.normalization import Moments, Scaled
from chalknet.network import Network

NUMBERS_AT_ONCE = 1 << 20  # in one array of shifted passes: 8 MB


class Probe:
    """Shifts the numbers of a network, one at a time, and looks at its loss on some rows.

    The step is one that moves the weighted sums z by 2⁻⁸ at first. The loss is the network's own; a sigmoid or
    softmax before its cross-entropy is taken together with it, in the form that does not overflow, as
    ``Network.backward`` does.

    Args:
        net: a float64 network after ``forward(x)`` and ``backward``; its weights are moved and put back.
        x: (m, in) inputs.
        y: (m, out) targets or (m,) class numbers.
        weights: (m,) weights of the rows, None for equal ones.
    """

    def __init__(self, net: Network, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> None:
        own: Any = net.loss
        joint = describe.joint_loss(net.layers, own)
        self.loss = own if joint is None else joint
        self.layers = net.layers if joint is None else net.layers[:-1]
        self.learned = {i: layer for i, layer in enumerate(self.layers) if isinstance(layer, Learned)}
        self.y = y
        w = np.ones(len(x)) if weights is None else weights
        self.share = w if self.loss.reduction == "sum" else w / w.sum()  # (m,)
        slopes = [layer.dinputs for layer in net.layers[1:]] + [own.dinputs]  # dL/d(output) of each layer
        self.values = [x]  # the inputs, then each layer's output
        for layer in self.layers:
            self.values.append(layer.forward(self.values[-1]))
        known = slopes[: len(self.layers)]
        self.rounding = rounding(self.layers, self.values, known, self.loss, y, self.share)
        self.at_once = NUMBERS_AT_ONCE // max(a.shape[1] for a in self.values)

    @property
    def value(self) -> float:
        """The loss where nothing is moved."""
        return float((self.share * self.loss.rows(self.values[-1], self.y)).sum())

    def by_weights(self, index: int) -> Slopes:
        """Differences by the weights of the layer at that place, row by row."""
        layer, a = self.learned[index], np.abs(self.values[index])  # (m, in)
        if isinstance(layer, Scaled):
            a = np.abs(layer.standing(self.values[index])[0])
            size = (a * self.rounding.slopes[index + 1]).sum(axis=0)
            return self._by(index, layer.weights.reshape(-1), _one_over(a.max(axis=0)), size)
        scale = np.repeat(_one_over(a.max(axis=0)), layer.n_out)
        return self._by(index, layer.weights.reshape(-1), scale, a.T @ self.rounding.slopes[index + 1])

    def by_biases(self, index: int) -> Slopes:
        """Differences by the biases of the layer at that place."""
        layer = self.learned[index]
        size = self.rounding.slopes[index + 1].sum(axis=0)
        return self._by(index, layer.biases.reshape(-1), np.ones(layer.n_out), size)

    def by_inputs(self) -> Slopes:
        """Differences by the inputs, row by row. A row's inputs move no other row's loss, so it passes alone."""
        x, first = self.values[0], self.layers[0]
        m, n = x.shape
        largest = np.ones(n)
        if isinstance(first, Dense):
            largest = np.abs(first.weights).max(axis=1)
        elif isinstance(first, Moments):
            largest = 1.0 / np.sqrt(first.variance[0])

        def shifted(places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            rows = np.tile(places // n, len(values))
            a = x[rows]
            a[np.arange(len(a)), np.tile(places % n, len(values))] = values.ravel()
            return self._onward(0, a, rows, (*values.shape, 1))

        scale, bound = np.tile(_one_over(largest), m), np.repeat(self.rounding.loss, n)
        found = central_differences(shifted, x.ravel(), scale, bound, self.at_once)
        return _doubted(found, self.rounding.slopes[0])

    def _by(self, index: int, numbers: np.ndarray, scale: np.ndarray, size: np.ndarray) -> Slopes:
        """Differences by a layer's own numbers, given as a flat view of them."""
        layer, x = self.layers[index], self.values[index]
        m, n_out = self.values[index + 1].shape

        def shifted(places: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            z = np.empty((values.size, m, n_out))
            for block, place in enumerate(np.tile(places, len(values))):
                kept, numbers[place] = numbers[place], values.flat[block]
                z[block] = layer.forward(x)
                numbers[place] = kept
            rows = np.tile(np.arange(m), values.size)
            return self._onward(index + 1, z.reshape(-1, n_out), rows, (*values.shape, m))

        bound = np.full(numbers.size, self.rounding.loss.sum())
        return _doubted(central_differences(shifted, numbers, scale, bound, self.at_once // m), size)

    def _onward(
        self, index: int, a: np.ndarray, rows: np.ndarray, shape: tuple[int, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pass a on from the layer at that place; `rows` tells whose row each one is."""
        crossed = np.zeros(len(a), bool)
        for layer, before in zip(self.layers[index:], self.values[index:-1], strict=True):
            if isinstance(layer, ElementActivation):
                for kink in layer.row.kinks_at(layer.p):
                    crossed |= _between(a, before[rows], kink)
            a = layer.forward(a)
        y, row = self.y[rows], self.loss.row
        kinks = () if row.kinks is None else row.kinks(y, self.loss.p)
        for kink in (*kinks, *filter(np.isfinite, row.domain)):
            crossed |= _between(a, self.values[-1][rows], kink)
        loss = self.share[rows] * self.loss.rows(a, y)
        return loss.reshape(shape), np.asarray(crossed.reshape(shape).any(axis=(0, 2)))


def _doubted(slopes: Slopes, size: np.ndarray) -> Slopes:
    """The slopes with the doubt in what they are compared with added."""
    return slopes._replace(doubt=slopes.doubt + EPS * size.ravel())


def _between(moved: np.ndarray, still: np.ndarray, kink: Any) -> np.ndarray:
    """Rows in which the kink lies between the moved and the unmoved values, or under one of them alone."""
    return (np.sign(moved - kink) != np.sign(still - kink)).any(axis=1)


def _one_over(sizes: np.ndarray) -> np.ndarray:
    """1 / size, 1 where that is 0, and never beyond what keeps steps in the range of floats."""
    return 1.0 / np.clip(np.where(sizes == 0.0, 1.0, sizes), 1e-8, 1e8)
