"""Normalisations on both engines: the same training, the same predictions, on dense and on sparse rows."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from scipy import sparse

import chalknet as cn

pytestmark = pytest.mark.unjitted
RNG = np.random.default_rng(0)
X = RNG.normal(size=(57, 5)) * 3 + 1
Y = np.tanh(X[:, :2]).round(3)
NORMS = {"batch": cn.BatchNorm, "layer": cn.LayerNorm}


def network(first, second, dtype="float64"):
    layers = []
    if first == "standardize":
        layers.append(cn.Standardize(5, dtype=dtype))
        layers[0].mean, layers[0].variance = X.mean(0), X.var(0)
    elif first:
        layers.append(NORMS[first](5, dtype=dtype))
    layers += [cn.Dense(5, 7, dtype=dtype), cn.Tanh(), cn.Dropout(0.2), cn.Dense(7, 6, dtype=dtype)]
    layers += [NORMS[second](6, dtype=dtype), cn.ReLU(), cn.Dense(6, 2, dtype=dtype)]
    return cn.Network(layers, loss=cn.MSE(), random_state=0)


def both(net, x=X, **options):
    nets = copy.deepcopy(net), copy.deepcopy(net)
    for each, engine in zip(nets, ("numpy", "numba"), strict=True):
        each.fit(
            x,
            Y,
            **{"optimizer": cn.SGD(0.02, 0.9), "epochs": 4, "batch_size": 20, "engine": engine, **options},
        )
    return nets


@pytest.mark.parametrize("second", NORMS)
@pytest.mark.parametrize("first", [None, "standardize", *NORMS])
@pytest.mark.parametrize("options", [{}, {"l1": 0.01, "l2": 0.1, "clip_norm": 0.5}, {"batch_size": 57}])
def test_training_agrees(first, second, options):
    a, b = both(network(first, second), **options)
    np.testing.assert_allclose(b.loss_curve_, a.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(b.parameters, a.parameters, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(b.buffers, a.buffers, rtol=1e-10)
    np.testing.assert_allclose(b.predict(X), a.predict(X), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(b.predict(X[:3]), b.predict(X)[:3], rtol=1e-12, atol=1e-13)
    assert (a.buffers.size > 0) == (second == "batch" or first in ("batch", "standardize"))


@pytest.mark.parametrize("second", NORMS)
def test_float32_is_the_same_within_its_digits(second):
    a, b = both(network("standardize", second, "float32"))
    np.testing.assert_allclose(b.loss_curve_, a.loss_curve_, rtol=1e-4)
    np.testing.assert_allclose(b.predict(X), a.predict(X), atol=2e-3)


@pytest.mark.parametrize("kind", NORMS.values())
def test_a_normalisation_before_the_only_dense_layer(kind):
    net = cn.Network([kind(5), cn.Dense(5, 2)], loss=cn.MSE(), random_state=0)
    a, b = both(net)
    np.testing.assert_allclose(b.parameters, a.parameters, rtol=1e-9, atol=1e-11)


def test_decoupled_decay_leaves_scales_and_shifts():
    net = network(None, "layer")
    still = copy.deepcopy(net)
    for engine in ("numpy", "numba"):
        one = copy.deepcopy(net)
        one.fit(
            X, Y, optimizer=cn.AdamW(1e-9, weight_decay=1e8), epochs=1, batch_size=57, engine=engine
        )  # 1 - rate * decay = 0.9
        norm, was = one.layers[4], still.layers[4]
        np.testing.assert_allclose(norm.weights, was.weights, atol=1e-6)
        np.testing.assert_allclose(one.layers[0].weights, 0.9 * still.layers[0].weights, rtol=1e-4, atol=1e-7)


def test_penalties_leave_scales_alone():
    net = network(None, "layer")
    place = slice(5 * 7 + 7 + 7 * 6 + 6, 5 * 7 + 7 + 7 * 6 + 6 + 12)  # γ and β
    for engine in ("numpy", "numba"):
        plain = net.objective(X, Y, engine=engine)(net.parameters)[1]
        pulled = net.objective(X, Y, l2=3.0, engine=engine)(net.parameters)[1]
        np.testing.assert_allclose(pulled[place], plain[place], rtol=1e-12)
        assert not np.allclose(pulled[:35], plain[:35])


@pytest.mark.parametrize("first", [None, "standardize", "layer"])
def test_sparse_rows(first):
    x = np.where(np.abs(X) < 2, 0.0, X)
    a, b = both(network(first, "batch"), sparse.csr_matrix(x))
    dense = copy.deepcopy(network(first, "batch")).fit(
        x, Y, optimizer=cn.SGD(0.02, 0.9), epochs=4, batch_size=20, engine="numba"
    )
    for each in (a, dense):
        np.testing.assert_allclose(b.parameters, each.parameters, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(b.predict(sparse.csr_matrix(x)), b.predict(x), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("second", NORMS)
def test_the_objective_and_its_gradient(second):
    net = network("batch", second).fit(X, Y, epochs=2, batch_size=20, engine="numpy")
    one, other = (net.objective(X, Y, engine=engine)(net.parameters) for engine in ("numpy", "numba"))
    assert other[0] == pytest.approx(one[0], rel=1e-12) and one[0] == pytest.approx(net.evaluate(X, Y))
    np.testing.assert_allclose(other[1], one[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("second", NORMS)
def test_gradients_pass_the_check(second):
    net = network("standardize", second)
    net.layers = [layer for layer in net.layers if not isinstance(layer, (cn.Dropout, cn.ReLU))]
    for engine in ("numpy", "numba"):
        report = cn.check_gradients(net, X[:6], Y[:6], engine=engine)
        assert report, report
        assert {"gain2[3]", "shift2[5]", "W3[5,1]", "x[5,4]"} <= set(report.parameters)


def test_a_check_and_a_trace_call_numbers_alike():
    net = cn.Network(
        [cn.Standardize(5), cn.LayerNorm(5), cn.Dense(5, 3), cn.LayerNorm(3), cn.LayerNorm(3), cn.Dense(3, 2)],
        loss=cn.MSE(), random_state=0,
    )  # fmt: skip
    trace = cn.explain(net, X[:2], Y[:2], learning_rate=0.1)
    listed = {step.symbol.removeprefix("dL/d") for step in trace.steps if step.symbol.startswith("dL/d")}
    checked = set(cn.check_gradients(net, X[:2], Y[:2]).parameters)
    assert checked <= listed and {"gaingain0[1]", "gain1[2]", "shiftshift1[0]"} <= checked


def test_where_a_run_is_cut_does_not_matter():
    nets = [copy.deepcopy(network("batch", "batch")) for _ in range(2)]
    for net, epochs in zip(nets, ((6,), (1, 2, 3)), strict=True):
        optimizer = cn.Adam(0.01)
        for n in epochs:
            net.fit(X, Y, optimizer=optimizer, epochs=n, batch_size=20, engine="numba")
    np.testing.assert_array_equal(nets[0].parameters, nets[1].parameters)
    np.testing.assert_array_equal(nets[0].buffers, nets[1].buffers)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_the_best_numbers_come_back_with_their_moments(engine):
    y = (X[:, 0] > 1).astype(int)
    seen = {}

    class Keep(cn.Callback):
        def on_epoch_end(self, context):
            net = context.estimator.network_
            seen[context.validation_score] = seen.get(
                context.validation_score, (net.parameters.copy(), net.buffers.copy())
            )

    model = cn.MLPClassifier(
        (6,), normalization="batch", early_stopping=True, max_iter=25, n_iter_no_change=30, batch_size=16,
        learning_rate_init=0.05, random_state=0, engine=engine, callbacks=Keep(),
    )  # fmt: skip
    with pytest.warns(Warning, match="Maximum iterations"):
        model.fit(X, y)
    parameters, buffers = seen[model.best_validation_score_]
    np.testing.assert_array_equal(model.network_.parameters, parameters)
    np.testing.assert_array_equal(model.network_.buffers, buffers)
