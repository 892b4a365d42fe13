"""The gradient check: backpropagation's derivatives beside those that the loss itself shows."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
from scipy import sparse

from chalknet.chalk import floors
from chalknet.chalk.differences import Slopes
from chalknet.chalk.gradient_report import Compared, GradientReport
from chalknet.chalk.ledger import stages
from chalknet.chalk.normalized import learning
from chalknet.chalk.probe import Probe
from chalknet.engines import describe, select
from chalknet.engines.state import Data
from chalknet.estimators._objective import Objective, objective
from chalknet.exceptions import DataError
from chalknet.layers.base import Layer
from chalknet.layers.config import ABOVE_ZERO, number
from chalknet.layers.learned import Learned
from chalknet.layers.normalization import Moments
from chalknet.layers.optimizer import SGD
from chalknet.network import Network


def check_gradients(
    net: Any,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    engine: str | None = None,
    tolerance: float = 1e-6,
) -> GradientReport:
    """Compare the derivative by every weight, bias and input with central differences.

    d = |a - n| / max(|a|, |n|, r / tolerance), where a is backpropagation's derivative, n the central difference
    (L(w + h) - L(w - h)) / 2h, extrapolated to h = 0, and r the most that rounding can have moved n by. The check
    passes where all d are at most `tolerance`. Batch normalisation takes its running numbers, as predictions do.

    All is computed in float64, on a copy: a float32 network is checked at the float64 values of its numbers, and
    nothing of the model changes. Dropout lets everything pass. Each number takes eight forward passes from its layer
    on, so a few rows are enough, and a large network takes its time.

    Where a kink of an activation or loss (ReLU at 0, MAE at y) lies within the step, a smaller step is taken; a
    number whose smallest step (2⁻²³ in z) still meets one is skipped and counted. Where a prediction is so near 0
    (below 1e-37) that its logarithm is held at a floor, the loss shows no slope: what such predictions add to the
    derivatives is left out, and their number told.

    Args:
        net: a ``Network`` with a loss, or a fitted estimator with a network: ``MLPClassifier``, ``MLPRegressor``,
            ``TabularClassifier``, ``TabularRegressor``, or ``Perceptron(activation="sigmoid")``.
        X: (rows, inputs), as the model takes it; sparse matrices are made dense.
        y: targets as the model's ``fit`` takes them; class labels for a classifier.
        sample_weight: (rows,) weights of the rows in the loss.
        engine: ``"numpy"``, ``"numba"`` or ``"auto"`` (the model's own): that engine's gradient is compared too, as
            training uses it. None: ``Network.backward`` alone, and for a multilayer perceptron ``"numpy"`` too.
        tolerance: the largest relative difference that passes.

    The objective is ``net.loss``; of an estimator ``network_.loss`` with the rows' weights, class weights included.
    To the engine's gradient belongs an estimator's L2 penalty, alpha/(2 m) Σ W² over these m rows ("adamw", which
    decays weights by itself, has none).

    Returns a report: ``max_difference``, ``worst`` (a name such as W1[0,2], b2[1] or x[1,0]: layers count from 1,
    units and rows from 0; gain1[2] and shift1[2] are a normalisation's γ and β), ``parameters`` (each name's
    difference), ``kinks`` (how many were skipped), ``unsure`` (how many derivatives are lost in rounding), ``floored``
    (how many predictions). It is true when the check passes, and prints as a table.

    Raises:
        ParameterError: net is no such model, has no loss, or the engine is unknown.
        NotFittedError: the estimator is not fitted.
        ShapeError, DataError: X, y or sample_weight do not fit the model, or the loss is not finite.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(2, 3), cn.Tanh(), cn.Dense(3, 1)], loss=cn.MSE(), random_state=0)
    >>> report = cn.check_gradients(net, [[3.0, 5.0]], [[1.0]])
    >>> bool(report), report.max_difference < 1e-8, len(report.parameters), report.kinks
    (True, True, 15, 0)
    """
    tolerance = number("check_gradients", "tolerance", tolerance, ABOVE_ZERO)
    chosen = select.resolve(engine, 1, 1, 1, 1) if engine not in (None, "auto") else engine
    given = objective(net, X, y, sample_weight)
    if chosen is None and hasattr(net, "network_"):
        chosen = "numpy"
    if chosen == "auto":
        chosen = given.network.engine_
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        return _compare(given, chosen, tolerance)


def _compare(given: Objective, engine: str | None, tolerance: float) -> GradientReport:
    net = _in_float64(given.network)
    x = net.inputs_for(given.X.toarray() if sparse.issparse(given.X) else given.X)
    y = given.y.astype(np.float64) if given.y.ndim == 2 else given.y
    w = describe.weights(given.weights, len(x), np.float64)
    output = net.forward(x)
    by_inputs = net.backward(y, w)
    backward = [g for layer in net.learned for g in (layer.dweights, layer.dbiases)] + [by_inputs]
    there = floors.floored(net, output, y)
    unseen = [np.zeros(1)] * len(backward)
    if there.any() and net.loss is not None:
        unseen = floors.added(net, np.where(there, net.loss.dinputs, 0.0))
        net.backward(y, w)
    probe = Probe(net, x, y, w)
    if not np.isfinite(probe.value):
        raise DataError(f"The loss on these rows is {probe.value:g}; a gradient check needs a finite one.")
    compared, trained = ["Network.backward"], []
    if engine is not None:
        compared.append(f"{engine} engine")
        d = describe.training(describe.network(net.layers, net.loss), SGD(), l2=given.l2)
        flat = select.load(engine).slope(d, Data(x, y, np.arange(len(x)), w), net.buffers)(net.parameters)[1]
        trained = np.split(flat, np.cumsum([g.size for g in backward[:-1]])[:-1])
    pull = given.l2 / (len(x) if w is None else w.sum())  # of the penalty, on each weight
    arrays = []
    for k, (name, values, slopes) in enumerate(_numbers(net, x, probe)):
        left_out = unseen[k].ravel()
        pairs = [(backward[k].ravel() - left_out, slopes.value)]
        if k < len(trained):  # the penalty's own central difference is exact: (w + h)² - (w - h)² = 4 w h
            penalty = pull * values.ravel() if name[0] == "W" else 0.0
            pairs.append((trained[k] - left_out, slopes.value + penalty))
        arrays.append(_array(name, values.shape, slopes, pairs, tolerance))
    named = repr(net.loss) + (f" + {given.l2:g}/(2 m) Σ W²" if given.l2 and engine is not None else "")
    return GradientReport(tuple(arrays), tuple(compared), named, tolerance, int(there.sum()))


def _in_float64(net: Network) -> Network:
    """A copy of the network, float64."""
    copied = deepcopy(net)
    if copied.dtype == np.float64:
        return copied
    copied.layers = [_layer_in_float64(layer) for layer in copied.layers]
    return deepcopy(copied)  # whose layers live in a flat vector of float64


def _layer_in_float64(layer: Layer) -> Layer:
    layer = deepcopy(layer)  # with numbers of its own
    if isinstance(layer, (Learned, Moments)):
        layer.dtype = np.dtype(np.float64)
    if isinstance(layer, Learned):
        layer.weights, layer.biases = layer.weights, layer.biases
    if isinstance(layer, Moments):
        layer.widen()
    return layer


def _numbers(net: Network, x: np.ndarray, probe: Probe) -> Iterator[tuple[str, np.ndarray, Slopes]]:
    """Each array of numbers with its name and its central differences."""
    named = learning(stages(describe.network(net.layers, net.loss)))
    for (index, layer), (dense, weights, biases) in zip(probe.learned.items(), named, strict=True):
        yield weights, layer.weights if dense else layer.weights[0], probe.by_weights(index)
        yield biases, layer.biases[0], probe.by_biases(index)
    yield "x", x if len(x) > 1 else x[0], probe.by_inputs()


def _array(
    name: str,
    shape: tuple[int, ...],
    slopes: Slopes,
    pairs: list[tuple[np.ndarray, np.ndarray]],
    tolerance: float,
) -> Compared:
    """The larger of the relative differences of each number; pairs hold (by backpropagation, by differences)."""
    worst, unsure = np.zeros(slopes.value.size), np.zeros(slopes.value.size, bool)
    for a, n in pairs:
        size = np.maximum(np.abs(a), np.abs(n))
        apart = np.abs(a - n) / np.maximum(size, slopes.doubt / tolerance)
        apart[(a == n) & np.isfinite(n)] = 0.0
        worst = np.maximum(worst, np.where(np.isnan(apart), np.inf, apart))
        unsure |= (a != 0.0) & (slopes.doubt > 0.1 * size) & ~slopes.kink
    return Compared(name, shape, np.where(slopes.kink, np.nan, worst), int(unsure.sum()))
