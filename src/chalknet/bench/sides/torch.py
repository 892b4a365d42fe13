"""PyTorch: eager, with its fused optimizers. Its compiled mode, at most 1.25 times faster here, is left out."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from chalknet.bench.data import Data, Outcome, Weights, judge, judge_probabilities, orders
from chalknet.bench.sides import Job, UnavailableError, repeated
from chalknet.bench.works import GRADIENT, MANY, PREDICT, TRAIN, Work

CHUNK = 4096


def version() -> str:
    """Of the package."""
    import torch

    return str(torch.__version__)


def prepare(work: Work, data: Data) -> Job:
    """A job by PyTorch."""
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    kinds = {TRAIN: _train, PREDICT: _predict, GRADIENT: _gradient, MANY: _many}
    if work.kind not in kinds:
        raise UnavailableError("it is not compared at this")
    return kinds[work.kind](work, data)


def _model(work: Work, weights: Weights) -> Any:
    import torch
    from torch import nn

    layers: list[Any] = []
    for i, (w, b) in enumerate(weights):
        linear = nn.Linear(*w.shape, dtype=getattr(torch, work.dtype))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.T))
            linear.bias.copy_(torch.from_numpy(b))
        layers.append(linear)
        if i < len(weights) - 1:
            layers.append(nn.Tanh() if work.activation == "tanh" else nn.ReLU())
    return nn.Sequential(*layers)


def _loss(work: Work) -> Any:
    from torch import nn

    if work.loss == "squared":
        mean = nn.MSELoss()
        return lambda z, y: mean(z, y) * (0.5 * z.shape[-1]) if z.shape[-1] != 2 else mean(z, y)
    if work.loss == "logistic":
        logistic = nn.BCEWithLogitsLoss()
        return lambda z, y: logistic(z[:, 0], y)
    return nn.CrossEntropyLoss()


def _tensors(work: Work, data: Data) -> tuple[Any, Any]:
    import torch

    y = torch.from_numpy(data.y)
    return torch.from_numpy(data.X), y.to(getattr(torch, work.dtype)) if work.loss == "logistic" else y


def _optimizer(work: Work, parameters: Any) -> Any:
    import torch

    if work.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=work.learning_rate)
    return torch.optim.Adam(parameters, lr=work.learning_rate, fused=True)


def _weights(model: Any) -> Weights:
    linear = [layer for layer in model if hasattr(layer, "weight")]
    return [(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in linear]


def _train(work: Work, data: Data) -> Job:
    import torch

    rows, targets = _tensors(work, data)
    loss_of, made = _loss(work), orders(work)
    given = None if made is None else torch.from_numpy(made)

    def run() -> Any:
        model = _model(work, data.first[0])
        optimizer = _optimizer(work, model.parameters())
        X, y = rows, targets
        for epoch in range(work.epochs):
            if given is not None:
                X, y = rows[given[epoch]], targets[given[epoch]]
            for i in range(0, work.rows, work.batch):
                optimizer.zero_grad(set_to_none=True)
                loss_of(model(X[i : i + work.batch]), y[i : i + work.batch]).backward()
                optimizer.step()
        return model

    return Job(run, lambda model: judge(work, data, [_weights(model)]))


def _predict(work: Work, data: Data) -> Job:
    import time

    import torch

    X, model = torch.from_numpy(data.X), _model(work, data.first[0])

    @torch.inference_mode()
    def whole() -> Any:
        return torch.softmax(model(X), 1)

    @torch.inference_mode()
    def chunks() -> Any:
        return torch.cat([torch.softmax(model(X[i : i + CHUNK]), 1) for i in range(0, work.rows, CHUNK)])

    def seconds(call: Any) -> float:
        call()
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    best = whole if work.rows <= CHUNK else min((whole, chunks), key=seconds)

    return Job(repeated(work.calls, best), lambda p: judge_probabilities(work, data, p.numpy()))


def _gradient(work: Work, data: Data) -> Job:
    X, y = _tensors(work, data)
    model, loss_of = _model(work, data.first[0]), _loss(work)

    def run() -> Any:
        out = None
        for _ in range(work.calls):
            model.zero_grad(set_to_none=True)
            out = loss_of(model(X), y)
            out.backward()
        return out

    def read(out: Any) -> Outcome:
        linear = [layer for layer in model if hasattr(layer, "weight")]
        parts = [part for layer in linear for part in (layer.weight.grad.T, layer.bias.grad)]
        return Outcome(
            float(out), np.concatenate([part.numpy().astype(np.float64).ravel() for part in parts])
        )

    return Job(run, read)


def _many(work: Work, data: Data) -> Job:
    """An ensemble by `torch.func`: parameters stacked, one vmapped forward pass, one fused step for all."""
    from torch.func import functional_call, stack_module_state, vmap

    X, y = _tensors(work, data)
    loss_of = _loss(work)

    def run() -> Any:
        models = [_model(work, weights) for weights in data.first]
        stacked, buffers = stack_module_state(models)
        base = models[0]
        optimizer = _optimizer(work, list(stacked.values()))

        def one(parameters: Any, x: Any, target: Any) -> Any:
            return loss_of(functional_call(base, (parameters, buffers), (x,)), target)

        each = vmap(one, in_dims=(0, None, None))
        for _ in range(work.epochs):
            for i in range(0, work.rows, work.batch):
                optimizer.zero_grad(set_to_none=True)
                each(stacked, X[i : i + work.batch], y[i : i + work.batch]).sum().backward()
                optimizer.step()
        return stacked

    def read(stacked: Any) -> Outcome:
        numbers = {name: value.detach().numpy() for name, value in stacked.items()}
        places = sorted({name.split(".")[0] for name in numbers}, key=int)
        return judge(
            work,
            data,
            [
                [(numbers[f"{at}.weight"][i].T, numbers[f"{at}.bias"][i]) for at in places]
                for i in range(work.members)
            ],
        )

    return Job(run, read)
