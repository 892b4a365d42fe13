"""The error function and what is left of it; see `fast`.

erfc x = e^(-x^2) P(u) / (x + c) for x >= 0, u = (x - c) / (x + c): P is a minimax fit of our own (Remez's exchange in
60 digits, mpmath) of (x + c) e^(x^2) erfc x, relative, as far as erfc is a number; c = 1.5 and 2.5 lose few digits.
The square is taken in two parts, or its rounding would be multiplied by x^2. Near 0, erf x is x times a polynomial or
quotient in x^2, found in the same way.
"""

from __future__ import annotations

import numpy as np

from chalknet.engines.fused.fast_bits import power_of_two
from chalknet.engines.fused.fast_exp import rest32, rest64
from chalknet.maths.ops import where


def tail32(a):
    """erfc a for a >= 0."""
    a = where(a > 10.1, 10.1, a)
    h = (a + 49152.0) - 49152.0  # a to 8 binary places, so that h h is exact; a a = h h - c
    b, c = -h * h, (h - a) * (h + a)
    k = (b * 1.44269504088896341 + 12582912.0) - 12582912.0
    r = ((b - k * 0.693359375) + k * 2.12194440e-4) + c
    e = rest32(r) * (r * r) + r  # e^r - 1, and then (1 + e) p 2^k by way of 2^(k + 64)
    t = 1.0 / (a + 1.5)
    u = (a - 1.5) * t
    p = (-1.391177167e-4 * u - 1.707555364e-4) * u + 7.344578594e-4
    p = ((p * u + 1.826347113e-3) * u - 7.379134795e-4) * u - 9.473256277e-3
    p = ((p * u - 8.134637939e-3) * u + 4.776965637e-2) * u + 7.562288532e-2
    p = (p * u - 5.078500602e-1) * u + 9.64756237e-1
    p = p * t
    return (p * e + p) * power_of_two(k + 64.0) * 5.421010862427522e-20


def tail64(a):
    """The same in double precision."""
    a = where(a > 27.3, 27.3, a)
    h = (a + 6442450944.0) - 6442450944.0  # to 20 binary places
    b, c = -h * h, (h - a) * (h + a)
    k = (b * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0
    r = ((b - k * 6.93145751953125e-1) - k * 1.42860682030941723212e-6) + c
    e = rest64(r) * (r * r) + r
    t = 1.0 / (a + 2.5)
    u = (a - 2.5) * t
    p = (3.92613549194455929e-9 * u + 4.84468815192670872e-9) * u - 3.44076519896553936e-8
    p = ((p * u - 6.84747591527994224e-8) * u + 1.11907635499845327e-7) * u + 4.45326601231926029e-7
    p = ((p * u + 1.70674370314742977e-8) * u - 1.96029175677891324e-6) * u - 2.34547848666970808e-6
    p = ((p * u + 6.75316282814707451e-6) * u + 1.82493517867962721e-5) * u - 1.95319133667973248e-5
    p = ((p * u - 1.1260605960633902e-4) * u + 5.83077592338503225e-5) * u + 7.02693914620409456e-4
    p = ((p * u - 4.39208262685881696e-4) * u - 4.81878554066289542e-3) * u + 8.39304430223149759e-3
    p = ((p * u + 2.83615501328171437e-2) * u - 1.7125114524604221e-1) * u + 4.53914116648080886e-1
    p = (p * u - 8.04651849439148858e-1) * u + 1.05403182030571795
    p = p * t
    return (p * e + p) * power_of_two(k + 64.0) * 5.421010862427522e-20


def erfc32(x):
    """The complement of the error function."""
    t = tail32(np.abs(x))
    return where(x < 0.0, 2.0 - t, t)


def erfc64(x):
    """The same in double precision."""
    t = tail64(np.abs(x))
    return where(x < 0.0, 2.0 - t, t)


def erf32(x):
    """The error function."""
    s, far = x * x, 1.0 - tail32(np.abs(x))
    p = (7.8538581321e-5 * s - 8.0101928002e-4) * s + 5.1883276153e-3
    p = ((p * s - 2.6853811916e-2) * s + 1.1283585149e-1) * s - 3.7612625824e-1
    return where(s < 1.0, x * (p * s + 1.1283791657267424), where(x < 0.0, -far, far))


def erf64(x):
    """The same in double precision."""
    s, far = x * x, 1.0 - tail64(np.abs(x))
    p = (1.9483932747814988781e-4 * s + 1.8266961601107277006e-3) * s + 4.5299306857120301832e-2
    p = (p * s + 1.42142409658510688e-1) * s + 1.1283791670955125739
    q = (2.0279206658168438594e-5 * s + 6.8092571131142515625e-4) * s + 1.0580254767414271377e-2
    q = ((q * s + 9.3246720114940250025e-2) * s + 4.5930376402144168201e-1) * s + 1.0
    return where(s < 0.75, x * (p / q), where(x < 0.0, -far, far))
