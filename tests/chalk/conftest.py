"""Random networks with their data and training, and what a trace of them must hold, for the tests of explanations."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import warnings
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

import chalknet as cn
from chalknet.layers import activation, loss, optimizer, schedule
from chalknet.layers.dropout import Dropout
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.rows import ROW_ACTIVATIONS
from chalknet.maths.schedules import SCHEDULES

OF_MATH = ("exp", "log", "log1p", "expm1", "tanh", "sqrt", "sin", "cos", "erf")
FUNCTIONS = {name: getattr(math, name) for name in OF_MATH} | {"abs": abs, "max": max, "min": min}
EVERY = (*ACTIVATIONS, *ROW_ACTIVATIONS)
WORD = r"[A-Za-z_]\w*"
NUMBER = r"\d+\.?\d*(?:[eE][+-]?\d+)?"


@pytest.fixture
def compiled(tmp_path):
    """Compiles a LaTeX document in `tmp_path`, and gives what pdflatex says of it."""
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed: apt-get install texlive-latex-base")

    def compile_it(tex: str, name: str) -> str:
        Path(tmp_path, f"{name}.tex").write_text(tex, "utf-8")
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False
        )
        assert done.returncode == 0, done.stdout[-2000:]
        return done.stdout

    return compile_it


def normalization(draw, kinds, width):
    """A normalisation of that width, or none."""
    kind = draw(st.sampled_from(kinds))
    if kind is None:
        return []
    if kind != "standardize":
        return [{"batch": cn.BatchNorm, "layer": cn.LayerNorm}[kind](width, epsilon=0.1)]
    layer = cn.Standardize(width)
    layer.mean, layer.variance = 0.5, 4.0
    return [layer]


@st.composite
def networks(draw, activations=EVERY, scale=None):
    """Layers in any order, and a loss that fits the end."""
    width = first = draw(st.integers(1, 3))
    layers = []
    middle = st.sampled_from(activations) | st.just("dropout")

    def add(name):
        if name == "dropout":
            layers.append(cn.Dropout(draw(st.sampled_from([0.0, 0.3, 0.5]))))
            return
        cls = activation.find(name)
        p_name = getattr(cls.row, "p_name", None)
        layers.append(cls(draw(st.sampled_from([0.25, 1.0]))) if p_name and draw(st.booleans()) else cls())

    if draw(st.integers(0, 9)) == 0:
        add(draw(middle))
    layers += normalization(draw, [None] * 9 + ["standardize", "batch", "layer"], width)
    for _ in range(draw(st.integers(0, 2))):
        n = draw(st.integers(1, 3))
        layers.append(cn.Dense(width, n, random_state=0))
        width = n
        layers += normalization(draw, [None, None, None, "batch", "layer"], width)
        for name in draw(st.lists(middle, max_size=2)):
            add(name)
    row = LOSSES[draw(st.sampled_from(sorted(LOSSES)))]
    n = 2 if row.d_p else draw(st.integers(2 if row.rows and row.targets == (0.0, 1.0) else 1, 3))
    how = {"reduction": draw(st.sampled_from(["mean", "mean", "sum", "mean_rows"]))}
    if row.levels and n > 1 and draw(st.booleans()):
        how["q"] = (0.25, 0.5, 0.9)[:n]
    if row.smooths and draw(st.booleans()):
        how["label_smoothing"] = 0.25
    layers.append(cn.Dense(width, n, random_state=0))
    if row.pair != "identity":
        add(draw(st.sampled_from(["sigmoid", "softmax"])) if row.domain == (0.0, 1.0) else row.pair)
    elif draw(st.booleans()):
        twice = (row.link, "sigmoid", "softmax") if row.link != "identity" else ()  # which `fit` refuses
        add(draw(middle.filter(lambda name: name not in twice)))
    objective = loss.find(row.name)(**how)
    net = cn.Network(layers, objective, random_state=draw(st.integers(0, 99)))
    net.parameters[...] *= scale if scale is not None else draw(st.sampled_from([0.5, 1.0, 3.0]))
    net.parameters[...] = np.round(net.parameters, draw(st.sampled_from([1, 2, 17])))
    return net, first, n


def targets(draw, net, rng, m, n):
    """Targets that the loss has a meaning for."""
    row, n = net.loss.row, n // net.loss.outputs_per_target
    labels = row.labels or (row.whole_row and draw(st.booleans()))
    if labels:
        return rng.integers(0, n, m)
    if row.targets == (0.0, 1.0):
        if row.rows:
            sure = np.eye(n)[rng.integers(0, n, m)]
            return sure if draw(st.booleans()) else np.round(rng.dirichlet(np.ones(n), m), 3)
        return (
            rng.integers(0, 2, (m, n)).astype(float) if draw(st.booleans()) else rng.random((m, n)).round(2)
        )
    if row.targets == (-1.0, 1.0):
        return rng.choice([-1.0, 1.0], (m, n))
    if row.targets[0] == 0.0:
        return rng.poisson(2.0, (m, n)) + 0.5 * row.above
    return rng.normal(size=(m, n)).round(2)


@st.composite
def cases(draw, activations=EVERY, scale=None):
    """A network that was trained for some steps, with data, weights, penalties, clipping and an optimizer."""
    net, width, n = draw(networks(activations, scale))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    m = draw(st.sampled_from([1, 1, 2, 3]))
    X = rng.normal(size=(m, width)) * (scale or draw(st.sampled_from([1.0, 3.0])))
    X = X.round(draw(st.sampled_from([1, 17])))
    y = targets(draw, net, rng, m, n)
    weights = rng.integers(1, 4, m).astype(float) if draw(st.booleans()) else None
    name = draw(st.sampled_from(sorted(OPTIMIZERS)))
    more = {"epsilon": 1e-3} if "epsilon" in OPTIMIZERS[name].hyper else {}
    more |= {"weight_decay": 0.1} if OPTIMIZERS[name].decay and draw(st.booleans()) else {}
    more |= (
        {"schedule": schedule.find(draw(st.sampled_from(sorted(SCHEDULES))))()} if draw(st.booleans()) else {}
    )
    chosen = optimizer.find(name)(learning_rate=draw(st.sampled_from([0.001, 0.05])), **more)
    options = {"l1": 0.01, "l2": 0.1, "clip_norm": 0.5, "clip_value": 0.2}
    options = {k: v for k, v in options.items() if draw(st.integers(0, 3)) == 0}
    before = draw(st.integers(0, 2))  # a network that was never fitted knows of no penalties
    options = options if before else {}
    case = Case(net, X, y, weights, chosen, options, before)
    case.fit(net, before)
    return case


class Case:
    """A network and what it learns from."""

    def __init__(self, net, X, y, weights, chosen, options, before):
        self.net, self.X, self.y, self.weights = net, X, y, weights
        self.optimizer, self.options, self.before = chosen, options, before

    def __repr__(self):
        said = {"net": self.net, "optimizer": self.optimizer, "options": self.options, "before": self.before}
        return f"{said}, X={self.X.tolist()}, y={np.asarray(self.y).tolist()}, weights={self.weights}"

    def fit(self, net, epochs, engine="numpy"):
        """Full batches with the case's optimizer and options."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cn.DataHint)  # some losses are meant for another last layer
            warnings.simplefilter("ignore", cn.DivergenceWarning)  # some networks are meant to overflow
            if epochs:
                net.fit(
                    self.X, self.y, optimizer=self.optimizer, epochs=epochs, batch_size=max(2, len(self.X)),
                    sample_weight=self.weights, engine=engine, **self.options,
                )  # fmt: skip
        return net

    def explain(self, **options):
        """The trace of the network's next updates."""
        if not self.before:
            options = {"optimizer": self.optimizer, **options}
        return cn.explain(self.net, self.X, self.y, sample_weight=self.weights, **options)


