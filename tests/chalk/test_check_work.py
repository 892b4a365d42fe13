"""check_work: right, wrong, following from a wrong number; slips are injected by independent NumPy code."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import chalknet as cn


@pytest.fixture
def trace() -> Any:
    net = cn.Network([cn.Dense(2, 4), cn.Dense(4, 2)], loss=cn.MSE())
    net.layers[0].weights = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    net.layers[1].weights = [[1, 2], [0.5, 0.5], [3, 1], [2, 1]]
    net.layers[0].biases = net.layers[1].biases = 1
    return cn.explain(net, [[3, 5]], [[1, 0]], learning_rate=0.001)


def test_the_lectures_own_slip_is_named(trace: Any) -> None:
    report = cn.check_work(
        trace, {"z1[0]": 7.5, "dL/dz2[0]": 121.5, "dL/dW2[0, 0]": 911.25, "W2'[0,0]": 0.08875}
    )
    assert not report
    assert report.first_wrong == "dL/dz2[0]"
    right, slip, follows, new = report.rows
    assert (right.ok, right.right, right.given) == (True, 7.5, 7.5)
    assert (slip.ok, slip.follows, slip.slip) == (False, False, "prediction_for_error")
    assert (follows.symbol, follows.right, follows.follows) == ("dL/dW2[0,0]", 903.75, True)
    assert new.follows
    assert "121.5" in str(report)


def test_all_right_is_true_at_the_precision_given(trace: Any) -> None:
    report = cn.check_work(
        trace, {"z2[0]": 121.5, "L": 9213.25, "dL/db1[2]": 424, "L'": 196.56, "x[0]": 3, "W1[0,2]": None}
    )
    assert report
    assert report.first_wrong is None


@pytest.mark.parametrize(
    "answers", [{"z9[0]": 1.0}, {"nonsense": 1.0}, {"z1[0]": float("nan")}, {"z1[0]": "7"}]
)
def test_what_cannot_be_checked_is_named(trace: Any, answers: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)) as told:
        cn.check_work(trace, answers)
    assert next(iter(answers)) in str(told.value)
    assert "\n" not in str(told.value)


def forward(x: Any, parameters: list[Any]) -> dict[str, Any]:
    W1, b1, W2, b2 = parameters
    z1 = x @ W1 + b1
    a1 = 1 / (1 + np.exp(-z1))
    return {"z1": z1, "a1": a1, "z2": a1 @ W2 + b2}


def sheet(x: Any, y: Any, parameters: list[Any], slip: str) -> dict[str, float]:
    """A learner's whole sheet of a 2-3-2 sigmoid network under MSE, with one slip carried on."""
    W2 = parameters[2]
    at = forward(x, parameters)
    dz2 = 2 * (at["z2"] - y) / 2
    if slip == "sign":
        dz2 = -dz2
    if slip == "factor_two":
        dz2 = 2 * dz2
    if slip == "prediction_for_error":
        dz2 = 2 * at["z2"] / 2
    da1 = dz2 @ W2.T
    slope = at["a1"] * (1 - at["a1"])
    if slip == "activation_forgotten":
        slope = np.ones_like(slope)
    dz1 = da1 * slope
    numbers = {**at, "dL/dz2": dz2, "dL/da1": da1, "dL/dz1": dz1, "dL/dW2": np.outer(at["a1"], dz2)}
    numbers["dL/dW1"] = np.outer(x, dz1)
    if slip == "input_forgotten":
        numbers["dL/dW1"] = np.outer(np.ones(2), dz1)
    out = {}
    for name, value in numbers.items():
        for place in np.ndindex(value.shape):
            out[f"{name}[{','.join(map(str, place))}]"] = round(float(value[place]), 4)
    return out


