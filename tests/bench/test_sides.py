"""Every side that continuous integration has makes the same updates, of every kind of work."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from chalknet.bench import data
from chalknet.bench.sides import UnavailableError
from chalknet.bench.works import WORKS


def outcome(side, work):
    made = data.make(work)
    job = import_module(f"chalknet.bench.sides.{side}").prepare(work, made)
    return job.read(job.run())


def same(ours, theirs, rtol=1e-4):
    assert ours.loss == pytest.approx(theirs.loss, rel=rtol)
    np.testing.assert_allclose(ours.numbers, theirs.numbers, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("name", ["W1", "W2b32", "W3small", "W4"])
def test_training(name):
    work = WORKS[name].short()
    loops = outcome("numpy", work)
    same(outcome("network", work), loops)
    beside = work.for_peer("sklearn")
    same(outcome("estimator", beside), outcome("sklearn", beside))
    same(outcome("sklearn", beside), outcome("numpy", beside))


@pytest.mark.parametrize("name", ["W1", "W2b32"])
def test_training_in_a_new_order_each_epoch(name):
    work = replace(WORKS[name].short(), epochs=3)
    fixed, shuffled = (outcome("numpy", replace(work, shuffle=s)) for s in (False, True))
    same(outcome("network", replace(work, shuffle=True)), shuffled)
    assert np.abs(fixed.numbers - shuffled.numbers).max() > 1e-3
    with pytest.raises(UnavailableError, match="without --shuffle"):
        outcome("sklearn", replace(work, shuffle=True))
    assert data.orders(replace(WORKS["W4"], shuffle=True)) is None


def test_prediction():
    work = replace(WORKS["W5row"], calls=2)
    same(outcome("network", work), outcome("numpy", work))
    beside = work.for_peer("sklearn")
    same(outcome("estimator", beside), outcome("sklearn", beside))
    many = replace(WORKS["W5bulk"], rows=5000)  # more than NumPy takes at a time
    np.testing.assert_allclose(
        outcome("numpy", many).numbers, outcome("numpy", replace(many, rows=32)).numbers, rtol=1e-2, atol=1
    )


def test_networks_one_after_another():
    work = replace(WORKS["W7"], rows=128, epochs=1, members=2, options=(("side_by_side", False),))
    ours = outcome("estimator", work)
    same(ours, outcome("sklearn", replace(work, options=())))
    assert ours.numbers.size == 2 * data.SHOWN
    together = outcome("estimator", replace(work, options=()))
    np.testing.assert_array_equal(together.numbers, ours.numbers)


def test_networks_side_by_side_need_a_version_that_has_them(monkeypatch):
    from chalknet import estimators

    monkeypatch.setattr(estimators, "fit_many", None, raising=False)
    work = replace(WORKS["W7"], rows=64, members=1)
    with pytest.raises(UnavailableError, match="no fit_many"):
        import_module("chalknet.bench.sides.estimator").prepare(work, data.make(work))


def test_grid_search(monkeypatch):
    from chalknet.bench.sides import contract

    monkeypatch.setattr(contract, "ALPHAS", (1e-3, 1.0))
    monkeypatch.setattr(contract, "RATES", (1e-2,))
    work = replace(WORKS["grid"], rows=60, epochs=5, cores=1)
    same(outcome("estimator", work), outcome("sklearn", work))


def test_lbfgs():
    work = replace(WORKS["lbfgs"], rows=100, epochs=3)
    same(outcome("estimator", work), outcome("sklearn", work))


@pytest.mark.parametrize(
    ("side", "name"), [("numpy", "W7"), ("network", "W7"), ("sklearn", "gradient"), ("estimator", "gradient")]
)
def test_what_a_side_cannot_do_is_said(side, name):
    work = replace(WORKS[name], rows=10, members=1)
    with pytest.raises(UnavailableError, match=r"call|loop"):
        import_module(f"chalknet.bench.sides.{side}").prepare(work, data.make(work))


def test_the_gradient_in_numpy_is_the_central_difference():
    work = replace(WORKS["gradient"], rows=10, calls=2, dtype="float64")
    made = data.make(work)
    found = outcome("numpy", work)
    w, b = made.first[0][0]
    step = 1e-6
    ends = []
    for h in (step, -step):
        moved = w.copy()
        moved[0, 0] += h
        weights = [(moved, b), *made.first[0][1:]]
        ends.append(data.loss(work, data.forward(work, weights, made.X), made.y))
    assert found.numbers[0] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)
    assert found.loss == pytest.approx(data.judge(work, made, made.first).loss)
    same(outcome("network", work), found, 1e-9)


def test_versions():
    for side in ("estimator", "network", "sklearn", "numpy"):
        assert import_module(f"chalknet.bench.sides.{side}").version()[0].isdigit()