class Traces:
    """What every trace must hold."""

    cases = staticmethod(cases)

    def learned(self, net):
        """The names of the network's numbers and their shapes, in the order of its vector."""
        number, behind = 0, 0
        for layer in net.layers:
            if isinstance(layer, cn.Dense):
                number, behind = number + 1, 0
                yield f"W{number}", layer.weights.shape
                yield f"b{number}", (layer.n_out,)
            elif isinstance(layer, (cn.BatchNorm, cn.LayerNorm, cn.Standardize)):
                behind += 1
                for name in ("gain", "shift") if not isinstance(layer, cn.Standardize) else ():
                    yield f"{name * behind}{number}", (layer.n_out,)

    def settled(self, net, trace):
        """Which of the network's numbers have a gradient that is more than rounding; all, where that makes no step.

        A bias whose sum is normalised over the batch has none, and optimizers make steps of its rounding.
        """
        gradient = np.concatenate([trace.array(f"dL/d{base}").ravel() for base, _ in self.learned(net)])
        if not self.normalized(net):
            return (np.abs(gradient) > 1e-15) | (trace.book.description.optimizer != "lion")
        return np.abs(gradient) > 1e-7

    @staticmethod
    def normalized(net):
        """Whether moments of the batch or of rows are in the network."""
        return any(isinstance(layer, (cn.BatchNorm, cn.LayerNorm)) for layer in net.layers)

    def tolerance(self, net):
        """How far two ways to compute an update may be apart: those of small gradients that are normalised, farther."""
        return 1e-7 if self.normalized(net) else 1e-12

    def blunt(self, net, trace):
        """What is left of the digits of 1 - a, where a loss takes probabilities that are nearly sure."""
        from chalknet.engines import describe

        if net.loss.row.domain != (0.0, 1.0) or describe.joint_loss(net.layers, net.loss) is not None:
            return 0.0
        a = trace.book.passes[0].arrays[trace.book.output]
        return float(1e-15 / np.clip(np.minimum(a, 1 - a).min(), 1e-9, 1.0))

    def bend(self, net):
        """How far central differences may be off: one row that is normalised lies exactly where softsign bends."""
        return 3e-5 if self.normalized(net) else 1e-5

    def running(self, net):
        """The names of the running means and variances of batch normalisations."""
        number, behind = 0, 0
        for layer in net.layers:
            if isinstance(layer, cn.Dense):
                number, behind = number + 1, 0
            elif isinstance(layer, (cn.BatchNorm, cn.LayerNorm, cn.Standardize)):
                behind += 1
                if isinstance(layer, cn.BatchNorm):
                    yield from (f"{name * behind}{number}" for name in ("rm", "rv"))

    def arithmetic(self, trace):
        """Each step's arithmetic, evaluated by Python, gives its value; nothing but the allowed words occurs in it."""
        without = []
        for step in trace.to_dict()["steps"]:
            text, value = step["arithmetic"], step["value"]
            if text is None:
                without.append(step)
                continue
            signs = re.sub(WORD, lambda word: "" if word[0] in FUNCTIONS else word[0], text)
            assert not set(re.sub(NUMBER, "", signs)) - set("+-*/() ,"), step
            got = self.evaluated(text)
            assert abs(got - value) <= self.unit(value, trace.precision), (step, got)
        return without

    @staticmethod
    def evaluated(arithmetic):
        """What Python makes of it."""
        return eval(arithmetic, {"__builtins__": {}}, FUNCTIONS)

    def unit(self, value, precision):
        """Half a unit of the last place that the value is printed to, and a little for halfway cases."""
        half = 0.5000001 * 10.0**-precision
        small = abs(value) < 10.0 ** (1 - max(precision, 2)) and float(f"{value:.{precision}f}") != value
        if abs(value) >= 1e15 or small:
            more = max(precision - 1, 0)  # printed with so many digits after the first
            half = 0.5000001 * 10.0 ** (int(f"{value:.{more}e}".partition("e")[2]) - more)
        return max(half, 1e-14 * abs(value))

    def again(self, net, trace, X, y, weights):
        """The same pass by the network's own layers, with the masks that the trace shows: (loss, outputs, layers)."""
        net = deepcopy(net)
        masks = iter([g.value for g in trace.groups if g.name.startswith("mask") and g.primes == 0])
        a = X
        for layer in net.layers:
            if isinstance(layer, Dropout):
                mask = next(masks)
                layer.mask_source = lambda _, mask=mask: mask
            a = layer.forward(a, training=True)
        return net.loss.forward(a, y, weights), net


@pytest.fixture(scope="session")
def traces():
    return Traces()
