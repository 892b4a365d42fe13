"""Predictions so near 0 that a loss is held at its floor: it changes no more, though its formula's slope goes on.

log a is computed as log max(a, 1e-37), which keeps it finite; its derivative stays 1/max(a, 1e-37), so that a
prediction can come back from there. No central difference can show that slope: what it adds to the derivatives is
left out of a gradient check on both sides.
"""

from __future__ import annotations

import numpy as np

from chalknet.chalk.rounding import EPS
from chalknet.engines import describe
from chalknet.network import Network

NEARBY = 2.0**-10  # relative: a floor is one where the loss is the same this much farther on, either way


def floored(net: Network, output: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which predictions (m, n) lie there."""
    loss = net.loss
    nowhere = np.zeros(output.shape, bool)
    joint = loss is not None and describe.joint_loss(net.layers, loss) is not None
    if loss is None or loss.row.link != "identity" or loss.row.d_p or joint:
        return nowhere  # from logits: without a floor; where p is held, so is its slope
    targets, p = loss.targets(y, output.shape[1], len(output), output.dtype), loss.levels(output.shape[1])

    def f(a: np.ndarray) -> np.ndarray:
        return np.broadcast_to(loss.row.f(targets, a, p), output.shape)

    here, slope = f(output), np.abs(loss.row.df(targets, output, p))
    still = (f(output * (1.0 + NEARBY)) == here) & (f(output * (1.0 - NEARBY)) == here)
    return still & (slope * np.abs(output) * NEARBY > EPS * np.abs(here))  # else it is lost in rounding


def added(net: Network, d: np.ndarray) -> list[np.ndarray]:
    """What a derivative d by the output adds to those by each layer's weights and biases, and by the inputs.

    After ``net.backward``, whose results it replaces.
    """
    for layer in reversed(net.layers):
        d = layer.backward(d)
    return [g for layer in net.learned for g in (layer.dweights, layer.dbiases)] + [d]
