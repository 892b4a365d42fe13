"""The lecture's dense layer (S11)."""

from __future__ import annotations

from chalknet import layers


class Dense(layers.Dense):
    """A layer of ``outF`` units over ``inF`` inputs: output = inputs @ weights + biases.

    Args:
        inF: number of inputs of each unit.
        outF: number of units.

    ``weights`` (inF, outF) begin standard normal, drawn from NumPy's global state, ``biases`` (1, outF) as ones. All
    else is :class:`chalknet.Dense`: ``forward(inputs)`` keeps ``inputs`` (batch, inF); ``backward(dvalues)`` sets
    ``dweights``, ``dbiases`` and ``dinputs``. Weights may be assigned, whole numbers too, and changed in place.

    >>> import numpy as np
    >>> np.random.seed(0)
    >>> layer = Dense(2, 3)
    >>> bool(np.all(layer.weights == np.random.RandomState(0).randn(2, 3)))
    True
    >>> layer.biases
    array([[1., 1., 1.]])

    Such weights are large: each unit of the next layer sums ``outF`` of them, and so with the lecture's alpha = 0.1
    the first steps overshoot and ReLU units die. ``chalknet.Dense`` begins smaller (Glorot).
    """

    def __init__(self, inF: int, outF: int) -> None:
        super().__init__(inF, outF, initializer="lecture")
