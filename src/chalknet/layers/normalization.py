"""Layers that bring numbers to a common scale: batch and layer normalisation, and standardisation of inputs."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np

from chalknet.exceptions import DataError, ShapeError
from chalknet.layers.base import Layer, derivatives, floats
from chalknet.layers.config import ABOVE_ZERO, BELOW_ONE, number, whole
from chalknet.layers.learned import Learned, float_type
from chalknet.maths import normalization as f

EPSILON = 1e-5


def rows_for(layer: Any, inputs: Any) -> np.ndarray:
    """Inputs as rows of the layer's width and dtype, or ShapeError."""
    x = floats(inputs, layer.dtype)
    if x.ndim != 2 or x.shape[1] != layer.n_out:
        raise ShapeError(f"{layer!r} takes inputs of shape (batch, {layer.n_out}), but was given {x.shape}.")
    return x


class Moments(Layer):
    """A layer that keeps a mean and a variance for each unit, beside what is trained."""

    n_out: int
    dtype: np.dtype
    _moments: np.ndarray  # (2, n): means, variances

    def _one_row(self, name: str, values: Any, low: float) -> np.ndarray:
        row = floats(values, self.dtype)
        if row.shape not in ((), (self.n_out,), (1, self.n_out)):
            raise ShapeError(
                f"{self!r} keeps {name} of shape (1, {self.n_out}), but was given shape {row.shape}."
            )
        if not (np.isfinite(row).all() and row.min() >= low):
            raise DataError(f"{self!r}: {name} must be finite" + (", and at least 0." if low == 0 else "."))
        return row

    @property
    def mean(self) -> np.ndarray:
        """The means (1, n) that predictions subtract."""
        return self._moments[:1]

    @mean.setter
    def mean(self, values: Any) -> None:
        self._moments[0] = self._one_row("mean", values, -np.inf)

    @property
    def variance(self) -> np.ndarray:
        """The variances (1, n) by whose roots predictions divide."""
        return self._moments[1:]

    @variance.setter
    def variance(self, values: Any) -> None:
        self._moments[1] = self._one_row("variance", values, 0.0)

    def bind_moments(self, view: np.ndarray) -> None:
        """Move means and variances into the view (2, n) and live there from now on."""
        view[...] = self._moments
        self._moments = view

    def leave_moments(self) -> None:
        """Keep the numbers in an array of the layer's own."""
        self._moments = self._moments.copy()

    def widen(self) -> None:
        """Keep the numbers in the layer's dtype, which has changed."""
        self._moments = self._moments.astype(self.dtype)

    def over_moments(self, view: np.ndarray) -> Self:
        """Live in the view and take over the numbers found there."""
        self._moments = view
        return self

    def __getstate__(self) -> dict[str, Any]:
        kept = super().__getstate__()
        return (kept if isinstance(kept, dict) else dict(self.__dict__)) | {"_moments": self._moments.copy()}


