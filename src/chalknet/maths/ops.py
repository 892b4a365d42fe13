"""The few functions of the formulas' vocabulary that NumPy lacks, or that compiled code needs in another shape.

A formula is written with ``+ - * / **``, comparisons, float literals, NumPy's ufuncs (``np.exp``, ``np.maximum``, …)
and the functions of this module. Here is their NumPy meaning; engines give them a compiled one, and look-up tables
print them. All of them hand arrays to NumPy's own protocols, so symbols pass through unevaluated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

__all__ = ["erf", "erfc", "where", "xlogy"]


def where(c: Any, a: Any, b: Any) -> Any:
    """Take a where c holds and b elsewhere; NumPy evaluates both, so both must be harmless everywhere.

    Example:
        >>> where(np.array([True, False]), 1.0, 0.0)
        array([1., 0.])
    """
    return np.where(c, a, b)


def erf(x: Any) -> Any:
    """The error function, 2/√π ∫₀ˣ e^(−t²) dt.

    Example:
        >>> round(float(erf(1.0)), 6)
        0.842701
    """
    return special.erf(x)


def erfc(x: Any) -> Any:
    """What is left of the error function, 1 − erf(x), without the loss of digits for large x.

    Example:
        >>> f"{float(erfc(6.0)):.4e}"
        '2.1520e-17'
    """
    return special.erfc(x)


def xlogy(x: Any, y: Any) -> Any:
    """The product x·log y, which is 0 where x = 0 (unless y is NaN): so 0·log 0 = 0.

    Example:
        >>> float(xlogy(0.0, 0.0))
        0.0
    """
    return special.xlogy(x, y)
