"""cn.check_gradients: what is right passes, what is wrong is caught and named."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import chalknet as cn
from chalknet.layers import activation, loss
from chalknet.layers.activation import CLASSES as ACTIVATIONS
from chalknet.layers.loss import CLASSES as LOSSES


def some_net(*hidden, seed=0, n_in=3, n_out=2, objective=None):
    """Dense layers of four units with the given layers between them; biases are drawn too."""
    sizes, rng = [n_in, *[4] * len(hidden), n_out], np.random.RandomState(seed)
    layers = []
    for k, layer in enumerate([*hidden, None]):
        layers += [cn.Dense(sizes[k], sizes[k + 1]), layer]
    net = cn.Network(layers[:-1], objective or cn.MSE())
    net.parameters = 0.7 * rng.randn(net.parameters.size)
    return net


def targets_for(row, m, n, rng):
    if row.labels:
        return rng.randint(0, n, m)
    low, high = row.targets
    if low == -1.0:
        return rng.choice([-1.0, 1.0], (m, n))
    if high == 1.0:
        return rng.dirichlet(np.ones(n), m)
    return rng.poisson(2.0, (m, n)) + 0.5 * row.above if low == 0.0 else rng.randn(m, n)


@pytest.fixture
def rows():
    rng = np.random.RandomState(1)
    return rng.randn(5, 3), rng.randn(5, 2)


# what is right passes


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_passes(name, rows):
    report = cn.check_gradients(some_net(activation.find(name)(), activation.find(name)()), *rows)
    assert report and report.max_difference < 1e-7 and report.kinks == 0, report


@pytest.mark.parametrize("reduction", loss.REDUCTIONS)
@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_passes(name, reduction, rows):
    rng, objective = np.random.RandomState(2), LOSSES[name](reduction=reduction)
    n = 4 if objective.row.d_p else 3
    net = some_net(cn.Tanh(), objective=objective, n_out=n)
    if objective.row.pair != "identity":
        net = cn.Network([*net.layers, activation.find(objective.row.pair)()], objective)
    y = targets_for(objective.row, 5, n // objective.outputs_per_target, rng)
    report = cn.check_gradients(net, rows[0], y, sample_weight=rng.rand(5))
    assert report and report.max_difference < 1e-7, report


@pytest.mark.parametrize(
    "objective",
    [
        cn.Quantile(q=(0.1, 0.5, 0.9)),
        cn.SoftmaxCrossEntropy(label_smoothing=0.2),
        cn.SparseCategoricalCrossEntropy(label_smoothing=0.2),
        cn.BinaryCrossEntropy(label_smoothing=0.2),
    ],
)
def test_several_quantiles_and_smoothed_labels_pass(objective, rows):
    net = some_net(cn.Tanh(), objective=objective, n_out=3)
    if objective.row.pair != "identity":
        net = cn.Network([*net.layers, activation.find(objective.row.pair)()], objective)
    y = targets_for(objective.row, 5, 3 // objective.outputs_per_target, np.random.RandomState(2))
    for engine in ("numpy", "numba"):
        assert cn.check_gradients(net, rows[0], y, engine=engine).max_difference < 1e-7


def test_losses_from_probabilities_without_their_joint_form(rows):
    net = some_net(cn.Tanh(), cn.Softmax(), objective=cn.KLDivergence())
    assert cn.check_gradients(
        cn.Network([*net.layers, cn.Softmax()], net.loss), rows[0], np.full((5, 2), 0.5)
    )
    net = some_net(cn.Tanh(), cn.Softmax(), objective=cn.BinaryCrossEntropy())
    assert cn.check_gradients(
        cn.Network([*net.layers, cn.Softmax()], net.loss), rows[0], np.full((5, 2), 0.5)
    )


def test_the_lectures_worked_network_by_name():
    net = cn.Network([cn.Dense(2, 4), cn.Dense(4, 2)], loss=cn.MSE())
    net.layers[0].weights = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    net.layers[1].weights = [[1, 2], [0.5, 0.5], [3, 1], [2, 1]]
    net.layers[0].biases = net.layers[1].biases = 1
    report = cn.check_gradients(net, [[3, 5]], [[1, 0]])
    weights = [f"W1[{i},{j}]" for i in range(2) for j in range(4)]
    weights += [f"b1[{j}]" for j in range(4)]
    weights += [f"W2[{i},{j}]" for i in range(4) for j in range(2)]
    assert list(report.parameters) == [*weights, "b2[0]", "b2[1]", "x[0]", "x[1]"]
    assert report and report.max_difference < 1e-11
    assert report.parameters[report.worst] == report.max_difference == max(report.parameters.values())


def test_several_rows_stand_before_the_input(rows):
    names = list(cn.check_gradients(some_net(cn.Tanh()), *rows).parameters)
    assert names[-15:] == [f"x[{i},{j}]" for i in range(5) for j in range(3)]


def test_an_activation_first_dropout_and_sparse_rows(rows):
    net = some_net(cn.Tanh())
    net = cn.Network([cn.Tanh(), cn.Dropout(0.5), *net.layers], net.loss)
    assert cn.check_gradients(net, sparse.csr_matrix(rows[0]), rows[1]).max_difference < 1e-7


@pytest.mark.parametrize("seed", range(40))
def test_random_networks_pass_however_they_are_scaled(seed):
    rng = np.random.RandomState(seed)
    smooth = [name for name in ACTIVATIONS if name not in ("exp", "step")]
    objective = rng.choice([cls for cls in LOSSES.values() if not cls.row.d_p])()
    net = some_net(
        *(activation.find(rng.choice(smooth))() for _ in range(rng.randint(4))),
        objective=objective,
        n_out=3,
        seed=seed,
    )
    if objective.row.pair != "identity":
        net = cn.Network([*net.layers, activation.find(objective.row.pair)()], objective)
    net.parameters *= rng.choice([0.1, 1.0, 2.0])
    x = rng.randn(4, 3) * rng.choice([0.1, 1.0, 10.0])
    assert cn.check_gradients(net, x, targets_for(objective.row, 4, 3, rng))


def test_float32_is_checked_in_float64_and_nothing_changes(rows):
    layers = [cn.Dense(3, 4, dtype="float32"), cn.Sigmoid(), cn.Dense(4, 2, dtype="float32")]
    net = cn.Network(layers, cn.MSE(), random_state=0)
    net.forward(rows[0][:1])
    before, output = net.parameters.copy(), net.layers[-1].output
    assert cn.check_gradients(net, *rows).max_difference < 1e-8
    assert np.array_equal(net.parameters, before) and net.dtype == np.float32
    assert net.layers[-1].output is output and net.layers[0].dweights is None and net.layers == tuple(layers)
    assert np.shares_memory(net.layers[0].weights, net.parameters)


# gradients that are hard to measure


def test_gradients_that_vanish_are_called_unsure(rows):
    net = some_net(*(cn.Sigmoid() for _ in range(24)))
    net.parameters *= 0.5
    report = cn.check_gradients(net, *rows)
    assert report and report.unsure > 0
    assert f"{report.unsure} derivatives are so small" in str(report)


def test_a_sure_classifier_passes():
    net = cn.Network([cn.Dense(1, 2)], cn.SoftmaxCrossEntropy())
    net.layers[0].weights, net.layers[0].biases = [[-1.0, 1.0]], 0.0
    for x in (5.0, 12.0, 18.0, 25.0, 40.0):  # the loss falls below 1e-16, where 1 - ŷ has no digit left
        assert cn.check_gradients(net, [[x]], [1]), x


def test_large_inputs_and_outputs_pass():
    net = some_net(cn.Tanh(), cn.ReLU())
    x = np.array([[1e6, 3e5, -2e6], [1e-6, 0.0, 2e-6]])
    assert cn.check_gradients(net, x, [[1e7, -1e7], [0.0, 1e-7]])


@pytest.mark.parametrize("z", [1e-2, 1e-4, 1e-6, 1e-8, 0.0])
@pytest.mark.parametrize("layer", [cn.ELU(), cn.CELU()])
def test_a_jump_of_the_second_derivative_nearby_does_no_harm(layer, z):
    net = cn.Network([cn.Dense(1, 1), layer, cn.Dense(1, 1)], cn.MSE())
    net.parameters = [1.0, 0.0, 1.5, 0.5]
    report = cn.check_gradients(net, [[z]], [[3.0]])
    assert report and report.kinks == 0, report


def test_a_curve_too_steep_for_the_first_step():
    net = cn.Network([cn.Dense(1, 1), cn.Sine(), cn.Dense(1, 1), cn.Exp()], cn.MSE())
    net.parameters = [1.0, 0.3, 30.0, 1.0]
    assert cn.check_gradients(net, [[0.8]], [[1.0]]).max_difference < 1e-7


# what is wrong is caught and named


@pytest.mark.parametrize("factor", [0.5, -1.0, 1.0 + 1e-5])
def test_a_wrong_derivative_in_the_table_is_caught(factor, rows, monkeypatch):
    row = cn.Tanh.row
    monkeypatch.setattr(cn.Tanh, "row", row._replace(df=lambda z, a, p: factor * row.df(z, a, p)))
    report = cn.check_gradients(some_net(cn.Tanh()), *rows)
    assert not report
    assert report.max_difference == pytest.approx(abs(1 - factor) / max(1, abs(factor)), rel=1e-3)
    assert report.worst[:2] in ("W1", "b1", "x[")
    assert max(d for name, d in report.parameters.items() if name[1] == "2") < 1e-8  # the last layer is right


def test_a_derivative_of_the_output_instead_of_z_is_caught(rows, monkeypatch):
    row = cn.Sigmoid.row
    monkeypatch.setattr(cn.Sigmoid, "row", row._replace(df=lambda z, a, p: row.df(a, row.f(a, p), p)))
    assert not cn.check_gradients(some_net(cn.Sigmoid()), *rows)


def test_a_wrong_layer_is_named(rows):
    class Forgetful(cn.Dense):
        def backward(self, dvalues, *, need_dinputs=True):
            d = super().backward(dvalues, need_dinputs=need_dinputs)
            self.dbiases[0, 1] *= 2.0
            return d

    net = cn.Network([cn.Dense(3, 4, random_state=0), cn.Tanh(), Forgetful(4, 2, random_state=0)], cn.MSE())
    report = cn.check_gradients(net, *rows)
    assert not report and report.worst == "b2[1]" and report.max_difference == pytest.approx(0.5)
    assert sorted(report.parameters.values())[-2] < 1e-7
    assert str(report).startswith(
        "Network.backward does not agree with central differences of MSE(): largest relative difference "
        "5.0e-01 > 1e-06, at b2[1]."
    )


def test_a_layer_that_keeps_no_dinputs_and_forgets_its_mask(rows):
    class Careless(cn.ReLU):
        def backward(self, dvalues):
            return dvalues

    report = cn.check_gradients(some_net(Careless()), *rows)
    assert not report and report.max_difference > 0.5


def test_a_wrong_derivative_of_the_loss_or_by_the_inputs_is_caught(rows, monkeypatch):
    row = cn.LogCosh.row
    with monkeypatch.context() as patch:
        patch.setattr(cn.LogCosh, "row", row._replace(df=lambda y, a, p: y - a))
        assert not cn.check_gradients(some_net(objective=cn.LogCosh()), *rows)
    backward = cn.Network.backward
    monkeypatch.setattr(cn.Network, "backward", lambda *args: 1.1 * backward(*args))
    report = cn.check_gradients(some_net(cn.Tanh()), *rows)
    assert report.worst.startswith("x[") and {n[0] for n, d in report.parameters.items() if d > 1e-6} == {"x"}


def test_a_gradient_that_is_no_number_is_no_agreement(rows, monkeypatch):
    row = cn.Tanh.row
    monkeypatch.setattr(cn.Tanh, "row", row._replace(df=lambda z, a, p: np.full_like(z, np.nan)))
    report = cn.check_gradients(some_net(cn.Tanh()), *rows)
    assert not report and report.max_difference == np.inf


def test_the_tolerance_is_the_readers(rows, monkeypatch):
    row = cn.Tanh.row
    monkeypatch.setattr(cn.Tanh, "row", row._replace(df=lambda z, a, p: 1.001 * row.df(z, a, p)))
    net = some_net(cn.Tanh())
    assert not cn.check_gradients(net, *rows) and cn.check_gradients(net, *rows, tolerance=0.01)
