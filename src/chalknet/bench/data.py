"""Rows, first weights, and a plain float64 judge of what a run ended with: the same for every side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chalknet.bench.works import Work
from chalknet.engines import random

SEED = 0
JUDGED, SHOWN = 2000, 32  # rows of the loss at the end, and rows whose outputs are compared
Weights = list[tuple[np.ndarray, np.ndarray]]


class Data(NamedTuple):
    """X (rows, in); y class numbers (rows,) or targets (rows, out); first weights, for each member."""

    X: np.ndarray
    y: np.ndarray
    first: list[Weights]


def make(work: Work) -> Data:
    """Rows that can be learned (a random linear rule and noise), and first weights."""
    rng = np.random.default_rng(SEED)
    n_in, n_out = work.sizes[0], max(2, work.sizes[-1])
    X = rng.standard_normal((work.rows, n_in), np.float32).astype(work.dtype)
    rule = rng.standard_normal((n_in, n_out)) / np.sqrt(n_in)
    z = X @ rule.astype(work.dtype) + 0.3 * rng.standard_normal((work.rows, n_out)).astype(work.dtype)
    if work.loss == "squared":
        y = np.tanh(z)
    else:
        y = z.argmax(axis=1)
        y[: min(n_out, work.rows)] = np.arange(min(n_out, work.rows))  # every class is there
    return Data(X, y, [first_weights(work, SEED + i) for i in range(work.members)])


def first_weights(work: Work, seed: int) -> Weights:
    """The weights that scikit-learn's estimators, and ours, draw from `random_state=seed`."""
    rng = np.random.RandomState(seed)
    made = []
    for n_in, n_out in zip(work.sizes, work.sizes[1:], strict=False):
        bound = np.sqrt((2.0 if work.activation == "logistic" else 6.0) / (n_in + n_out))
        made.append(
            (
                rng.uniform(-bound, bound, (n_in, n_out)).astype(work.dtype),
                rng.uniform(-bound, bound, n_out).astype(work.dtype),
            )
        )
    return made


def forward(work: Work, weights: Weights, X: np.ndarray) -> np.ndarray:
    """The last layer's sums, in float64."""
    a = np.asarray(X, np.float64)
    for i, (w, b) in enumerate(weights):
        a = a @ np.asarray(w, np.float64) + np.asarray(b, np.float64)
        if i < len(weights) - 1:
            a = np.tanh(a) if work.activation == "tanh" else np.maximum(a, 0.0)
    return a


def loss(work: Work, z: np.ndarray, y: np.ndarray) -> float:
    """Mean over rows of the cross-entropy, or of half the squared error summed over outputs."""
    if work.loss == "squared":
        return float(0.5 * np.mean(np.sum((z - y) ** 2, axis=1)))
    if work.loss == "logistic":
        sign = np.where(y > 0, -1.0, 1.0)
        return float(np.mean(np.logaddexp(0.0, sign * z[:, 0])))
    top = z.max(axis=1, keepdims=True)
    return float(np.mean(top[:, 0] + np.log(np.exp(z - top).sum(axis=1)) - z[np.arange(len(y)), y]))


def seed(state: int = SEED) -> int:
    """The seed that a Network draws from that `random_state` when all its weights are assigned."""
    return int(np.random.RandomState(state).randint(np.iinfo(np.int32).max))


def orders(work: Work) -> np.ndarray | None:
    """The rows' order of each epoch (epochs, rows), as our engines draw it; None where they stay as they are."""
    if not work.shuffle or work.batch >= work.rows:
        return None
    return np.array([random.order(seed(), epoch, work.rows) for epoch in range(work.epochs)])


class Outcome(NamedTuple):
    """What two sides must agree on: a loss, and some numbers in order."""

    loss: float
    numbers: np.ndarray


def judge(work: Work, data: Data, members: list[Weights]) -> Outcome:
    """The loss of up to 2000 rows, mean over members, and the outputs of the first rows."""
    X, y = data.X[:JUDGED], data.y[:JUDGED]
    outputs = [forward(work, weights, X) for weights in members]
    return Outcome(
        float(np.mean([loss(work, z, y) for z in outputs])),
        np.concatenate([z[:SHOWN].ravel() for z in outputs[:8]]),
    )


def judge_probabilities(work: Work, data: Data, p: np.ndarray) -> Outcome:
    """The same of predicted probabilities: (rows, classes), or of the one logistic output its two."""
    shown = np.asarray(p[:JUDGED], np.float64)
    y = data.y[: len(shown)]
    return Outcome(
        float(-np.mean(np.log(np.maximum(shown[np.arange(len(y)), y], 1e-300)))), shown[:SHOWN].ravel()
    )
