"""One flat vector for the learned numbers of all layers of a network, one for moments that layers keep beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chalknet.layers.learned import Learned
from chalknet.layers.normalization import Moments


def gather(learned: Sequence[Learned], owner: Any) -> np.ndarray:
    """Move the layers' numbers into one new vector, of which their arrays are views from now on.

    For each layer its weights, row by row, then its biases. Another network that a layer lived in is told that it lost
    it.
    """
    for layer in learned:
        if layer.owner not in (None, owner):
            layer.owner.lose(layer)
    flat = np.empty(sum(d.weights.size + d.biases.size for d in learned), learned[0].dtype)
    at = 0
    for layer in learned:
        mid = at + layer.weights.size
        end = mid + layer.n_out
        layer.bind(flat[at:mid].reshape(layer.weights.shape), flat[mid:end].reshape(1, -1), owner)
        at = end
    return flat


def gather_moments(layers: Sequence[Moments], dtype: Any) -> np.ndarray:
    """Move the layers' means and variances into one new vector, for each layer its means, then its variances."""
    buffers = np.empty(2 * sum(layer.n_out for layer in layers), dtype)
    at = 0
    for layer in layers:
        end = at + 2 * layer.n_out
        layer.bind_moments(buffers[at:end].reshape(2, -1))
        at = end
    return buffers
