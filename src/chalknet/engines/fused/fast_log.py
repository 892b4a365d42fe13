"""Logarithms; see `fast`.

With x = 2^k m, m from the root of 1/2 to the root of 2 and f = m - 1, log x = k log 2 + log(1 + f). The second part is
f - f^2/2 + f^3 P(f) in single precision; in double precision, with s = f / (2 + f), it is f - (f^2/2 - s (f^2/2 + R))
as in Sun's fdlibm, R = s^2 P(s^2). P are minimax fits of our own (Remez's exchange in 60 digits, mpmath).
"""

from __future__ import annotations

from chalknet.engines.fused.fast_bits import exponent, mantissa, power_of_two
from chalknet.maths.ops import where

INF = float("inf")
NAN = float("nan")


def of_parts32(k, f):
    """k log 2 + log(1 + f)."""
    p = (8.7015310071263373e-2 * f - 1.4269147523375460e-1) * f + 1.4915132625963600e-1
    p = ((p * f - 1.6577409810903938e-1) * f + 1.9963017069504745e-1) * f - 2.5001341316218063e-1
    p = (p * f + 3.3333911794204111e-1) * f - 0.5
    return (p * (f * f) - k * 2.12194440e-4 + f) + k * 0.693359375


def of_parts64(k, f):
    """The same in double precision."""
    s = f / (2.0 + f)
    z, h = s * s, 0.5 * f * f
    p = (1.4798587590377172241e-1 * z + 1.5313804556370980806e-1) * z + 1.8183573219864382326e-1
    p = ((p * z + 2.2222198416637710341e-1) * z + 2.8571428743762978894e-1) * z + 3.9999999999409413292e-1
    p = (p * z + 6.6666666666667351198e-1) * z
    return (f - (h - (s * (h + p) + k * 1.42860682030941723212e-6))) + k * 6.93145751953125e-1


def log32(x):
    """log x; numbers too small for the usual form are taken times 2^23."""
    small = x < 1.1754943508222875e-38
    c = where(small, x * 8388608.0, x)
    y = of_parts32(exponent(c) - where(small, 23.0, 0.0), mantissa(c) - 1.0)
    return where(x == 0.0, -INF, where(x > 0.0, where(x < INF, y, x), NAN))


def log64(x):
    """The same in double precision."""
    small = x < 2.2250738585072014e-308
    c = where(small, x * 4503599627370496.0, x)
    y = of_parts64(exponent(c) - where(small, 52.0, 0.0), mantissa(c) - 1.0)
    return where(x == 0.0, -INF, where(x > 0.0, where(x < INF, y, x), NAN))


def log1p32(x):
    """log(1 + x): 1 + x gives k, but f = 2^-k x + (2^-k - 1), which has x's last digits."""
    u = 1.0 + x
    k = exponent(u)
    t = power_of_two(-k)
    y = of_parts32(k, where(x > 1e9, mantissa(u) - 1.0, x * t + (t - 1.0)))
    return where(x == -1.0, -INF, where(x > -1.0, where(x < INF, y, x), NAN))


def log1p64(x):
    """The same in double precision."""
    u = 1.0 + x
    k = exponent(u)
    t = power_of_two(-k)
    y = of_parts64(k, where(x > 1e18, mantissa(u) - 1.0, x * t + (t - 1.0)))
    return where(x == -1.0, -INF, where(x > -1.0, where(x < INF, y, x), NAN))


def xlogy32(x, y):
    """x log y, and 0 where x = 0 unless y is NaN."""
    return where(x == 0.0, where(y == y, 0.0, y), x * log32(y))


def xlogy64(x, y):
    """The same in double precision."""
    return where(x == 0.0, where(y == y, 0.0, y), x * log64(y))
