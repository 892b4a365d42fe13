"""Each remark is made where it is so, and only there."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import make_blobs

import chalknet as cn
from chalknet.chalk import signs, stride
from chalknet.chalk.remarks import REMARKS


def network(*layers, loss=None, parameters=None):
    """A network whose parameters are given, layer by layer: weights row by row, then biases."""
    net = cn.Network(layers, loss=loss or cn.MSE(), random_state=0)
    if parameters is not None:
        net.parameters[...] = parameters
    return net


def dense(n_in, n_out):
    return cn.Dense(n_in, n_out, random_state=0)


def names(trace):
    """The names of the rows whose sign is there."""
    return {row.name for row in REMARKS if list(row.when(trace.book))}


def plain(net, X, y, learning_rate=0.001, **options):
    return cn.explain(net, X, y, learning_rate=learning_rate, **options)


ONE = [[1.0]]
LINE = [3.0, 0.0]  # w and b of the lecture's S6
HEALTHY = plain(
    network(dense(2, 2), cn.Tanh(), dense(2, 1), parameters=[0.3, -0.2, 0.1, 0.4, 0, 0.1, 0.5, -0.3, 0]),
    [[1.0, 0.5]],
    [[0.2]],
)


def rectified(parameters, X=ONE, last=True):
    layers = [dense(1, 2), cn.ReLU(), dense(2, 1)] if last else [dense(1, 2), cn.ReLU()]
    return plain(network(*layers, parameters=parameters), X, np.zeros((len(X), 1 if last else 2)))


def unit(layer, w, y=0.5, loss=None, X=ONE):
    return plain(network(dense(1, 1), layer, loss=loss, parameters=[w, 0.0]), X, [[y]] * len(X))


def momentum():
    """Momentum that was built up in the other direction carries the weight away from its target."""
    net = network(dense(1, 1), parameters=[0.0, 0.0])
    chosen = cn.SGD(0.01, momentum=0.9)
    net.fit(ONE, [[100.0]], optimizer=chosen, epochs=3)
    net.parameters[...] = LINE
    return cn.explain(net, ONE, [[1.0]])


def deep(layer, n):
    """Many layers of one unit with weight 1."""
    layers = [part() for _ in range(n) for part in (lambda: dense(1, 1), layer)]
    return plain(network(*layers, dense(1, 1), parameters=[1.0, 0.0] * (n + 1)), ONE, [[5.0]])


CASES = {
    "odd input": (lambda: plain(network(dense(1, 1)), [[np.nan]], ONE), "x[0] is nan"),
    "not finite": (lambda: unit(cn.Exp(), 800.0), "a1[0] is not finite"),
    "dead outputs": (lambda: rectified([-1.0, -2.0, 0, 0], last=False), "a1 is 0 for this row"),
    "dead layer": (lambda: rectified([-1.0, -2.0, 0, 0, 1, 1, 0]), "Every unit of a1 is dead for this row"),
    "dead unit": (lambda: rectified([1.0, -2.0, 0, 0, 1, 1, 0]), "a1[1] is dead for this row: its z"),
    "overshoot": (lambda: plain(network(dense(1, 1), parameters=LINE), ONE, ONE, 0.8), "must stay below about 0.5"),
    "uphill": (momentum, "(L')"),
    "saturated": (lambda: unit(cn.Sigmoid(), 9.0), "a1[0] is saturated for this row: sigmoid is within 1 % of 0 or 1"),
    "flat step": (lambda: unit(cn.Step(), 1.0), "a1 comes from a step function"),
    "vanished gradient": (lambda: deep(cn.Sigmoid, 6), "the largest of dL/dz1 only"),
    "sure and wrong": (
        lambda: plain(network(dense(1, 3), loss=cn.SoftmaxCrossEntropy(), parameters=[9.0, 0, 0, 0, 0, 0]), ONE, [1]),
        "a1[1] is sure and wrong",
    ),
    "out of reach": (lambda: unit(cn.Sigmoid(), 1.0, y=3.0), "y[0] = 3 can never be reached: sigmoid gives"),
    "twins": (
        lambda: plain(network(dense(1, 2), cn.Tanh(), dense(2, 1), parameters=[1.0, 1, 0, 0, 2, 2, 0]), ONE, ONE),
        "z1[0] and z1[1] have the same weights",
    ),
    "linear": (lambda: plain(network(dense(1, 2), cn.Dropout(0.0), dense(2, 1)), ONE, ONE), "between layers 1 and 2"),
    "at rest": (lambda: plain(network(dense(1, 1), parameters=LINE), ONE, [[3.0]]), "the loss is 0"),
}  # fmt: skip

SILENT = {
    "odd input": lambda: plain(network(dense(1, 1)), [[1e300]], ONE),
    "not finite": lambda: plain(network(dense(1, 1), cn.Exp(), parameters=[100.0, 0.0]), ONE, ONE, 1e-300),
    "dead outputs": lambda: rectified([-1.0, 2.0, 0, 0], last=False),
    "dead layer": lambda: rectified([1.0, -2.0, 0, 0, 1, 1, 0]),
    "dead unit": lambda: rectified([1.0, -2.0, 0, 0, 1, 1, 0], X=[[1.0], [-1.0]]),
    "overshoot": lambda: plain(network(dense(1, 1), parameters=LINE), ONE, ONE, 0.4),
    "uphill": lambda: plain(network(dense(1, 1), parameters=LINE), ONE, ONE, 0.8),
    "saturated": lambda: unit(
        cn.Sigmoid(), 9.0, y=1.0, loss=cn.BinaryCrossEntropy()
    ),  # sure, as it is meant to be
    "flat step": lambda: unit(cn.Sigmoid(), 1.0),
    "vanished gradient": lambda: deep(cn.Tanh, 6),
    "sure and wrong": lambda: plain(
        network(dense(1, 3), loss=cn.SoftmaxCrossEntropy(), parameters=[9.0, 0, 0, 0, 0, 0]), ONE, [0]
    ),
    "out of reach": lambda: unit(cn.Sigmoid(), 1.0, y=1.0),
    "twins": lambda: plain(
        network(dense(1, 2), cn.Tanh(), dense(2, 1), parameters=[1.0, 1, 0, 0, 2, -2, 0]), ONE, ONE
    ),
    "linear": lambda: plain(network(dense(1, 2), cn.Identity(), dense(2, 1)), ONE, ONE),
    "at rest": lambda: rectified([-1.0, -2.0, 0, 0], last=False),  # dead, not done
}


@pytest.mark.parametrize("row", REMARKS, ids=lambda row: row.name)
def test_a_remark_is_made_where_it_is_so(row):
    make, words = CASES[row.name]
    said = [row.sentence.format(**found) for found in row.when(make().book)]
    assert len(said) == 1 and words in said[0]
    assert said[0] in make().remarks
    assert said[0].endswith(".") and "\n" not in said[0]


@pytest.mark.parametrize("row", REMARKS, ids=lambda row: row.name)
def test_and_only_there(row):
    assert row.name not in names(SILENT[row.name]())
    assert row.name not in names(HEALTHY)


def test_a_healthy_update_needs_no_remark():
    assert HEALTHY.remarks == []


def lectures(*layers):
    """A network with the lecture's weights (S11)."""
    rng = np.random.RandomState(0)
    net = cn.Network(layers, loss=cn.MSE())
    for layer in net.dense:
        layer.weights, layer.biases = rng.randn(layer.n_in, layer.n_out), 1.0
    return net


