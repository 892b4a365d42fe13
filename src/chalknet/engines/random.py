"""Random numbers of training: counters instead of a stream, the same for both engines.

A number depends only on (seed, purpose, epoch, index), never on what was drawn before it. So a run that is cut in
pieces, resumed or divided between threads sees the same numbers. The mixing is SplitMix64's finaliser (Steele, Lea
and Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014), whose 64-bit arithmetic wraps around.

The functions are plain: NumPy calls them on arrays, the fused engine compiles the same source for one number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SHUFFLE = 1  # the order of the rows in an epoch
SPLIT = 2  # which rows are kept for validation
DROPOUT = 16  # plus the position of the dropout layer

_U64 = np.uint64
GOLDEN = _U64(0x9E3779B97F4A7C15)
MIX1 = _U64(0xBF58476D1CE4E5B9)
MIX2 = _U64(0x94D049BB133111EB)
S27, S30, S31, S32 = _U64(27), _U64(30), _U64(31), _U64(32)


def mix(x: Any) -> Any:
    """Scramble 64-bit counters: each bit of the result depends on each bit of `x`."""
    x = (x ^ (x >> S30)) * MIX1
    x = (x ^ (x >> S27)) * MIX2
    return x ^ (x >> S31)


def stream(seed: Any, purpose: Any, epoch: Any) -> Any:
    """The stream of one (seed, purpose, epoch): three uint64 in, one out."""
    return mix(mix(mix(seed + GOLDEN) + purpose * GOLDEN) + epoch * GOLDEN)


def draw(key: Any, index: Any) -> Any:
    """The `index`-th 32 random bits of a stream, as uint64."""
    return mix(key + index * GOLDEN) >> S32


def stream_key(seed: int, purpose: int, epoch: int) -> np.ndarray:
    """`stream` for Python integers, as an array of one uint64 (whose arithmetic wraps around in silence)."""
    one = np.array([seed, purpose, epoch], np.uint64).reshape(3, 1)
    return stream(one[0], one[1], one[2])


def order(seed: int, epoch: int, n: int) -> np.ndarray:
    """The order of `n` rows in an epoch, a permutation (n,) int64, by Fisher and Yates' exchanges.

    >>> order(seed=7, epoch=0, n=5).tolist() == order(seed=7, epoch=0, n=5).tolist()
    True
    >>> sorted(order(seed=7, epoch=3, n=5).tolist())
    [0, 1, 2, 3, 4]
    """
    index = np.arange(n, dtype=np.uint64)
    partner = (draw(stream_key(seed, SHUFFLE, epoch), index) * (index + _U64(1)) >> S32).tolist()
    rows = list(range(n))
    for i in range(n - 1, 0, -1):
        j = partner[i]
        rows[i], rows[j] = rows[j], rows[i]
    return np.array(rows, np.int64)


def dropout_mask(
    seed: int, layer: int, epoch: int, rows: np.ndarray, width: int, rate: float, dtype: Any
) -> np.ndarray:
    """The mask of one dropout layer: 0 with probability `rate`, else 1/(1 - rate); shape (rows, width).

    `rows` are the rows' numbers in X, so that a row's mask does not depend on the batch it fell into.
    """
    index = rows.astype(np.uint64)[:, None] * _U64(width) + np.arange(width, dtype=np.uint64)
    kept = draw(stream_key(seed, DROPOUT + layer, epoch), index) >= _U64(dropout_threshold(rate))
    return kept.astype(dtype) * np.asarray(1.0 / (1.0 - rate), dtype)


def mask_source(seed: int, layer: int, epoch: int, rows: np.ndarray, rate: float, dtype: Any) -> Any:
    """What a dropout layer asks for its mask, given the shape of its inputs."""
    return lambda shape: dropout_mask(seed, layer, epoch, rows, shape[1], rate, dtype)


def dropout_threshold(rate: float) -> int:
    """Draws of 32 bits below this number drop their unit."""
    return int(rate * 2.0**32)


def split(
    seed: int, n: int, n_validation: int, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows 0 … n-1 into training and validation rows, both in rising order; stratified by `groups`.

    Every group gives validation its share, rounded so that the whole is `n_validation` (largest remainders first)
    and at least one of its rows stays in training.

    >>> train, validation = split(seed=0, n=10, n_validation=4, groups=np.array([0] * 5 + [1] * 5))
    >>> len(train), (validation < 5).sum().item(), (validation >= 5).sum().item()
    (6, 2, 2)
    """
    keys = draw(stream_key(seed, SPLIT, 0), np.arange(n, dtype=np.uint64))
    if groups is None:
        chosen = np.argsort(keys, kind="stable")[:n_validation]
    else:
        _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        share = sizes * n_validation / n
        take = np.floor(share).astype(np.int64)
        for g in np.argsort(take - share, kind="stable")[: n_validation - take.sum()]:
            take[g] += 1
        take = np.minimum(take, sizes - 1)
        picks = []
        for g, k in enumerate(take):
            rows = np.flatnonzero(member == g)
            picks.append(rows[np.argsort(keys[rows], kind="stable")[:k]])
        chosen = np.concatenate(picks)
    validation = np.zeros(n, bool)
    validation[chosen] = True
    return np.flatnonzero(~validation), np.flatnonzero(validation)
