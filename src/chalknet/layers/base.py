"""What every layer can do: pass values forward and derivatives backward."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from chalknet.exceptions import DataError, ShapeError


class Layer(ABC):
    """One step of a network.

    ``forward`` keeps ``inputs`` and ``output`` of the last batch, since ``backward`` needs them;
    ``backward`` takes dL/d(output), returns dL/d(inputs) and keeps it in ``dinputs``.
    All are ``None`` before the first call.
    """

    inputs: Any = None
    output: Any = None
    dinputs: Any = None

    @abstractmethod
    def forward(self, inputs: Any, training: bool = False) -> np.ndarray:
        """Return the layer's output for a batch of inputs, one row each."""

    @abstractmethod
    def backward(self, dvalues: Any) -> np.ndarray:
        """Return dL/d(inputs), given dL/d(output) of the batch last passed forward."""

    @abstractmethod
    def to_config(self) -> dict[str, Any]:
        """Return the layer without its learned numbers as a dict that JSON can hold."""

    def forget(self) -> None:
        """Drop the last batch's values, which are as large as the batch."""
        for name in ("inputs", "output", "dinputs"):
            vars(self).pop(name, None)


def floats(values: Any, dtype: Any = None) -> np.ndarray:
    """Return ``values`` as a float array: of ``dtype``, or of their own where that is a float, else float64."""
    array = np.asarray(values)
    if dtype is None:
        dtype = array.dtype if array.dtype.kind == "f" else np.float64
    if array.dtype.kind in "cOSUmMV":
        try:
            if array.dtype.kind != "O":
                raise TypeError
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise DataError(f"Numbers are needed, but an array of type {array.dtype} was given.") from None
    return array.astype(dtype, copy=False)


def derivatives(layer: Layer, dvalues: Any) -> np.ndarray:
    """Return ``dvalues`` as a float array after comparing its shape with the layer's last output."""
    name = type(layer).__name__
    if layer.output is None:
        raise ShapeError(f"{name}.backward needs a batch that went forward; call {name}.forward first.")
    d = floats(dvalues, layer.output.dtype)
    if d.shape != layer.output.shape:
        raise ShapeError(
            f"{name}.backward needs dvalues of its output's shape {layer.output.shape}, but was given {d.shape}."
        )
    return d
