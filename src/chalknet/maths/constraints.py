"""What weights are held to after an update. Arrays are (inputs, units)."""

from __future__ import annotations

import numpy as np

__all__ = ["shrinkage"]


def shrinkage(w: np.ndarray, longest: float) -> np.ndarray:
    """c / max(√Σᵢ wᵢⱼ², c), (1, units): the factor that holds a unit's incoming weights to the length c.

    Source: Srivastava et al. 2014, section 5.1 (max-norm regularisation).

    Example:
        >>> shrinkage(np.array([[3.0, 0.3], [4.0, 0.4]]), 1.0)
        array([[0.2, 1. ]])
    """
    c = np.asarray(longest, w.dtype)
    return c / np.maximum(np.sqrt(np.sum(np.square(w), axis=0, keepdims=True)), c)