@pytest.mark.parametrize(
    "slip", ["", "sign", "prediction_for_error", "activation_forgotten", "input_forgotten", "factor_two"]
)
def test_an_injected_slip_is_named_and_right_work_is_right(slip: str) -> None:
    named, tries = 0, 12
    for seed in range(tries):
        rng = np.random.RandomState(seed)
        net = cn.Network([cn.Dense(2, 3), cn.Sigmoid(), cn.Dense(3, 2)], loss=cn.MSE())
        net.parameters = rng.uniform(-1.5, 1.5, net.parameters.size)
        x, y = rng.uniform(0.5, 2, 2), rng.uniform(0.5, 2, 2)
        parameters = [
            net.layers[0].weights,
            net.layers[0].biases[0],
            net.layers[2].weights,
            net.layers[2].biases[0],
        ]
        report = cn.check_work(cn.explain(net, [x], [y], learning_rate=0.1), sheet(x, y, parameters, slip))
        if not slip:
            assert report, str(report)
            continue
        assert not report
        wrong = [row for row in report.rows if not row.ok and not row.follows]
        named += wrong[0].slip == slip or slip in wrong[0].reason
    assert not slip or named >= 0.9 * tries


def test_numbers_are_compared_as_exactly_as_they_were_given(trace: Any) -> None:
    def ok(symbol: str, value: Any) -> bool:
        return bool(cn.check_work(trace, {symbol: value}))

    assert ok("L'", 196.56121)
    assert ok("L'", 196.6)
    assert ok("L'", 197)
    assert not ok("L'", 196.55)
    assert not ok("L'", 196.57)
    assert ok("W1'[0,0]", -0.24)
    assert not ok("W1'[0,0]", -0.2364)
    assert ok("z2'[0]", trace.value("z2'[0]"))
    assert not ok("z2'[0]", trace.value("z2'[0]") * (1 + 1e-8))


def test_blanks_and_rounded_numbers_are_recomputed_from_the_learners_own(trace: Any) -> None:
    # 0.75 rounded to 0.8 and taken on: right, though the exact value rounds to something else
    rounded = {"b1'[0]": 0.8, "W1'[0,0]": -0.2, "W1'[1,0]": -0.2, "z1'[0]": -0.8}
    report = cn.check_work(trace, rounded)
    assert report, str(report)
    assert report.rows[-1].reason == "right, from your own rounded numbers"
    assert not cn.check_work(trace, {"z1'[0]": -0.8})
    # through a blank: dL/dW1 was not written down
    report = cn.check_work(
        trace, {"dL/dz1[0]": 246.5, "dL/dW1[0,0]": None, "W1'[0,0]": 0.5 - 0.001 * 3 * 246.5}
    )
    assert [(row.ok, row.follows) for row in report.rows] == [(False, False), (False, True)]
    assert "dL/dz1[0]" in report.rows[1].reason


def test_a_slip_in_a_blank_is_found(trace: Any) -> None:
    report = cn.check_work(trace, {"dL/dW2[0,0]": 911.25})
    assert report.rows[0].slip == "prediction_for_error"
    assert "in dL/dz2" in report.rows[0].reason


def test_rows_stand_in_the_calculations_order_whatever_was_answered_first(trace: Any) -> None:
    answers = {
        "L'": 1.0,
        "W2'[1,0]": 1.0,
        "dL/dx[1]": 1004.25,
        "z1[3]": 12.5,
        "y[0]": 1,
        "W1[0,2]": 7,
        "z1[0]": 7.5,
    }
    rows = cn.check_work(trace, answers).rows
    assert [row.symbol for row in rows] == ["y[0]", "W1[0,2]", "z1[0]", "z1[3]", "dL/dx[1]", "W2'[1,0]", "L'"]


def test_a_wrong_given_number_is_the_cause_of_what_follows(trace: Any) -> None:
    report = cn.check_work(trace, {"x[1]": 4.0, "z1[0]": 6.5, "z2[0]": 120.5})
    first = report.rows[0]
    assert (first.ok, first.follows, first.slip) == (False, False, "arithmetic")
    assert report.rows[1].follows
    assert "x[1]" in report.rows[1].reason


