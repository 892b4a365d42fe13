"""Predictions that are made ready once, and objectives that are called again and again."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import sparse

import chalknet as cn
from chalknet.engines.fused.rows import MOST

pytestmark = pytest.mark.unjitted
ENGINES = ("numpy", "numba")


def network(engine, dtype="float64", loss=None):
    net = cn.Network(
        [cn.Dense(3, 7, dtype=dtype), cn.LeakyReLU(0.3), cn.Dropout(0.5), cn.Dense(7, 4, dtype=dtype)],
        loss=cn.SoftmaxCrossEntropy() if loss is None else loss,
        random_state=0,
    )
    net.engine_ = engine
    return net


def rows(n, dtype="float64"):
    return np.random.default_rng(n).normal(size=(n, 3)).astype(dtype)


def by_hand(net, x):
    first, act, _, last = net.layers
    h = x @ first.weights + first.biases
    z = np.where(h > 0, h, act.slope * h) @ last.weights + last.biases
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 2, MOST, MOST + 1, 300])
def test_any_number_of_rows(engine, dtype, n):
    net = network(engine, dtype)
    for x in (rows(n, dtype), rows(n + 1, dtype)[1:]):
        p = net.predict(x)
        assert p.dtype == dtype and p.shape == (n, 4)
        np.testing.assert_allclose(p, by_hand(net, x), rtol=20 * np.finfo(dtype).eps)
    first = net.predict(rows(1, dtype))
    net.predict(rows(2, dtype))
    np.testing.assert_array_equal(first, net.predict(rows(1, dtype)))  # it is the caller's own


@pytest.mark.parametrize("engine", ENGINES)
def test_whatever_changes_is_seen(engine):
    net, x = network(engine), rows(2)
    for change in (
        lambda: net.parameters.__imul__(0.5),
        lambda: setattr(net.layers[0], "weights", np.ones((3, 7))),
        lambda: setattr(net.layers[1], "slope", 0.7),
        lambda: setattr(net, "parameters", np.linspace(-1, 1, net.parameters.size)),
    ):
        before = net.predict(x)
        change()
        assert (net.predict(x) != before).any()
        np.testing.assert_allclose(net.predict(x), by_hand(net, x), rtol=1e-13)
    net.loss = cn.MSE()
    np.testing.assert_allclose(net.predict(x), net.forward(x), rtol=1e-13)
    for twin in (pickle.loads(pickle.dumps(net)), net.__copy__()):
        np.testing.assert_array_equal(twin.predict(x), net.predict(x))
        twin.parameters *= 2
        assert (twin.predict(x) != net.predict(x)).any()


@pytest.mark.parametrize("engine", ENGINES)
def test_rows_of_other_kinds(engine):
    net, x = network(engine), rows(3)
    want = net.predict(x)
    for other in (x.tolist(), np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], sparse.csr_array(x)):
        np.testing.assert_allclose(net.predict(other), want, rtol=1e-13)
    assert net.predict(x.astype(np.float32)).dtype == np.float64
    for wrong in (x[0], x[:, :2], x[:0]):
        with pytest.raises(cn.ShapeError, match="takes X of shape"):
            net.predict(wrong)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n", [1, 30, 700])
def test_an_objective_is_the_loss_and_its_slope(engine, n):
    net, x = network(engine), rows(n)
    y, w = np.arange(n) % 4, np.linspace(0.5, 2.0, n)
    f = net.objective(x, y, sample_weight=w, l1=0.1, l2=0.2, engine=engine)
    point = net.parameters.copy()
    value, gradient = f(point)
    for i in range(0, point.size, 5):
        step = np.zeros(point.size)
        step[i] = 1e-6
        slope = (f(point + step)[0] - f(point - step)[0]) / 2e-6
        assert slope == pytest.approx(gradient[i], abs=1e-7)
    assert f(point)[0] == value  # what was asked in between is forgotten
    penalty = (
        sum(0.1 * np.abs(d.weights).sum() + 0.1 * np.square(d.weights).sum() for d in net.dense) / w.sum()
    )
    assert value - penalty == pytest.approx(net.evaluate(x, y, w), rel=1e-12)
    np.testing.assert_array_equal(net.parameters, point)


def test_engines_agree_on_an_objective():
    net, x, y = network("numpy", loss=cn.MSE()), rows(600), rows(600) @ np.ones((3, 4))
    (a, da), (b, db) = (net.objective(x, y, engine=engine)(net.parameters) for engine in ENGINES)
    assert a == pytest.approx(b, rel=1e-13)
    np.testing.assert_allclose(da, db, rtol=1e-11, atol=1e-14)
    with pytest.raises(cn.ParameterError, match="no loss"):
        cn.Network([cn.Dense(1, 1)]).objective([[1.0]], [[1.0]])
