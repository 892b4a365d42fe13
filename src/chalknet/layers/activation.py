"""Each activation of the tables as a layer: ``ReLU``, ``LeakyReLU(slope=0.2)``, ..., ``Softmax``.

The classes are made from the rows of ``maths.activations`` and ``maths.rows``: a new row there is a new class here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from chalknet.exceptions import ShapeError
from chalknet.layers.base import Layer, derivatives, floats
from chalknet.layers.config import Configured, Range, build, describe, number
from chalknet.maths import activations
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.rows import ROW_ACTIVATIONS, RowActivation
from chalknet.maths.table import Activation


class ActivationLayer(Configured, Layer):
    """A layer without weights that applies one activation: output = f(inputs)."""

    row: ClassVar[Any]

    @property
    def p(self) -> float:
        """The activation's one shape parameter; 0 where it has none."""
        return 0.0


class ElementActivation(ActivationLayer):
    """An activation of single numbers: a = f(z, p), for inputs of any shape; dL/dz = dL/da * df(z, a, p)."""

    row: ClassVar[Activation]

    @property
    def p(self) -> float:
        """The activation's one shape parameter; the row's default where it has none to choose."""
        return float(getattr(self, self.row.p_name)) if self.row.p_name else self.row.p

    def _check(self, name: str, value: Any) -> float:
        return number(type(self).__name__, name, value, Range(*self.row.p_range))

    def forward(self, inputs: Any, training: bool = False) -> np.ndarray:
        """Return f of each input."""
        self.inputs = floats(inputs)
        self.output = np.asarray(self.row.f(self.inputs, self.p))
        return self.output

    def backward(self, dvalues: Any) -> np.ndarray:
        """Return dL/d(inputs) = dvalues * f'(inputs)."""
        d = derivatives(self, dvalues)
        self.dinputs = (d * self.row.df(self.inputs, self.output, self.p)).astype(d.dtype, copy=False)
        return self.dinputs


class RowActivationLayer(ActivationLayer):
    """An activation of whole rows, (batch, n) to (batch, n): each output depends on its row's every input."""

    row: ClassVar[RowActivation]

    def forward(self, inputs: Any, training: bool = False) -> np.ndarray:
        """Return f of each row."""
        z = floats(inputs)
        if z.ndim != 2:
            raise ShapeError(
                f"{type(self).__name__} takes inputs of shape (batch, n), but was given {z.shape}."
            )
        self.inputs, self.output = z, self.row.f(z)
        return self.output

    def backward(self, dvalues: Any) -> np.ndarray:
        """Return dL/d(inputs): dvalues times the Jacobian of each row."""
        self.dinputs = self.row.vjp(self.output, derivatives(self, dvalues))
        return self.dinputs


def _layer(base: type[ActivationLayer], row: Any) -> type[ActivationLayer]:
    p_name = getattr(row, "p_name", None)
    meaning = f"p is {p_name}." if p_name else ""
    body: dict[str, Any] = {
        "__module__": __name__,
        "__qualname__": row.layer,
        "__doc__": describe(row.f, meaning, f"See ``{base.__name__}``.", source=row.source),
        "name": row.name,
        "row": row,
        "defaults": {p_name: row.p} if p_name else {},
    }
    return type(row.layer, (base,), body)


CLASSES: dict[str, type[ActivationLayer]] = {
    **{name: _layer(ElementActivation, row) for name, row in ACTIVATIONS.items()},
    **{name: _layer(RowActivationLayer, row) for name, row in ROW_ACTIVATIONS.items()},
}
globals().update({cls.__name__: cls for cls in CLASSES.values()})


def find(name: str) -> type[ActivationLayer]:
    """Return the layer class of an activation by the name of its row; aliases count, unknown names raise."""
    return CLASSES[name] if name in CLASSES else CLASSES[activations.get(name).name]


def from_config(config: Mapping[str, Any]) -> ActivationLayer:
    """Make the layer that ``to_config`` described.

    >>> from_config({"name": "leaky_relu", "slope": 0.2})
    LeakyReLU(slope=0.2)
    """
    return build(config, find, "activation")


def __getattr__(name: str) -> type[ActivationLayer]:
    # Never reached for a class of the tables; it tells type checkers what the names above are.
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
