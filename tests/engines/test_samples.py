"""Predictions with dropout on: the same masks on both engines, in blocks or not, and as in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import chalknet as cn
from chalknet.engines import describe
from chalknet.engines.random import dropout_mask
from chalknet.engines.select import load
from chalknet.exceptions import ParameterError

pytestmark = pytest.mark.unjitted


def network(dtype: Any = np.float64) -> cn.Network:
    layers = [
        cn.Standardize(5, dtype=dtype), cn.Dropout(0.1), cn.Dense(5, 9, dtype=dtype), cn.BatchNorm(9, dtype=dtype),
        cn.Tanh(), cn.Dropout(0.5), cn.Dense(9, 3, dtype=dtype),
    ]  # fmt: skip
    net = cn.Network(layers, loss=cn.SoftmaxCrossEntropy(), random_state=0)
    layers[3].mean, layers[3].variance = 0.3, 2.0
    return net


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [1, 7, 1500])
@pytest.mark.parametrize("csr", [False, True])
def test_engines_draw_the_same(dtype: Any, rows: int, csr: bool) -> None:
    net, X = network(dtype), np.random.default_rng(0).normal(size=(rows, 5)).astype(dtype)
    found = {}
    for name in ("numpy", "numba"):
        net.engine_ = name
        found[name] = net.predict_samples(sparse.csr_matrix(X) if csr else X, 3, random_state=7)
    np.testing.assert_allclose(found["numpy"], found["numba"], rtol=1e-10 if dtype is np.float64 else 2e-5)
    assert found["numpy"].shape == (3, rows, 3) and found["numba"].dtype == dtype
    np.testing.assert_allclose(found["numpy"].sum(axis=2), 1.0, rtol=1e-5)
    assert not np.allclose(found["numpy"][0], found["numpy"][1])


@pytest.mark.parametrize("name", ["numpy", "numba"])
def test_masks_are_those_of_the_counters(name: str) -> None:
    W = np.arange(12.0).reshape(3, 4)
    net = cn.Network([cn.Dense(3, 4), cn.Dropout(0.5)], random_state=0)
    net.layers[0].weights, net.layers[0].biases = W, 1.0
    X = np.eye(3)
    d = describe.network(net.layers, None)
    got = load(name).samples(d, net.parameters, X, True, np.empty(0), 4, 11)
    for i in range(4):
        mask = dropout_mask(11, 1, i, np.arange(3), 4, 0.5, np.float64)
        np.testing.assert_array_equal(got[i], (X @ W + 1.0) * mask)


def test_the_mean_of_many_is_near_the_prediction_and_each_seed_has_its_own() -> None:
    net = cn.Network([cn.Dense(4, 50, random_state=0), cn.Dropout(0.2), cn.Dense(50, 1, random_state=1)])
    X = np.random.default_rng(0).normal(size=(10, 4))
    samples = net.predict_samples(X, 3000, random_state=0)
    spread = samples.std(axis=0) / np.sqrt(3000)
    assert (np.abs(samples.mean(axis=0) - net.predict(X)) < 5 * spread).all()
    np.testing.assert_array_equal(samples[:5], net.predict_samples(X, 5, random_state=0))
    assert not np.array_equal(samples[:5], net.predict_samples(X, 5, random_state=1))


def test_what_cannot_be_sampled_is_refused() -> None:
    net = cn.Network([cn.Dense(2, 1)], random_state=0)
    with pytest.raises(ParameterError, match="needs a network with Dropout"):
        net.predict_samples([[1.0, 2.0]])
    with pytest.raises(
        ParameterError, match="n_samples must be a whole number of at least 1, but was given 0"
    ):
        network().predict_samples(np.ones((1, 5)), 0)
