"""Layers in a row whose numbers live in one flat vector: what a network is made of, how it is copied and pickled."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from scipy import sparse

from chalknet.engines import describe
from chalknet.engines.state import State
from chalknet.exceptions import ParameterError, ShapeError
from chalknet.layers.base import Layer, floats
from chalknet.layers.dense import Dense
from chalknet.layers.flat import gather, gather_moments
from chalknet.layers.learned import Learned
from chalknet.layers.normalization import Moments


class Layered:
    """What `Network` knows of its layers and their numbers."""

    _layers: tuple[Layer, ...]
    _ready: Any  # what was made from these layers, to predict with
    training_state: State | None

    def _bind(self) -> None:
        """Move every layer's numbers into one new flat vector, and what layers keep beside into another."""
        self._flat = gather(self.learned, self)
        self._buffers = gather_moments(self.keeping, self._flat.dtype)
        self._lost: str | None = None

    def lose(self, layer: Learned) -> None:
        """A layer has moved to another network: without its numbers this one cannot go on."""
        self._lost, self._ready = repr(layer), None

    def _check_whole(self) -> None:
        if self._lost is not None:
            raise ParameterError(
                f"{self._lost} has moved to another network, which was made with it later: make each network with "
                "layers of its own, or with copies, as in Network(copy.deepcopy(net.layers))."
            )

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in their order; other layers may be assigned, and bring their numbers along."""
        return self._layers

    @layers.setter
    def layers(self, layers: Iterable[Layer]) -> None:
        layers = tuple(layers)
        describe.check(layers)
        for layer in self.learned:
            layer.leave()
        for kept in self.keeping:
            kept.leave_moments()
        self._layers, self.training_state = layers, None
        self._bind()

    @property
    def dense(self) -> list[Dense]:
        """The dense layers."""
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    @property
    def learned(self) -> list[Learned]:
        """The layers whose numbers are trained: dense ones, and normalisations with their scales and shifts."""
        return [layer for layer in self.layers if isinstance(layer, Learned)]

    @property
    def keeping(self) -> list[Moments]:
        """The layers that keep a mean and a variance of each unit."""
        return [layer for layer in self.layers if isinstance(layer, Moments)]

    @property
    def dtype(self) -> np.dtype:
        """float64 or float32, of the parameters and of all that is computed from them."""
        return self._flat.dtype

    @property
    def parameters(self) -> np.ndarray:
        """All weights and biases, a flat vector; assigning copies the numbers in."""
        self._check_whole()
        return self._flat

    @parameters.setter
    def parameters(self, values: Any) -> None:
        self._check_whole()
        flat = floats(values, self.dtype)
        if flat.shape != self._flat.shape:
            raise ShapeError(
                f"The network has {self._flat.size} parameters, but was given an array of shape {flat.shape}."
            )
        if flat is not self._flat:
            self._flat[...] = flat

    @property
    def buffers(self) -> np.ndarray:
        """What layers keep beside the parameters: for each that does its means, then its variances; empty for none."""
        self._check_whole()
        return self._buffers

    def forward(self, X: Any, training: bool = False) -> np.ndarray:
        """Return the last layer's output (rows, outputs) for X (rows, inputs); each layer keeps its own.

        Under ``SoftmaxCrossEntropy`` these are the logits; ``predict`` gives probabilities. While `training`, dropout
        leaves numbers out and batch normalisation takes the batch's own moments.
        """
        a = X
        for layer in self.layers:
            a = layer.forward(a, training)
        return a

    def inputs_for(self, X: Any) -> Any:
        """X as rows of the network's dtype: an array in C order, or CSR."""
        self._check_whole()
        width = self.dense[0].n_in
        x: Any = (
            X.tocsr().astype(self.dtype, copy=False)
            if sparse.issparse(X)
            else np.ascontiguousarray(floats(X, self.dtype))
        )
        if x.ndim != 2 or x.shape[1] != width or x.shape[0] == 0:
            raise ShapeError(f"The network takes X of shape (rows, {width}), but was given {np.shape(X)}.")
        return x

    def __copy__(self) -> Self:
        """A copy that shares its layers would pull their numbers out of this network's vector: so all is copied."""
        return copy.deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        none = {"parameters": None, "buffers": None}
        state = None if self.training_state is None else self.training_state.__dict__ | none
        return self.__dict__ | {"_flat": None, "_buffers": None, "_ready": None, "training_state": state}

    def __setstate__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)
        self._bind()
        if values["training_state"] is not None:
            own = {"parameters": self._flat, "buffers": self._buffers}
            self.training_state = State(**values["training_state"] | own)