class Scaled(Learned):
    """A normalisation whose result is scaled and shifted by learned numbers, one of each a unit.

    ``weights`` (1, n) are the scales γ, 1 at first, ``biases`` (1, n) the shifts β, 0 at first.
    """

    name = ""
    axis = 0
    normal: Any = None
    _s: Any = None
    _batch: bool = False  # whether the last batch's own moments were taken

    def __init__(self, n: int, *, epsilon: float = EPSILON, dtype: Any = np.float64) -> None:
        owner = type(self).__name__
        self.n_in = self.n_out = whole(owner, "n", n)
        self.epsilon = number(owner, "epsilon", epsilon, ABOVE_ZERO)
        self.dtype = float_type(owner, dtype)
        self._weights, self._biases = (
            np.ones((1, self.n_out), self.dtype),
            np.zeros((1, self.n_out), self.dtype),
        )
        self._drawn = self._digest()

    def draw(self, rng: np.random.RandomState) -> None:
        """Scales of 1 and shifts of 0: nothing is drawn."""
        self._weights[...], self._biases[...] = 1.0, 0.0
        self._drawn = self._digest()

    @abstractmethod
    def _moments_of(self, x: np.ndarray, training: bool) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance to normalise with."""

    def forward(self, inputs: Any, training: bool = False) -> np.ndarray:
        """Return γ (inputs − mean)/√(variance + epsilon) + β for inputs (batch, n)."""
        x = self.inputs = rows_for(self, inputs)
        mean, variance = self._moments_of(x, training)
        self._s = f.deviation(variance, self.epsilon)
        self.normal = f.normalized(x, mean, self._s)
        self.output = self._weights * self.normal + self._biases
        return self.output

    def backward(self, dvalues: Any) -> np.ndarray:
        """Return dL/d(inputs), and keep it with dL/d(weights) and dL/d(biases)."""
        d = derivatives(self, dvalues)
        self.dweights = (d * self.normal).sum(axis=0, keepdims=True)
        self.dbiases = d.sum(axis=0, keepdims=True)
        d = d * self._weights
        self.dinputs = f.d_normalized(d, self.normal, self._s, self.axis) if self._batch else d / self._s
        return self.dinputs

    def standing(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x̂ and √(variance + epsilon) of rows x, as predictions take them."""
        mean, variance = self._moments_of(x, training=False)
        s = f.deviation(variance, self.epsilon)
        return f.normalized(x, mean, s), s

    def forget(self) -> None:
        """Drop the last batch's values and gradients."""
        super().forget()
        self.normal = self._s = None

    def to_config(self) -> dict[str, Any]:
        """Return the layer without its numbers."""
        return {"name": self.name, "n": self.n_out, "epsilon": self.epsilon, "dtype": str(self.dtype)}

    def _shown(self) -> str:
        shown = "" if self.epsilon == EPSILON else f", epsilon={self.epsilon:g}"
        return shown + ("" if self.dtype == np.float64 else f", dtype={str(self.dtype)!r}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_out}{self._shown()})"


class BatchNorm(Moments, Scaled):
    """Batch normalisation: each unit's numbers, over the rows of a batch, get mean 0 and variance 1.

    In training, output = γ (inputs − μ)/√(v + ε) + β with the batch's own mean μ and variance v (divided by the number
    of rows), one a unit; running means follow them: mean ← momentum · mean + (1 − momentum) · μ, and the variance
    likewise with v m/(m − 1) of a batch of m rows (a batch of one row leaves both as they are). Predictions take these
    running numbers, so that a row's does not depend on its company.

    Args:
        n: number of units.
        momentum: share in [0, 1) of the running numbers that a batch leaves.
        epsilon: ε, above 0.
        dtype: float64 or float32.

    ``weights`` (1, n) are γ, ``biases`` (1, n) are β, both trained; ``mean`` and ``variance`` (1, n) are the running
    numbers. All four may be assigned. Rows' weights in the loss do not weigh in the batch's moments.

    >>> layer = BatchNorm(2, epsilon=1e-12)
    >>> layer.forward([[1.0, 5.0], [3.0, 9.0]], training=True).round(6)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> layer.mean, layer.variance
    (array([[0.2, 0.7]]), array([[1.1, 1.7]]))

    Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
    """

    name = "batch_norm"

    def __init__(
        self, n: int, *, momentum: float = 0.9, epsilon: float = EPSILON, dtype: Any = np.float64
    ) -> None:
        super().__init__(n, epsilon=epsilon, dtype=dtype)
        self.momentum = number("BatchNorm", "momentum", momentum, BELOW_ONE)
        self._moments = np.zeros((2, self.n_out), self.dtype)
        self._moments[1] = 1.0

    def _moments_of(self, x: np.ndarray, training: bool) -> tuple[np.ndarray, np.ndarray]:
        self._batch = training
        if not training:
            return self.mean, self.variance
        mean, variance = f.moments(x, axis=0)
        if len(x) > 1:
            kept = self.dtype.type(self.momentum)
            new = np.concatenate([mean, f.unbiased(variance, len(x))])
            self._moments[...] = kept * self._moments + (1 - kept) * new
        return mean, variance

    def to_config(self) -> dict[str, Any]:
        """Return the layer without its numbers."""
        return super().to_config() | {"momentum": self.momentum}

    def _shown(self) -> str:
        return ("" if self.momentum == 0.9 else f", momentum={self.momentum:g}") + super()._shown()


class LayerNorm(Scaled):
    """Layer normalisation: the numbers of each row get mean 0 and variance 1, in training and prediction alike.

    output = γ (inputs − μ)/√(v + ε) + β with the mean μ and variance v over the row's units; a row does not depend on
    its company, and batches may be of any size.

    Args:
        n: number of units.
        epsilon: ε, above 0.
        dtype: float64 or float32.

    ``weights`` (1, n) are γ, ``biases`` (1, n) are β, both trained.

    >>> LayerNorm(2, epsilon=1e-12).forward([[1.0, 5.0], [30.0, 10.0]]).round(6)
    array([[-1.,  1.],
           [ 1., -1.]])

    Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450.
    """

    name = "layer_norm"
    axis = 1
    _batch = True

    def _moments_of(self, x: np.ndarray, training: bool) -> tuple[np.ndarray, np.ndarray]:
        return f.moments(x, axis=1)


class Standardize(Moments):
    """Standardisation by fixed numbers: output = (inputs − mean)/√variance, one of each an input.

    Nothing of it is trained: ``mean`` (1, n) and ``variance`` (1, n), 0 and 1 at first, are assigned. As the first
    layer it lets a network take raw inputs.

    Args:
        n: number of inputs.
        dtype: float64 or float32.

    >>> layer = Standardize(2)
    >>> layer.mean, layer.variance = [1.0, 10.0], [4.0, 100.0]
    >>> layer.forward([[3.0, 0.0]])
    array([[ 1., -1.]])
    """

    name = "standardize"

    def __init__(self, n: int, *, dtype: Any = np.float64) -> None:
        self.n_in = self.n_out = whole("Standardize", "n", n)
        self.dtype = float_type("Standardize", dtype)
        self._moments = np.zeros((2, self.n_out), self.dtype)
        self._moments[1] = 1.0

    def _one_row(self, name: str, values: Any, low: float) -> np.ndarray:
        row = super()._one_row(name, values, low)
        if name == "variance" and row.min() == 0.0:
            raise DataError(
                f"{self!r}: a variance of 0 cannot be divided by; give such an input the variance 1."
            )
        return row

    def forward(self, inputs: Any, training: bool = False) -> np.ndarray:
        """Return (inputs − mean)/√variance for inputs (batch, n)."""
        x = self.inputs = rows_for(self, inputs)
        self.output = f.normalized(x, self.mean, np.sqrt(self.variance))
        return self.output

    def backward(self, dvalues: Any) -> np.ndarray:
        """Return dL/d(inputs)."""
        self.dinputs = derivatives(self, dvalues) / np.sqrt(self.variance)
        return self.dinputs

    def to_config(self) -> dict[str, Any]:
        """Return the layer without its numbers."""
        return {"name": self.name, "n": self.n_out, "dtype": str(self.dtype)}

    def __repr__(self) -> str:
        shown = "" if self.dtype == np.float64 else f", dtype={str(self.dtype)!r}"
        return f"Standardize({self.n_out}{shown})"
