"""Formulas of normalisation: what batch and layer normalisation make of a block of numbers, and its derivatives.

`axis` is 0 where each unit is normalised over the batch's rows (batch normalisation), 1 where each row is normalised
over its units (layer normalisation). Shapes are (m, n): m rows of n units.

Sources: Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1; Ba, Kiros and Hinton 2016, arXiv:1607.06450, equation 4.
"""

from __future__ import annotations

import numpy as np

__all__ = ["d_normalized", "deviation", "joined", "moments", "normalized", "unbiased"]


def moments(x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """μ = mean of x, v = mean of (x − μ)², along the axis, which keeps length 1.

    Example:
        >>> moments(np.array([[1.0, 5.0], [3.0, 5.0]]), axis=0)
        (array([[2., 5.]]), array([[1., 0.]]))
    """
    mean = np.mean(x, axis=axis, keepdims=True)
    return mean, np.mean(np.square(x - mean), axis=axis, keepdims=True)


def joined(
    n: float, mean: np.ndarray, variance: np.ndarray, m: float, other: np.ndarray, spread: np.ndarray
) -> tuple:
    """Mean and variance of n rows and m others together, from those of each.

    μ = (n μ₁ + m μ₂)/(n + m) and v = (n v₁ + m v₂ + n m/(n + m) (μ₂ − μ₁)²)/(n + m). Source: Chan, Golub and LeVeque
    1983, equations 2.1.

    Example:
        >>> joined(2.0, np.array([2.0]), np.array([1.0]), 1.0, np.array([5.0]), np.array([0.0]))
        (array([3.]), array([2.66666667]))
    """
    total, apart = n + m, other - mean
    return mean + apart * (m / total), (n * variance + m * spread + (n * m / total) * apart * apart) / total


def deviation(variance: np.ndarray, epsilon: float) -> np.ndarray:
    """s = √(v + ε); ε keeps it above 0."""
    return np.sqrt(variance + np.asarray(epsilon, variance.dtype))


def normalized(x: np.ndarray, mean: np.ndarray, s: np.ndarray) -> np.ndarray:
    """x̂ = (x − μ) / s."""
    return (x - mean) / s


def d_normalized(d: np.ndarray, normal: np.ndarray, s: np.ndarray, axis: int) -> np.ndarray:
    """dL/dx = (d − mean(d) − x̂ mean(d x̂)) / s, where d = dL/dx̂ and μ and s depend on x too.

    Means are taken along the axis. Source: Ioffe and Szegedy 2015, section 3.
    """
    shared = np.mean(d, axis=axis, keepdims=True)
    slanted = np.mean(d * normal, axis=axis, keepdims=True)
    return (d - shared - normal * slanted) / s


def unbiased(variance: np.ndarray, m: int) -> np.ndarray:
    """v m/(m − 1): what m rows tell of the variance of all rows there are.

    Example:
        >>> unbiased(np.array([1.0]), 2)
        array([2.])
    """
    return variance * np.asarray(m / (m - 1.0), variance.dtype)
