"""Activations without kinks. ``activations`` puts the rows into one table.

Safe forms take e^(−|z|), which never overflows, and clip z where the result no longer depends on it, so that no ±inf
meets a 0. Derivatives keep their digits where the unit saturates: a (1 − a) and 1 − a² would not.
"""

from __future__ import annotations

import numpy as np

from chalknet.maths.ops import erf, erfc, where
from chalknet.maths.table import INF, Activation

__all__ = ["SMOOTH"]


def within(z, bound):
    """z, held between −bound and bound."""
    return np.minimum(np.maximum(z, -bound), bound)


def sigmoid(z, p):
    """a = 1 / (1 + e^(−z)), with e^(−|z|) and the fraction turned over where z < 0."""
    e = np.exp(-np.abs(z))
    return where(z >= 0.0, 1.0, e) / (1.0 + e)


def d_sigmoid(z, a, p):
    """da/dz = a (1 − a) = e / (1 + e)² with e = e^(−|z|)."""
    e = np.exp(-np.abs(z))
    return e / ((1.0 + e) * (1.0 + e))


def tanh(z, p):
    """a = tanh z."""
    return np.tanh(z)


def d_tanh(z, a, p):
    """da/dz = 1 − tanh² z = (2e / (1 + e²))² with e = e^(−|z|)."""
    e = np.exp(-np.abs(z))
    s = 2.0 * e / (1.0 + e * e)
    return s * s


def softplus(z, p):
    """a = log(1 + e^z) = max(z, 0) + log(1 + e^(−|z|))."""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def d_softplus(z, a, p):
    """da/dz = sigmoid z."""
    return sigmoid(z, p)


def softsign(z, p):
    """a = z / (1 + |z|); beyond 1e30 that is ±1 in any float."""
    c = within(z, 1e30)
    return c / (1.0 + np.abs(c))


def d_softsign(z, a, p):
    """da/dz = 1 / (1 + |z|)²."""
    q = 1.0 / (1.0 + np.abs(z))
    return q * q


def swish(z, p):
    """a = z sigmoid(p z); sigmoid(±800) is 1 or 0 in any float."""
    return np.maximum(z, -800.0 / p) * sigmoid(p * within(z, 800.0 / p), p)


def d_swish(z, a, p):
    """da/dz = s (1 + p z (1 − s)) with s = sigmoid(p z)."""
    c = p * within(z, 800.0 / p)
    return sigmoid(c, p) * (1.0 + c * sigmoid(-c, p))


def silu(z, p):
    """a = z sigmoid z."""
    return np.maximum(z, -800.0) * sigmoid(z, p)


def d_silu(z, a, p):
    """da/dz = s (1 + z (1 − s)) with s = sigmoid z."""
    c = within(z, 800.0)
    return sigmoid(c, p) * (1.0 + c * sigmoid(-c, p))


def mish(z, p):
    """a = z tanh(log(1 + e^z)) = z n / d with n = u (u + 2), d = n + 2, u = e^z.

    Where z ≥ 0, n and d are both taken times e^(−2z).
    """
    e = np.exp(-np.abs(z))
    n = where(z >= 0.0, 1.0 + 2.0 * e, e * (e + 2.0))
    d = n + where(z >= 0.0, 2.0 * e * e, 2.0)
    return np.maximum(z, -800.0) * (n / d)


def d_mish(z, a, p):
    """da/dz = n/d + z (1 − (n/d)²) sigmoid z, the last two factors together 4 u (1 + u) / d² in mish's n, d and u."""
    e = np.exp(-np.abs(z))
    n = where(z >= 0.0, 1.0 + 2.0 * e, e * (e + 2.0))
    d = n + where(z >= 0.0, 2.0 * e * e, 2.0)
    w = where(z >= 0.0, e * e, e) * (1.0 + e)
    return n / d + within(z, 800.0) * (4.0 * w / (d * d))


def gelu(z, p):
    """a = z Φ(z), Φ(z) = (1 + erf(z/√2)) / 2 = erfc(−z/√2) / 2, which keeps its digits where z < 0."""
    return 0.5 * np.maximum(z, -60.0) * erfc(-0.7071067811865476 * z)


def d_gelu(z, a, p):
    """da/dz = Φ(z) + z φ(z), φ(z) = e^(−z²/2) / √(2π)."""
    c = within(z, 60.0)
    return 0.5 * erfc(-0.7071067811865476 * c) + 0.3989422804014327 * c * np.exp(-0.5 * c * c)


def gelu_tanh(z, p):
    """a = z (1 + tanh u) / 2 = z sigmoid(2u), u = √(2/π) (z + 0.044715 z³)."""
    c = within(z, 30.0)
    return np.maximum(z, -30.0) * sigmoid(1.5957691216057308 * (c + 0.044715 * c * c * c), p)


def d_gelu_tanh(z, a, p):
    """da/dz = s (1 + z (1 − s) 2u′) with s = sigmoid(2u)."""
    c = within(z, 30.0)
    u = 1.5957691216057308 * (c + 0.044715 * c * c * c)
    return sigmoid(u, p) * (1.0 + c * sigmoid(-u, p) * 1.5957691216057308 * (1.0 + 0.134145 * c * c))


def gaussian(z, p):
    """a = e^(−z²)."""
    c = within(z, 40.0)
    return np.exp(-c * c)


