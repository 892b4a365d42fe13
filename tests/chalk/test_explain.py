"""What `explain` takes of networks, how it names their numbers, and what it refuses in one sentence."""

from __future__ import annotations

import pickle
import time
from copy import deepcopy

import numpy as np
import pytest

import chalknet as cn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
TWO = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
NUMBERS = X @ [1.0, 2.0, 3.0]


def new_parameters(trace):
    """The trace's parameters after its first update, flat."""
    numbers = range(1, len(trace.book.description.dense) + 1)
    return np.concatenate([trace.array(f"{c}{n}'").ravel() for n in numbers for c in "Wb"])


def net(*layers, loss=None):
    return cn.Network(
        layers or [cn.Dense(3, 2), cn.Tanh(), cn.Dense(2, 1)], loss=loss or cn.MSE(), random_state=0
    )


def test_a_network_that_was_never_fitted_takes_a_step_of_sgd():
    trace = cn.explain(net(), X[:2], NUMBERS[:2])
    assert trace.book.updates[0].rate == 0.01 and trace.book.description.optimizer == "sgd"


def test_a_learning_rate_means_plain_gradient_descent():
    trained = net().fit(X, NUMBERS, optimizer=cn.Adam(0.1), epochs=2, l2=0.5, clip_norm=0.1)
    own, plain = (
        cn.explain(trained, X[:2], NUMBERS[:2]),
        cn.explain(trained, X[:2], NUMBERS[:2], learning_rate=0.1),
    )
    assert own.book.description.optimizer == "adam" and own.book.description.l2 == 0.5
    assert own.array("mW1").any()
    moved = trained.parameters - new_parameters(plain)
    gradient = [plain.array(f"dL/d{c}{n}").ravel() for n in (1, 2) for c in "Wb"]
    np.testing.assert_allclose(moved, 0.1 * np.concatenate(gradient))


def test_another_optimizer_starts_anew_and_keeps_penalties():
    trained = net().fit(X, NUMBERS, optimizer=cn.Adam(0.1), epochs=2, l2=0.5)
    trace = cn.explain(trained, X[:2], NUMBERS[:2], optimizer=cn.Adam(0.2))
    assert not trace.array("mW1").any() and trace.book.description.l2 == 0.5


def test_what_was_given_may_change_afterwards():
    rows, y = X[:2].copy(), NUMBERS[:2].copy()
    trained = net()
    trace = cn.explain(trained, rows, y)
    rows[...], y[...], trained.parameters[...] = 0.0, 0.0, 0.0
    assert trace.steps == cn.explain(net(), X[:2], NUMBERS[:2]).steps


def test_kept_values_of_layers_and_of_the_loss_stay():
    trained = net()
    trained.forward(X[:2])
    trained.backward(NUMBERS[:2])
    before = pickle.dumps(trained)
    cn.explain(trained, X[5:9], NUMBERS[5:9], steps=2).to_dict()
    assert pickle.dumps(trained) == before


def test_dropouts_mask_is_the_one_that_fit_will_draw():
    trained = net(cn.Dense(3, 8), cn.Dropout(0.5), cn.Dense(8, 1)).fit(X, NUMBERS, epochs=3, batch_size=40)
    trace = cn.explain(trained, X, NUMBERS)
    assert set(np.unique(trace.array("mask1"))) == {0.0, 2.0}
    again = deepcopy(trained).fit(X, NUMBERS, epochs=1, batch_size=40)
    np.testing.assert_allclose(new_parameters(trace), again.parameters, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("layers", "named"),
    [
        ([cn.Dense(3, 2), cn.ReLU(), cn.Tanh(), cn.Dense(2, 1)], ["a1", "aa1"]),
        ([cn.Tanh(), cn.Dropout(0.5), cn.Dense(3, 1)], ["a0", "h0", "mask0"]),
        (
            [cn.Dense(3, 2), cn.Dropout(0.5), cn.Dropout(0.5), cn.Dense(2, 1)],
            ["h1", "hh1", "mask1", "maskh1"],
        ),
        ([cn.Dense(3, 1), cn.ReLU(), cn.Dropout(0.0)], ["a1", "h1", "mask1"]),
    ],
)
def test_layers_in_any_order_have_names_of_their_own(layers, named):
    trace = cn.explain(net(*layers), X[:1], NUMBERS[:1])
    assert set(named) <= {g.name for g in trace.groups}
    assert len({g.name for g in trace.groups}) == len(trace.groups)