def test_style_does_not_matter_and_spellings_neither(trace: Any) -> None:
    net = cn.Network([cn.Dense(2, 2), cn.Sigmoid(), cn.Dense(2, 1)], loss=cn.MSE(), random_state=0)
    x, y = [[1.0, 2.0], [0.5, -1.0]], [[1.0], [0.0]]
    node, matrix = (
        cn.explain(net, x, y, style=style, learning_rate=0.5, steps=2) for style in ("node", "matrix")
    )
    answers = {
        "z1 [1, 0]": round(node.value("z1[1,0]"), 3),
        "∂L/∂W1′[0,1]": 0.3,
        "a1[0,1]": 0.1,
        "l[1]": 9.0,
        "L''": 0.5,
    }
    one, two = cn.check_work(node, answers), cn.check_work(matrix, answers)
    assert one == two
    assert [row.symbol for row in one.rows] == ["z1[1,0]", "a1[0,1]", "l[1]", "dL/dW1'[0,1]", "L''"]
    every = {s.symbol: s.value for s in node.steps}
    assert cn.check_work(matrix, every)


def test_an_optimizer_with_slots_clipping_penalties_and_dropout_is_checked_too() -> None:
    net = cn.Network([cn.Dense(3, 3), cn.Tanh(), cn.Dropout(0.4), cn.Dense(3, 2), cn.Softmax()],
                     loss=cn.CategoricalCrossEntropy(), random_state=1)  # fmt: skip
    x, y = np.round(np.random.RandomState(0).randn(3, 3), 2), np.eye(2)[[0, 1, 1]]
    net.fit(x, y, optimizer=cn.Adam(0.1), epochs=2, batch_size=3, l2=0.1, clip_norm=0.01)
    trace = cn.explain(net, x, y)
    exact = {s.symbol: round(s.value, 6) for s in trace.steps}
    assert cn.check_work(trace, exact)
    wrong = {**exact, "dL/dW2[0,1]": round(-exact["dL/dW2[0,1]"], 6)}
    report = cn.check_work(trace, wrong)
    assert report.first_wrong == "dL/dW2[0,1]"
    assert report.rows[[r.symbol for r in report.rows].index("dL/dW2[0,1]")].slip == "sign"
    blank = cn.check_work(trace, {"L'": 0.001, "W1'[0,0]": 5.0, "dL/dW1[0,0]": 3.0})
    assert not blank


def test_where_the_textbooks_form_overflows_another_is_taken() -> None:
    net = cn.Network([cn.Dense(1, 1), cn.Softplus(), cn.Dense(1, 1)], loss=cn.MSE())
    net.layers[0].weights, net.layers[2].weights = [[2.0]], [[1.0]]
    net.layers[0].biases = net.layers[2].biases = 0.0
    trace = cn.explain(net, [[1.0]], [[1.0]], learning_rate=0.01)
    report = cn.check_work(trace, {"z1[0]": 2000.0, "z2[0]": 2000.0, "L": 1999.0**2})
    assert [row.follows for row in report.rows] == [False, True, True]


def test_overflowed_traces_and_infinite_answers() -> None:
    net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE())
    net.layers[0].weights, net.layers[0].biases = [[1e200]], 0.0
    trace = cn.explain(net, [[1.0]], [[1.0]], learning_rate=0.1)
    inf = float("inf")
    assert cn.check_work(trace, {"L": inf})
    assert not cn.check_work(trace, {"L": 3.0})
    assert not cn.check_work(trace, {"z1[0]": inf})


