"""What `explain` takes: networks and every fitted estimator, as they stand; and what it refuses in one sentence."""

from __future__ import annotations

import pickle
import time
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

import chalknet as cn
from chalknet.maths.optimizers import OPTIMIZERS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
TWO = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
THREE = np.array(["a", "b", "c"])[RNG.integers(0, 3, 40)]
LABELS = RNG.integers(0, 2, (40, 3))
NUMBERS = X @ [1.0, 2.0, 3.0]
COUNTS = RNG.poisson(2.0, 40)
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0, "engine": "numba"}
KINDS = {
    "two classes": (cn.MLPClassifier, {}, TWO),
    "three classes": (cn.MLPClassifier, {"activation": ["gelu"]}, THREE),
    "several labels": (cn.MLPClassifier, {}, LABELS),
    "class weights": (cn.MLPClassifier, {"class_weight": {"a": 2, "b": 1, "c": 0.5}}, THREE),
    "hinge": (cn.MLPClassifier, {"loss": "hinge"}, TWO),
    "focal and dropout": (cn.MLPClassifier, {"loss": "focal", "dropout": 0.3}, TWO),
    "a number": (cn.MLPRegressor, {"alpha": 0.1}, NUMBERS),
    "two numbers": (cn.MLPRegressor, {"hidden_layer_sizes": (3, 2)}, np.c_[NUMBERS, -NUMBERS]),
    "counts": (cn.MLPRegressor, {"loss": "poisson"}, COUNTS),
    "huber": (cn.MLPRegressor, {"loss": "huber", "batch_size": 6}, NUMBERS),
    "falling rate": (cn.MLPClassifier, {"solver": "sgd", "learning_rate": "invscaling"}, TWO),
    "a rate along a cosine": (cn.MLPClassifier, {"learning_rate": "cosine", "solver": "adamw"}, TWO),
}


def fitted(kind, **options):
    cls, more, y = KINDS[kind]
    return cls(**{**SMALL, **more, **options}).fit(X, y), y


def new_parameters(trace, primes=1):
    """The trace's parameters after so many updates, flat."""
    numbers = range(1, len(trace.book.description.dense) + 1)
    return np.concatenate([trace.array(f"{c}{n}{chr(39) * primes}").ravel() for n in numbers for c in "Wb"])


def same_as_partial_fit(est, X, y, tolerance=1e-12):
    """The trace changes nothing, and its two updates are those of the next two calls of partial_fit."""
    before = pickle.dumps(est)
    trace = cn.explain(est, X, y, steps=2, style="matrix")
    assert trace.steps and trace.remarks is not None and pickle.dumps(est) == before
    for k in (1, 2):
        est.partial_fit(X, y)
        np.testing.assert_allclose(new_parameters(trace, k), est.network_.parameters, rtol=0, atol=tolerance)
    return trace


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimators_update_is_its_next_partial_fit(traces, kind):
    est, y = fitted(kind)
    trace = cn.explain(est, X[:3], y[:3])
    left = {s["symbol"].partition("[")[0] for s in traces.arithmetic(trace) if s["part"] != "given"}
    assert left <= {"mask1"}
    same_as_partial_fit(est, X[:6], y[:6])


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_of_every_solver(solver):
    est, y = fitted("three classes", solver=solver)
    same_as_partial_fit(est, X[:6], y[:6])


def test_weights_that_were_assigned_are_explained_and_the_optimizer_starts_anew():
    est, y = fitted("two classes")
    est.coefs_[0] = est.coefs_[0] * 2
    trace = same_as_partial_fit(est, X[:6], y[:6])
    assert not trace.array("mW1").any()


def test_options_that_were_changed_since_count():
    est, y = fitted("two classes")
    assert cn.explain(est.set_params(alpha=0.5), X[:6], y[:6]).book.description.l2 == 0.5
    same_as_partial_fit(est.set_params(learning_rate_init=0.1), X[:6], y[:6])


def test_a_model_from_a_file(tmp_path):
    est, y = fitted("focal and dropout")
    cn.save(est, tmp_path / "model.chalk")
    same_as_partial_fit(cn.load(tmp_path / "model.chalk"), X[:6], y[:6])


def test_float32_is_explained_in_float64():
    cls, more, y = KINDS["two classes"]
    est = cls(**{**SMALL, **more}).fit(X.astype(np.float32), y)
    trace = same_as_partial_fit(est, X[:6].astype(np.float32), y[:6], 1e-7)
    assert trace.array("x").dtype == np.float64


@pytest.mark.parametrize("kind", ["sparse", "frame"])
def test_rows_come_as_fit_takes_them(kind):
    make = {"sparse": sparse.csr_matrix, "frame": lambda rows: pd.DataFrame(rows, columns=list("abc"))}[kind]
    est = cn.MLPClassifier(**SMALL).fit(make(X), TWO)
    same_as_partial_fit(est, make(X[:6]), TWO[:6])


