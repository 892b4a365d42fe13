"""Exponentials and hyperbolic tangent; see `fast`.

The polynomials are minimax fits of our own (Remez's exchange in 60 digits, mpmath): of (e^r - 1 - r) / r^2
for |r| up to log(2) / 2, relative to e^r - 1.
"""

from __future__ import annotations

import numpy as np

from chalknet.engines.fused.fast_bits import power_of_two, scaled
from chalknet.maths.ops import where


def rest32(r):
    """(e^r - 1 - r) / r^2, so that e^r = 1 + (r + r^2 rest)."""
    p = (1.38825162513352266e-3 * r + 8.36654712044687791e-3) * r + 4.16672007142690663e-2
    return (p * r + 1.66665434244184363e-1) * r + 4.99999981496209369e-1


def rest64(r):
    """The same in double precision."""
    p = (2.50537747545954689e-8 * r + 2.76260928061870778e-7) * r + 2.75574076888114514e-6
    p = ((p * r + 2.48015051624590875e-5) * r + 1.9841269718708194e-4) * r + 1.38888889316670636e-3
    p = ((p * r + 8.33333333338973415e-3) * r + 4.1666666666576468e-2) * r + 1.6666666666666589e-1
    return p * r + 5.0000000000000052e-1


def exp32(x):
    """e^x = 2^k e^r with k = x / log 2 rounded and r the rest."""
    x = where(x < -104.0, -104.0, x)
    x = where(x > 89.0, 89.0, x)
    k = (x * 1.44269504088896341 + 12582912.0) - 12582912.0
    r = (x - k * 0.693359375) + k * 2.12194440e-4
    return scaled((rest32(r) * r + 1.0) * r + 1.0, k)


def exp64(x):
    """The same in double precision."""
    x = where(x < -746.0, -746.0, x)
    x = where(x > 710.0, 710.0, x)
    k = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    r = (x - k * 6.93145751953125e-1) - k * 1.42860682030941723212e-6
    return scaled((rest64(r) * r + 1.0) * r + 1.0, k)


def expm1_32(x):
    """e^x - 1 = 2^k (e^r - 1) + (2^k - 1), half of it first, as 2^k may be no number; for k = 0 nothing is added."""
    x = where(x < -20.0, -20.0, x)
    x = where(x > 89.0, 89.0, x)
    k = (x * 1.44269504088896341 + 12582912.0) - 12582912.0
    r = (x - k * 0.693359375) + k * 2.12194440e-4
    p, half = rest32(r) * (r * r) + r, power_of_two(k - 1.0)
    return where(k == 0.0, p, 2.0 * (half * p + (half - 0.5)))


def expm1_64(x):
    """The same in double precision."""
    x = where(x < -40.0, -40.0, x)
    x = where(x > 710.0, 710.0, x)
    k = (x * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    r = (x - k * 6.93145751953125e-1) - k * 1.42860682030941723212e-6
    p, half = rest64(r) * (r * r) + r, power_of_two(k - 1.0)
    return where(k == 0.0, p, 2.0 * (half * p + (half - 0.5)))


def tanh32(x):
    """tanh |x| = e / (e + 2) with e = e^(2|x|) - 1, 2|x| held where that is 1 to the last digit."""
    c = 2.0 * np.abs(x)
    c = where(c > 20.0, 20.0, c)
    k = (c * 1.44269504088896341 + 12582912.0) - 12582912.0
    r = (c - k * 0.693359375) + k * 2.12194440e-4
    two = power_of_two(k)
    e = two * (rest32(r) * (r * r) + r) + (two - 1.0)
    return np.copysign(e / (e + 2.0), x)


def tanh64(x):
    """The same in double precision."""
    c = 2.0 * np.abs(x)
    c = where(c > 40.0, 40.0, c)
    k = (c * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    r = (c - k * 6.93145751953125e-1) - k * 1.42860682030941723212e-6
    two = power_of_two(k)
    e = two * (rest64(r) * (r * r) + r) + (two - 1.0)
    return np.copysign(e / (e + 2.0), x)