@pytest.mark.slow
def test_a_large_network_does_not_keep_one_waiting() -> None:
    net = cn.Network([cn.Dense(64, 100), cn.ReLU(), cn.Dense(100, 10)], loss=cn.MSE(), random_state=0)
    rng = np.random.RandomState(0)
    trace = cn.explain(net, rng.randn(4, 64), rng.randn(4, 10), learning_rate=0.01, style="matrix")
    report = cn.check_work(
        trace, {"z1[0,0]": 1.0, "dL/dW1[3,3]": 2.5, "L'": 0.1, "z2[0,1]": trace.value("z2[0,1]")}
    )
    assert [row.ok for row in report.rows].count(True) == 1


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"z1[4]": 1.0}, ["z1[4]", "z1[0] to z1[3]"]),
        ({"z1": 1.0}, ["'z1'", "z1[0]"]),
        ({"L[0]": 1.0}, ["L[0]", "one number"]),
        ({"W1[0]": 1.0}, ["W1[0]", "W1[0,0] to W1[1,3]"]),
        ({"a2[0]": 1.0}, ["a2[0]", "no activation", "z2"]),
        ({"dL/da1[0]": 1.0}, ["dL/da1[0]", "dL/dz1"]),
        ({"dL/dWW1[0,0]": 1.0}, ["dL/dWW1[0,0]", "did you mean dL/dW1"]),
        ({"z1[0]x": 1.0}, ["z1[0]x"]),
        ({"z1[,]": 1.0}, ["z1[,]"]),
        ({"": 1.0}, ["''"]),
        ({"z\n1": 1.0}, ["z\\n1"]),
        ({"z1[0]": 1.0, "z1 [0]": 2.0}, ["z1[0]", "twice"]),
        ({3: 1.0}, ["3"]),
        ([1.0], ["mapping", "[1.0]"]),
    ],
)
def test_errors_say_what_is_there(trace: Any, answers: Any, words: list[str]) -> None:
    with pytest.raises((ValueError, TypeError)) as told:
        cn.check_work(trace, answers)
    assert all(word in str(told.value) for word in words), str(told.value)
    assert "\n" not in str(told.value)


def test_a_trace_is_needed() -> None:
    with pytest.raises(TypeError, match="trace of explain"):
        cn.check_work({}, {"z1[0]": 1.0})  # type: ignore[arg-type]


def test_the_report_prints_as_a_table(trace: Any) -> None:
    answers = {"z1[0]": 7.5, "L": 1e6, "dL/dz2[0]": 121.5, "dL/db2[0]": 121.5, "dL/dz2[1]": 63.0}
    report = cn.check_work(trace, answers)
    text = str(report)
    assert repr(report) == text
    first, heading, *lines = text.splitlines()
    assert (
        first
        == "1 of 5 right; the first wrong number is L, and 1 of the others only follows from a wrong number."
    )
    assert heading.split() == ["symbol", "given", "right"]
    assert [line[0] for line in lines] == ["✓", "✗", "✗", "✗", "↳"]
    assert "no known slip" in lines[1]
    assert "arithmetic" in lines[3]
    assert str(cn.check_work(trace, {"z1[0]": 7.5})).startswith("All right: 1 of 1.")
    empty = cn.check_work(trace, {"z1[0]": None})
    assert empty
    assert empty.rows == ()
    assert str(empty) == "Nothing was answered yet."
    two = cn.check_work(trace, {"dL/dz2[0]": 121.5, "dL/db2[0]": 121.5, "b2'[0]": 0.8785})
    assert "2 of the others only follow" in str(two)
    assert "from a wrong number" not in str(cn.check_work(trace, {"L": 1.0}))


def test_rich_prints_it_with_colours(trace: Any) -> None:
    from rich.console import Console

    console = Console(record=True, width=100, force_terminal=True, file=io.StringIO())
    console.print(cn.check_work(trace, {"z1[0]": 7.5, "dL/dz2[0]": 121.5, "dL/db2[0]": 121.5}))
    console.print(cn.check_work(trace, {}))
    text = console.export_text(clear=False)
    assert "prediction_for_error" in text
    assert "Nothing was answered yet." in text
    assert "\x1b[32m" in console.export_text(styles=True)
