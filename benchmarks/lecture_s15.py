"""The lecture's run S15 in two ways from the same weights: the slide's own NumPy loop, and one ``Network.fit``.

    python benchmarks/lecture_s15.py [--epochs 1000] [--repeats 3] [--engine numba]

2-10-10-2, ReLU on the hidden layers, mean squared error over the two outputs, 100 samples one after the other in
their order, a step after each. Three runs:

- the slide's data as printed (blobs, ReLU on the outputs too, alpha 0.1): every unit dies, the loss stays at 0.5;
- standardised moons, identity outputs, alpha 0.1, from ``cn.Dense``'s own first weights: the loss falls;
- the same from the lecture's first weights with alpha 0.01: the loss falls. They are too large for 0.1: the first
  steps overshoot, and for none of the seeds 0 to 99 is the loss below 0.2 after 1000 epochs (often it is NaN).

For each: the largest difference of the two loss curves, relative where the loss is above 1 (the first epoch of the
first run can lie in the millions), and the time of each way, taken in turns: medians in seconds on the clock, and
their ratio; the last column is the same ratio in processor time, which other programs on the machine disturb less.
Compiling happens before the clock starts. Exit status 1 where curves differ by more than 1e-9.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import make_blobs, make_moons
from sklearn.preprocessing import StandardScaler

import chalknet as cn
from chalknet import lecture

ALLOWED = 1e-9  # difference of the curves


class Layer:
    """A dense layer as the slide has it: plain attributes, one matrix product each way."""

    def __init__(self, weights: np.ndarray, biases: np.ndarray) -> None:
        self.weights, self.biases = weights.copy(), biases.copy()

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """Weighted sums of one sample."""
        self.inputs = inputs
        return np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues: np.ndarray) -> None:
        """Derivatives by weights, biases and inputs."""
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)


class Rectifier:
    """ReLU as the slide has it."""

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        """Negative sums become 0."""
        self.inputs = inputs
        return np.maximum(0, inputs)

    def backward(self, dvalues: np.ndarray) -> None:
        """Derivative by the inputs."""
        self.dinputs = dvalues * np.where(self.inputs > 0, 1, 0)


class Run(NamedTuple):
    """Data, first weights and biases of three layers, and what else the run needs."""

    name: str
    X: np.ndarray
    Y: np.ndarray
    first: list[tuple[np.ndarray, np.ndarray]]
    relu_outputs: bool
    alpha: float


def runs(seed: int = 42) -> list[Run]:
    """The three runs of the module's docstring."""
    blobs, which = make_blobs(n_samples=100, centers=2, n_features=2, random_state=42)
    moons, side = make_moons(n_samples=100, noise=0.1, random_state=42)
    moons = StandardScaler().fit_transform(moons)

    def first(make: Callable[[int, int], cn.Dense]) -> list[tuple[np.ndarray, np.ndarray]]:
        np.random.seed(seed)
        made = [make(2, 10), make(10, 10), make(10, 2)]
        return [(layer.weights.copy(), layer.biases.copy()) for layer in made]

    slide = first(lecture.Dense)
    return [
        Run("slide as printed", blobs, np.eye(2)[which], slide, True, 0.1),
        Run("moons, Glorot start", moons, np.eye(2)[side], first(cn.Dense), False, 0.1),
        Run("moons, slide's start", moons, np.eye(2)[side], slide, False, 0.01),
    ]


def by_slide(run: Run, epochs: int) -> list[float]:
    """The slide's loop; returns the mean loss of each epoch."""
    layer1, layer2, layer3 = (Layer(w, b) for w, b in run.first)
    activation1, activation2, activation3 = Rectifier(), Rectifier(), Rectifier()
    curve = []
    for _ in range(epochs):
        loss_epoch: Any = 0
        for i in range(len(run.X)):
            x = np.expand_dims(run.X[i], axis=0)
            y = np.expand_dims(run.Y[i], axis=0)
            h1 = activation1.forward(layer1.forward(x))
            h2 = activation2.forward(layer2.forward(h1))
            o = layer3.forward(h2)
            if run.relu_outputs:
                o = activation3.forward(o)
            loss_epoch += np.mean((o - y) ** 2)
            slope = 2 * (o - y) / y.size
            if run.relu_outputs:
                activation3.backward(slope)
                slope = activation3.dinputs
            layer3.backward(slope)
            activation2.backward(layer3.dinputs)
            layer2.backward(activation2.dinputs)
            activation1.backward(layer2.dinputs)
            layer1.backward(activation1.dinputs)
            for layer in (layer1, layer2, layer3):
                layer.weights -= run.alpha * layer.dweights
                layer.biases -= run.alpha * layer.dbiases
        curve.append(float(loss_epoch / len(run.X)))
    return curve


