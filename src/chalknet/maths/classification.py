"""Losses for classes. ``losses`` puts the rows into one table.

From probabilities a the logarithms stay finite: a and 1 − a are held at or above 1e-37, which float32 has too.
"""

from __future__ import annotations

import numpy as np

from chalknet.maths import rows
from chalknet.maths.ops import where, xlogy
from chalknet.maths.table import INF, Loss

__all__ = ["CLASSIFICATION"]


def log_of(a):
    """log a, finite at 0."""
    return np.log(np.maximum(a, 1e-37))


def log_of_rest(a):
    """log(1 − a), finite at 1; log1p keeps the digits of a small a."""
    return where(a < 0.5, np.log1p(-np.minimum(a, 0.5)), np.log(np.maximum(1.0 - a, 1e-37)))


def binary_cross_entropy(y, a, p):
    """l = −(y log a + (1 − y) log(1 − a))."""
    return -(y * log_of(a) + (1.0 - y) * log_of_rest(a))


def d_binary_cross_entropy(y, a, p):
    """dl/da = (1 − y)/(1 − a) − y/a."""
    return (1.0 - y) / np.maximum(1.0 - a, 1e-37) - y / np.maximum(a, 1e-37)


def binary_cross_entropy_logits(y, a, p):
    """The same from z, where a = sigmoid z: l = (1 − y) max(z, 0) + y max(−z, 0) + log(1 + e^(−|z|)).

    No two terms cancel, and a term whose factor is 0 is 0 even for infinite z.
    """
    return (
        (1.0 - y) * where(y < 1.0, np.maximum(a, 0.0), 1.0 - y)
        + y * where(y > 0.0, np.maximum(-a, 0.0), y)
        + np.log1p(np.exp(-np.abs(a)))
    )


def d_binary_cross_entropy_logits(y, a, p):
    """dl/dz = sigmoid z − y = (1 − y) sigmoid z − y sigmoid(−z), which keeps its digits where the two are close."""
    e = np.exp(-np.abs(a))
    return where(a >= 0.0, (1.0 - y) - y * e, (1.0 - y) * e - y) / (1.0 + e)


def categorical_cross_entropy(y, a, p):
    """l = −y log a, summed over the row."""
    return -y * log_of(a)


def d_categorical_cross_entropy(y, a, p):
    """dl/da = −y/a."""
    return -y / np.maximum(a, 1e-37)


def softmax_cross_entropy(y, a, p):
    """l = −Σⱼ yⱼ log softmax(z)ⱼ, one number a row; see ``rows``."""
    return rows.softmax_cross_entropy(y, a)


def d_softmax_cross_entropy(y, a, p):
    """dl/dz = (Σⱼ yⱼ) softmax(z) − y."""
    return rows.d_softmax_cross_entropy(y, a)


def hinge(y, a, p):
    """l = max(0, 1 − y a), y being −1 or 1."""
    return np.maximum(1.0 - y * a, 0.0)


def d_hinge(y, a, p):
    """dl/da = −y where y a < 1, else 0."""
    return where(y * a < 1.0, -y, np.minimum(np.abs(a), 0.0))


def squared_hinge(y, a, p):
    """l = max(0, 1 − y a)²."""
    return np.maximum(1.0 - y * a, 0.0) * np.maximum(1.0 - y * a, 0.0)


def d_squared_hinge(y, a, p):
    """dl/da = −2 y max(0, 1 − y a)."""
    return -2.0 * y * np.maximum(1.0 - y * a, 0.0)


def focal(y, a, p):
    """l = −y (1 − a)^p log a − (1 − y) a^p log(1 − a): cross-entropy in which what is already right weighs little."""
    return -(
        y * np.maximum(1.0 - a, 1e-37) ** p * log_of(a)
        + (1.0 - y) * np.maximum(a, 1e-37) ** p * log_of_rest(a)
    )


def d_focal(y, a, p):
    """dl/da = y (p (1 − a)^(p−1) log a − (1 − a)^p / a) + (1 − y) (a^p / (1 − a) − p a^(p−1) log(1 − a))."""
    c = np.maximum(a, 1e-37)
    r = np.maximum(1.0 - a, 1e-37)
    return y * (p * r ** (p - 1.0) * log_of(a) - r**p / c) + (1.0 - y) * (
        c**p / r - p * c ** (p - 1.0) * log_of_rest(a)
    )


def categorical_focal(y, a, p):
    """l = −y (1 − a)^p log a, summed over the row: the same of one class among several."""
    return -y * np.maximum(1.0 - a, 1e-37) ** p * log_of(a)


