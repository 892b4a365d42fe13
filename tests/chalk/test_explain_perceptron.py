"""A perceptron's trace: either of its rules, row by row, is the one by which it learns next."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import sparse

import chalknet as cn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
TWO = np.array(["no", "yes"])[(X[:, 0] + RNG.normal(size=40) > 0).astype(int)]
THREE = np.array(["a", "b", "c"])[RNG.integers(0, 3, 40)]
OPTIONS = {
    "plain": {},
    "l2": {"penalty": "l2", "alpha": 0.1},
    "no bias": {"fit_intercept": False},
    "float32": {"dtype": "float32"},
}


def fitted(y, activation, **options):
    return cn.Perceptron(activation=activation, eta0=0.5, max_iter=3, tol=None, **options).fit(X, y)


@pytest.mark.parametrize("activation", ["step", "sigmoid"])
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])
def test_a_rows_update_is_that_of_partial_fit(traces, activation, y, options, form):
    model, moved = fitted(y, activation, **options), 0
    exact = 1e-14 if "dtype" not in options else 1e-6
    for row in range(12):
        x, label, before = form(X[row : row + 1]), y[row : row + 1], pickle.dumps(model)
        trace = cn.explain(model, x, label)
        assert pickle.dumps(model) == before
        assert {s["part"] for s in traces.arithmetic(trace)} == {"given"}
        model.partial_fit(x, label, classes=np.unique(y))
        np.testing.assert_allclose(trace.array("W1'").T, model.coef_, rtol=0, atol=exact)
        np.testing.assert_allclose(trace.array("b1'")[0], model.intercept_, rtol=0, atol=exact)
        assert trace.value("L'") <= trace.value("L") or options.get("penalty")
        moved += bool(np.any(trace.array("dL/dW1")))
        text = " ".join(trace.to_text().split())
        assert ("X is sparse: the bias" in text) == (
            form is sparse.csr_matrix and options != OPTIONS["no bias"]
        )
        assert ("fit_intercept=False: the bias is not learned" in text) == (options == OPTIONS["no bias"])
    assert moved


def test_the_lectures_perceptron_by_hand(traces):
    model = cn.Perceptron(shuffle=False, max_iter=1, tol=None).fit([[0, 0], [1, 1], [1, 0]], [0, 1, 0])
    model.coef_[...], model.intercept_[...] = [[2.0, 1.0]], -4.0
    trace = cn.explain(model, [[1.0, 1.0]], [1], learning_rate=0.5)
    w, b = model.coef_[0], model.intercept_[0]
    z = w.sum() + b
    assert trace.value("z1[0]") == z
    assert z < 0
    steps = {s.symbol: s for s in trace.steps}
    assert (steps["a1[0]"].value, steps["a1[0]"].arithmetic) == (0.0, "0")
    assert (steps["dL/dz1[0]"].value, steps["dL/dz1[0]"].arithmetic) == (-1.0, "0 - 1")
    assert steps["W1'[0,0]"].value == w[0] + 0.5 * (1 - 0) * 1.0
    assert steps["b1'[0]"].value == b + 0.5
    text = trace.to_text()
    assert "loss     perceptron criterion\nupdate   the perceptron rule, learning rate 0.5" in text
    assert "a⁽¹⁾₁ = (1 if z⁽¹⁾₁ ≥ 0, else 0) = 0" in text
    assert "ℓ = (ŷ − y)·z" in text and "∂ℓ/∂z = ŷ − y" in text and "f′" not in text
    assert "slope is 0 everywhere" not in text
    assert "product = 1 · (−1) = −1" in str(trace.why("W1[0,0]"))
    wrong = cn.check_work(trace, {"a1[0]": 0, "dL/dz1[0]": 1})
    assert wrong.rows[1].slip == "sign"
    hinge = cn.check_work(cn.explain(model, [[-9.0, -9.0]], [1]), {"a1[0]": 0, "dL/dz1[0]": 0})
    assert hinge.rows[1].slip == "prediction_for_error"


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("style", ["node", "matrix"])
def test_a_sum_of_exactly_0_is_a_mistake_whatever_the_target(traces, label, style):
    model = cn.Perceptron(shuffle=False, max_iter=1, tol=None).fit([[1.0], [-1.0]], [0, 1])
    model.coef_[...], model.intercept_[...] = 0.0, 0.0
    trace = cn.explain(model, [[2.0]], [label], style=style, code=True)
    model.partial_fit([[2.0]], [label])
    assert trace.value("a1[0]") == 1 - label
    assert trace.array("W1'").T.tolist() == model.coef_.tolist()
    assert trace.array("b1'")[0].tolist() == model.intercept_.tolist()
    assert "z is exactly 0: the rule counts that as a mistake whatever y is" in trace.to_text().replace(
        "\n  ", " "
    )
    space = {}
    exec(trace.to_code(), space)
    assert space["W1_1"].tolist() == trace.array("W1'").tolist()


def test_rows_together_are_their_mean(traces):
    model = fitted(TWO, "step")
    weights = np.arange(1.0, 9.0)
    trace = cn.explain(model, X[:8], TWO[:8], sample_weight=weights, steps=3, code=True)
    traces.arithmetic(trace)
    z = X[:8] @ model.coef_[0] + model.intercept_[0]
    error = (z >= 0) - (TWO[:8] == "yes").astype(float)
    assert trace.value("L") == pytest.approx((weights * error * z).sum() / weights.sum())
    np.testing.assert_allclose(trace.array("dL/dW1")[:, 0], (weights * error) @ X[:8] / weights.sum())
    for written in (trace.to_latex(standalone=True), trace.to_html(), trace.to_markdown(), trace.to_json()):
        assert written
    space = {}
    exec(trace.to_code(), space)
    np.testing.assert_allclose(space["W1_3"], trace.array("W1'''"))


def test_a_step_that_overshoots_is_told():
    model = fitted(TWO, "step")
    model.coef_[...], model.intercept_[...] = [[-0.01, 0.0, 0.0]], 0.0
    rows, labels = np.array([[1.0, 0, 0], [-1.0, 0, 0], [-1.5, 0, 0]]), ["yes", "yes", "no"]
    trace = cn.explain(model, rows, labels, learning_rate=50.0)
    assert trace.value("L'") > trace.value("L")
    assert any(r.startswith("The step overshoots") for r in trace.remarks)


@pytest.mark.parametrize("activation", ["step", "sigmoid"])
@pytest.mark.parametrize(
    "options", [{"penalty": "l1"}, {"class_weight": "balanced"}], ids=lambda o: next(iter(o))
)
def test_what_is_no_gradient_is_refused_unless_a_rate_is_given(activation, options):
    model = fitted(TWO, activation, **options)
    with pytest.raises(cn.ParameterError, match=f"a Perceptron with {next(iter(options))}="):
        cn.explain(model, X[:1], TWO[:1])
    trace = cn.explain(model, X[:1], TWO[:1], learning_rate=0.1)
    assert trace.value("L'") <= trace.value("L")


def test_weights_that_were_made_sparse():
    model = fitted(TWO, "sigmoid")
    right = cn.explain(model, X[:1], TWO[:1]).value("L")
    assert cn.explain(model.sparsify(), X[:1], TWO[:1]).value("L") == right
    assert sparse.issparse(model.coef_)
