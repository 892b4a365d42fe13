"""Losses for numbers: y is the target, a the prediction. ``losses`` puts the rows into one table."""

from __future__ import annotations

import numpy as np

from chalknet.maths.ops import where, xlogy
from chalknet.maths.table import INF, Loss

__all__ = ["REGRESSION"]


def squared_error(y, a, p):
    """l = (a − y)²."""
    return (a - y) * (a - y)


def d_squared_error(y, a, p):
    """dl/da = 2 (a − y)."""
    return 2.0 * (a - y)


def half_squared_error(y, a, p):
    """l = (a − y)² / 2."""
    return 0.5 * (a - y) * (a - y)


def d_half_squared_error(y, a, p):
    """dl/da = a − y."""
    return a - y


def absolute_error(y, a, p):
    """l = |a − y|."""
    return np.abs(a - y)


def d_absolute_error(y, a, p):
    """dl/da = the sign of a − y, 0 where they are equal."""
    return np.sign(a - y)


def huber(y, a, p):
    """l = r²/2 where r = |a − y| ≤ p, else p (r − p/2); with c = min(r, p) both are c (r − c/2)."""
    r = np.abs(a - y)
    c = np.minimum(r, p)
    return c * (r - 0.5 * c)


def d_huber(y, a, p):
    """dl/da = a − y, held between −p and p."""
    return np.minimum(np.maximum(a - y, -p), p)


def log_cosh(y, a, p):
    """l = log cosh(a − y).

    With r = |a − y| that is r − log 2 + log(1 + e^(−2r)), whose terms cancel near 0; there cosh r − 1 = m² / (2 + 2m),
    m = e^(−r) − 1, keeps the digits.
    """
    r = np.abs(a - y)
    e = np.exp(-r)
    m = np.expm1(-np.minimum(r, 1.0))
    return where(r < 1.0, np.log1p(0.5 * m * m / (1.0 + m)), r - 0.6931471805599453 + np.log1p(e * e))


def d_log_cosh(y, a, p):
    """dl/da = tanh(a − y)."""
    return np.tanh(a - y)


def quantile(y, a, p):
    """l = p (y − a) where y > a, else (1 − p) (a − y): the larger of two lines; its mean is least at the p-quantile."""
    return np.maximum(p * (y - a), (p - 1.0) * (y - a))


def d_quantile(y, a, p):
    """dl/da = −p where a < y, 1 − p where a > y, halfway between where they are equal."""
    return 0.5 * np.sign(a - y) + (0.5 - p)


def poisson(y, a, p):
    """l = y log(y/a) − y + a, half the Poisson deviance; 0 log 0 = 0."""
    return xlogy(y, y / np.maximum(a, 1e-30)) - y + a


def d_poisson(y, a, p):
    """dl/da = 1 − y/a."""
    return 1.0 - y / np.maximum(a, 1e-30)


def poisson_log(y, a, p):
    """The same from z = log a: l = e^z − y + y log y − y z."""
    return np.exp(a) - y + (xlogy(y, y) - y * where(y > 0.0, np.minimum(a, 1e30), y))


def d_poisson_log(y, a, p):
    """dl/dz = e^z − y."""
    return np.exp(a) - y


def gamma(y, a, p):
    """l = y/a − 1 − log(y/a), half the gamma deviance; with t = (y − a)/a it is t − log(1 + t), where they are near."""
    c = np.maximum(a, 1e-18)
    r, t = y / c, (y - a) / c
    return where(r < 0.5, r - 1.0 - np.log(np.maximum(r, 1e-37)), t - np.log1p(np.maximum(t, -0.5)))


def d_gamma(y, a, p):
    """dl/da = (a − y)/a²."""
    c = np.maximum(a, 1e-18)
    return (a - y) / c / c


def gamma_log(y, a, p):
    """The same from z = log a: l = y e^(−z) − 1 + z − log y."""
    return y * np.exp(-a) - 1.0 + (a - np.log(y))


def d_gamma_log(y, a, p):
    """dl/dz = 1 − y e^(−z)."""
    return 1.0 - y * np.exp(-a)


