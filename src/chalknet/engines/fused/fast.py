"""What compiled code runs in the place of NumPy's and SciPy's functions: the C library's take one number at a time.

All are written in the formulas' own vocabulary, without branches, so every step works on a whole vector register. They
stay within 4 units in the last place of the exact value, erf and erfc within 6 (tests hold them to it; sine and cosine
as far as `fast_sine` says), are right for ±inf, pass NaN on and underflow gradually.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.engines.fused import fast_erf, fast_exp, fast_log, fast_sine


def exp(x):
    """e^x: in compiled code one of the table's, by dtype; in plain Python NumPy's."""
    return np.exp(x)


def log1p(x):
    """log(1 + x), in the same way."""
    return np.log1p(x)


FAST: dict[Any, dict[str, Any]] = {
    np.float32: {
        "exp": fast_exp.exp32,
        "expm1": fast_exp.expm1_32,
        "tanh": fast_exp.tanh32,
        "log": fast_log.log32,
        "log1p": fast_log.log1p32,
        "xlogy": fast_log.xlogy32,
        "erf": fast_erf.erf32,
        "erfc": fast_erf.erfc32,
        "sin": fast_sine.sin32,
        "cos": fast_sine.cos32,
    },
    np.float64: {
        "exp": fast_exp.exp64,
        "expm1": fast_exp.expm1_64,
        "tanh": fast_exp.tanh64,
        "log": fast_log.log64,
        "log1p": fast_log.log1p64,
        "xlogy": fast_log.xlogy64,
        "erf": fast_erf.erf64,
        "erfc": fast_erf.erfc64,
        "sin": fast_sine.sin64,
        "cos": fast_sine.cos64,
    },
}