@pytest.mark.filterwarnings("ignore::chalknet.exceptions.DataHint")
@pytest.mark.parametrize(
    ("layers", "name"),
    [
        ([], "a1"),
        ([cn.ReLU()], "aa1"),
        ([cn.Dropout(0.5)], "a1"),
        ([cn.ReLU(), cn.Tanh(), cn.Dropout(0.5)], "aaa1"),
    ],
)
def test_probabilities_follow_the_logits_names(layers, name):
    trace = cn.explain(net(cn.Dense(3, 3), *layers, loss=cn.SoftmaxCrossEntropy()), X[:1], [0])
    assert trace.array(name).sum() == pytest.approx(1.0)
    assert trace.book.output == name


def test_look_ups_by_symbol():
    one, two = cn.explain(net(), X[:1], NUMBERS[:1]), cn.explain(net(), X[:2], NUMBERS[:2])
    assert one.value("x[1]") == one.value("x[0,1]") == X[0, 1]
    assert two.value("x[1, 2]") == X[1, 2]
    assert two.value("l[1]") == two.array("l")[1, 0]
    for symbol, error in [
        ("q1[0]", KeyError),
        ("x[2]", IndexError),
        ("z1", IndexError),
        ("W1[7,7]", IndexError),
    ]:
        with pytest.raises(error):
            two.value(symbol)


def test_given_numbers_are_steps_without_arithmetic():
    steps = cn.explain(net(), X[:1], NUMBERS[:1]).to_dict()["steps"]
    given = {s["symbol"]: s for s in steps if s["part"] == "given"}
    assert {"x[0]", "y[0]", "W1[2,1]", "b2[0]"} <= set(given)
    assert given["x[0]"]["title"] == "given: inputs" and given["x[0]"]["arithmetic"] is None
    assert [s["id"] for s in steps] == [str(n) for n in range(len(steps))]


def test_matrix_style_has_a_step_an_array_with_its_shape():
    steps = {s["symbol"]: s for s in cn.explain(net(), X[:2], NUMBERS[:2], style="matrix").to_dict()["steps"]}
    assert steps["z1"]["shape"] == [2, 2] and steps["L"]["shape"] == [] and steps["W1"]["part"] == "given"
    np.testing.assert_allclose(steps["z1"]["value"], net().layers[0].forward(X[:2]))


@pytest.mark.parametrize("reduction", ["mean", "sum", "mean_rows"])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0]])
def test_the_losss_convention_is_told(reduction, weights):
    trace = cn.explain(
        net(cn.Dense(3, 2), loss=cn.MSE(reduction=reduction)), X[:2], np.ones((2, 2)), sample_weight=weights
    )
    note = next(s.note for s in trace.steps if s.symbol == "L")
    divisor = {"sum": 1, "mean_rows": 2 if weights is None else 3, "mean": 4 if weights is None else 6}[
        reduction
    ]
    assert trace.book.divisor == divisor
    assert ("nothing is divided" in note) == (reduction == "sum")
    entered = next(s.note for s in trace.steps if s.symbol == "dL/dz1[0,0]")
    assert entered == ("" if divisor == 1 else f"here the mean's 1/{divisor} enters")


def test_one_row_with_a_weight_and_a_sum():
    trace = cn.explain(net(cn.Dense(3, 1), loss=cn.MSE(reduction="sum")), X[:1], [0.0], sample_weight=[2.0])
    assert trace.value("L") == pytest.approx(2 * trace.value("l[0]"))
    assert cn.explain(net(cn.Dense(3, 1)), X[:1], [0.0]).steps[1].note == "one row: nothing to average"


def test_precision_counts_decimals_and_may_be_0(traces):
    for precision in (0, 1, 8):
        trace = cn.explain(net(), X[:1], NUMBERS[:1], precision=precision)
        assert trace.precision == precision
        assert traces.arithmetic(trace)