BLOBS, LABELS = make_blobs(n_samples=100, centers=2, random_state=42)
TARGETS = np.eye(2)[LABELS]


def test_the_lectures_s13_overflows_on_raw_blobs_and_is_told_why():
    net = lectures(dense(2, 4), dense(4, 2))
    first = plain(net, BLOBS[:1], TARGETS[:1], 0.01).remarks
    assert "The step overshoots" in first[0] and "the learning rate 0.01 is too large" in first[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.DivergenceWarning)
        net.fit(BLOBS, TARGETS, optimizer=cn.SGD(0.01), epochs=10, batch_size=1)
    for X, Y in ((BLOBS, TARGETS), (BLOBS[:1], TARGETS[:1])):
        said = cn.explain(net, X, Y).remarks[0]
        assert said.startswith("Numbers overflow:")
        assert "standardise the inputs" in said and "smaller learning rate than 0.01" in said


def test_and_runs_well_on_standardised_ones():
    X = (BLOBS - BLOBS.mean(axis=0)) / BLOBS.std(axis=0)
    net = lectures(dense(2, 4), dense(4, 2))
    net.fit(X, TARGETS, optimizer=cn.SGD(0.01), epochs=10, batch_size=1)
    assert names(cn.explain(net, X, TARGETS)) == {"linear"}


