"""Every printed equation is true, every number is the one that training computes, and nothing changes by explaining."""

from __future__ import annotations

import json
import pickle
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chalknet as cn
from chalknet.chalk import names
from chalknet.chalk.expr import symbols_of

SMOOTH = (
    *("identity", "sigmoid", "tanh", "gelu", "gelu_tanh", "silu", "swish", "mish", "softplus", "softsign"),
    *("elu", "celu", "gaussian", "sine", "exp", "softmax", "log_softmax"),
)


@pytest.mark.slow
@given(st.data(), st.integers(1, 3), st.sampled_from([1, 2, 4, 6]))
def test_each_arithmetic_gives_its_value(traces, data, steps, precision):
    case = data.draw(traces.cases())
    trace = case.explain(steps=steps, precision=precision)
    for step in traces.arithmetic(trace):
        drawn = step["symbol"].startswith("mask")
        assert step["part"] == "given" or drawn or step["value"] is None, step


@pytest.mark.slow
@given(st.data(), st.sampled_from([30.0, 1000.0]))
def test_numbers_of_any_size_keep_equations_true(traces, data, scale):
    trace = data.draw(traces.cases(scale=scale)).explain(steps=2)
    arrays = {g.name: g.value for g in (*trace.given, *trace.groups)}
    json.dumps(trace.to_dict(), allow_nan=False)
    assert all(sentence.endswith(".") and "{" not in sentence for sentence in trace.remarks)
    steps = {step.symbol: step for step in trace.steps}
    for without in traces.arithmetic(trace):
        if without["part"] == "given" or without["symbol"].startswith("mask") or without["value"] is None:
            continue
        operands = [float(s.value) for s in symbols_of(steps[without["symbol"]].expr).values()]
        assert not np.isfinite(operands).all() or max(map(abs, operands)) > 1e100, (without, arrays)


@pytest.mark.slow
@given(st.data(), st.integers(1, 3))
def test_every_number_has_a_step_of_the_agreed_name(traces, data, steps):
    case = data.draw(traces.cases())
    listed = [step["symbol"] for step in case.explain(steps=steps).to_dict()["steps"]]
    assert len(set(listed)) == len(listed)
    m = len(case.X)
    row = [""] if m == 1 else [f"{r}," for r in range(m)]
    wanted = {f"x[{r}{j}]" for r in row for j in range(case.X.shape[1])} | {"L", "L" + "'" * steps}
    for number, layer in enumerate(case.net.dense, 1):
        units = range(layer.n_out)
        for i in range(steps + 1):
            prime = "'" * i
            wanted |= {f"z{number}{prime}[{r}{j}]" for r in row for j in units}
            before = ["", "dL/d"] if i < steps else [""]
            wanted |= {
                f"{d}W{number}{prime}[{k},{j}]" for d in before for k in range(layer.n_in) for j in units
            }
            wanted |= {f"{d}b{number}{prime}[{j}]" for d in before for j in units}
    number = 0
    for layer, after in zip(case.net.layers, [*case.net.layers[1:], None], strict=True):
        number += isinstance(layer, cn.Dense)
        if (
            isinstance(layer, cn.Dense)
            and after is not None
            and not isinstance(after, (cn.Dense, cn.Dropout, cn.BatchNorm, cn.LayerNorm))
        ):
            wanted |= {f"{d}a{number}[{r}{j}]" for d in ("", "dL/d") for r in row for j in range(layer.n_out)}
    assert wanted <= set(listed)


@given(st.data(), st.integers(1, 3), st.sampled_from(["numpy", "numba"]))
def test_updates_are_those_that_fit_makes(traces, data, steps, engine):
    case = data.draw(traces.cases())
    before = pickle.dumps(case.net)
    trace = case.explain(steps=steps)
    assert trace.steps and pickle.dumps(case.net) == before
    trained = deepcopy(case.net)
    case.fit(trained, steps, engine)
    new = np.concatenate([
        trace.array(f"{base}{chr(39) * steps}").ravel() for base, _ in traces.learned(trained)
    ])  # fmt: skip
    if np.isfinite(new).all():
        size = max(1.0, np.abs(new).max())
        clear = traces.settled(trained, trace)
        blunt = traces.blunt(trained, trace)
        np.testing.assert_allclose(
            new[clear], trained.parameters[clear], rtol=max(traces.tolerance(trained), blunt),
            atol=max(1e-12, blunt) * size,
        )  # fmt: skip
        kept = [trace.array(f"{base}{chr(39) * steps}").ravel() for base in traces.running(trained)]
        if kept:
            running = [
                a
                for layer in trained.layers
                if isinstance(layer, cn.BatchNorm)
                for a in (layer.mean, layer.variance)
            ]
            np.testing.assert_allclose(
                np.concatenate(kept), np.concatenate(running, axis=1)[0], rtol=1e-6, atol=1e-9 * size
            )


