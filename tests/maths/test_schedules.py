"""Schedules: scikit-learn's numbers, and the shapes their names promise."""

import math

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from chalknet.maths.schedules import SCHEDULES


def rates(name, steps=100, per_epoch=10, samples=37, lr=0.1, **hyper):
    """The rate of each step of a run."""
    row = SCHEDULES[name]
    h = tuple({**row.hyper, **hyper}.values())
    out = []
    for step in range(steps):
        epoch = step // per_epoch
        out.append(float(row.rate(lr, (float(step), float(steps), float(epoch), float(epoch * samples)), h)))
    return np.array(out)


def test_the_table_has_the_promised_rows():
    assert list(SCHEDULES) == [
        "constant",
        "invscaling",
        "adaptive",
        "step",
        "exponential",
        "cosine",
        "one_cycle",
    ]
    assert all(name == row.name for name, row in SCHEDULES.items())
    assert len({row.layer for row in SCHEDULES.values()}) == len(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_positive_and_change_within_an_epoch_only_where_the_row_says_so(name):
    r = rates(name)
    assert (r > 0).all() and (r <= 0.1 + 1e-15).all()
    inside = np.ptp(r.reshape(10, 10), axis=1).max()
    assert (inside == 0) == SCHEDULES[name].per_epoch


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("clock", [(0.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (5.0, 1.0, 9.0, 9e9)])
def test_short_runs_and_clocks_past_the_end_give_a_number(name, clock):
    row = SCHEDULES[name]
    with np.errstate(all="raise"):
        rate = float(row.rate(0.1, clock, tuple(row.hyper.values())))
    assert math.isfinite(rate) and 0.0 <= rate <= 0.1


def test_constant_and_adaptive_stay():
    assert set(rates("constant")) == set(rates("adaptive")) == {0.1}


@pytest.mark.parametrize("power", [0.5, 0.3])
def test_invscaling_gives_the_bits_of_scikit_learn(power):
    theirs = SGDOptimizer([np.zeros(1)], 0.1, "invscaling", power_t=power)
    for epoch, rate in enumerate(rates("invscaling", steps=8, per_epoch=1, power=power)):
        assert rate == theirs.learning_rate
        theirs.iteration_ends((epoch + 1) * 37)


def test_step_halves_every_so_many_epochs():
    r = rates("step", steps=30, per_epoch=1, every=10.0)
    assert r.tolist() == [0.1] * 10 + [0.05] * 10 + [0.025] * 10


def test_exponential_multiplies_once_an_epoch():
    r = rates("exponential", steps=5, per_epoch=1, factor=0.5)
    np.testing.assert_allclose(r, [0.1, 0.05, 0.025, 0.0125, 0.00625], rtol=1e-15)


def test_cosine_warms_up_and_then_falls_to_its_floor_along_half_a_wave():
    r = rates("cosine", warmup=0.1, floor=0.01)
    np.testing.assert_allclose(r[:10], 0.1 * np.arange(1, 11) / 10)
    q = np.arange(90) / 90
    np.testing.assert_allclose(r[10:], 0.1 * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * q))), rtol=1e-12)
    assert (np.diff(r[10:]) < 0).all()
    assert rates("cosine", warmup=0.0)[0] == 0.1


def test_one_cycle_rises_from_its_start_to_the_rate_and_falls_to_its_end():
    r = rates("one_cycle", steps=101)
    assert r[0] == pytest.approx(0.1 / 25) and r[30] == pytest.approx(0.1) and r[-1] == pytest.approx(1e-5)
    assert (np.diff(r[:31]) > 0).all() and (np.diff(r[30:]) < 0).all()
