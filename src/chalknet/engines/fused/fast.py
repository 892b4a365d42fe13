"""Exponentials and hyperbolic tangent that vectorise: the C library's are called for one number at a time.

Forms of Moshier's Cephes library, over the formulas' own vocabulary, so every step works on a whole vector register.
They stay within 4 units in the last place of the exact value (tests hold them to it), are right for ±inf, pass NaN on
and underflow gradually. Lowering puts them in the place of `np.exp`, `np.expm1` and `np.tanh`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from chalknet.engines.fused.lowlevel import JIT
from chalknet.maths.ops import where

if JIT:

    @intrinsic
    def power_of_two(typing, k):
        """2^k for a whole number k in float form, by putting k into the exponent's bits."""

        def codegen(context, builder, signature, args):
            bits, mantissa, bias, magic = (
                (32, 23, 127, 1.5 * 2**23) if k.bitwidth == 32 else (64, 52, 1023, 1.5 * 2**52)
            )
            word, number = ir.IntType(bits), args[0].type
            # Adding a number whose last bit is worth 1 leaves k in the low bits: works without vector conversions.
            low = builder.bitcast(builder.fadd(args[0], ir.Constant(number, magic)), word)
            exponent = builder.shl(builder.add(low, ir.Constant(word, bias)), ir.Constant(word, mantissa))
            return builder.bitcast(exponent, number)

        return k(k), codegen

else:

    def power_of_two(k):
        """Twin: the same by NumPy."""
        return np.ldexp(np.ones_like(k), k.astype(np.int64))


def exp(x):
    """e^x: in compiled code one of the two below, by dtype; in plain Python NumPy's."""
    return np.exp(x)


def rest64(r):
    """e^r - 1 for |r| at most 0.42, a rational function."""
    s = r * r
    p = r * ((1.26177193074810590878e-4 * s + 3.02994407707441961300e-2) * s + 9.99999999999999999910e-1)
    q = (3.00198505138664455042e-6 * s + 2.52448340349684104192e-3) * s + 2.27265548208155028766e-1
    return 2.0 * (p / ((q * s + 2.0) - p))


def rest32(r):
    """The same in single precision, a polynomial."""
    p = 1.9875691500e-4 * r + 1.3981999507e-3
    p = ((p * r + 8.3334519073e-3) * r + 4.1665795894e-2) * r
    return ((p + 1.6666665459e-1) * r + 5.0000001201e-1) * (r * r) + r


def exp64(x):
    """e^x = 2^k e^r with k = x / log 2 rounded, and r the rest."""
    x = where(x > 710.0, 710.0, where(x < -746.0, -746.0, x))
    k = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    r = (x - k * 6.93145751953125e-1) - k * 1.42860682030941723212e-6
    half = (k * 0.5 + 6755399441055744.0) - 6755399441055744.0  # in two steps: 2^k itself may be no number
    return ((1.0 + rest64(r)) * power_of_two(half)) * power_of_two(k - half)


def exp32(x):
    """The same in single precision."""
    x = where(x > 89.0, 89.0, where(x < -104.0, -104.0, x))
    k = (x * 1.44269504088896341 + 12582912.0) - 12582912.0
    r = (x - k * 0.693359375) + k * 2.12194440e-4
    half = (k * 0.5 + 12582912.0) - 12582912.0
    return ((1.0 + rest32(r)) * power_of_two(half)) * power_of_two(k - half)


def expm1_64(x):
    """e^x - 1, which keeps its digits near 0: there 2^k (e^r - 1) + (2^k - 1) with k = -1, 0 or 1."""
    k = where(np.abs(x) < 0.42, 0.0, where(x < 0.0, -1.0, 1.0))
    two = power_of_two(k)
    r = (x - k * 6.93145751953125e-1) - k * 1.42860682030941723212e-6
    return where(np.abs(x) < 1.0, two * rest64(r) + (two - 1.0), exp64(x) - 1.0)


def expm1_32(x):
    """The same in single precision."""
    k = where(np.abs(x) < 0.42, 0.0, where(x < 0.0, -1.0, 1.0))
    two = power_of_two(k)
    r = (x - k * 0.693359375) + k * 2.12194440e-4
    return where(np.abs(x) < 1.0, two * rest32(r) + (two - 1.0), exp32(x) - 1.0)


def tanh64(x):
    """tanh x: near 0 a rational function, else (1 - e) / (1 + e) with e = e^(-2|x|)."""
    s, e = x * x, exp64(-2.0 * np.abs(x))
    far = (1.0 - e) / (1.0 + e)
    p = (-9.64399179425052238628e-1 * s - 9.92877231001918586564e1) * s - 1.61468768441708447952e3
    q = ((s + 1.12811678491632931402e2) * s + 2.23548839060100448583e3) * s + 4.84406305325125486048e3
    return where(np.abs(x) < 0.625, x + x * (s * (p / q)), where(x < 0.0, -far, far))


def tanh32(x):
    """The same in single precision, near 0 a polynomial."""
    s, e = x * x, exp32(-2.0 * np.abs(x))
    far = (1.0 - e) / (1.0 + e)
    p = (-5.70498872745e-3 * s + 2.06390887954e-2) * s - 5.37397155531e-2
    p = ((p * s + 1.33314422036e-1) * s - 3.33332819422e-1) * s
    return where(np.abs(x) < 0.625, x + x * p, where(x < 0.0, -far, far))


FAST: dict[Any, dict[str, Any]] = {
    np.float64: {"exp": exp64, "expm1": expm1_64, "tanh": tanh64},
    np.float32: {"exp": exp32, "expm1": expm1_32, "tanh": tanh32},
}
