"""Sine and cosine; see `fast`.

sin x = (-1)^n sin r, n = x / pi rounded and r = x - n pi; cos x likewise about (n + 1/2) pi. Pi is taken off in parts
so short that their products with n are exact (Cody and Waite) for |x| up to 5e4 in single and 1e6 in double precision.
Beyond, errors grow with |x|, as that of x's own last digit does, and results stay between -1 and 1. sin(r) / r in r^2
is a minimax fit of our own (Remez's exchange in 60 digits, mpmath).
"""

from __future__ import annotations

from chalknet.maths.ops import where


def wave32(x, n, k):
    """(-1)^n sin(x - k pi)."""
    r = ((x - k * 3.140625) - k * 9.670257568359375e-4) - k * 6.277114152908325e-7
    r = (r - k * 1.2141754268668592e-10) - k * 1.2446743939339977e-13
    s, odd = r * r, n - 2.0 * ((n * 0.5 + 12582912.0) - 12582912.0)
    p = (2.60575074187673455e-6 * s - 1.98095901233563869e-4) * s + 8.33306608300717894e-3
    p = (p * s - 1.66666595445822144e-1) * s
    y = (r + r * p) * (1.0 - 2.0 * (odd * odd))
    y = where(y > 1.0, 1.0, y)
    return where(y < -1.0, -1.0, y)


def wave64(x, n, k):
    """The same in double precision."""
    r = ((x - k * 3.1415926534682512) - k * 1.2154201012607932e-10) - k * 4.044532497591901e-21
    s, odd = r * r, n - 2.0 * ((n * 0.5 + 6755399441055744.0) - 6755399441055744.0)
    p = (-7.98133916875432119e-18 * s + 2.81020239719076822e-15) * s - 7.64712723509486564e-13
    p = ((p * s + 1.60590431955652765e-10) * s - 2.50521083784832019e-8) * s + 2.75573192239401565e-6
    p = ((p * s - 1.98412698412696706e-4) * s + 8.33333333333333302e-3) * s - 1.66666666666666667e-1
    y = (r + r * (p * s)) * (1.0 - 2.0 * (odd * odd))
    y = where(y > 1.0, 1.0, y)
    return where(y < -1.0, -1.0, y)


def sin32(x):
    """Sine."""
    n = (x * 0.3183098861837907 + 12582912.0) - 12582912.0
    return wave32(x, n, n)


def sin64(x):
    """The same in double precision."""
    n = (x * 0.3183098861837907 + 6755399441055744.0) - 6755399441055744.0
    return wave64(x, n, n)


def cos32(x):
    """Cosine."""
    n = ((x * 0.3183098861837907 - 0.5) + 12582912.0) - 12582912.0
    return -wave32(x, n, n + 0.5)


def cos64(x):
    """The same in double precision."""
    n = ((x * 0.3183098861837907 - 0.5) + 6755399441055744.0) - 6755399441055744.0
    return -wave64(x, n, n + 0.5)
