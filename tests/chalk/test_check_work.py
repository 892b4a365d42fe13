"""check_work: right, wrong, following from a wrong number; slips are injected by independent NumPy code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chalknet as cn


@pytest.fixture
def trace() -> Any:
    net = cn.Network([cn.Dense(2, 4), cn.Dense(4, 2)], loss=cn.MSE())
    net.layers[0].weights = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    net.layers[1].weights = [[1, 2], [0.5, 0.5], [3, 1], [2, 1]]
    net.layers[0].biases = net.layers[1].biases = 1
    return cn.explain(net, [[3, 5]], [[1, 0]], learning_rate=0.001)


def test_the_lectures_own_slip_is_named(trace: Any) -> None:
    report = cn.check_work(
        trace, {"z1[0]": 7.5, "dL/dz2[0]": 121.5, "dL/dW2[0, 0]": 911.25, "W2'[0,0]": 0.08875}
    )
    assert not report
    assert report.first_wrong == "dL/dz2[0]"
    right, slip, follows, new = report.rows
    assert (right.ok, right.right, right.given) == (True, 7.5, 7.5)
    assert (slip.ok, slip.follows, slip.slip) == (False, False, "prediction_for_error")
    assert (follows.symbol, follows.right, follows.follows) == ("dL/dW2[0,0]", 903.75, True)
    assert new.follows
    assert "121.5" in str(report)


def test_all_right_is_true_at_the_precision_given(trace: Any) -> None:
    report = cn.check_work(
        trace, {"z2[0]": 121.5, "L": 9213.25, "dL/db1[2]": 424, "L'": 196.56, "x[0]": 3, "W1[0,2]": None}
    )
    assert report
    assert report.first_wrong is None


@pytest.mark.parametrize(
    "answers", [{"z9[0]": 1.0}, {"nonsense": 1.0}, {"z1[0]": float("nan")}, {"z1[0]": "7"}]
)
def test_what_cannot_be_checked_is_named(trace: Any, answers: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)) as told:
        cn.check_work(trace, answers)
    assert next(iter(answers)) in str(told.value)
    assert "\n" not in str(told.value)


def forward(x: Any, parameters: list[Any]) -> dict[str, Any]:
    W1, b1, W2, b2 = parameters
    z1 = x @ W1 + b1
    a1 = 1 / (1 + np.exp(-z1))
    return {"z1": z1, "a1": a1, "z2": a1 @ W2 + b2}


def sheet(x: Any, y: Any, parameters: list[Any], slip: str) -> dict[str, float]:
    """A learner's whole sheet of a 2-3-2 sigmoid network under MSE, with one slip carried on."""
    W2 = parameters[2]
    at = forward(x, parameters)
    dz2 = 2 * (at["z2"] - y) / 2
    if slip == "sign":
        dz2 = -dz2
    if slip == "factor_two":
        dz2 = 2 * dz2
    if slip == "prediction_for_error":
        dz2 = 2 * at["z2"] / 2
    da1 = dz2 @ W2.T
    slope = at["a1"] * (1 - at["a1"])
    if slip == "activation_forgotten":
        slope = np.ones_like(slope)
    dz1 = da1 * slope
    numbers = {**at, "dL/dz2": dz2, "dL/da1": da1, "dL/dz1": dz1, "dL/dW2": np.outer(at["a1"], dz2)}
    numbers["dL/dW1"] = np.outer(x, dz1)
    if slip == "input_forgotten":
        numbers["dL/dW1"] = np.outer(np.ones(2), dz1)
    out = {}
    for name, value in numbers.items():
        for place in np.ndindex(value.shape):
            out[f"{name}[{','.join(map(str, place))}]"] = round(float(value[place]), 4)
    return out


@pytest.mark.parametrize(
    "slip", ["", "sign", "prediction_for_error", "activation_forgotten", "input_forgotten", "factor_two"]
)
def test_an_injected_slip_is_named_and_right_work_is_right(slip: str) -> None:
    named, tries = 0, 12
    for seed in range(tries):
        rng = np.random.RandomState(seed)
        net = cn.Network([cn.Dense(2, 3), cn.Sigmoid(), cn.Dense(3, 2)], loss=cn.MSE())
        net.parameters = rng.uniform(-1.5, 1.5, net.parameters.size)
        x, y = rng.uniform(0.5, 2, 2), rng.uniform(0.5, 2, 2)
        parameters = [
            net.layers[0].weights,
            net.layers[0].biases[0],
            net.layers[2].weights,
            net.layers[2].biases[0],
        ]
        report = cn.check_work(cn.explain(net, [x], [y], learning_rate=0.1), sheet(x, y, parameters, slip))
        if not slip:
            assert report, str(report)
            continue
        assert not report
        wrong = [row for row in report.rows if not row.ok and not row.follows]
        named += wrong[0].slip == slip or slip in wrong[0].reason
    assert not slip or named >= 0.9 * tries