def test_early_stopping_and_lbfgs():
    est, y = fitted("two classes", early_stopping=True)
    assert cn.explain(est, X[:2], y[:2]).array("mW1").any()
    est, y = fitted("two classes", solver="lbfgs")
    trace = cn.explain(est, X, y)
    assert trace.book.description.optimizer == "sgd" and trace.book.description.l2 == 1e-4


def test_sample_weights():
    est, y = fitted("two classes")
    weights = np.arange(1.0, 7.0)
    trace = cn.explain(est, X[:6], y[:6], sample_weight=weights)
    assert trace.value("s[2]") == 3.0
    est._fit(X[:6], y[:6], weights, incremental=True)
    np.testing.assert_allclose(new_parameters(trace), est.network_.parameters, rtol=0, atol=1e-12)


def test_raw_tables():
    table = cn.data.load("penguins")
    model = cn.TabularClassifier(random_state=0, max_iter=2, batch_size=3).fit(table.X, table.y)
    before = pickle.dumps(model)
    trace = cn.explain(model, table.X[:3], table.y[:3], style="matrix")
    assert pickle.dumps(model) == before
    model.estimator_.partial_fit(model.preprocessor_.transform(table.X[:3]), np.asarray(table.y[:3]))
    np.testing.assert_allclose(new_parameters(trace), model.network_.parameters, rtol=0, atol=1e-12)


def test_raw_tables_with_a_number_as_target_are_explained_in_the_networks_unit():
    table = cn.data.load("diabetes")
    model = cn.TabularRegressor(random_state=0, max_iter=2, batch_size=3).fit(table.X, table.y)
    trace = cn.explain(model, table.X[:3], table.y[:3], style="matrix")
    scaled = (np.asarray(table.y[:3]) - model.target_mean_) / model.target_scale_
    np.testing.assert_allclose(trace.array("y")[:, 0], scaled)
    model.estimator_.partial_fit(model.preprocessor_.transform(table.X[:3]), scaled)
    np.testing.assert_allclose(new_parameters(trace), model.network_.parameters, rtol=0, atol=1e-12)


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("options", [{}, {"penalty": "l2", "alpha": 0.1}], ids=["plain", "l2"])
def test_the_sigmoid_perceptrons_row(traces, y, options):
    model = cn.Perceptron(activation="sigmoid", eta0=0.5, max_iter=3, tol=None, **options).fit(X, y)
    before = pickle.dumps(model)
    trace = cn.explain(model, X[:1], y[:1])
    assert pickle.dumps(model) == before
    assert {s["part"] for s in traces.arithmetic(trace)} == {"given"}
    model.partial_fit(X[:1], y[:1], classes=np.unique(y))
    np.testing.assert_allclose(trace.array("W1'").T, model.coef_, rtol=0, atol=1e-14)
    np.testing.assert_allclose(trace.array("b1'")[0], model.intercept_, rtol=0, atol=1e-14)
    assert cn.explain(model.sparsify(), X[:1], y[:1]).value("L") < trace.value("L")
    assert sparse.issparse(model.coef_)


@pytest.mark.parametrize(
    "options",
    [{"penalty": "l1"}, {"class_weight": "balanced"}, {"fit_intercept": False}],
    ids=lambda o: next(iter(o)),
)
def test_a_perceptron_whose_update_is_no_gradient_is_refused_unless_a_rate_is_given(options):
    model = cn.Perceptron(activation="sigmoid", max_iter=3, tol=None, **options).fit(X, TWO)
    with pytest.raises(cn.ParameterError, match=f"a Perceptron with {next(iter(options))}="):
        cn.explain(model, X[:1], TWO[:1])
    trace = cn.explain(model, X[:1], TWO[:1], learning_rate=0.1)
    assert trace.value("L'") < trace.value("L")


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
    "class": (lambda: cn.explain(fitted("two classes")[0], X[:1], ["maybe"]), "maybe"),
    "step": (lambda: cn.explain(cn.Perceptron().fit(X, TWO), X[:1], TWO[:1]), "has no gradient"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_wrong_use_is_one_sentence(case):
    make, words = ERRORS[case]
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cls", [cn.MLPClassifier, cn.TabularRegressor, cn.Perceptron])
def test_an_estimator_must_be_fitted(cls):
    with pytest.raises(cn.NotFittedError, match="not fitted yet"):
        cn.explain(cls(), X, TWO)


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


def test_nothing_warns_of_convergence():
    with pytest.warns(ConvergenceWarning):
        fitted("two classes")


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
