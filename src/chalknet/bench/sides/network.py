"""`cn.Network`: layers in a row, as the libraries of layers have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chalknet.bench.data import SEED, Data, Outcome, judge, judge_probabilities
from chalknet.bench.sides import Job, UnavailableError, repeated
from chalknet.bench.works import GRADIENT, PREDICT, TRAIN, Work


def version() -> str:
    """Of this library."""
    from chalknet import __version__

    return __version__


def build(work: Work, data: Data) -> Any:
    """The network, its first weights assigned."""
    from chalknet import layers as cn
    from chalknet.network import Network

    options = dict(work.options)
    activations = options.get("activations") or [work.activation] * (len(work.sizes) - 2)
    layers: list[Any] = []
    for i, (w, b) in enumerate(data.first[0]):
        dense = cn.Dense(*w.shape, dtype=work.dtype)
        dense.weights, dense.biases = w, b
        layers.append(dense)
        if i < len(activations):
            layers.append(LAYERS[activations[i]](cn))
    loss = {"softmax": cn.SoftmaxCrossEntropy, "squared": cn.HalfSquaredError}[work.loss]()
    return Network(layers, loss=loss, random_state=SEED)


LAYERS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda cn: cn.ReLU(),
    "tanh": lambda cn: cn.Tanh(),
    "leaky_relu": lambda cn: cn.LeakyReLU(),
    "gelu": lambda cn: cn.GELU(),
}


def prepare(work: Work, data: Data) -> Job:
    """A job by `cn.Network`."""
    kinds = {TRAIN: _train, PREDICT: _predict, GRADIENT: _gradient}
    if work.kind not in kinds or work.loss == "logistic":
        raise UnavailableError("Network has no call for this")
    return kinds[work.kind](work, data)


def _train(work: Work, data: Data) -> Job:
    from chalknet import layers as cn

    make = {"sgd": cn.SGD, "adam": cn.Adam}[work.optimizer]
    more = {name: value for name, value in work.options if name != "activations"}
    if more.pop("sample_weight", False):
        more["sample_weight"] = np.linspace(0.5, 1.5, work.rows)
    more = {"shuffle": work.shuffle, **more}

    def run() -> Any:
        return build(work, data).fit(
            data.X,
            data.y,
            optimizer=make(work.learning_rate),
            epochs=work.epochs,
            batch_size=work.batch,
            **more,
        )

    return Job(run, lambda net: judge(work, data, [[(d.weights, d.biases.ravel()) for d in net.dense]]))


def _predict(work: Work, data: Data) -> Job:
    net = build(work, data)
    first = net.parameters.copy()
    net.fit(
        data.X[:1], data.y[:1], epochs=1, **dict(work.options)
    )  # what was never trained predicts by NumPy
    net.parameters = first

    return Job(repeated(work.calls, net.predict, data.X), lambda p: judge_probabilities(work, data, p))


def _gradient(work: Work, data: Data) -> Job:
    net = build(work, data)
    call = net.objective(data.X, data.y, **dict(work.options))

    return Job(
        repeated(work.calls, call, net.parameters),
        lambda out: Outcome(float(out[0]), np.asarray(out[1], np.float64).ravel()),
    )