def test_the_lectures_s15_whose_outputs_die_is_told_so():
    net = lectures(dense(2, 10), cn.ReLU(), dense(10, 10), cn.ReLU(), dense(10, 2), cn.ReLU())
    net.fit(BLOBS, TARGETS, optimizer=cn.SGD(0.1), epochs=20, batch_size=1)
    trace = cn.explain(net, BLOBS, TARGETS)
    assert trace.remarks[0].startswith("Every output is dead: a3 is 0 for all 100 rows")
    assert "the loss stays at 0.5" in trace.remarks[0]


@pytest.mark.parametrize(
    ("rate", "words"), [(1.1, "rose from 4 to 5.76"), (1.0, "stayed at 4, across"), (0.8, None)]
)
def test_on_one_weight_the_largest_stable_rate_is_1(rate, words):
    """S6 with its bias left at 0: an input whose share of the bias is next to nothing."""
    net = network(dense(1, 1), parameters=[3e-6, 0.0])
    said = plain(net, [[1e6]], ONE, rate * 1e-12).remarks
    assert said == [] if words is None else words in said[0] and "stay below about 1e-12" in said[0]


def test_the_rate_that_is_named_lowers_the_loss_and_twice_of_it_does_not():
    net = network(dense(2, 3), cn.Tanh(), dense(3, 2), loss=cn.SoftmaxCrossEntropy())
    X, y = [[3.0, -2.0], [1.0, 4.0]], [0, 1]
    trace = cn.explain(net, X, y, optimizer=cn.Adam(5.0))
    found = stride.examine(trace.book, 0)
    limit = 5.0 * found.share
    assert found.proportional and f"below about {limit:.3g}" in " ".join(trace.remarks)
    for rate, falls in ((0.99 * limit, True), (1.01 * limit, False)):
        again = cn.explain(net, X, y, optimizer=cn.Adam(rate))
        assert (again.value("L'") < again.value("L")) is falls


def test_the_penalty_is_part_of_what_must_fall():
    net = network(dense(1, 1), parameters=[1.0, 0.0])
    net.fit(ONE, ONE, optimizer=cn.SGD(0.01), epochs=1, l1=0.5, l2=2.0)
    trace = cn.explain(net, ONE, ONE)
    assert trace.value("L'") > trace.value("L")
    assert "overshoot" not in names(trace)


def test_dropouts_masks_stay_the_same_while_a_step_is_measured():
    net = network(dense(1, 8), cn.Dropout(0.5), dense(8, 1))
    trace = plain(net, ONE, ONE, 0.001, steps=2)
    assert stride.objective(trace.book, 0, trace.book.parameters[0]) == trace.book.passes[0].loss
    assert "overshoot" not in names(trace)


def test_an_optimizer_that_remembers_is_told_a_share_instead_of_a_rate():
    net = network(dense(1, 1), parameters=LINE)
    net.fit(ONE, ONE, optimizer=cn.SGD(0.8, momentum=0.5), epochs=1)
    net.parameters[...] = [-3.0, 0.0]
    assert "of this step would have lowered it" in cn.explain(net, ONE, ONE).remarks[0]


def test_many_units_are_counted():
    assert (
        signs.listed([f"a1[{j}]" for j in range(20)])
        == "a1[0], a1[1], a1[2], a1[3], a1[4], a1[5] and 14 more"
    )
    assert signs.listed(["a1[0]"]) == "a1[0]"


@pytest.mark.parametrize(
    ("layer", "y", "words"),
    [(cn.ReLU(), -1.0, "from 0 up"), (cn.LogSoftmax(), 1.0, "up to 0"), (cn.Tanh(), 2.0, "from -1 to 1")],
)
def test_targets_out_of_reach_come_with_the_span(layer, y, words):
    assert words in " ".join(unit(layer, 1.0, y=y).remarks)


def test_rows_are_named_where_there_are_several():
    net = network(dense(1, 1), cn.Sigmoid(), loss=cn.BinaryCrossEntropy(), parameters=[9.0, 0.0])
    said = plain(net, [[1.0], [-1.0]], [[0.0], [0.0]]).remarks
    assert any(s.startswith("a1[0,0] is sure and wrong") for s in said)


def test_one_layer_of_twins_is_found_among_overflowing_others():
    net = network(dense(1, 2), dense(2, 1), parameters=[np.inf, np.inf, 0, 0, 1, 1, 0])
    said = plain(net, ONE, ONE)
    assert "twins" not in names(said)
    assert said.remarks[0].startswith("Numbers overflow: W1[0,0] is not finite; look at the weights")


def test_remarks_stand_in_what_is_printed():
    assert "must stay below about 0.5" in " ".join(CASES["overshoot"][0]().to_text().split())
