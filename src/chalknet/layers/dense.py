"""A dense layer: every unit sees every input."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from chalknet.exceptions import ShapeError
from chalknet.layers.base import derivatives, floats
from chalknet.layers.config import whole
from chalknet.layers.learned import Learned, float_type
from chalknet.maths import initializers


class Dense(Learned):
    """A layer of ``n_out`` units, each the weighted sum of all ``n_in`` inputs plus a bias.

    output = inputs @ weights + biases, and backwards, with d = dL/d(output):
    dL/d(weights) = inputs.T @ d, dL/d(biases) = the sum of d over the rows, dL/d(inputs) = d @ weights.T

    Args:
        n_in: number of inputs of each unit.
        n_out: number of units.
        initializer: a name of ``maths.initializers``; "glorot_uniform" also sets the biases to 0.
        dtype: float64 or float32, for weights, inputs and outputs alike.
        random_state: None, a seed or a NumPy ``RandomState``, for the first weights.

    ``weights`` (n_in, n_out), whose entry [i, j] leads from input i to unit j, and ``biases`` (1, n_out) may be
    assigned or changed in place. After ``backward``: ``dweights``, ``dbiases``, ``dinputs``.

    >>> layer = Dense(2, 4)
    >>> layer.weights = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    >>> layer.biases = 1
    >>> layer.forward([[3, 5]])
    array([[ 7.5, 14. , 27. , 12.5]])
    """

    name = "dense"

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        initializer: str = "glorot_uniform",
        dtype: Any = np.float64,
        random_state: Any = None,
    ) -> None:
        self.n_in = whole("Dense", "n_in", n_in)
        self.n_out = whole("Dense", "n_out", n_out)
        self.initializer = initializers.get(initializer).name
        self.dtype = float_type("Dense", dtype)
        self._weights = np.empty((self.n_in, self.n_out), self.dtype)
        self._biases = np.empty((1, self.n_out), self.dtype)
        self.draw(check_random_state(random_state))

    def draw(self, rng: np.random.RandomState) -> None:
        """Draw weights, then biases, anew by the initializer; the layer then counts as not assigned."""
        row = initializers.get(self.initializer)
        self._weights[...] = row.weights(rng, self.n_in, self.n_out)
        self._biases[...] = row.biases(rng, self.n_in, self.n_out)
        self._drawn = self._digest()

    @classmethod
    def over(cls, weights_view: np.ndarray, biases_view: np.ndarray) -> Dense:
        """Make a layer that lives in the given views and takes over the numbers it finds there; draws nothing.

        >>> flat = np.arange(6.0)
        >>> Dense.over(flat[:4].reshape(2, 2), flat[4:].reshape(1, 2)).forward([[1, 1]])
        array([[6., 9.]])
        """
        layer = cls.__new__(cls)
        layer.n_in, layer.n_out = weights_view.shape
        layer.initializer, layer.dtype = "glorot_uniform", weights_view.dtype
        return layer.settle(weights_view, biases_view)

    def forward(self, inputs: Any, training: bool = False) -> np.ndarray:
        """Return inputs @ weights + biases, (batch, n_out), for inputs (batch, n_in), an array or a CSR matrix."""
        sparse_inputs: Any = inputs if sparse.issparse(inputs) else None
        if sparse_inputs is None:
            x: Any = floats(inputs, self.dtype)
        else:
            x = sparse_inputs.tocsr().astype(self.dtype, copy=False)
        if x.ndim != 2 or x.shape[1] != self.n_in:
            hint = "; for one row write it in double brackets, [[...]]" if x.ndim == 1 else ""
            raise ShapeError(
                f"{self!r} takes inputs of shape (batch, {self.n_in}), but was given {x.shape}{hint}."
            )
        self.inputs = x
        self.output = x @ self._weights + self._biases
        return self.output

    def backward(self, dvalues: Any, *, need_dinputs: bool = True) -> np.ndarray:
        """Return dL/d(inputs) (batch, n_in), and keep it with dL/d(weights) and dL/d(biases).

        A first layer may leave dL/d(inputs) out (``need_dinputs=False``): it is wide for sparse inputs, and
        nobody reads it. An empty array is returned then.
        """
        d = derivatives(self, dvalues)
        self.dweights = self.inputs.T @ d
        self.dbiases = d.sum(axis=0, keepdims=True)
        self.dinputs = d @ self._weights.T if need_dinputs else np.empty((0, self.n_in), self.dtype)
        return self.dinputs

    def to_config(self) -> dict[str, Any]:
        """Return sizes, initializer and dtype; weights and biases are not part of it."""
        config = {"name": self.name, "n_in": self.n_in, "n_out": self.n_out}
        return config | {"initializer": self.initializer, "dtype": str(self.dtype)}

    def __repr__(self) -> str:
        shown = "" if self.initializer == "glorot_uniform" else f", initializer={self.initializer!r}"
        shown += "" if self.dtype == np.float64 else f", dtype={str(self.dtype)!r}"
        return f"Dense({self.n_in}, {self.n_out}{shown})"
