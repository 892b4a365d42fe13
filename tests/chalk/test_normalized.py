"""Normalisations on the chalkboard: every moment, every scale, the way back and the running numbers."""

from __future__ import annotations

import numpy as np
import pytest

import chalknet as cn

X, Y = [[1.0, 5.0], [3.0, 9.0]], [[1.0], [0.0]]


def network(*layers):
    net = cn.Network([*layers, cn.Dense(2, 1, random_state=0)], loss=cn.MSE())
    net.layers[-1].weights, net.layers[-1].biases = [[2.0], [1.0]], 0.0
    return net


def steps(trace):
    return {s.symbol: s for s in trace.steps}


def test_batch_normalisation_by_hand(traces):
    net = network(cn.BatchNorm(2, epsilon=1e-9))
    trace = cn.explain(net, X, Y, learning_rate=0.1)
    traces.arithmetic(trace)
    found = steps(trace)
    assert found["mu0[0]"].arithmetic == "(1 + 3)/2" and found["mu0[0]"].value == 2.0
    assert found["var0[1]"].arithmetic == "((5 - 7)**2 + (9 - 7)**2)/2" and found["var0[1]"].value == 4.0
    assert [found[f"u0[{i},{j}]"].value for i in (0, 1) for j in (0, 1)] == pytest.approx([-1, -1, 1, 1])
    assert found["n0[1,0]"].arithmetic == "1*1 + 0"
    # dL/dn = 2/2 (ŷ − y) W with ŷ = -3 and 3
    assert found["dL/dn0[0,0]"].value == pytest.approx(-8.0) and found["dL/dn0[1,1]"].value == pytest.approx(
        3.0
    )
    assert found["dL/dgain0[0]"].value == pytest.approx(8.0 + 6.0)
    assert found["dL/dshift0[1]"].value == pytest.approx(-4.0 + 3.0)
    assert found["gain0'[0]"].value == pytest.approx(1.0 - 0.1 * 14.0)
    assert found["dL/dx[0,0]"].value == pytest.approx(
        0.0, abs=1e-6
    )  # two rows come to -1 and 1, wherever they are
    assert found["rm0'[0]"].arithmetic == "0.9*0 + 0.1*2" and found["rm0'[0]"].value == pytest.approx(0.2)
    assert found["rv0'[1]"].value == pytest.approx(0.9 + 0.1 * 8.0)


def test_layer_normalisation_by_hand(traces):
    trace = cn.explain(network(cn.LayerNorm(2, epsilon=1e-9)), X, Y, learning_rate=0.1)
    traces.arithmetic(trace)
    found = steps(trace)
    assert found["mu0[1]"].arithmetic == "(3 + 9)/2" and found["var0[1]"].value == 9.0
    assert found["u0[1,1]"].value == pytest.approx(1.0)
    assert "rm0'[0]" not in found and "gain0'[1]" in found


def test_standardize_by_hand():
    layer = cn.Standardize(2)
    layer.mean, layer.variance = [1.0, 5.0], [4.0, 16.0]
    found = steps(cn.explain(network(layer), X, Y, learning_rate=0.1))
    assert found["n0[1,0]"].arithmetic == "(3 - 1)/sqrt(4)" and found["n0[1,0]"].value == 1.0
    assert found["dL/dx[1,1]"].arithmetic == "3*1/sqrt(16)" or found["dL/dx[1,1]"].value == pytest.approx(
        0.75
    )


@pytest.mark.parametrize("kind", [cn.BatchNorm, cn.LayerNorm])
def test_explaining_leaves_the_running_numbers_and_an_estimator_goes_on_as_explained(kind):
    name = {"BatchNorm": "batch", "LayerNorm": "layer"}[kind.__name__]
    x = np.random.default_rng(0).normal(size=(6, 3)).round(2)
    y = x[:, 0] * 2
    model = cn.MLPRegressor(
        hidden_layer_sizes=(3,),
        normalization=name,
        batch_size=6,
        shuffle=False,
        random_state=0,
        learning_rate_init=0.1,
        engine="numpy",
    )
    for _ in range(2):
        model.partial_fit(x, y)
    before = model.network_.buffers.copy()
    trace = cn.explain(model, x, y)
    np.testing.assert_array_equal(model.network_.buffers, before)
    model.partial_fit(x, y)
    norm = model.network_.layers[1]
    np.testing.assert_allclose(trace.array("gain1'"), norm.weights, rtol=1e-12)
    np.testing.assert_allclose(trace.array("shift1'"), norm.biases, rtol=1e-12)
    np.testing.assert_allclose(trace.array("W2'"), model.coefs_[1], rtol=1e-12)
    if name == "batch":
        np.testing.assert_allclose(trace.array("rm1'"), norm.mean, rtol=1e-12)
        np.testing.assert_allclose(trace.array("rv1'"), norm.variance, rtol=1e-12)


@pytest.mark.parametrize("kind", [cn.BatchNorm, cn.LayerNorm])
def test_why_follows_the_chain_rule_through_the_moments(kind):
    net = cn.Network(
        [cn.Dense(2, 2, random_state=0), kind(2, epsilon=0.1), cn.Dense(2, 1, random_state=1)], cn.MSE()
    )
    trace = cn.explain(net, X, Y, learning_rate=0.1)
    for symbol in ("W1[0,1]", "gain1[0]", "shift1[1]", "x[1,0]", "u1[0,0]"):
        answer = trace.why(symbol)
        assert answer.gradient == trace.value(f"dL/d{symbol}")
        assert sum(path.product for path in answer.paths) == pytest.approx(
            answer.gradient, rel=1e-9, abs=1e-12
        )
        assert answer.to_text() and answer.to_latex()


def test_a_wrong_number_is_found_and_those_that_follow_are_told_apart():
    net = cn.Network(
        [cn.Dense(2, 2, random_state=0), cn.LayerNorm(2), cn.Dense(2, 1, random_state=1)], loss=cn.MSE()
    )
    trace = cn.explain(net, X, Y, learning_rate=0.1)
    right = {s.symbol: float(s.value) for s in trace.steps}
    assert cn.check_work(trace, right)
    wrong = right | {"mu1[0]": right["mu1[0]"] + 1.0}
    report = cn.check_work(trace, wrong)
    assert report.first_wrong == "mu1[0]"


@pytest.mark.parametrize("style", ["node", "matrix"])
def test_all_writers_know_their_names(style):
    net = cn.Network(
        [cn.Dense(2, 2, random_state=0), cn.BatchNorm(2), cn.ReLU(), cn.Dense(2, 1, random_state=1)], cn.MSE()
    )
    trace = cn.explain(net, X, Y, optimizer=cn.Adam(), style=style, steps=2)
    text, tex = trace.to_text(), trace.to_latex()
    assert "γ⁽¹⁾" in text and "ẑ⁽¹⁾" in text and "0.00001 is added to the variance" in text
    assert "\\gamma^{(1)}" in tex and "\\hat z^{(1)}" in tex and "gain1" not in tex and "gain1" not in text
    assert "batch norm (relu)" in text
    assert trace.to_html() and trace.to_markdown()
