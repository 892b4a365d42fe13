"""cn.check_gradients: what lies on a kink is skipped and counted, and how the report prints."""

from __future__ import annotations

import numpy as np
import pytest

import chalknet as cn
from chalknet.chalk import differences, gradcheck


def test_numbers_on_a_kink_are_skipped_and_counted():
    net = cn.Network([cn.Dense(2, 3), cn.ReLU(), cn.Dense(3, 1)], cn.MSE())
    net.parameters = [1, 1, 1, -1, 2, 2, 0, 0, 0, 1, 2, 3, 0]
    report = cn.check_gradients(net, [[1.0, 1.0]], [[2.0]])  # z1 = [0, 3, 3]
    assert report and report.kinks == 5
    skipped = {"W1[0,0]", "W1[1,0]", "b1[0]", "x[0]", "x[1]"}
    assert not skipped & set(report.parameters) and len(report.parameters) == 15 - 5
    assert "5 numbers lie on a kink" in str(report)


def test_a_number_that_moves_nothing_on_the_kink_is_compared():
    net = cn.Network([cn.Dense(2, 1), cn.ReLU(), cn.Dense(1, 1)], cn.MSE())
    net.parameters = [1.0, 0.0, 0.0, 2.0, 0.5]
    report = cn.check_gradients(net, [[0.0, 0.0]], [[1.0]])
    assert (
        report and report.kinks == 2 and report.parameters["W1[0,0]"] == 0.0
    )  # b1[0], x[0]; x[1] weighs nothing


@pytest.mark.parametrize("z", [1e-3, 1e-5, -1e-6])
def test_a_kink_nearby_only_makes_the_step_smaller(z):
    net = cn.Network([cn.Dense(1, 1), cn.LeakyReLU(), cn.Dense(1, 1)], cn.MSE())
    net.parameters = [1.0, 0.0, 2.0, 0.5]
    report = cn.check_gradients(net, [[z]], [[3.0]])
    assert report and report.kinks == 0, report


@pytest.mark.parametrize(("objective", "y"), [(cn.MAE(), 2.0), (cn.Quantile(), 2.0), (cn.Hinge(), 1.0)])
def test_a_kink_of_the_loss(objective, y):
    net = cn.Network([cn.Dense(1, 1)], objective)
    net.parameters = [y, 0.0]
    report = cn.check_gradients(net, [[1.0]], [[y]])
    assert not report and report.kinks == 3 and report.worst is None and report.max_difference == 0.0
    assert report.parameters == {} and "Nothing could be compared" in repr(report)
    report = cn.check_gradients(net, [[1.0], [-1.0]], [[y], [y]])
    assert report.kinks == 3 and len(report.parameters) == 1  # the other row's input


def test_the_edge_of_a_losss_domain_counts_as_kink():
    net = cn.Network([cn.Dense(1, 1)], cn.BinaryCrossEntropy())
    net.parameters = [1.0, 0.0]
    assert cn.check_gradients(net, [[0.0]], [[1.0]]).kinks == 2


def test_the_report_is_a_table():
    net = cn.Network([cn.Dense(2, 1), cn.ReLU(), cn.Dense(1, 1)], cn.MSE())
    net.parameters = [1.0, -1.0, 0.0, 2.0, 0.5]
    report = cn.check_gradients(net, [[1.0, 1.0], [2.0, 1.0]], [[1.0], [0.0]])  # z1 = 0 in the first row
    lines = [line.split() for line in str(report).splitlines()[1:7]]
    assert [line[:1] for line in lines] == [["array"], ["W1"], ["b1"], ["W2"], ["b2"], ["x"]]
    assert lines[1] == ["W1", "2", "×", "1", "2"] and lines[2] == ["b1", "1", "1"]  # nothing to tell of them
    assert lines[5][:5] == ["x", "2", "×", "2", "2"] and lines[5][-1].startswith("x[1,")
    assert repr(report) == str(report)


def test_a_single_number_on_a_kink_and_a_single_unsure_one():
    compared = gradcheck.Compared("b1", (2,), np.array([np.nan, 1e-9]), 1)
    report = gradcheck.GradientReport((compared,), ("Network.backward",), "MSE()", 1e-6)
    assert str(report).splitlines() == [
        (
            "Network.backward agrees with central differences of MSE(): largest relative difference 1.0e-09 <= 1e-06, "
            "at b1[1]."
        ),
        "array  numbers  on a kink  largest difference  at",
        "b1     2                1             1.0e-09  b1[1]",
        "1 number lies on a kink, where there is no derivative to compare with: skipped.",
        "1 derivative is so small that the loss's rounding would hide an error of a tenth.",
    ]


def test_chunks_change_nothing(monkeypatch):
    net = cn.Network([cn.Dense(3, 4), cn.Tanh(), cn.Dense(4, 2)], cn.MSE(), random_state=0)
    X, y = np.random.RandomState(1).randn(5, 3), np.zeros((5, 2))
    whole = cn.check_gradients(net, X, y)
    monkeypatch.setattr("chalknet.chalk.probe.NUMBERS_AT_ONCE", 1)
    parts = cn.check_gradients(net, X, y)
    assert whole and parts and list(whole.parameters) == list(parts.parameters)


def test_where_no_step_gives_a_number_the_check_fails():
    def overflowing(places, values):
        return np.full((8, len(places), 1), np.inf), np.zeros(len(places), bool)

    with np.errstate(invalid="ignore"):
        found = differences.central_differences(overflowing, np.ones(2), np.ones(2), np.ones(2), 100)
    assert np.isnan(found.value).all() and not found.kink.any()