def d_gaussian(z, a, p):
    """da/dz = −2 z e^(−z²)."""
    c = within(z, 40.0)
    return -2.0 * c * np.exp(-c * c)


def sine(z, p):
    """a = sin z; NaN for ±inf, where it has no limit."""
    return np.sin(z)


def d_sine(z, a, p):
    """da/dz = cos z."""
    return np.cos(z)


def exp(z, p):
    """a = e^z: the output that the Poisson loss is made for."""
    return np.exp(z)


def d_exp(z, a, p):
    """da/dz = a."""
    return a


def textbook_d_mish(z, a, p):
    """t + z (1 − t²) / (1 + e^(−z)) with t = tanh(log(1 + e^z))."""
    t = np.tanh(np.log(1.0 + np.exp(z)))
    return t + z * (1.0 - t * t) / (1.0 + np.exp(-z))


def textbook_d_gelu(z, a, p):
    """(1 + erf(z/√2)) / 2 + z e^(−z²/2) / √(2π)."""
    return 0.5 * (1.0 + erf(0.7071067811865476 * z)) + 0.3989422804014327 * z * np.exp(-0.5 * z * z)


def textbook_d_gelu_tanh(z, a, p):
    """(1 + t)/2 + z (1 − t²) u′ / 2 with t = tanh u."""
    t = np.tanh(0.7978845608028654 * (z + 0.044715 * z * z * z))
    return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t * t) * 0.7978845608028654 * (1.0 + 0.134145 * z * z)


_GELU = "Hendrycks and Gimpel 2016, arXiv:1606.08415"

SMOOTH = (
    Activation(
        "sigmoid", sigmoid, d_sigmoid, "Sigmoid", low=0.0, high=1.0, source="Verhulst 1838",
        textbook=lambda z, p: 1.0 / (1.0 + np.exp(-z)), d_textbook=lambda z, a, p: a * (1.0 - a), from_output=True,
    ),
    Activation(
        "tanh", tanh, d_tanh, "Tanh", low=-1.0, high=1.0, zero=True, source="LeCun et al. 1998, Efficient BackProp",
        d_textbook=lambda z, a, p: 1.0 - a * a, from_output=True,
    ),
    Activation(
        "softplus", softplus, d_softplus, "Softplus", low=0.0, source="Dugas et al. 2001",
        textbook=lambda z, p: np.log(1.0 + np.exp(z)), d_textbook=lambda z, a, p: 1.0 / (1.0 + np.exp(-z)),
    ),
    Activation(
        "softsign", softsign, d_softsign, "Softsign", low=-1.0, high=1.0, zero=True, source="Bergstra et al. 2009",
        textbook=lambda z, p: z / (1.0 + np.abs(z)),
        d_textbook=lambda z, a, p: 1.0 / ((1.0 + np.abs(z)) * (1.0 + np.abs(z))),
    ),
    Activation(
        "swish", swish, d_swish, "Swish", 1.0, "beta", low=-0.2784645427610738, zero=True, p_range=(0.0, INF),
        source="Ramachandran, Zoph and Le 2017, arXiv:1710.05941", textbook=lambda z, p: z / (1.0 + np.exp(-p * z)),
        d_textbook=lambda z, a, p: p * a + (1.0 - p * a) / (1.0 + np.exp(-p * z)),
    ),
    Activation(
        "silu", silu, d_silu, "SiLU", low=-0.2784645427610738, zero=True, source="Elfwing, Uchibe and Doya 2018",
        textbook=lambda z, p: z / (1.0 + np.exp(-z)), d_textbook=lambda z, a, p: a + (1.0 - a) / (1.0 + np.exp(-z)),
    ),
    Activation(
        "mish", mish, d_mish, "Mish", low=-0.30884341301725043, zero=True, source="Misra 2019, arXiv:1908.08681",
        textbook=lambda z, p: z * np.tanh(np.log(1.0 + np.exp(z))), d_textbook=textbook_d_mish,
    ),
    Activation(
        "gelu", gelu, d_gelu, "GELU", low=-0.16997120747990366, zero=True, source=_GELU,
        textbook=lambda z, p: 0.5 * z * (1.0 + erf(0.7071067811865476 * z)), d_textbook=textbook_d_gelu,
    ),
    Activation(
        "gelu_tanh", gelu_tanh, d_gelu_tanh, "GELUTanh", low=-0.17004075057125403, zero=True, source=_GELU,
        textbook=lambda z, p: 0.5 * z * (1.0 + np.tanh(0.7978845608028654 * (z + 0.044715 * z * z * z))),
        d_textbook=textbook_d_gelu_tanh,
    ),
    Activation(
        "gaussian", gaussian, d_gaussian, "Gaussian", low=0.0, high=1.0, source="Broomhead and Lowe 1988",
        textbook=lambda z, p: np.exp(-z * z), d_textbook=lambda z, a, p: -2.0 * z * np.exp(-z * z),
    ),
    Activation(
        "sine", sine, d_sine, "Sine", low=-1.0, high=1.0, zero=True, source="Sitzmann et al. 2020, arXiv:2006.09661",
    ),
    Activation("exp", exp, d_exp, "Exp", low=0.0, source="the inverse of the log link of Poisson regression"),
)  # fmt: skip
