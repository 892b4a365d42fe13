"""S15 in one ``Network.fit``: the slide's loss curve on either engine."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import chalknet as cn
from chalknet import lecture

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "lecture_s15.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("lecture_s15", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def first_numbers(start, seed):
    np.random.seed(seed)
    make = {"slide": lecture.Dense, "glorot": cn.Dense}[start]
    layers = [make(2, 10), make(10, 10), make(10, 2)]
    return [layer.weights.copy() for layer in layers], [layer.biases.copy() for layer in layers]


def fit(weights, biases, X, Y, *, relu_outputs, alpha, epochs, engine):
    """The network after training from these weights."""
    layers = []
    for w, b in zip(weights, biases, strict=True):
        dense = cn.Dense(*w.shape)
        dense.weights, dense.biases = w, b
        layers += [dense, cn.ReLU()]
    net = cn.Network(layers if relu_outputs else layers[:-1], loss=cn.MSE())
    net.fit(X, Y, optimizer=cn.SGD(alpha), epochs=epochs, batch_size=1, shuffle=False, engine=engine)
    return net


CASES = {  # data, first numbers, ReLU on the outputs, alpha
    "printed": ("blobs", "slide", True, 0.1),
    "moons": ("moons", "glorot", False, 0.1),
    "moons, the slide's start": ("moons", "slide", False, 0.01),
}


def compare(request, plain, case, *, seed, epochs):
    """Both engines' fits, each compared with the plain loop from the same numbers."""
    data, start, relu_outputs, alpha = CASES[case]
    X, _, Y = request.getfixturevalue(data)
    weights, biases = first_numbers(start, seed)
    relu = [True, True, relu_outputs]
    expected, W, b = plain.descend(weights, biases, X, Y, alpha=alpha, epochs=epochs, relu=relu)
    for engine in ("numpy", "numba"):
        net = fit(weights, biases, X, Y, relu_outputs=relu_outputs, alpha=alpha, epochs=epochs, engine=engine)
        np.testing.assert_allclose(net.loss_curve_, expected, rtol=1e-9, atol=1e-9)
        dense = [layer for layer in net.layers if isinstance(layer, cn.Dense)]
        for layer, w, v in zip(dense, W, b, strict=True):
            np.testing.assert_allclose(layer.weights, w, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(layer.biases, v, rtol=1e-9, atol=1e-9)
        yield net


@pytest.mark.parametrize("seed", [1, 4, 42])
def test_as_printed_every_unit_dies(request, plain, seed):
    for net in compare(request, plain, "printed", seed=seed, epochs=4):
        assert net.loss_curve_[-1] == 0.5
        assert not net.predict(request.getfixturevalue("blobs")[0]).any()


@pytest.mark.parametrize("case", ["moons", "moons, the slide's start"])
def test_identity_outputs_learn(request, plain, case):
    for net in compare(request, plain, case, seed=42, epochs=20):
        assert net.loss_curve_[-1] < 0.6 * net.loss_curve_[0]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_whole_run(request, plain, case):
    for net in compare(request, plain, case, seed=42, epochs=1000):
        if case == "printed":
            assert set(net.loss_curve_[10:]) == {0.5}
        else:
            assert net.loss_curve_[-1] < 0.01


def test_benchmark_runs(benchmark, capsys):
    assert benchmark.main(["--epochs", "3", "--repeats", "1"]) == 0
    table = capsys.readouterr().out
    for run in benchmark.runs():
        assert run.name in table
    assert "largest difference" in table


def test_benchmark_notices_another_curve(benchmark):
    assert benchmark.difference([1.0, 2e6], [1.0, 2e6 + 1]) == pytest.approx(5e-7)
    assert benchmark.difference([1.0], [1.0, 1.0]) == np.inf
    assert benchmark.difference([1.0], [np.nan]) == np.inf