def by_network(run: Run, epochs: int, engine: str) -> list[float]:
    """The same by ``Network.fit``; returns the mean loss of each epoch."""
    dense = [cn.Dense(*w.shape) for w, _ in run.first]
    for layer, (w, b) in zip(dense, run.first, strict=True):
        layer.weights, layer.biases = w, b
    layers = [dense[0], cn.ReLU(), dense[1], cn.ReLU(), dense[2]]
    net = cn.Network([*layers, cn.ReLU()] if run.relu_outputs else layers, loss=cn.MSE())
    net.fit(
        run.X,
        run.Y,
        optimizer=cn.SGD(run.alpha),
        epochs=epochs,
        batch_size=1,
        shuffle=False,
        engine=engine,
    )
    return list(net.loss_curve_)


def difference(curve: Sequence[float], other: Sequence[float]) -> float:
    """The largest difference of two curves, relative where the loss is above 1."""
    a, b = np.asarray(curve), np.asarray(other)
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.inf
    return float(np.max(np.abs(a - b) / np.maximum(1, np.abs(a))))


def timed(work: Callable[[], list[float]]) -> tuple[tuple[float, float], list[float]]:
    """Seconds on the clock and of the processor, and what the work returned."""
    wall, cpu = time.perf_counter(), time.process_time()
    curve = work()
    return (time.perf_counter() - wall, time.process_time() - cpu), curve


def machine() -> str:
    """Processor, cores, and the versions that matter."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    versions = [
        f"Python {platform.python_version()}",
        f"NumPy {np.__version__}",
        f"chalknet {cn.__version__}",
    ]
    return f"{name}, {os.cpu_count()} cores, {platform.system()}; {', '.join(versions)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, time and print; 1 where the curves differ."""
    parser = argparse.ArgumentParser(
        description="The lecture's run S15: the slide's loop beside Network.fit."
    )
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--engine", default="numba", choices=["numba", "numpy"])
    options = parser.parse_args(arguments)
    print(f"{datetime.date.today()}  {machine()}")  # noqa: DTZ011  (the reader's own date is meant)
    print(
        f"100 samples x {options.epochs} epochs, batch_size=1, engine={options.engine!r}, {options.repeats} turns\n"
    )
    print(f"{'run':22}{'alpha':>6}{'first loss':>12}{'last loss':>12}{'difference':>12}", end="")
    print(f"{'slide (s)':>11}{'fit (s)':>10}{'ratio':>8}{'cpu ratio':>11}")
    worst = 0.0
    for run in runs():
        by_network(run, 1, options.engine)  # compiles
        expected: list[float] = []
        slide, fit, gap = [], [], 0.0
        for _ in range(options.repeats):
            seconds, expected = timed(partial(by_slide, run, options.epochs))
            slide.append(seconds)
            seconds, curve = timed(partial(by_network, run, options.epochs, options.engine))
            fit.append(seconds)
            gap = max(gap, difference(expected, curve))
        (wall, cpu), (fit_wall, fit_cpu) = np.median(slide, axis=0), np.median(fit, axis=0)
        print(f"{run.name:22}{run.alpha:6g}{expected[0]:12.6g}{expected[-1]:12.6g}{gap:12.1e}", end="")
        print(f"{wall:11.3f}{fit_wall:10.4f}{wall / fit_wall:8.0f}{cpu / fit_cpu:11.0f}")
        worst = max(worst, gap)
    print(f"\nlargest difference of loss curves {worst:.1e}, allowed {ALLOWED:g}")
    return int(not worst <= ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
