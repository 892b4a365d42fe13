"""A network's predictions, made ready once: as long as nothing about it changes, a call costs a few microseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chalknet.engines import describe, select
from chalknet.layers.activation import ActivationLayer
from chalknet.layers.base import Layer
from chalknet.layers.loss import Loss


class Ready:
    """The reader of an engine, and what it was made for.

    Args:
        layers, loss, parameters, buffers: the network's.
        engine: the name of the engine that predicts.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: Loss | None,
        parameters: np.ndarray,
        buffers: np.ndarray,
        engine: str,
    ) -> None:
        self.description = describe.network(layers, loss)
        self.layers, self.loss, self.parameters, self.engine = tuple(layers), loss, parameters, engine
        self.shaped = [
            (layer, layer.p)
            for layer in layers
            if isinstance(layer, ActivationLayer) and getattr(layer.row, "p_name", None)
        ]
        self.width, self.dtype = self.description.n_in, parameters.dtype
        self.read = select.load(engine).reader(self.description, parameters, buffers)
        self.most = self.read.most

    def holds(self, layers: Sequence[Layer], loss: Loss | None, parameters: np.ndarray, engine: str) -> bool:
        """Whether the network is still the same, but for the numbers in its parameters."""
        return (
            parameters is self.parameters
            and loss is self.loss
            and engine == self.engine
            and len(layers) == len(self.layers)
            and all(a is b for a, b in zip(layers, self.layers, strict=True))
            and all(layer.p == p for layer, p in self.shaped)
        )

    def takes(self, X: Any) -> bool:
        """Whether X is a few rows that need no further look."""
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype == self.dtype
            and X.shape[1] == self.width
            and 0 < X.shape[0] <= self.most
        )
