"""Dropout: in training, each value is left out with some probability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from chalknet.layers.base import Layer, derivatives, floats
from chalknet.layers.config import BELOW_ONE, number


class Dropout(Layer):
    """Leave out each input with probability ``rate`` while training; pass everything on otherwise.

    output = inputs * mask, where mask is 0 with probability rate, else 1 / (1 - rate), so that the expected
    output equals the input ("inverted" dropout); dL/d(inputs) = dL/d(output) * mask.

    Args:
        rate: probability in [0, 1) that a value is left out.
        random_state: None, a seed or a NumPy ``RandomState``, for the masks.

    ``mask`` is that of the last batch (``None`` when not training). ``mask_source``, a function from the shape
    (batch, n) to a mask, may be set to replace the draws.

    >>> layer = Dropout(0.5)
    >>> layer.mask_source = lambda shape: [[2.0, 0.0, 2.0]]
    >>> layer.forward([[1.0, 2.0, 3.0]], training=True)
    array([[2., 0., 6.]])
    >>> layer.forward([[1.0, 2.0, 3.0]])
    array([[1., 2., 3.]])

    Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, JMLR 15, 2014.
    """

    name = "dropout"

    def __init__(self, rate: float = 0.5, random_state: Any = None) -> None:
        self.rate = number("Dropout", "rate", rate, BELOW_ONE)
        self.random_state = random_state
        self._rng = check_random_state(random_state)
        self.mask: np.ndarray | None = None
        self.mask_source: Callable[[tuple[int, ...]], Any] | None = None

    def forward(self, inputs: Any, training: bool = False) -> np.ndarray:
        """Return the inputs, while training without those that the mask leaves out."""
        x = self.inputs = floats(inputs)
        self.mask = None
        if training and self.rate > 0.0:
            source = self.mask_source or self._draw
            self.mask = np.broadcast_to(floats(source(x.shape), x.dtype), x.shape)
        self.output = x if self.mask is None else x * self.mask
        return self.output

    def _draw(self, shape: tuple[int, ...]) -> np.ndarray:
        return (self._rng.random_sample(shape) >= self.rate) / (1.0 - self.rate)

    def backward(self, dvalues: Any) -> np.ndarray:
        """Return dL/d(inputs) through the mask of the last batch."""
        d = derivatives(self, dvalues)
        self.dinputs = d if self.mask is None else d * self.mask
        return self.dinputs

    def forget(self) -> None:
        """Drop the last batch's values and its mask."""
        super().forget()
        self.mask = None

    def to_config(self) -> dict[str, Any]:
        """Return the rate; the state of the random numbers is not part of it."""
        return {"name": self.name, "rate": self.rate}

    def __getstate__(self) -> dict[str, Any]:
        # The source belongs to the engine that set it, and is often a closure, which cannot be pickled.
        return self.__dict__ | {"mask_source": None}

    def __repr__(self) -> str:
        return f"Dropout({self.rate!r})"