def gaussian(y, a, p):
    """l = (p + (y − a)² e^(−p)) / 2, the outputs being means a and log-variances p; without the constant log(2π)/2.

    p is held at or above −60, so that a certain answer costs no infinity.
    """
    s = np.maximum(p, -60.0)
    return 0.5 * (s + (y - a) * (y - a) * np.exp(-s))


def d_gaussian(y, a, p):
    """dl/da = (a − y) e^(−p)."""
    return (a - y) * np.exp(-np.maximum(p, -60.0))


def d_gaussian_p(y, a, p):
    """dl/dp = (1 − (y − a)² e^(−p)) / 2, and 0 where p is held."""
    return where(p > -60.0, 0.5 * (1.0 - (y - a) * (y - a) * np.exp(-np.maximum(p, -60.0))), 0.0 * p)


_SIZES = "McCullagh and Nelder 1989, chapter 8"
_COUNTS = "McCullagh and Nelder 1989; scikit-learn's poisson loss"

REGRESSION = (
    Loss("squared_error", squared_error, d_squared_error, "MSE", source="Legendre 1805"),
    Loss(
        "half_squared_error", half_squared_error, d_half_squared_error, "HalfSquaredError", rows=True,
        source="scikit-learn's squared loss",
    ),
    Loss(
        "absolute_error", absolute_error, d_absolute_error, "MAE", kinks=lambda y, p: (y,), source="Boscovich 1757",
        d_textbook=lambda y, a, p: where(a > y, 1.0, where(a < y, -1.0, 0.0)),
    ),
    Loss(
        "huber", huber, d_huber, "Huber", 1.0, "delta", source="Huber 1964", p_range=(0.0, INF),
        textbook=lambda y, a, p: where(np.abs(a - y) <= p, 0.5 * (a - y) * (a - y), p * (np.abs(a - y) - 0.5 * p)),
    ),
    Loss(
        "log_cosh", log_cosh, d_log_cosh, "LogCosh", source="Green 1990",
        textbook=lambda y, a, p: np.log(0.5 * (np.exp(a - y) + np.exp(y - a))),
    ),
    Loss(
        "quantile", quantile, d_quantile, "Quantile", 0.5, "q", kinks=lambda y, p: (y,), p_range=(0.0, 1.0),
        levels=True, source="Koenker and Bassett 1978",
        textbook=lambda y, a, p: where(y > a, p * (y - a), (1.0 - p) * (a - y)),
        d_textbook=lambda y, a, p: where(a > y, 1.0 - p, where(a < y, -p, 0.5 - p)),
    ),
    Loss(
        "poisson", poisson, d_poisson, "Poisson", pair="exp", fused=("exp", "poisson_log"), domain=(0.0, INF),
        targets=(0.0, INF), source=_COUNTS, textbook=lambda y, a, p: y * np.log(y / a) - y + a,
        d_textbook=lambda y, a, p: 1.0 - y / a,
    ),
    Loss(
        "poisson_log", poisson_log, d_poisson_log, "PoissonLog", link="exp", targets=(0.0, INF), source=_COUNTS,
        textbook=lambda y, a, p: np.exp(a) - y + y * np.log(y) - y * a, d_linked=lambda y, a: a - y,
    ),
    Loss(
        "gamma", gamma, d_gamma, "Gamma", pair="exp", fused=("exp", "gamma_log"), domain=(0.0, INF),
        targets=(0.0, INF), above=True, source=_SIZES, textbook=lambda y, a, p: y / a - 1.0 - np.log(y / a),
        d_textbook=lambda y, a, p: 1.0 / a - y / (a * a),
    ),
    Loss(
        "gamma_log", gamma_log, d_gamma_log, "GammaLog", link="exp", targets=(0.0, INF), above=True, source=_SIZES,
        textbook=lambda y, a, p: y / np.exp(a) - 1.0 - np.log(y / np.exp(a)), d_linked=lambda y, a: 1.0 - y / a,
    ),
    Loss(
        "gaussian", gaussian, d_gaussian, "GaussianNLL", rows=True, d_p=d_gaussian_p,
        source="Nix and Weigend 1994, equation 3", textbook=lambda y, a, p: 0.5 * (p + (y - a) * (y - a) * np.exp(-p)),
        d_textbook=lambda y, a, p: (a - y) * np.exp(-p),
    ),
)  # fmt: skip
