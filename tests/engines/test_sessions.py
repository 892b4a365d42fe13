"""Sessions, gradients and predictions of both engines: where a run is cut changes nothing, slopes are slopes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from chalknet.engines import rules as r
from chalknet.engines.base import Data, Until
from chalknet.engines.select import load
from chalknet.exceptions import UnknownNameError
from chalknet.maths import losses
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS

BOTH = ("numpy", "numba")
RUNS = {
    "batches": ((5, 9, "relu", ("dropout", 0.3), 4), {"batch_size": 8, "optimizer": "adam", "schedule": "cosine"}),
    "single rows": ((5, 9, "tanh", 4), {"batch_size": 1, "schedule": "invscaling"}),
    "early stopping": (
        (5, 9, "tanh", 4),
        {"batch_size": 7, "optimizer": "adamw", "score": r.R2, "watch": r.VALIDATION, "patience": 2.0, "tol": 1e-3},
    ),
}  # fmt: skip
CUTS = {
    "one epoch": Until(epochs=1, seconds=1e6),
    "no time": Until(epochs=1 << 30, seconds=0.0),
    "two epochs, hardly any time": Until(epochs=2, seconds=1e-5),
}


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("engine", BOTH)
def test_cuts_never_change_a_bit(engines, engine, run, cut, fresh):
    layers, options = RUNS[run]
    description = engines.description(layers, max_epochs=6, learning_rate=0.01, **options)
    data = engines.data(description, validation=11 if "score" in options else 0)
    whole, pieces = (
        engines.train(engine, description, data),
        engines.train(engine, description, data, until=CUTS[cut], fresh=fresh),
    )
    assert whole[0] == pieces[0] != r.RUNNING
    for name in ("parameters", "slots", "counts", "numbers"):
        assert np.array_equal(getattr(whole[1], name), getattr(pieces[1], name)), name
    assert whole[1].losses == pieces[1].losses
    assert whole[1].scores == pieces[1].scores


@pytest.mark.unjitted
def test_a_cut_inside_an_epoch_comes_back_there(engines):
    description = engines.description((5, 9, "tanh", 4), batch_size=8, max_epochs=2)
    for engine in BOTH:
        state = engines.start(description)
        session = load(engine).session(description, state, engines.data(description))
        assert session.run(Until(epochs=9, seconds=0.0)) == r.RUNNING
        assert state.counts[r.BATCH] == 1
        assert state.losses == []


def test_engines_may_take_turns(engines):
    description = engines.description((5, 9, "tanh", 4), batch_size=8, optimizer="adam", max_epochs=6)
    data, state = engines.data(description), engines.start(description)
    for turn in range(6):
        load(BOTH[turn % 2]).session(description, state, data).run(Until(epochs=1, seconds=1e6))
    engines.same((r.FINISHED, state), engines.train("numpy", description, data), 1e-12)


def test_a_second_fit_goes_on(engines):
    description = engines.description((5, 9, "tanh", 4), batch_size=8, optimizer="adam", max_epochs=2)
    data, ends = engines.data(description), []
    for engine in BOTH:
        _, state = engines.train(engine, description, data)
        state.begin_fit()
        ends.append(engines.train(engine, description, data, state=state))
        assert state.counts[r.STEP] == 20
        assert len(state.losses) == 4
    engines.same(*ends, 1e-12)


def test_more_epochs_than_one_call_can_tell_of(engines):
    description = engines.description((2, 1), batch_size=4, max_epochs=5000, shuffle=False)
    reason, state = engines.train("numba", description, engines.data(description, n=4))
    assert reason == r.FINISHED
    assert len(state.losses) == 5000


@pytest.mark.parametrize("kind", ["dense", "read-only", "Fortran", "float32", "csr", "csr of 64-bit indices"])
def test_rows_of_any_kind_give_the_same_numbers(engines, kind):
    description = engines.description((5, 9, "tanh", 4), batch_size=8, max_epochs=2)
    data = engines.data(description, csr=True)
    dense = data.X.toarray().astype(np.float32).astype(np.float64)
    want = engines.train("numpy", description, Data(dense, data.y, data.rows))[1]
    X = dense.copy()
    if kind == "read-only":
        X.flags.writeable = False
    elif kind == "Fortran":
        X = np.asfortranarray(X)
    elif kind == "float32":
        X = X.astype(np.float32)
    elif kind.startswith("csr"):
        X = sparse.csr_matrix(X)
        if "64" in kind:
            X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    got = engines.train("numba", description, Data(X, data.y, data.rows))[1]
    np.testing.assert_allclose(got.parameters, want.parameters, rtol=1e-12)


def _gradient_case(engines, loss, **options):
    row = losses.get(loss)
    end = () if row.pair == "identity" else (row.pair,)
    return engines.description((4, 7, "tanh", ("dropout", 0.4), 3, *end), loss, **options)


@pytest.mark.unjitted
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("engine", BOTH)
def test_the_gradient_is_the_slope_of_the_loss(engines, engine, loss):
    description = _gradient_case(engines, loss, l1=0.02, l2=0.3, reduction="mean_rows")
    data = engines.data(description, n=150, weights=True)
    flat = engines.parameters(description)
    value, gradient = load(engine).loss_and_gradient(description, flat, data)
    assert isinstance(value, float)
    assert gradient.shape == flat.shape
    h = 1e-6
    for i in range(0, flat.size, 7):
        ends = []
        for step in (h, -h):
            moved = flat.copy()
            moved[i] += step
            ends.append(load(engine).loss_and_gradient(description, moved, data)[0])
        assert gradient[i] == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-4, abs=1e-7), i


@pytest.mark.unjitted
@pytest.mark.parametrize("reduction", ["mean", "mean_rows", "sum"])
@pytest.mark.parametrize("how", [{}, {"weights": True}, {"csr": True}, {"labels": True}])
def test_both_engines_have_the_same_gradient(engines, reduction, how):
    loss = "softmax_cross_entropy" if "labels" in how else "squared_error"
    description = _gradient_case(engines, loss, l2=0.3, reduction=reduction)
    data = engines.data(description, n=300, **how)
    flat = engines.parameters(description)
    (a, g), (b, h) = (load(e).loss_and_gradient(description, flat, data) for e in BOTH)
    assert a == pytest.approx(b, rel=1e-12)
    np.testing.assert_allclose(g, h, rtol=1e-10, atol=1e-12)


@pytest.mark.unjitted
@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("csr", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("layers", "loss"),
    [
        ((5, 9, "relu", ("dropout", 0.5), 3), "softmax_cross_entropy"),
        ((5, 9, "relu", 1), "binary_cross_entropy_logits"),
        ((5, "tanh", 9, "softmax", 2), "poisson_log"),
        ((5, 9, "tanh", 3, "softmax"), "categorical_cross_entropy"),
    ],
)
def test_both_engines_predict_the_same(engines, layers, loss, dtype, csr, n):
    description = engines.description(layers, loss, dtype=dtype)
    X, flat = engines.data(description, n=n, csr=csr).X, engines.parameters(description)
    for link in (False, True):
        a, b = (load(e).predict(description, flat, X, link) for e in BOTH)
        assert a.shape == b.shape == (n, description.n_out)
        assert a.dtype == b.dtype == dtype
        np.testing.assert_allclose(
            a, b, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6 if dtype == "float32" else 1e-14
        )
        if link and loss == "softmax_cross_entropy":
            np.testing.assert_allclose(b.sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("engine", BOTH)
def test_a_prediction_of_no_rows(engines, engine):
    description = engines.description((5, 9, "relu", 3))
    out = load(engine).predict(description, engines.parameters(description), np.empty((0, 5)), link=True)
    assert out.shape == (0, 3)


@pytest.mark.parametrize("engine", BOTH)
@pytest.mark.parametrize(
    ("layers", "options"),
    [
        ((3, 2), {"loss": "no such loss"}),
        ((3, 2), {"optimizer": "no such optimizer"}),
        ((3, 2), {"schedule": "no such schedule"}),
    ],
)
def test_unknown_names_are_told_of(engines, engine, layers, options):
    from dataclasses import replace

    description = replace(engines.description(layers), **options)
    with pytest.raises(UnknownNameError, match="no such"):
        load(engine).session(description, None, None)


@pytest.mark.parametrize("engine", BOTH)
def test_an_unknown_activation_is_told_of(engines, engine):
    from dataclasses import replace

    from chalknet.engines.base import LayerSpec

    description = engines.description((3, 2))
    description = replace(description, layers=(*description.layers, LayerSpec("activation", 2, 2, "no such")))
    with pytest.raises(UnknownNameError, match="no such"):
        load(engine).session(description, None, None)


def test_constants_of_biases_leave_out_decay(engines):
    for name, row in OPTIMIZERS.items():
        weights, biases = engines.description((3, 2), optimizer=name).hypers()
        assert (weights == biases) == (row.decay is None or row.hyper[row.decay] == 0.0), name


def test_a_batch_whose_weights_are_all_zero_moves_nothing(engines):
    description = engines.description((5, 4), batch_size=8, max_epochs=1, shuffle=False, l2=0.5)
    data = engines.data(description, n=16, weights=True)
    data.weights[:8] = 0.0
    engines.same(*(engines.train(e, description, data) for e in BOTH), 1e-12)
