"""Activations made of pieces: straight lines, and exponentials below 0.

``activations`` puts the rows into one table.
"""

from __future__ import annotations

import numpy as np

from chalknet.maths.ops import where
from chalknet.maths.table import INF, Activation

__all__ = ["PIECEWISE"]


def nought(z):
    """0 for every number and ±inf, NaN for NaN.

    It has z's own dtype, and so has a case distinction between it and a number; 0 · z would be NaN at ±inf.
    """
    return np.minimum(np.abs(z), 0.0)


def identity(z, p):
    """a = z."""
    return z


def d_identity(z, a, p):
    """da/dz = 1."""
    return 1.0 + nought(z)


def step(z, p):
    """a = 1 where z ≥ 0, else 0."""
    return where(z >= 0.0, 1.0, nought(z))


def d_step(z, a, p):
    """da/dz = 0, at the jump by convention."""
    return nought(z)


def relu(z, p):
    """a = max(z, 0)."""
    return np.maximum(z, 0.0)


def d_relu(z, a, p):
    """da/dz = 1 where z > 0, else 0; 0 at 0 by convention."""
    return where(z > 0.0, 1.0, nought(z))


def relu6(z, p):
    """a = min(max(z, 0), 6)."""
    return np.minimum(np.maximum(z, 0.0), 6.0)


def d_relu6(z, a, p):
    """da/dz = 1 where 0 < z < 6, else 0."""
    return where(z > 0.0, where(z < 6.0, 1.0, nought(z)), nought(z))


def leaky_relu(z, p):
    """a = z where z > 0, else p z."""
    return where(z > 0.0, z, p * z)


def d_leaky_relu(z, a, p):
    """da/dz = 1 where z > 0, else p; p at 0 by convention."""
    return where(z > 0.0, 1.0, p + nought(z))


def elu(z, p):
    """a = z where z > 0, else p (e^z − 1)."""
    return where(z > 0.0, z, p * np.expm1(np.minimum(z, 0.0)))


def d_elu(z, a, p):
    """da/dz = 1 where z > 0, else p e^z."""
    return where(z > 0.0, 1.0, p * np.exp(np.minimum(z, 0.0)))


def selu(z, p):
    """a = λ z where z > 0, else λ α (e^z − 1): the two constants keep mean 0 and variance 1 from layer to layer."""
    return where(z > 0.0, 1.0507009873554805 * z, 1.7580993408473766 * np.expm1(np.minimum(z, 0.0)))


def d_selu(z, a, p):
    """da/dz = λ where z > 0, else λ α e^z."""
    return where(z > 0.0, 1.0507009873554805, 1.7580993408473766 * np.exp(np.minimum(z, 0.0)))


def celu(z, p):
    """a = z where z > 0, else p (e^(z/p) − 1); below −800 p that is −p in any float."""
    return where(z > 0.0, z, p * np.expm1(np.minimum(np.maximum(z, -800.0 * p), 0.0) / p))


def d_celu(z, a, p):
    """da/dz = 1 where z > 0, else e^(z/p)."""
    return where(z > 0.0, 1.0, np.exp(np.minimum(np.maximum(z, -800.0 * p), 0.0) / p))


def hard_sigmoid(z, p):
    """a = min(max(z + 3, 0), 6) / 6."""
    return np.minimum(np.maximum(z + 3.0, 0.0), 6.0) / 6.0


def d_hard_sigmoid(z, a, p):
    """da/dz = 1/6 where −3 < z < 3, else 0."""
    return where(np.abs(z) < 3.0, 1.0 / 6.0, nought(z))


def hard_tanh(z, p):
    """a = min(max(z, −1), 1)."""
    return np.minimum(np.maximum(z, -1.0), 1.0)


def d_hard_tanh(z, a, p):
    """da/dz = 1 where −1 < z < 1, else 0."""
    return where(np.abs(z) < 1.0, 1.0, nought(z))


PIECEWISE = (
    Activation(
        "identity", identity, d_identity, "Identity", zero=True, source="no activation at all",
        d_textbook=lambda z, a, p: 1.0,
    ),
    Activation(
        "step", step, d_step, "Step", low=0.0, high=1.0, kinks=(0.0,), source="Rosenblatt 1958",
        textbook=lambda z, p: where(z >= 0.0, 1.0, 0.0), d_textbook=lambda z, a, p: 0.0,
    ),
    Activation(
        "relu", relu, d_relu, "ReLU", low=0.0, kinks=(0.0,), zero=True, source="Fukushima 1969, Nair and Hinton 2010",
        d_textbook=lambda z, a, p: where(z > 0.0, 1.0, 0.0),
    ),
    Activation(
        "relu6", relu6, d_relu6, "ReLU6", low=0.0, high=6.0, kinks=(0.0, 6.0), zero=True, source="Krizhevsky 2010",
        d_textbook=lambda z, a, p: where(z > 0.0, where(z < 6.0, 1.0, 0.0), 0.0),
    ),
    Activation(
        "leaky_relu", leaky_relu, d_leaky_relu, "LeakyReLU", 0.01, "slope", zero=True,
        kinks=lambda p: () if p == 1.0 else (0.0,), source="Maas, Hannun and Ng 2013",
        d_textbook=lambda z, a, p: where(z > 0.0, 1.0, p),
    ),
    Activation(
        "elu", elu, d_elu, "ELU", 1.0, "alpha", low=-1.0, kinks=lambda p: () if p == 1.0 else (0.0,), zero=True,
        source="Clevert, Unterthiner and Hochreiter 2016, arXiv:1511.07289", p_range=(0.0, INF),
        textbook=lambda z, p: where(z > 0.0, z, p * (np.exp(z) - 1.0)),
        d_textbook=lambda z, a, p: where(z > 0.0, 1.0, p * np.exp(z)),
    ),
    Activation(
        "selu", selu, d_selu, "SELU", low=-1.7580993408473766, kinks=(0.0,), zero=True,
        source="Klambauer et al. 2017, arXiv:1706.02515",
        textbook=lambda z, p: 1.0507009873554805 * where(z > 0.0, z, 1.6732632423543772 * (np.exp(z) - 1.0)),
        d_textbook=lambda z, a, p: 1.0507009873554805 * where(z > 0.0, 1.0, 1.6732632423543772 * np.exp(z)),
    ),
    Activation(
        "celu", celu, d_celu, "CELU", 1.0, "alpha", low=-1.0, zero=True, source="Barron 2017, arXiv:1704.07483",
        p_range=(0.0, INF), textbook=lambda z, p: where(z > 0.0, z, p * (np.exp(z / p) - 1.0)),
        d_textbook=lambda z, a, p: where(z > 0.0, 1.0, np.exp(z / p)),
    ),
    Activation(
        "hard_sigmoid", hard_sigmoid, d_hard_sigmoid, "HardSigmoid", low=0.0, high=1.0, kinks=(-3.0, 3.0),
        source="Howard et al. 2019, arXiv:1905.02244",
        d_textbook=lambda z, a, p: where(np.abs(z) < 3.0, 1.0 / 6.0, 0.0),
    ),
    Activation(
        "hard_tanh", hard_tanh, d_hard_tanh, "HardTanh", low=-1.0, high=1.0, kinks=(-1.0, 1.0), zero=True,
        source="Collobert 2004", d_textbook=lambda z, a, p: where(np.abs(z) < 1.0, 1.0, 0.0),
    ),
)  # fmt: skip