@given(st.data())
def test_each_arithmetic_is_its_value_the_fused_engines_update_and_the_slope_of_the_loss(traces, data):
    case = data.draw(traces.cases(SMOOTH, 1.0))
    trace = case.explain(precision=14)
    traces.arithmetic(trace)  # each gives its value
    worked = {s.symbol: traces.evaluated(s.arithmetic) for s in trace.steps if s.arithmetic is not None}
    places = [
        f"{base}{{}}[{','.join(map(str, index))}]"
        for base, shape in traces.learned(case.net)
        for index in np.ndindex(shape)
    ]
    trained = case.fit(deepcopy(case.net), 1, "numba")
    new = np.array([worked[place.format("'")] for place in places])
    clear = traces.settled(trained, trace)
    np.testing.assert_allclose(
        new[clear], trained.parameters[clear], rtol=traces.tolerance(trained), atol=1e-12
    )

    def loss(i, h):
        net = deepcopy(case.net)
        net.parameters[i] += h
        return traces.again(net, trace, case.X, case.y, case.weights)[0]

    for i, place in enumerate(places):
        slope, h = worked["dL/d" + place.format("")], 1e-5
        left, here, right = loss(i, -h), loss(i, 0.0), loss(i, h)
        bend = abs((right - here) - (here - left)) / h
        if bend < 1e-2 * max(1.0, abs(slope)):  # no kink of a loss in between
            assert abs((right - left) / (2 * h) - slope) < traces.bend(case.net) * max(
                1.0, abs(slope), abs(here)
            ), place


