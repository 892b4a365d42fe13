"""What layers with learned numbers share: weights and biases that live in a network's flat vector or in their own."""

from __future__ import annotations

import hashlib
import weakref
from abc import abstractmethod
from typing import Any, Self

import numpy as np

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.layers.base import Layer, floats


def float_type(owner: str, dtype: Any) -> np.dtype:
    """float64 or float32, or ParameterError."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if found not in (np.float64, np.float32):
        raise ParameterError(f"{owner}: dtype must be float64 or float32, but was given {dtype!r}.")
    return found


class Learned(Layer):
    """A layer with ``weights`` (rows, n_out) and ``biases`` (1, n_out), which training changes.

    Both may be assigned or changed in place. After ``backward``: ``dweights``, ``dbiases``, ``dinputs``.
    """

    _owner: weakref.ref[Any] | None = None
    _bound = False
    dweights: Any = None
    dbiases: Any = None
    n_in: int
    n_out: int
    dtype: np.dtype
    _weights: np.ndarray
    _biases: np.ndarray
    _drawn: bytes | None = None

    @abstractmethod
    def draw(self, rng: np.random.RandomState) -> None:
        """Set the numbers that training begins with; the layer then counts as not assigned."""

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
        """The weights (rows, n_out)."""
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

    def settle(self, weights_view: np.ndarray, biases_view: np.ndarray) -> Self:
        """Live in the given views from now on and take over the numbers found there."""
        vars(self).update(_weights=weights_view, _biases=biases_view, _bound=True, _drawn=None)
        return self

    def forget(self) -> None:
        """Drop the last batch's values and gradients."""
        super().forget()
        self.dweights = self.dbiases = None

    def __getstate__(self) -> dict[str, Any]:
        # A copy owns its numbers: views of somebody's flat vector become arrays of its own.
        own = {"_weights": self._weights.copy(), "_biases": self._biases.copy(), "_bound": False}
        return self.__dict__ | own | {"_owner": None}