def d_categorical_focal(y, a, p):
    """dl/da = y (p (1 − a)^(p−1) log a − (1 − a)^p / a)."""
    c = np.maximum(a, 1e-37)
    r = np.maximum(1.0 - a, 1e-37)
    return y * (p * r ** (p - 1.0) * log_of(a) - r**p / c)


def kl_divergence(y, a, p):
    """l = y log(y/a), summed over the row; 0 log 0 = 0."""
    return xlogy(y, y / np.maximum(a, 1e-37))


def d_kl_divergence(y, a, p):
    """dl/da = −y/a."""
    return -y / np.maximum(a, 1e-37)


UNIT = (0.0, 1.0)
SIGNS = (-1.0, 1.0)
_ENTROPY = "Good 1952; Bishop 2006, chapter 4"
_MARGIN = "Cortes and Vapnik 1995"
_SOFTMAX = ("softmax", "softmax_cross_entropy")

CLASSIFICATION = (
    Loss(
        "binary_cross_entropy", binary_cross_entropy, d_binary_cross_entropy, "BinaryCrossEntropy", pair="sigmoid",
        fused=("sigmoid", "binary_cross_entropy_logits"), domain=UNIT, targets=UNIT, source=_ENTROPY,
        textbook=lambda y, a, p: -(y * np.log(a) + (1.0 - y) * np.log(1.0 - a)),
        d_textbook=lambda y, a, p: (a - y) / (a * (1.0 - a)),
    ),
    Loss(
        "binary_cross_entropy_logits", binary_cross_entropy_logits, d_binary_cross_entropy_logits,
        "BinaryCrossEntropyLogits", link="sigmoid", targets=UNIT, source=_ENTROPY,
        textbook=lambda y, a, p: np.log(1.0 + np.exp(a)) - y * a,
        d_textbook=lambda y, a, p: 1.0 / (1.0 + np.exp(-a)) - y, d_linked=lambda y, a: a - y,
    ),
    Loss(
        "categorical_cross_entropy", categorical_cross_entropy, d_categorical_cross_entropy, "CategoricalCrossEntropy",
        rows=True, pair="softmax", fused=_SOFTMAX, domain=UNIT, targets=UNIT, source=_ENTROPY,
        textbook=lambda y, a, p: -y * np.log(a), d_textbook=lambda y, a, p: -y / a,
    ),
    Loss(
        "sparse_categorical_cross_entropy", categorical_cross_entropy, d_categorical_cross_entropy,
        "SparseCategoricalCrossEntropy", rows=True, pair="softmax", fused=_SOFTMAX, labels=True, domain=UNIT,
        targets=UNIT, source=_ENTROPY, textbook=lambda y, a, p: -y * np.log(a), d_textbook=lambda y, a, p: -y / a,
    ),
    Loss(
        "softmax_cross_entropy", softmax_cross_entropy, d_softmax_cross_entropy, "SoftmaxCrossEntropy", rows=True,
        link="softmax", whole_row=True, targets=UNIT, source=_ENTROPY, textbook=rows.textbook_softmax_cross_entropy,
        d_linked=lambda y, a: a - y,
    ),
    Loss("hinge", hinge, d_hinge, "Hinge", kinks=lambda y, p: (y,), targets=SIGNS, source=_MARGIN),
    Loss("squared_hinge", squared_hinge, d_squared_hinge, "SquaredHinge", targets=SIGNS, source=_MARGIN),
    Loss(
        "focal", focal, d_focal, "Focal", 2.0, "gamma", pair="sigmoid", domain=UNIT, targets=UNIT, p_range=(0.0, INF),
        source="Lin et al. 2017, arXiv:1708.02002",
        textbook=lambda y, a, p: -(y * (1.0 - a) ** p * np.log(a) + (1.0 - y) * a**p * np.log(1.0 - a)),
    ),
    Loss(
        "categorical_focal", categorical_focal, d_categorical_focal, "CategoricalFocal", 2.0, "gamma", rows=True,
        pair="softmax", domain=UNIT, targets=UNIT, p_range=(0.0, INF), source="Lin et al. 2017, arXiv:1708.02002",
        textbook=lambda y, a, p: -y * (1.0 - a) ** p * np.log(a),
    ),
    Loss(
        "kl_divergence", kl_divergence, d_kl_divergence, "KLDivergence", rows=True, pair="softmax", domain=UNIT,
        targets=UNIT, source="Kullback and Leibler 1951", textbook=lambda y, a, p: y * np.log(y / a),
        d_textbook=lambda y, a, p: -y / a,
    ),
)  # fmt: skip
