"""The lecture's worked example (S9, S10): explain gives every number of it."""

from __future__ import annotations

import numpy as np
import pytest

import chalknet as cn

GIVEN = {
    "x": [3, 5],
    "y": [1, 0],
    "W1": [[0.5, 1, 7, 3], [1, 2, 1, 0.5]],
    "b1": [1, 1, 1, 1],
    "W2": [[1, 2], [0.5, 0.5], [3, 1], [2, 1]],
    "b2": [1, 1],
}
WORKED = {
    "z1": [7.5, 14, 27, 12.5],
    "z2": [121.5, 62.5],
    "L": 9213.25,
    "dL/dz2": [120.5, 62.5],
    "dL/dW2": [[903.75, 468.75], [1687, 875], [3253.5, 1687.5], [1506.25, 781.25]],
    "dL/db2": [120.5, 62.5],
    "dL/dz1": [245.5, 91.5, 424, 303.5],
    "dL/dW1": [[736.5, 274.5, 1272, 910.5], [1227.5, 457.5, 2120, 1517.5]],
    "dL/db1": [245.5, 91.5, 424, 303.5],
}


@pytest.fixture(scope="module")
def trace():
    net = cn.Network([cn.Dense(2, 4), cn.Dense(4, 2)], loss=cn.MSE())
    for n, layer in enumerate(net.dense, 1):
        layer.weights, layer.biases = GIVEN[f"W{n}"], GIVEN[f"b{n}"]
    return cn.explain(net, [GIVEN["x"]], [GIVEN["y"]], learning_rate=0.001)


@pytest.fixture(scope="module")
def steps(trace):
    return {step["symbol"]: step for step in trace.to_dict()["steps"]}


@pytest.mark.parametrize("name", [*GIVEN, *WORKED])
def test_every_number_is_exact(steps, name):
    value = np.asarray((GIVEN | WORKED)[name], float)
    for place in np.ndindex(value.shape):
        symbol = f"{name}[{','.join(map(str, place))}]" if place else name
        assert steps[symbol]["value"] == value[place], symbol


def test_the_update_and_the_loss_after_it(trace, steps):
    for name in ("W1", "b1", "W2", "b2"):
        old, gradient = np.asarray(GIVEN[name], float), np.asarray(WORKED[f"dL/d{name}"])
        np.testing.assert_allclose(
            trace.array(f"{name}'").reshape(old.shape), old - 0.001 * gradient, rtol=1e-15
        )
    assert round(steps["z2'[0]"]["value"], 5) == -14.19783
    assert round(steps["z2'[1]"]["value"], 5) == -12.73375
    assert round(steps["L'"]["value"], 4) == 196.5612


@pytest.mark.parametrize(
    ("symbol", "arithmetic"),
    [
        ("z1[0]", "3*0.5 + 5*1 + 1"),
        ("z2[0]", "7.5*1 + 14*0.5 + 27*3 + 12.5*2 + 1"),
        ("L", "((121.5 - 1)**2 + (62.5 - 0)**2)/2"),
        ("dL/dz2[0]", "2*(121.5 - 1)/2"),
        ("dL/dW2[2,1]", "27*62.5"),
        ("dL/db2[0]", "120.5"),
        ("dL/dz1[2]", "120.5*3 + 62.5*1"),
        ("dL/dW1[1,3]", "5*303.5"),
        ("W1'[0,2]", "7 - 0.001*1272"),
        ("z1'[0]", "3*(-0.2365) + 5*(-0.2275) + 0.7545"),
        ("L'", "((-14.19783 - 1)**2 + (-12.73375 - 0)**2)/2"),
    ],
)
def test_the_arithmetic_is_the_chalkboards(steps, symbol, arithmetic):
    assert steps[symbol]["arithmetic"] == arithmetic


def test_where_the_half_comes_from_and_which_weights_are_used(steps):
    assert "1/2" in steps["L"]["note"] and "1/2" in steps["dL/dz2[0]"]["note"]
    assert "old weights" in steps["dL/dz1[0]"]["note"]


def test_s6_one_weight_falls_from_3_to_minus_1_without_a_small_rate():
    """x = 1, w = 3, y = 1, and α = 1: the prediction 3, the loss 4, the gradient 4, the new weight -1."""
    net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE())
    net.layers[0].weights, net.layers[0].biases = [[3.0]], 0.0
    trace = cn.explain(net, [[1.0]], [[1.0]], learning_rate=1.0)
    symbols = ("z1[0]", "L", "dL/dW1[0,0]", "W1'[0,0]")
    assert [trace.value(symbol) for symbol in symbols] == [3.0, 4.0, 4.0, -1.0]


def test_s3_the_sigmoid_perceptrons_update():
    """w ← w - α 2 (a - y) a (1 - a) x, with σ′(z) = a (1 - a)."""
    net = cn.Network([cn.Dense(1, 1), cn.Sigmoid()], loss=cn.MSE())
    net.layers[0].weights, net.layers[0].biases = [[0.5]], 0.0
    steps = {s.symbol: s for s in cn.explain(net, [[0.0]], [[1.0]], learning_rate=1.0).steps}
    assert steps["dL/dz1[0]"].arithmetic == "(-1)*0.5*(1 - 0.5)"
    assert steps["b1'[0]"].value == 0.25


def test_s19_softmax_and_cross_entropy_in_one_and_through_the_jacobian():
    net = cn.Network([cn.Dense(1, 3)], loss=cn.SoftmaxCrossEntropy())
    net.layers[0].weights, net.layers[0].biases = [[1.0, 2.0, 3.0]], 0.0
    trace = cn.explain(net, [[1.0]], [2], jacobian=True)
    steps = {s.symbol: s for s in trace.steps}
    assert steps["dL/dz1[2]"].arithmetic == "0.6652 - 1"
    np.testing.assert_allclose(trace.array("jz1"), trace.array("dL/dz1"), atol=1e-15)
    assert "softmax's Jacobian" in steps["jz1[0]"].title
    two = {s.symbol: s for s in cn.explain(net, [[1.0], [1.0]], [2, 2]).steps}
    assert two["dL/dz1[0,2]"].arithmetic == "(0.6652 - 1)/2"  # the slide lacks its 1/N
