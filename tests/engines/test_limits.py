"""Weights that are held to a length, and rows of their own that are scored: the same on both engines."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from scipy import sparse

import chalknet as cn

pytestmark = pytest.mark.unjitted
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(90, 6)), RNG.normal(size=(90, 2))
XV, YV = RNG.normal(size=(23, 6)), RNG.normal(size=(23, 2))
ENGINES = ("numpy", "numba")


def network(dtype="float64"):
    layers = [
        cn.Dense(6, 40, dtype=dtype),
        cn.Tanh(),
        cn.LayerNorm(40, dtype=dtype),
        cn.Dense(40, 2, dtype=dtype),
    ]
    return cn.Network(layers, loss=cn.MSE(), random_state=0)


def trained(engine, net=None, **options):
    net = copy.deepcopy(net or network())
    options = {"optimizer": cn.SGD(0.1, 0.9), "epochs": 4, "batch_size": 25, "engine": engine, **options}
    return net.fit(X, Y, **options)


@pytest.mark.parametrize("batch_size", [1, 25, 90])
@pytest.mark.parametrize("optimizer", [cn.SGD(0.02), cn.AdamW(0.01)])
def test_no_units_weights_are_longer(batch_size, optimizer):
    a, b = (trained(e, max_norm=0.5, batch_size=batch_size, optimizer=optimizer, epochs=2) for e in ENGINES)
    np.testing.assert_allclose(b.parameters, a.parameters, rtol=1e-8, atol=1e-10)
    lengths = np.concatenate([np.sqrt((layer.weights**2).sum(axis=0)) for layer in b.dense])
    assert lengths.max() <= 0.5 * (1 + 1e-12) and lengths.max() > 0.49
    free = trained("numba", batch_size=batch_size, optimizer=optimizer, epochs=2)
    assert np.sqrt((free.dense[0].weights ** 2).sum(axis=0)).max() > 0.51


def test_weights_that_are_short_enough_stay_to_the_bit():
    np.testing.assert_array_equal(trained("numba", max_norm=1e6).parameters, trained("numba").parameters)


@pytest.mark.parametrize("form", ["dense", "csr"])
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_of_their_own_are_scored(form, weighted):
    x, xv = (sparse.csr_matrix(a) if form == "csr" else a for a in (X, XV))
    w = np.linspace(0.5, 2.0, len(X)) if weighted else None
    nets = []
    for engine in ENGINES:
        net = network().fit(
            x,
            Y,
            epochs=3,
            batch_size=25,
            engine=engine,
            optimizer=cn.Adam(0.01),
            sample_weight=w,
            X_val=xv,
            y_val=YV,
        )
        assert len(net.validation_losses_) == 3
        assert net.validation_losses_[-1] == pytest.approx(net.evaluate(xv, YV), rel=1e-10)
        nets.append(net)
    np.testing.assert_allclose(nets[1].validation_losses_, nets[0].validation_losses_, rtol=1e-9)
    plain = network().fit(
        x, Y, epochs=3, batch_size=25, engine="numba", optimizer=cn.Adam(0.01), sample_weight=w
    )
    np.testing.assert_array_equal(nets[1].parameters, plain.parameters)  # which are not trained on


@pytest.mark.parametrize("engine", ENGINES)
def test_labels_and_another_form_of_rows(engine):
    net = cn.Network([cn.Dense(6, 3)], loss=cn.SoftmaxCrossEntropy(), random_state=0)
    labels, own = RNG.integers(0, 3, 90), RNG.integers(0, 3, 23)
    net.fit(X, labels, epochs=2, engine=engine, X_val=sparse.csr_matrix(XV), y_val=own)
    assert net.validation_losses_[-1] == pytest.approx(net.evaluate(XV, own), rel=1e-10)
    with pytest.raises(cn.exceptions.ShapeError, match="give both as labels"):
        net.fit(X, labels, X_val=XV, y_val=np.eye(3)[own], engine=engine)
    with pytest.raises(cn.exceptions.ParameterError, match="X_val without y_val"):
        net.fit(X, labels, X_val=XV)
    with pytest.raises(cn.exceptions.ShapeError, match="6"):
        net.fit(X, labels, X_val=XV[:, :2], y_val=own)


def test_they_are_told_to_callbacks_and_kept_in_files(tmp_path):
    seen = []

    class See(cn.Callback):
        def on_epoch_end(self, context):
            seen.append(context.validation_score)

    net = trained("numba", X_val=XV, y_val=YV, callbacks=[See()])
    assert seen == [-loss for loss in net.validation_losses_]
    cn.save(net, tmp_path / "net.chalk")
    assert cn.load(tmp_path / "net.chalk").validation_losses_ == net.validation_losses_


@pytest.mark.parametrize("engine", ENGINES)
def test_a_limit_of_time(engine):
    net = network()
    with pytest.warns(Warning, match=r"Stopped by max_time=0.05 seconds after \d+ of 100000000 epochs"):
        net.fit(X, Y, epochs=10**8, batch_size=25, engine=engine, max_time=0.05)
    assert 0 < len(net.loss_curve_) < 10**6
    with pytest.raises(cn.exceptions.ParameterError, match="max_time must be a number finite and above 0"):
        net.fit(X, Y, max_time=0)
