"""trace.why: the chain rule along every path gives the gradient, for every kind of layer, and reads as on a board."""

from __future__ import annotations

import io
from itertools import pairwise
from math import fsum, prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import chalknet as cn
from chalknet.chalk import why as why_module
from chalknet.chalk.expr import Expr, Symbol, evaluate
from chalknet.chalk.gradient_paths import coefficients
from chalknet.chalk.writers import why_text
from chalknet.chalk.writers.pieces import text_width


def lecture(**options: Any) -> Any:
    net = cn.Network([cn.Dense(2, 4), cn.Dense(4, 2)], loss=cn.MSE())
    net.layers[0].weights = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    net.layers[1].weights = [[1, 2], [0.5, 0.5], [3, 1], [2, 1]]
    net.layers[0].biases = net.layers[1].biases = 1
    return cn.explain(net, [[3, 5]], [[1, 0]], learning_rate=0.001, **options)


def deep(rows: int = 2, width: int = 3, **options: Any) -> Any:
    layers = [
        cn.Dense(2, width), cn.Tanh(), cn.Dropout(0.2), cn.Dense(width, width), cn.Softmax(), cn.Dense(width, 2),
        cn.LeakyReLU(), cn.Dense(2, 2),
    ]  # fmt: skip
    net = cn.Network(layers, loss=cn.SoftmaxCrossEntropy(), random_state=3)
    X = np.random.default_rng(0).normal(size=(rows, 2))
    options = {"optimizer": cn.Adam(0.1)} | options
    return cn.explain(net, X, np.arange(rows) % 2, **options)


def test_the_lectures_weight_along_both_its_paths() -> None:
    answer = lecture().why("W1[0, 2]")
    assert answer.symbol == "W1[0,2]" and answer.gradient == 1272 and answer.new_value == 5.728
    first, second = answer.paths
    assert [(symbol, value) for symbol, _, value in first.factors] == [
        ("dz1[2]/dW1[0,2]", 3.0),
        ("dz2[0]/dz1[2]", 3.0),
        ("dL/dz2[0]", 120.5),
    ]
    assert [formula for _, formula, _ in second.factors] == ["x₁", "w⁽²⁾₃,₂", "2·(z⁽²⁾₂ − y₂)/2"]
    assert (first.product, second.product) == (1084.5, 187.5) and first.row is None
    assert first.names == ["W1[0,2]", "z1[2]", "z2[0]", "L"]
    text = str(answer)
    for line in (
        "path 1: w⁽¹⁾₁,₃ → z⁽¹⁾₃ → z⁽²⁾₁ → L",
        "∂z⁽²⁾₁/∂z⁽¹⁾₃ = w⁽²⁾₃,₁ = 3",
        "∂L/∂z⁽²⁾₁ = 2·(z⁽²⁾₁ − y₁)/2 = 2·(121.5 − 1)/2 = 120.5",
        "product = 3 · 3 · 120.5 = 1084.5",
        "∂L/∂w⁽¹⁾₁,₃ = 1084.5 + 187.5 = 1272",
        "w⁽¹⁾′₁,₃ = w⁽¹⁾₁,₃ − α·∂L/∂w⁽¹⁾₁,₃ = 7 − 0.001·1272 = 5.728",
    ):
        assert line in text


def test_biases_and_what_is_no_parameter() -> None:
    answer = lecture().why("b2[1]")
    assert answer.gradient == 62.5 and answer.new_value == 0.9375 and "One path leads" in str(answer)
    assert answer.paths[0].factors[0] == ("dz2[1]/db2[1]", "1", 1.0)
    z = lecture().why("z1[0]")
    assert z.gradient == 245.5 and z.new_value is None and "the new value" not in str(z)
    assert lecture().why("dL/dz1[0]").gradient == lecture().why("z1[0,0]").gradient == 245.5
    assert lecture().why("z2[0]").paths[0].product == 120.5
    assert "product = 120.5" in str(lecture().why("z2[0]"))
    assert lecture().why("x[1]").gradient == 1004.25
    later = lecture(steps=2).why("W1'[0,0]")
    assert later.new_value == lecture(steps=2).value("W1''[0,0]")


