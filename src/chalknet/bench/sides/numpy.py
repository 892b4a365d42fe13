"""A plain loop in NumPy, as one writes it without a library: one matrix product each way, arrays updated in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.bench.data import Data, Outcome, Weights, judge, judge_probabilities, orders
from chalknet.bench.sides import Job, UnavailableError, repeated
from chalknet.bench.works import GRADIENT, PREDICT, TRAIN, Work

CHUNK = 4096  # rows of a prediction at a time, so that the values between stay in the cache


def version() -> str:
    """Of the package."""
    return np.__version__


def prepare(work: Work, data: Data) -> Job:
    """A job by NumPy."""
    kinds = {TRAIN: _train, PREDICT: _predict, GRADIENT: _gradient}
    if work.kind not in kinds:
        raise UnavailableError("the plain loop is written for one network and fixed steps")
    return kinds[work.kind](work, data)


def forward(work: Work, weights: Weights, x: np.ndarray) -> list[np.ndarray]:
    """The inputs of each layer, then the output."""
    values = [x]
    for i, (w, b) in enumerate(weights):
        z = values[-1] @ w + b
        last = i == len(weights) - 1
        values.append(z if last else np.tanh(z) if work.activation == "tanh" else np.maximum(z, 0))
    return values


def slope(work: Work, z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dL/dz of the last layer, the mean over rows included."""
    if work.loss == "squared":
        return (z - y) / len(y)
    if work.loss == "logistic":
        return (1 / (1 + np.exp(-z)) - y[:, None]) / z.dtype.type(len(y))
    p = softmax(z)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


def softmax(z: np.ndarray) -> np.ndarray:
    """Probabilities of each row."""
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def gradient(work: Work, weights: Weights, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, Weights]:
    """The output, and the derivatives by weights and biases."""
    values = forward(work, weights, x)
    d, found = slope(work, values[-1], y), []
    for i in range(len(weights) - 1, -1, -1):
        found.append((values[i].T @ d, d.sum(axis=0)))
        if i:
            a = values[i]
            d = (d @ weights[i][0].T) * (1 - a * a if work.activation == "tanh" else a > 0)
    return values[-1], found[::-1]


def _train(work: Work, data: Data) -> Job:
    rate, given = work.learning_rate, orders(work)

    def run() -> Weights:
        weights = [(w.copy(), b.copy()) for w, b in data.first[0]]
        flat = [p for pair in weights for p in pair]
        means, squares = [np.zeros_like(p) for p in flat], [np.zeros_like(p) for p in flat]
        t = 0
        X, targets = data.X, data.y
        for epoch in range(work.epochs):
            if given is not None:
                X, targets = data.X[given[epoch]], data.y[given[epoch]]
            for at in range(0, work.rows, work.batch):
                x, y = X[at : at + work.batch], targets[at : at + work.batch]
                gradients = [g for pair in gradient(work, weights, x, y)[1] for g in pair]
                t += 1
                if work.optimizer == "sgd":
                    for i, g in enumerate(gradients):
                        flat[i] -= rate * g
                    continue
                step = float(rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t))
                for i, g in enumerate(gradients):
                    means[i] *= 0.9
                    means[i] += 0.1 * g
                    squares[i] *= 0.999
                    squares[i] += 0.001 * g * g
                    flat[i] -= step * means[i] / (np.sqrt(squares[i]) + 1e-8)
        return weights

    return Job(run, lambda weights: judge(work, data, [weights]))


def _predict(work: Work, data: Data) -> Job:
    weights = data.first[0]

    def once() -> np.ndarray:
        if work.rows <= CHUNK:
            return softmax(forward(work, weights, data.X)[-1])
        out = np.empty((work.rows, work.sizes[-1]), work.dtype)
        for i in range(0, work.rows, CHUNK):
            out[i : i + CHUNK] = softmax(forward(work, weights, data.X[i : i + CHUNK])[-1])
        return out

    return Job(repeated(work.calls, once), lambda p: judge_probabilities(work, data, p))


def _gradient(work: Work, data: Data) -> Job:
    def once() -> tuple[float, Weights]:
        z, found = gradient(work, data.first[0], data.X, data.y)
        return float(0.5 * np.sum((z - data.y) ** 2) / work.rows), found

    def read(out: Any) -> Outcome:
        return Outcome(out[0], np.concatenate([g.ravel() for pair in out[1] for g in pair]))

    return Job(repeated(work.calls, once), read)