ERRORS = {
    "style": (lambda: cn.explain(net(), X, NUMBERS, style="prose"), 'style must be "node" or "matrix"'),
    "precision": (lambda: cn.explain(net(), X, NUMBERS, precision=-1), "precision must be a whole number"),
    "steps": (lambda: cn.explain(net(), X, NUMBERS, steps=0), "steps must be a whole number of at least 1"),
    "rate": (
        lambda: cn.explain(net(), X, NUMBERS, learning_rate=0.0),
        "learning_rate must be a number finite",
    ),
    "both": (lambda: cn.explain(net(), X, NUMBERS, learning_rate=1.0, optimizer=cn.SGD()), "not both"),
    "optimizer": (lambda: cn.explain(net(), X, NUMBERS, optimizer="adam"), "optimizer must be an object"),
    "no loss": (lambda: cn.explain(cn.Network([cn.Dense(3, 1)]), X, NUMBERS), "without a loss"),
    "no model": (lambda: cn.explain("model", X, NUMBERS), "Network or a fitted estimator"),
    "shape": (lambda: cn.explain(net(), X[:, :2], NUMBERS), r"takes X of shape \(rows, 3\)"),
    "class": (
        lambda: cn.explain(cn.MLPClassifier().partial_fit(X, TWO, classes=["no", "yes"]), X[:1], ["maybe"]),
        "maybe",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_wrong_use_is_one_sentence(case):
    make, words = ERRORS[case]
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_the_function_stays_a_function_after_its_module_was_imported():
    import chalknet.chalk.explaining as module
    from chalknet.chalk import explain

    assert explain is module.explain is cn.explain


def test_a_large_network_is_quick_in_matrix_style():
    large = net(
        cn.Dense(784, 512),
        cn.ReLU(),
        cn.Dense(512, 512),
        cn.ReLU(),
        cn.Dense(512, 10),
        loss=cn.SoftmaxCrossEntropy(),
    )
    begin = time.process_time()
    trace = cn.explain(large, RNG.random((1, 784)), [3], optimizer=cn.Adam(), style="matrix")
    assert len(trace.steps) > 40 and trace.remarks is not None
    assert time.process_time() - begin < 5.0


@pytest.mark.parametrize("optimizer", [cn.AdamW(0.1, weight_decay=0.5), cn.Lion(0.1, weight_decay=0.5)])
def test_weights_decay_by_a_term_of_their_own_and_biases_have_none(optimizer):
    steps = {s.symbol: s for s in cn.explain(net(), X[:2], NUMBERS[:2], optimizer=optimizer).steps}
    assert "0.1*0.5*" in steps["W1'[0,0]"].arithmetic
    assert "weight_decay" not in steps["b1'[0]"].formula and "\\lambda" not in steps["b1'[0]"].formula
    assert steps["b1'[0]"].arithmetic.startswith("0 - 0.1*" if optimizer.name == "lion" else "0 - 0.0316")


def test_penalties_and_clipping_are_terms_of_their_own():
    trained = net().fit(X, NUMBERS, epochs=1, l1=0.25, l2=0.5, clip_value=0.125, clip_norm=0.0625)
    trace = cn.explain(trained, X[:2], NUMBERS[:2])
    steps = {s.symbol: s for s in trace.steps}
    assert steps["clip"].arithmetic.startswith("0.0625/max(sqrt(min(max(")
    new = steps["W1'[0,0]"].arithmetic
    assert "0.5/2*" in new and "0.25/2*" in new and "min(max(" in new and f"{trace.value('clip'):.4f}" in new
    assert "0.5/2*" not in steps["b1'[0]"].arithmetic


SCHEDULES = {
    "constant": cn.Constant(),
    "invscaling": cn.InvScaling(),
    "step": cn.StepDecay(every=1, factor=0.3),
    "exponential": cn.Exponential(0.5),
    "cosine": cn.Cosine(warmup=0.4),
    "one_cycle": cn.OneCycle(),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("epochs", [0, 2], ids=["new", "trained"])
def test_a_schedule_goes_on_from_update_to_update_as_fit_does(name, engine, epochs):
    rule = cn.SGD(0.1, momentum=0.5, schedule=SCHEDULES[name])
    layers = [cn.Dense(3, 4), cn.Tanh(), cn.Dropout(0.3), cn.Dense(4, 1)]
    trained = net(*layers)
    if epochs:
        trained.fit(X, NUMBERS, optimizer=rule, epochs=epochs, batch_size=8)
    given = {} if epochs else {"optimizer": rule}
    trace = cn.explain(trained, X[:6], NUMBERS[:6], steps=4, **given)
    rates = [update.rate for update in trace.book.updates]
    assert len(set(rates)) > 1 or name == "constant"
    trained.fit(X[:6], NUMBERS[:6], optimizer=rule, epochs=4, batch_size=6, engine=engine)
    flat = np.concatenate([trace.array(f"{c}{n}''''").ravel() for n in (1, 2) for c in "Wb"])
    np.testing.assert_allclose(flat, trained.parameters, rtol=0, atol=1e-12)
