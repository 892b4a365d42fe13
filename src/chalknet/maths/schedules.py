"""Schedules: the learning rate of each step, as a function of the clock.

``rate(lr, clock, h)`` gets the base rate lr, the clock (step, total_steps, epoch, samples) as floats at the start of
the step, where samples counts those seen when the epoch began, and the hyperparameters h in the row's order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chalknet.maths.ops import where
from chalknet.maths.table import find

__all__ = ["ALIASES", "SCHEDULES", "Schedule", "get"]


class Schedule(NamedTuple):
    """One schedule: the rate now is rate(lr, clock, h)."""

    name: str
    rate: Callable[..., Any]
    hyper: dict[str, float]  # names and defaults; h is their values in this order
    layer: str  # class name, as in cn.Cosine
    source: str = ""
    per_epoch: bool = True  # the rate changes between epochs only


def constant(lr, clock, h):
    """η stays."""
    return lr


def invscaling(lr, clock, h):
    """η / (samples + 1)^power."""
    return lr / (clock[3] + 1.0) ** h[0]


def adaptive(lr, clock, h):
    """η stays as long as the loss falls; the engines' stop rule divides it by 5 when it does not."""
    return lr


def stepwise(lr, clock, h):
    """η · factor^⌊epoch / every⌋."""
    return lr * h[1] ** np.floor(clock[2] / h[0])


def exponential(lr, clock, h):
    """η · factor^epoch."""
    return lr * h[0] ** clock[2]


def cosine(lr, clock, h):
    """η (step + 1)/w over the w warm-up steps, then η (f + (1 − f) (1 + cos πq)/2), q running from 0 to 1."""
    w = h[0] * clock[1]
    q = np.minimum(np.maximum(clock[0] - w, 0.0) / np.maximum(clock[1] - w, 1.0), 1.0)
    fall = h[1] + (1.0 - h[1]) * (0.5 + 0.5 * np.cos(3.141592653589793 * q))
    return lr * where(clock[0] < w, np.minimum((clock[0] + 1.0) / np.maximum(w, 1.0), 1.0), fall)


def one_cycle(lr, clock, h):
    """Up from start·η to η over the first part of the run, then down to end·η, both along half a cosine."""
    last = np.maximum(clock[1] - 1.0, 1.0)
    top = h[0] * last
    up = np.minimum(clock[0] / np.maximum(top, 1e-9), 1.0)
    down = np.minimum(np.maximum(clock[0] - top, 0.0) / np.maximum(last - top, 1e-9), 1.0)
    low = where(clock[0] < top, h[1], h[2])
    q = where(clock[0] < top, 1.0 - up, down)
    return lr * (low + (1.0 - low) * (0.5 + 0.5 * np.cos(3.141592653589793 * q)))


SCHEDULES: dict[str, Schedule] = {
    row.name: row
    for row in (
        Schedule("constant", constant, {}, "Constant"),
        Schedule("invscaling", invscaling, {"power": 0.5}, "InvScaling", "scikit-learn's 'invscaling'"),
        Schedule("adaptive", adaptive, {}, "Adaptive", "scikit-learn's 'adaptive'"),
        Schedule("step", stepwise, {"every": 10.0, "factor": 0.5}, "StepDecay", "step decay"),
        Schedule("exponential", exponential, {"factor": 0.95}, "Exponential", "exponential decay"),
        Schedule(
            "cosine", cosine, {"warmup": 0.1, "floor": 0.0}, "Cosine",
            "Loshchilov and Hutter 2017, arXiv:1608.03983, one period after a linear warm-up", per_epoch=False,
        ),
        Schedule(
            "one_cycle", one_cycle, {"up": 0.3, "start": 0.04, "end": 0.0001}, "OneCycle",
            "Smith and Topin 2018, arXiv:1708.07120", per_epoch=False,
        ),
    )
}  # fmt: skip
ALIASES: dict[str, str] = {}


def get(name: str) -> Schedule:
    """The schedule called name.

    Raises:
        UnknownNameError: no such schedule; the message lists them.

    Example:
        >>> get("invscaling").rate(0.1, (0.0, 0.0, 0.0, 99.0), (0.5,))
        0.01
    """
    return find("schedule", name, SCHEDULES, ALIASES)