@pytest.mark.parametrize("jacobian", [False, True])
def test_paths_through_every_kind_of_layer_add_up_to_the_gradient(jacobian: bool) -> None:
    trace = deep(jacobian=jacobian)
    for symbol in (
        "W1[0,1]",
        "b1[2]",
        "W2[1,1]",
        "W3[2,0]",
        "b4[1]",
        "a1[1,0]",
        "h1[0,2]",
        "z2[1,2]",
        "x[0,1]",
    ):
        answer = trace.why(symbol)
        assert answer.gradient == trace.value(f"dL/d{symbol}")
        assert fsum(path.product for path in answer.paths) == pytest.approx(
            answer.gradient, rel=1e-9, abs=1e-15
        )
        assert len(answer.paths) == answer.count and answer.rest == 0
        for path in answer.paths:
            assert path.product == prod(value for _, _, value in path.factors)
            assert len(path.names) == len(path.factors) + 1 == len(path.expressions) + 1
        assert max(map(text_width, str(answer).splitlines())) <= 80
    assert trace.why("W1[0,1]").new_value == trace.value("W1'[0,1]")


def test_several_samples_have_their_own_paths() -> None:
    answer = deep(rows=3).why("W4[0,1]")
    assert [share.row for share in answer.shares] == [0, 1, 2] and [p.row for p in answer.paths] == [0, 1, 2]
    assert fsum(share.total for share in answer.shares) == pytest.approx(answer.gradient, rel=1e-12)
    text = str(answer)
    assert "\nrow 3\n" in text and "path 3: w⁽⁴⁾₁,₂ → z⁽⁴⁾₃,₂ → L" in text
    assert [p.row for p in deep(rows=3).why("z4[2,0]").paths] == [2]
    assert "row 2 in all: " in str(deep(rows=3).why("W1[0,0]"))


def test_softmax_in_the_middle_has_a_factor_for_each_output() -> None:
    paths = deep().why("z2[1,2]").paths
    formulas = {path.factors[0].symbol: path.factors[0].formula for path in paths}
    assert formulas["da2[1,2]/dz2[1,2]"] == "a⁽²⁾₂,₃·(1 − a⁽²⁾₂,₃)"
    assert formulas["da2[1,0]/dz2[1,2]"] == "a⁽²⁾₂,₃·(−a⁽²⁾₂,₁)"
    spelled = deep(jacobian=True).why("W4[0,0]").paths
    assert {path.factors[-1].symbol for path in spelled} >= {"dL/da4[0,0]", "dL/da4[0,1]"}
    assert deep().why("W4[0,0]").paths[0].factors[-1].symbol == "dL/dz4[0,0]"


def test_the_optimizers_own_numbers_lead_to_the_new_value() -> None:
    trace = deep()
    answer = trace.why("W3[1,0]")
    assert [s.symbol for s in answer.updates] == ["lrt", "mW3'[1,0]", "vW3'[1,0]", "W3'[1,0]"]
    assert answer.updates[-1].value == answer.new_value == trace.value("W3'[1,0]")


def test_very_many_paths_are_elided_with_counts_and_their_exact_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = deep(rows=9, width=9).why("W1[0,0]")
    assert answer.count == len(answer.paths) == 9 * 9 * 9 * 2 * 2
    monkeypatch.setattr(why_module, "MOST", 100)
    short = deep(rows=9, width=9).why("W1[0,0]")
    assert short.count == answer.count and len(short.paths) == 99
    held = fsum(path.product for path in short.paths)
    assert short.rest == pytest.approx(answer.gradient - held, rel=1e-9)
    text = " ".join(str(short).split())
    assert "⋯ 322 more paths, together" in text and "⋯ 3 more rows with 972 paths, together" in text
    assert repr(short).startswith("<Why W1[0,0]: 2916 paths, gradient ")
    assert max(map(text_width, str(short).splitlines())) <= 80
    assert balanced(short.to_latex()) and "more paths, together" in short.to_latex()
    assert "more rows with 972 paths" in short.to_latex()