@given(st.data())
def test_values_and_gradients_are_those_of_the_layers(traces, data):
    case = data.draw(traces.cases())
    trace = case.explain()
    arrays = {g.name: g.value for g in (*trace.given, *trace.groups)}
    cost, net = traces.again(case.net, trace, case.X, case.y, case.weights)
    net.backward(case.y, case.weights)
    np.testing.assert_allclose(trace.value("L"), cost, rtol=1e-12)
    for k, layer in enumerate(net.dense, 1):
        np.testing.assert_allclose(arrays[f"z{k}"], layer.output, rtol=1e-12)
        np.testing.assert_allclose(arrays[f"dL/dW{k}"], layer.dweights, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(arrays[f"dL/db{k}"], layer.dbiases, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(arrays["dL/dx"], net.layers[0].dinputs, rtol=1e-9, atol=1e-12)


@given(st.data())
def test_gradients_are_the_slopes_of_the_loss(traces, data):
    case = data.draw(traces.cases(SMOOTH, 1.0))
    trace = case.explain()
    gradient = np.concatenate([trace.array(f"dL/d{base}").ravel() for base, _ in traces.learned(case.net)])

    def loss(i, h):
        net = deepcopy(case.net)
        net.parameters[i] += h
        return traces.again(net, trace, case.X, case.y, case.weights)[0]

    h = 1e-5
    for i, slope in enumerate(gradient):
        left, here, right = loss(i, -h), loss(i, 0.0), loss(i, h)
        central = (right - left) / (2 * h)
        bend = abs((right - here) - (here - left)) / h
        if bend < 1e-2 * max(1.0, abs(central)):  # no kink of a loss in between
            assert abs(central - slope) < traces.bend(case.net) * max(1.0, abs(central), abs(here)), (
                i,
                central,
                slope,
            )


@given(st.data())
def test_lines_of_code_compute_the_whole_update(traces, data):
    trace = data.draw(traces.cases()).explain(steps=2, style="matrix", code=True, jacobian=True)
    import scipy.special

    space = {"np": np, "scipy": scipy} | {names.variable(g.name): g.value for g in trace.given}
    for g in trace.groups:
        variable = names.variable(g.name)
        if g.whole is None:
            assert g.name.startswith("mask")
            space[variable] = g.value
            continue
        for name, symbol in symbols_of(g.whole).items():  # learning rate and the optimizer's constants
            space.setdefault(names.variable(name), symbol.value)
        with np.errstate(all="ignore"):
            exec(trace.code_of(g), space)
        got = np.asarray(space[variable], float)
        assert got.shape == g.value.shape, g.name
        same = np.isfinite(got) & np.isfinite(g.value)
        np.testing.assert_allclose(got[same], g.value[same], rtol=1e-6, atol=1e-7, err_msg=trace.code_of(g))
        space[variable] = g.value


def saturated(z, layer, loss, y):
    net = cn.Network([cn.Dense(1, 1, random_state=0), layer], loss=loss)
    net.layers[0].weights, net.layers[0].biases = [[1.0]], 0.0
    return cn.explain(net, [[z]], [[y]])


@pytest.mark.parametrize(
    ("z", "layer", "symbol", "textbook", "safe"),
    [
        (2.0, cn.Sigmoid(), "a1[0]", "1/(1 + exp(-2))", None),
        (-800.0, cn.Sigmoid(), "a1[0]", None, "exp(-abs(-800))/(1 + exp(-abs(-800)))"),
        (800.0, cn.Softplus(), "a1[0]", None, "max(800, 0) + log1p(exp(-abs(800)))"),
        (20.0, cn.Tanh(), "dL/dz1[0]", None, None),
    ],
)
def test_where_the_textbooks_form_overflows_the_safe_one_is_printed_and_says_so(
    traces, z, layer, symbol, textbook, safe
):
    trace = saturated(z, layer, cn.MSE(), 0.25)
    step = next(s for s in trace.steps if s.symbol == symbol)
    traces.arithmetic(trace)
    assert ("safe form" in step.note) == (textbook is None)
    assert step.arithmetic == (textbook or safe or step.arithmetic)
    assert step.arithmetic is not None


def test_probabilities_that_round_to_0_and_1_are_explained_through_the_logits(traces):
    net = cn.Network([cn.Dense(1, 3, random_state=0)], loss=cn.SoftmaxCrossEntropy())
    net.layers[0].weights, net.layers[0].biases = [[900.0, -900.0, 0.0]], 0.0
    trace = cn.explain(net, [[1.0]], [1], jacobian=True)
    steps = {s.symbol: s for s in trace.steps}
    traces.arithmetic(trace)
    assert steps["L"].value == 1800.0
    assert steps["L"].arithmetic is not None and "safe form" in steps["L"].note
    assert steps["a1[0]"].arithmetic == "1/(1 + exp(-900 - 900) + exp(0 - 900))"
    assert steps["dL/dz1[1]"].arithmetic == "0 - 1"


def test_what_is_not_finite_is_null_and_has_no_arithmetic():
    net = cn.Network(
        [cn.Dense(1, 1, random_state=0), cn.Exp(), cn.Dense(1, 1, random_state=0)], loss=cn.MSE()
    )
    net.parameters[...] = [800.0, 0.0, 1.0, 0.0]
    document = json.loads(cn.explain(net, [[1.0]], [[1.0]]).to_json())
    steps = {s["symbol"]: s for s in document["steps"]}
    for symbol in ("a1[0]", "z2[0]", "L", "dL/dW2[0,0]", "W2'[0,0]"):
        assert steps[symbol]["value"] is None and steps[symbol]["arithmetic"] is None
        assert steps[symbol]["formula"]
    assert steps["z1[0]"]["arithmetic"] == "1*800 + 0"


def test_terms_that_cancel_to_rounding_are_0():
    net = cn.Network([cn.Dense(3, 1, random_state=0)], loss=cn.MSE())
    net.layers[0].weights, net.layers[0].biases = [[0.1], [0.2], [-0.3]], 0.0
    step = cn.explain(net, [[1.0, 1.0, 1.0]], [[0.0]]).steps[0]
    assert step.arithmetic == "1*0.1 + 1*0.2 + 1*(-0.3) + 0"
    assert step.value in (0.0, eval(step.arithmetic))


def test_sums_may_be_thousands_long():
    net = cn.Network([cn.Dense(784, 1, random_state=0)], loss=cn.MSE())
    trace = cn.explain(net, np.ones((1, 784)), [[0.0]])
    assert trace.steps[0].arithmetic.count("+") == 784
    assert abs(eval(trace.steps[0].arithmetic) - trace.value("z1[0]")) < 5e-5
