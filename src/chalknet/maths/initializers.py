"""Initializers: the numbers a layer's weights and biases start from.

Both functions take (rng, n_in, n_out), where rng is a NumPy RandomState (or the module ``np.random`` itself), and give
float64 arrays of shape (n_in, n_out) and (1, n_out). A layer draws its weights first, then its biases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chalknet.maths.table import find

__all__ = ["ALIASES", "INITIALIZERS", "Initializer", "constant", "get", "normal", "uniform"]


class Initializer(NamedTuple):
    """One initializer: weights(rng, n_in, n_out) -> (n_in, n_out), biases(rng, n_in, n_out) -> (1, n_out)."""

    name: str
    weights: Callable[..., Any]
    biases: Callable[..., Any]
    source: str = ""


def zeros(rng, n_in, n_out):
    """A bias of 0 each; draws nothing."""
    return np.zeros((1, n_out))


def ones(rng, n_in, n_out):
    """A bias of 1 each; draws nothing."""
    return np.ones((1, n_out))


def uniform_within(bound):
    """Weights U(−b, b), where b = bound(n_in, n_out)."""

    def weights(rng, n_in, n_out):
        b = bound(n_in, n_out)
        return rng.uniform(-b, b, (n_in, n_out))

    return weights


def normal_with(std):
    """Weights N(0, s²), where s = std(n_in, n_out)."""

    def weights(rng, n_in, n_out):
        return std(n_in, n_out) * rng.standard_normal((n_in, n_out))

    return weights


def biases_within(bound):
    """Biases U(−b, b), where b = bound(n_in, n_out)."""

    def biases(rng, n_in, n_out):
        b = bound(n_in, n_out)
        return rng.uniform(-b, b, n_out).reshape(1, n_out)

    return biases


def orthogonal_weights(rng, n_in, n_out):
    """W with WᵀW = 1 (or WWᵀ = 1 where n_in < n_out): Q of a normal matrix, its signs made those of R's diagonal."""
    tall = rng.standard_normal((max(n_in, n_out), min(n_in, n_out)))
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diag(r) < 0.0, -1.0, 1.0)  # else LAPACK's choice of signs would not be uniform
    return np.ascontiguousarray(q if n_in >= n_out else q.T)


def constant(value: float = 0.1) -> Initializer:
    """Every weight and every bias is value: all units of a layer stay equal for ever, which is why one draws at random.

    Example:
        >>> constant(0.5).weights(np.random.RandomState(0), 1, 2)
        array([[0.5, 0.5]])
    """
    return Initializer(
        "constant",
        lambda rng, n_in, n_out: np.full((n_in, n_out), float(value)),
        lambda rng, n_in, n_out: np.full((1, n_out), float(value)),
    )


def uniform(bound: float = 0.05) -> Initializer:
    """Weights U(−bound, bound), biases 0."""
    return Initializer("uniform", uniform_within(lambda n_in, n_out: bound), zeros)


def normal(std: float = 0.05) -> Initializer:
    """Weights N(0, std²), biases 0."""
    return Initializer("normal", normal_with(lambda n_in, n_out: std), zeros)


def glorot(n_in, n_out):
    """√(6 / (n_in + n_out)): U(−b, b) then has variance 2 / (n_in + n_out)."""
    return np.sqrt(6.0 / (n_in + n_out))


def narrow(n_in, n_out):
    """√(2 / (n_in + n_out)), the bound scikit-learn takes for the logistic activation."""
    return np.sqrt(2.0 / (n_in + n_out))


_GLOROT = "Glorot and Bengio 2010"
_HE = "He et al. 2015, arXiv:1502.01852"
_LECUN = "LeCun et al. 1998, Efficient BackProp"
_SKLEARN = "scikit-learn's MLPClassifier._init_coef"

INITIALIZERS: dict[str, Initializer] = {
    row.name: row
    for row in (
        Initializer(
            "lecture", normal_with(lambda n_in, n_out: 1.0), ones, "the lecture's Dense: N(0, 1), biases 1"
        ),
        Initializer("zeros", lambda rng, n_in, n_out: np.zeros((n_in, n_out)), zeros),
        constant(),
        uniform(),
        normal(),
        Initializer("glorot_uniform", uniform_within(glorot), zeros, _GLOROT),
        Initializer("glorot_normal", normal_with(narrow), zeros, _GLOROT),
        Initializer("he_uniform", uniform_within(lambda n_in, n_out: np.sqrt(6.0 / n_in)), zeros, _HE),
        Initializer("he_normal", normal_with(lambda n_in, n_out: np.sqrt(2.0 / n_in)), zeros, _HE),
        Initializer("lecun_uniform", uniform_within(lambda n_in, n_out: np.sqrt(3.0 / n_in)), zeros, _LECUN),
        Initializer("lecun_normal", normal_with(lambda n_in, n_out: np.sqrt(1.0 / n_in)), zeros, _LECUN),
        Initializer(
            "orthogonal", orthogonal_weights, zeros, "Saxe, McClelland and Ganguli 2014, arXiv:1312.6120"
        ),
        Initializer("sklearn", uniform_within(glorot), biases_within(glorot), _SKLEARN),
        Initializer("sklearn_logistic", uniform_within(narrow), biases_within(narrow), _SKLEARN),
    )
}
ALIASES: dict[str, str] = {}


def get(name: str) -> Initializer:
    """The initializer called name.

    Raises:
        UnknownNameError: no such initializer; the message lists them.

    Example:
        >>> get("lecture").biases(np.random.RandomState(0), 2, 3)
        array([[1., 1., 1.]])
    """
    return find("initializer", name, INITIALIZERS, ALIASES)