def test_elided_sums_are_true() -> None:
    answer = deep(rows=1, width=6).why("W1[0,0]")
    assert answer.count > why_text.SHOWN
    side = why_text.total(answer, "text")[0]
    numbers = [float(t.strip("+() ").replace("−", "-")) for t in side if "·" not in t]
    if len(numbers) == len(side):
        assert fsum(numbers) == pytest.approx(answer.gradient, abs=1e-4)
    assert f"⋯ {answer.count - 12} more paths, together" in str(answer)


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        ("W9[0,0]", "'W9[0,0]' has no gradient"),
        ("L", "'L' has no gradient"),
        ("y[0]", "'y[0]' has no gradient"),
        ("W1'[0,0]", "has no gradient"),
        ("", "'' has no gradient"),
        ("W1", "'W1' names no entry of W1: the last one is W1[1,3]."),
        ("W1[2,0]", "'W1[2,0]' names no entry of W1: the last one is W1[1,3]."),
        ("W1[0]", "names no entry of W1"),
        ("z1[9]", "the last one is z1[3]."),
        ("z1[x]", "'z1[x]' names no entry of z1"),
    ],
)
def test_unknown_symbols_are_refused_in_one_line_that_names_them(symbol: str, words: str) -> None:
    with pytest.raises(cn.exceptions.ParameterError) as caught:
        lecture().why(symbol)
    message = str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert words in message and "\n" not in message


def balanced(tex: str) -> bool:
    return tex.count("{") == tex.count("}") and tex.count("\\begin") == tex.count("\\end")


def test_it_shows_itself_in_latex_notebooks_and_terminals() -> None:
    answer = lecture().why("W1[0,2]")
    tex = answer.to_latex()
    assert "\\frac{\\partial z^{(2)}_{1}}{\\partial z^{(1)}_{3}} &= w^{(2)}_{3,1} = 3" in tex and balanced(
        tex
    )
    assert "\\text{product} &= 3 \\cdot 3 \\cdot 120.5 = 1084.5" in tex
    bundle = answer._repr_mimebundle_()
    assert bundle["text/plain"] == str(answer) and bundle["text/latex"].startswith("$$")
    out = io.StringIO()
    Console(file=out, width=80, force_terminal=True).print(answer)
    assert "\x1b[" in out.getvalue() and "1084.5" in out.getvalue()


@pytest.mark.slow
def test_its_latex_compiles(compiled: Any) -> None:
    assert "Overfull" not in compiled(deep(jacobian=True).why("W1[0,0]").to_latex(standalone=True), "why")


def test_factors_of_expressions_that_are_linear_in_gradients() -> None:
    d, e = Symbol("dL/da1[0]", 2.0), Symbol("dL/da1[1]", 3.0)
    a, b = Symbol("a1[0]", 0.5), Symbol("a1[1]", 4.0)

    def values(expression: Any) -> dict[str, float]:
        return {name: evaluate(c) for name, c in coefficients(expression).items()}

    assert values(a * (d - (a * d + b * e))) == {"dL/da1[0]": 0.25, "dL/da1[1]": -2.0}
    assert values(d / b + d) == {"dL/da1[0]": 1.25} and values(-d) == {"dL/da1[0]": -1.0}
    assert values(b - e) == {"dL/da1[1]": -1.0} and values(np.exp(a)) == {} and values(3.0) == {}
    assert coefficients(Expr("multiply", 2.0, d)) == {"dL/da1[0]": 2.0}


@pytest.mark.slow
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    activation=st.sampled_from(["relu", "sigmoid", "gelu", "softmax", "log_softmax", "elu", "identity"]),
    rows=st.integers(1, 3),
    seed=st.integers(0, 10**6),
)
def test_on_random_networks_the_paths_add_up(sizes: list[int], activation: str, rows: int, seed: int) -> None:
    classes = {
        "relu": cn.ReLU, "sigmoid": cn.Sigmoid, "gelu": cn.GELU, "softmax": cn.Softmax, "log_softmax": cn.LogSoftmax,
        "elu": cn.ELU, "identity": cn.Identity,
    }  # fmt: skip
    layers: list[Any] = []
    for n_in, n_out in pairwise(sizes):
        layers += [cn.Dense(n_in, n_out), classes[activation]()]
    net = cn.Network(layers, loss=cn.HalfSquaredError(), random_state=seed)
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(rows, sizes[0])), rng.normal(size=(rows, sizes[-1]))
    trace = cn.explain(net, X, y, learning_rate=0.1)
    for group in (g for g in trace.groups if g.name.startswith("dL/d")):
        for index in group.indices():
            answer = trace.why(group.symbol(index))
            size = fsum(abs(path.product) for path in answer.paths)
            assert abs(fsum(p.product for p in answer.paths) - answer.gradient) <= 1e-10 * size + 1e-15
