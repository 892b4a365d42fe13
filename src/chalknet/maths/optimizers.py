"""Optimizers: what one step of descent does to one weight. Each is a pair of pure functions.

``scales(lr, t, h)`` runs once a step in float64 (t = 1.0, 2.0, …; h the hyperparameters in the row's order) and gives
at most eight numbers c: everything that float32 would spoil, such as 1 − β₂ or β₂ᵗ, is worked out there.
``step(w, g, s, c)`` runs once a weight and gives the new weight and the new slots. Some of the scales may be NumPy's
float64, which would lift float32 weights; ``Optimizer.constants`` gives them all as Python's floats, which do not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chalknet.maths.table import find

__all__ = ["ALIASES", "OPTIMIZERS", "Optimizer", "get"]


class Optimizer(NamedTuple):
    """One optimizer: (w, s) = step(w, g, s, c) with c = scales(lr, t, h)."""

    name: str
    slots: tuple[str, ...]  # names of what is kept for each weight; all start at 0
    scales: Callable[..., Any]  # c = scales(lr, t, h), once a step, float64
    step: Callable[..., Any]  # (w, s) = step(w, g, s, c), once a weight
    hyper: dict[str, float]  # names and defaults; h is their values in this order
    layer: str  # class name, as in cn.Adam
    lr: float  # default learning rate
    decay: str | None = None  # the hyperparameter that is decoupled weight decay: 0 for biases
    source: str = ""

    def constants(self, lr: float, t: float, h: tuple[float, ...] | None = None) -> tuple[float, ...]:
        """The scales of step t as Python floats, for the row's own hyperparameters when h is None.

        Example:
            >>> OPTIMIZERS["sgd"].constants(0.5, 1.0)
            (0.5,)
        """
        values = self.scales(lr, t, tuple(self.hyper.values()) if h is None else h)
        return tuple(float(c) for c in values)


def sgd_scales(lr, t, h):
    """The learning rate, and nothing else."""
    return (lr,)


def sgd(w, g, s, c):
    """w ← w − η g."""
    return w - c[0] * g, s


def momentum_scales(lr, t, h):
    """The learning rate η and the momentum μ."""
    return lr, h[0]


def momentum(w, g, s, c):
    """v ← μ v − η g; w ← w + v."""
    v = c[1] * s[0] - c[0] * g
    return w + v, (v,)


def nesterov(w, g, s, c):
    """v ← μ v − η g; w ← w + μ v − η g: the step is taken from where the momentum would lead."""
    v = c[1] * s[0] - c[0] * g
    return w + (c[1] * v - c[0] * g), (v,)


def adam_scales(lr, t, h):
    """β₁, 1 − β₁, β₂, 1 − β₂, the rate η √(1 − β₂ᵗ) / (1 − β₁ᵗ), ε."""
    return h[0], 1.0 - h[0], h[1], 1.0 - h[1], lr * np.sqrt(1.0 - h[1] ** t) / (1.0 - h[0] ** t), h[2]


def adam(w, g, s, c):
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − ηₜ m / (√v + ε)."""
    m = c[0] * s[0] + c[1] * g
    v = c[2] * s[1] + c[3] * (g * g)
    return w - c[4] * m / (np.sqrt(v) + c[5]), (m, v)


def amsgrad(w, g, s, c):
    """Adam whose denominator never shrinks: u ← max(u, v); w ← w − ηₜ m / (√u + ε)."""
    m = c[0] * s[0] + c[1] * g
    v = c[2] * s[1] + c[3] * (g * g)
    u = np.maximum(s[2], v)
    return w - c[4] * m / (np.sqrt(u) + c[5]), (m, v, u)


def adamw_scales(lr, t, h):
    """Adam's six numbers, then the decay of one step, η λ."""
    return (
        h[0],
        1.0 - h[0],
        h[1],
        1.0 - h[1],
        lr * np.sqrt(1.0 - h[1] ** t) / (1.0 - h[0] ** t),
        h[2],
        lr * h[3],
    )


def adamw(w, g, s, c):
    """Adam, and the weight itself shrinks: w ← w − η λ w − ηₜ m / (√v + ε)."""
    m = c[0] * s[0] + c[1] * g
    v = c[2] * s[1] + c[3] * (g * g)
    return w - c[6] * w - c[4] * m / (np.sqrt(v) + c[5]), (m, v)


def nadam_scales(lr, t, h):
    """β₁, 1 − β₁, β₂, 1 − β₂, then with r = η √(1 − β₂ᵗ): r β₁ / (1 − β₁ᵗ⁺¹), r (1 − β₁) / (1 − β₁ᵗ), and ε."""
    r = lr * np.sqrt(1.0 - h[1] ** t)
    return (
        h[0],
        1.0 - h[0],
        h[1],
        1.0 - h[1],
        r * h[0] / (1.0 - h[0] ** (t + 1.0)),
        r * (1.0 - h[0]) / (1.0 - h[0] ** t),
        h[2],
    )


