"""Central differences, extrapolated, each with a bound on what is wrong with it.

For the number v at one place and L as its function, with steps h, h/2, h/4 and h/8,

    D(h) = (L(v + h) - L(v - h)) / 2h,    R(h) = (4 D(h/2) - D(h)) / 3,    n = (16 R(h/4) - R(h/2)) / 15,

where R is free of D's error in h², and n of R's in h⁴. That holds where L is smooth: there each of the D is four
times as near to the next as to the one before. Where they are not (the second derivative jumps nearby, as ELU's does at
0, or rounding is all that is left), n is trusted no further than the D agree. The step starts at 2⁻⁷ of a given scale.
It shrinks, eightfold each time, where a kink lies between the points or they differ; it grows where rounding is what
limits n.

Source: L. F. Richardson, *The approximate arithmetical solution by finite differences* (1911).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from chalknet.chalk.rounding import EPS

STEPS = tuple(2.0**-k for k in (7, 10, 13, 16, 19, 23))  # each where the one before will not do
WIDER = (2.0**-4, 2.0**-1)
SHIFTS = np.array([1.0, -1.0, 0.5, -0.5, 0.25, -0.25, 0.125, -0.125])[:, None]
AMPLIFIED = (
    6.6  # L right to E: D(h), D(h/2), D(h/4) to E/h, 2E/h, 4E/h; so the two R to 3E/h, 6E/h, and n to 6.6 E/h
)
SETTLED = 1e-8  # a difference this certain, relative to itself, needs no other step

# (places (c,), shifted values (8, c)) -> (each row's share of the loss (8, c, rows), kink between two points (c,))
Shifted = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class Slopes(NamedTuple):
    """Central differences by all numbers of one array, flat."""

    value: np.ndarray  # NaN where there is none
    doubt: np.ndarray  # the most by which rounding and step size may have moved it
    kink: np.ndarray  # true where the point lies on a kink: skipped


def central_differences(
    shifted: Shifted, numbers: np.ndarray, scale: np.ndarray, rounding: np.ndarray, at_once: int
) -> Slopes:
    """Central differences by each of the numbers.

    Args:
        shifted: the loss at shifted values of some of them.
        numbers: their present values (k,).
        scale: the step that moves what they act on by about 1, (k,).
        rounding: the loss is right to `EPS` times this, (k,).
        at_once: how many values `shifted` is given at a time, at most.

    >>> def cube(places, values):
    ...     return values[:, :, None] ** 3, np.zeros(len(places), bool)
    >>> found = central_differences(cube, np.array([1.0, 2.0]), np.ones(2), np.array([1.0, 8.0]), 100)
    >>> found.value.round(9)
    array([ 3., 12.])
    """
    k = len(numbers)
    out = Slopes(np.full(k, np.nan), np.full(k, np.inf), np.zeros(k, bool))
    chunk = max(1, at_once // len(SHIFTS))

    def attempt(places: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray]:
        parts = [
            _attempt(shifted, numbers, step * scale, rounding, out, places[i : i + chunk])
            for i in range(0, len(places), chunk)
        ]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    smaller, larger = attempt(np.arange(k), STEPS[0])
    for step in STEPS[1:]:
        if smaller.size:
            smaller, _ = attempt(smaller, step)
    for step in WIDER:
        if larger.size:
            _, larger = attempt(larger, step)
    out.kink[np.isfinite(out.doubt)] = False
    return out


def _attempt(
    shifted: Shifted,
    numbers: np.ndarray,
    h: np.ndarray,
    rounding: np.ndarray,
    out: Slopes,
    places: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Try a step; returns which places may gain from a smaller one, and which from a larger one."""
    values = numbers[places] + SHIFTS * h[places]  # (8, c)
    loss, crossed = shifted(places, values)
    d = (loss[::2] - loss[1::2]).sum(axis=2) / (values[::2] - values[1::2])  # (4, c): D of h, h/2, h/4, h/8
    r = (4.0 * d[1:] - d[:-1]) / 3.0
    n, gap, apart = (16.0 * r[2] - r[1]) / 15.0, np.abs(r[2] - r[1]), np.abs(np.diff(d, axis=0))
    smooth = ((3.8 * apart[1:] < apart[:-1]) & (apart[:-1] < 4.2 * apart[1:])).all(axis=0)
    gap = np.where(smooth, gap, apart.max(axis=0))
    lost = AMPLIFIED * EPS * rounding[places] / h[places]
    doubt = gap + lost
    usable = ~crossed & np.isfinite(doubt)
    better = usable & (doubt < out.doubt[places])
    out.value[places[better]], out.doubt[places[better]] = n[better], doubt[better]
    out.kink[places] = crossed
    unsettled = ~(usable & ((doubt <= SETTLED * np.abs(n)) | (d == 0.0).all(axis=0)))
    by_step = ~usable | (gap > lost)
    return places[unsettled & by_step], places[unsettled & ~by_step]
