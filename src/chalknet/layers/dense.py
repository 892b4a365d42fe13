"""A dense layer: every unit sees every input."""

from __future__ import annotations

import hashlib
import weakref
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.layers.base import Layer, derivatives, floats
from chalknet.layers.config import whole
from chalknet.maths import initializers


class Dense(Layer):
    """A layer of ``n_out`` units, each the weighted sum of all ``n_in`` inputs plus a bias.

    output = inputs @ weights + biases, and backwards, with d = dL/d(output):
    dL/d(weights) = inputs.T @ d, dL/d(biases) = the sum of d over the rows, dL/d(inputs) = d @ weights.T

    Args:
        n_in: number of inputs of each unit.
        n_out: number of units.
        initializer: a name of ``maths.initializers``; "glorot_uniform" also sets the biases to 0.
        dtype: float64 or float32, for weights, inputs and outputs alike.
        random_state: None, a seed or a NumPy ``RandomState``, for the first weights.

    ``weights`` (n_in, n_out) and ``biases`` (1, n_out) may be assigned or changed in place. After ``backward``:
    ``dweights``, ``dbiases``, ``dinputs``.

    >>> layer = Dense(2, 4)
    >>> layer.weights = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    >>> layer.biases = 1
    >>> layer.forward([[3, 5]])
    array([[ 7.5, 14. , 27. , 12.5]])
    """

    name = "dense"
    _owner: weakref.ref[Any] | None = None

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
        try:
            self.dtype = np.dtype(dtype)
        except TypeError:
            self.dtype = np.dtype(object)
        if self.dtype not in (np.float64, np.float32):
            raise ParameterError(f"Dense: dtype must be float64 or float32, but was given {dtype!r}.")
        self.dweights: Any = None
        self.dbiases: Any = None
        self._bound = False
        self._weights = np.empty((self.n_in, self.n_out), self.dtype)
        self._biases = np.empty((1, self.n_out), self.dtype)
        self.draw(check_random_state(random_state))

    def draw(self, rng: np.random.RandomState) -> None:
        """Draw weights, then biases, anew by the initializer; the layer then counts as not assigned."""
        row = initializers.get(self.initializer)
        self._weights[...] = row.weights(rng, self.n_in, self.n_out)
        self._biases[...] = row.biases(rng, self.n_in, self.n_out)
        self._drawn: bytes | None = self._digest()

    def _digest(self) -> bytes:
        """A fingerprint of the present numbers: far smaller than a copy of them."""
        digest = hashlib.blake2b(np.ascontiguousarray(self._weights).data, digest_size=16)
        digest.update(np.ascontiguousarray(self._biases).data)
        return digest.digest()

    @property
    def assigned(self) -> bool:
        """True when weights or biases were assigned, changed in place or trained since they were last drawn."""
        return self._drawn is None or self._drawn != self._digest()

    @property
    def weights(self) -> np.ndarray:
        """The weights (n_in, n_out): entry [i, j] leads from input i to unit j."""
        return self._weights

    @weights.setter
    def weights(self, values: Any) -> None:
        w = floats(values, self.dtype)
        if w.shape != self._weights.shape:
            raise ShapeError(
                f"{self!r} has weights of shape {self._weights.shape}, but was given shape {w.shape}."
            )
        self._assign("_weights", w)

    @property
    def biases(self) -> np.ndarray:
        """The biases (1, n_out), one a unit."""
        return self._biases

    @biases.setter
    def biases(self, values: Any) -> None:
        b = floats(values, self.dtype)
        if b.shape not in ((), (self.n_out,), (1, self.n_out)):
            raise ShapeError(
                f"{self!r} has biases of shape {self._biases.shape}, but was given shape {b.shape}; "
                f"a single number or {self.n_out} of them in a row are fine too."
            )
        self._assign("_biases", b if b.ndim == 2 else np.broadcast_to(b, (1, self.n_out)))

    def _assign(self, name: str, values: np.ndarray) -> None:
        # `layer.weights -= step` ends here with the storage itself: nothing to copy then.
        if values is not getattr(self, name):
            if self._bound:
                getattr(self, name)[...] = values
            else:
                setattr(self, name, values.copy())
        self._drawn = None

    @property
    def owner(self) -> Any:
        """The network in whose flat vector the numbers live; None where there is none (any more)."""
        return None if self._owner is None else self._owner()

    def bind(self, weights_view: np.ndarray, biases_view: np.ndarray, owner: Any = None) -> None:
        """Move the numbers into the given views (of the owner's flat vector) and live there from now on.

        Raises :class:`ShapeError` for views of another shape or dtype.
        """
        views = ((weights_view, self._weights), (biases_view, self._biases))
        for view, own in views:
            if view.shape != own.shape or view.dtype != self.dtype:
                raise ShapeError(
                    f"{self!r} can be bound to {own.shape} of {self.dtype}, not to {view.shape} of {view.dtype}."
                )
        for view, own in views:
            view[...] = own
        self._weights, self._biases, self._bound = weights_view, biases_view, True
        self._owner = None if owner is None else weakref.ref(owner)

    def leave(self) -> None:
        """Leave the owner: the numbers stay as they are, in arrays of the layer's own."""
        vars(self).update(self.__getstate__())

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
        layer.dweights = layer.dbiases = None
        vars(layer).update(_weights=weights_view, _biases=biases_view, _bound=True, _drawn=None)
        return layer

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

    def forget(self) -> None:
        """Drop the last batch's values and gradients."""
        super().forget()
        self.dweights = self.dbiases = None

    def to_config(self) -> dict[str, Any]:
        """Return sizes, initializer and dtype; weights and biases are not part of it."""
        config = {"name": self.name, "n_in": self.n_in, "n_out": self.n_out}
        return config | {"initializer": self.initializer, "dtype": str(self.dtype)}

    def __getstate__(self) -> dict[str, Any]:
        # A copy owns its numbers: views of somebody's flat vector become arrays of its own.
        own = {
            "_weights": self._weights.copy(),
            "_biases": self._biases.copy(),
            "_bound": False,
            "_owner": None,
        }
        return self.__dict__ | own

    def __repr__(self) -> str:
        shown = "" if self.initializer == "glorot_uniform" else f", initializer={self.initializer!r}"
        shown += "" if self.dtype == np.float64 else f", dtype={str(self.dtype)!r}"
        return f"Dense({self.n_in}, {self.n_out}{shown})"