def nadam(w, g, s, c):
    """Adam that looks ahead: w ← w − r (β₁ m / (1 − β₁ᵗ⁺¹) + (1 − β₁) g / (1 − β₁ᵗ)) / (√v + ε)."""
    m = c[0] * s[0] + c[1] * g
    v = c[2] * s[1] + c[3] * (g * g)
    return w - (c[4] * m + c[5] * g) / (np.sqrt(v) + c[6]), (m, v)


def rmsprop_scales(lr, t, h):
    """η, ρ, 1 − ρ, ε."""
    return lr, h[0], 1.0 - h[0], h[1]


def rmsprop(w, g, s, c):
    """v ← ρ v + (1 − ρ) g²; w ← w − η g / (√v + ε)."""
    v = c[1] * s[0] + c[2] * (g * g)
    return w - c[0] * g / (np.sqrt(v) + c[3]), (v,)


def adagrad_scales(lr, t, h):
    """η and ε."""
    return lr, h[0]


def adagrad(w, g, s, c):
    """v ← v + g²; w ← w − η g / (√v + ε)."""
    v = s[0] + g * g
    return w - c[0] * g / (np.sqrt(v) + c[1]), (v,)


def lion_scales(lr, t, h):
    """η, β₁, 1 − β₁, β₂, 1 − β₂, η λ."""
    return lr, h[0], 1.0 - h[0], h[1], 1.0 - h[1], lr * h[2]


def lion(w, g, s, c):
    """w ← w − η λ w − η sign(β₁ m + (1 − β₁) g); m ← β₂ m + (1 − β₂) g."""
    u = np.sign(c[1] * s[0] + c[2] * g)
    return w - c[5] * w - c[0] * u, (c[3] * s[0] + c[4] * g,)


BETAS = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
_ADAM = "Kingma and Ba 2015, arXiv:1412.6980, in the order of its section 2, last paragraph, as scikit-learn has it"

OPTIMIZERS: dict[str, Optimizer] = {
    row.name: row
    for row in (
        Optimizer("sgd", (), sgd_scales, sgd, {}, "SGD", 0.01, source="Robbins and Monro 1951"),
        Optimizer(
            "momentum", ("v",), momentum_scales, momentum, {"momentum": 0.9}, "SGD", 0.01, source="Polyak 1964"
        ),
        Optimizer(
            "nesterov", ("v",), momentum_scales, nesterov, {"momentum": 0.9}, "SGD", 0.01,
            source="Nesterov 1983, in the form of Sutskever et al. 2013",
        ),
        Optimizer("adam", ("m", "v"), adam_scales, adam, {**BETAS}, "Adam", 0.001, source=_ADAM),
        Optimizer(
            "amsgrad", ("m", "v", "u"), adam_scales, amsgrad, {**BETAS}, "AMSGrad", 0.001,
            source="Reddi, Kale and Kumar 2018, arXiv:1904.09237, with Adam's bias corrections",
        ),
        Optimizer(
            "adamw", ("m", "v"), adamw_scales, adamw, {**BETAS, "weight_decay": 0.01}, "AdamW", 0.001,
            decay="weight_decay", source="Loshchilov and Hutter 2019, arXiv:1711.05101",
        ),
        Optimizer(
            "nadam", ("m", "v"), nadam_scales, nadam, {**BETAS}, "NAdam", 0.001,
            source="Dozat 2016, with a constant momentum",
        ),
        Optimizer(
            "rmsprop", ("v",), rmsprop_scales, rmsprop, {"rho": 0.9, "epsilon": 1e-8}, "RMSprop", 0.001,
            source="Tieleman and Hinton 2012, lecture 6.5",
        ),
        Optimizer(
            "adagrad", ("v",), adagrad_scales, adagrad, {"epsilon": 1e-8}, "Adagrad", 0.01,
            source="Duchi, Hazan and Singer 2011",
        ),
        Optimizer(
            "lion", ("m",), lion_scales, lion, {"beta_1": 0.9, "beta_2": 0.99, "weight_decay": 0.0}, "Lion", 0.0001,
            decay="weight_decay", source="Chen et al. 2023, arXiv:2302.06675",
        ),
    )
}  # fmt: skip
ALIASES: dict[str, str] = {}


def get(name: str) -> Optimizer:
    """The optimizer called name.

    Raises:
        UnknownNameError: no such optimizer; the message lists them.

    Example:
        >>> adam = get("adam")
        >>> w, slots = adam.step(3.0, 4.0, (0.0, 0.0), adam.constants(0.1, 1.0))
        >>> round(float(w), 6)
        2.9
    """
    return find("optimizer", name, OPTIMIZERS, ALIASES)
