"""One flat vector for the numbers of all dense layers of a network; a layer lives in one network's alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chalknet.layers.dense import Dense


def gather(dense: Sequence[Dense], owner: Any) -> np.ndarray:
    """Move the layers' numbers into one new vector, of which their arrays are views from now on.

    For each layer its weights (n_in, n_out), row by row, then its biases. Another network that a layer lived in is told
    that it lost it.
    """
    for layer in dense:
        if layer.owner not in (None, owner):
            layer.owner.lose(layer)
    flat = np.empty(sum(d.weights.size + d.biases.size for d in dense), dense[0].dtype)
    at = 0
    for layer in dense:
        mid = at + layer.weights.size
        end = mid + layer.n_out
        layer.bind(flat[at:mid].reshape(layer.n_in, layer.n_out), flat[mid:end].reshape(1, -1), owner)
        at = end
    return flat
