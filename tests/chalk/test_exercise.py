"""Exercises: the demands on their numbers hold for every seed; sheets ask, solutions answer."""

from __future__ import annotations

import html.parser
import re

import numpy as np
import pytest

import chalknet as cn
from chalknet.chalk import friendly
from chalknet.exceptions import ParameterError, UnknownNameError
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES
from chalknet.maths.rows import ROW_ACTIVATIONS

NAMES = (*ACTIVATIONS, *ROW_ACTIVATIONS)
SIZES = [(2, 4, 2), (1, 1), (3, 2, 1), (2, 3, 3, 2), (4, 5, 3), (3, 3), (2, 2, 2, 2)]


def short(values, decimals=6):
    return np.allclose(values, np.round(values, decimals), rtol=0, atol=1e-10)


def demand(made):
    """What holds for every exercise."""
    trace, net = made.trace, made.network
    given = [made.x, made.y, net.parameters]
    for numbers in given:
        assert np.array_equal(np.round(4 * numbers), 4 * numbers)
        assert np.abs(numbers).max() <= 10
    assert all(np.isfinite(g.value).all() for g in trace.groups)
    assert trace.value("L'") < trace.value("L")
    last = max(n for n in range(9) if f"dL/dW{n}" in {g.name for g in trace.groups})
    weights = range(1, last + 1) if "step" not in made.activation else [last]
    assert all(np.any(trace.array(f"dL/dW{n}") != 0) for n in weights)
    for layer in net.layers:  # not all units dead
        if isinstance(layer, cn.ReLU):
            assert np.any(layer.output > 0)
    assert net.forward(made.x).tolist() == trace.array(trace.book.stages[-1].target).tolist()


def demand_short(made, again=True):
    """What holds with ReLU and a loss without endless decimals; `again`: in the pass after the update too."""
    for group in made.trace.groups:
        if group.name[0] in "za" and (again or group.primes == 0):
            assert short(group.value), (made, group.name, group.value)
        if group.name.startswith("dL") or re.match(r"[Wb]\d'", group.name):
            assert short(group.value), (made, group.name, group.value)


@pytest.mark.parametrize("layers", [*SIZES, (1, 1, 1), (2, 1), (1, 2)])
def test_relu_needs_no_calculator_and_seeds_differ(layers):
    seeds = range(100 if len(layers) < 4 else 40)
    sheets = set()
    for seed in seeds:
        made = cn.exercise(layers=layers, seed=seed)
        demand(made)
        demand_short(made)
        assert not isinstance(made.network.layers[-1], cn.ReLU)
        sheets.add(
            (made.x.tobytes(), made.y.tobytes(), made.network.parameters.tobytes(), made.learning_rate)
        )
    assert len(sheets) == len(seeds)


@pytest.mark.parametrize(
    "layers", [(3, 4, 3), (5, 7, 6, 5), (10, 20, 9), (2, 4, 7), (8, 1, 8, 1), (12, 10, 12)]
)
def test_wide_layers_and_odd_numbers_of_outputs_stay_short(layers):
    for seed in range(2):
        made = cn.exercise(layers=layers, seed=seed)
        demand(made)
        demand_short(made, again=False)


# whose pieces are straight lines of short slopes, and losses whose slopes are short
STRAIGHT = ("identity", "step", "relu", "relu6", "leaky_relu", "hard_tanh")
PLAIN = (
    *("squared_error", "half_squared_error", "absolute_error", "huber", "quantile", "hinge", "squared_hinge"),
)


def demand_what_is_allowed(made):
    """Everything, and short numbers unless something makes them long, whatever is drawn.

    That is the mean over three outputs where a loss's slopes are all 1 in size. In the pass after the update ReLU alone
    keeps them short.
    """
    demand(made)
    if made.layers[-1] != 3 or made.loss not in ("absolute_error", "quantile", "hinge"):
        demand_short(made, again=made.activation == "relu")


@pytest.mark.parametrize("name", STRAIGHT)
def test_what_the_activation_allows_needs_no_calculator(name):
    for k, loss in enumerate(PLAIN):
        made = cn.exercise(layers=SIZES[k % len(SIZES)], activation=name, loss=loss, seed=k)
        demand_what_is_allowed(made)


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_every_loss_with_every_activation(loss):
    for k, name in enumerate(NAMES):
        for layers in ((2, 4, 2), (2, 3, 2, 4 if LOSSES[loss].d_p else 3))[: 1 + (k % 4 == 0)]:
            made = cn.exercise(layers=layers, activation=name, loss=loss, seed=k)
            demand(made)
            if name == "relu" and layers[-1] == 2 and loss in PLAIN:
                demand_short(made)


@pytest.mark.slow
@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_the_whole_cross(loss):
    row = LOSSES[loss]
    sizes = [n for n in SIZES if n[-1] > 1 or not (row.rows and row.targets == (0.0, 1.0))]
    sizes = [n for n in sizes if not (row.d_p and n[-1] % 2)]
    for k, name in enumerate(NAMES):
        holds = demand_what_is_allowed if name in STRAIGHT and loss in PLAIN else demand
        for seed in range(k % 10, 100, 10):  # all hundred seeds over ten activations
            holds(cn.exercise(layers=sizes[seed % len(sizes)], activation=name, loss=loss, seed=seed))


def test_a_seed_gives_the_same_sheet_for_ever():
    made = cn.exercise()
    assert made.to_text(answers=True) == cn.exercise((2, 4, 2), "relu", "mse", 0).to_text(answers=True)
    assert repr(made) == "exercise((2, 4, 2), activation='relu', loss='squared_error', seed=0)"
    assert made.learning_rate == 0.01
    assert made.x.tolist() == [[-1, 3]]
    assert made.y.tolist() == [[7, -2]]
    assert made.network.parameters.tolist() == [
        *[-2, 1, -2, -1, -2, 1, 2, -1, 0, 2, 0, -2],
        *[-1, 1, -2, 2, 2, -1, 2, 1, 0, -1],
    ]  # fmt: skip
    other = cn.exercise(activation="sigmoid", loss="cross_entropy", seed=2**40)
    assert other.x.tolist() == [[-1, -0.5]]
    assert other.y.tolist() == [[1, 0]]
    assert other.network.parameters[:8].tolist() == [-0.25, 0.25, 0.25, -1, 0.25, -1, 0.5, -0.25]
    assert other.learning_rate == 0.5


def test_targets_are_what_the_loss_takes():
    assert cn.exercise(loss="cross_entropy", layers=(2, 3)).y.sum() == 1
    assert cn.exercise(loss="sparse_categorical_cross_entropy", layers=(2, 3)).y.shape == (1,)
    assert set(cn.exercise(loss="hinge", layers=(2, 3)).y.ravel()) <= {-1, 1}
    assert set(cn.exercise(loss="log_loss", layers=(2, 3)).y.ravel()) <= {0, 1}
    assert cn.exercise(loss="poisson").y.min() >= 0
    assert cn.exercise(loss="gaussian").y.shape == (1, 1)
    with pytest.raises(
        ParameterError, match=r"gaussian takes 2 outputs for each target, so the last .* is even"
    ):
        cn.exercise(layers=(2, 3), loss="gaussian")


def test_the_trace_is_explains_and_answers_are_checked_against_it():
    made = cn.exercise(activation="tanh", seed=4)
    same = cn.explain(made.network, made.x, made.y, learning_rate=made.learning_rate)
    assert made.trace.value("L'") == same.value("L'")
    answers = {s.symbol: s.value for s in made.trace.steps}
    assert cn.check_work(made.trace, answers)
    answers["dL/dz2[1]"] *= -1
    assert cn.check_work(made.trace, answers).first_wrong == "dL/dz2[1]"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": (2,)}, ["layers", "(2, 4, 2)"]),
        ({"layers": (2, 0)}, ["layers", "0"]),
        ({"layers": (2, 1.5)}, ["layers", "1.5"]),
        ({"layers": 3}, ["layers", "3"]),
        ({"layers": "242"}, ["layers", "'242'"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"layers": (2, 1), "loss": "cross_entropy"}, ["classes", "2"]),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(options, words):
    with pytest.raises(ParameterError) as told:
        cn.exercise(**options)
    assert all(word in str(told.value) for word in ("exercise", *words))
    assert "\n" not in str(told.value)


def test_unknown_names_are_named():
    with pytest.raises(UnknownNameError, match="rellu"):
        cn.exercise(activation="rellu")
    with pytest.raises(UnknownNameError, match="mes"):
        cn.exercise(loss="mes")


def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(friendly, "rate_of", lambda made, demands: None)
    with pytest.raises(ParameterError, match="fewer units"):
        cn.exercise(layers=(1, 1))


CASES = [
    {},
    {"activation": "sigmoid", "loss": "softmax_cross_entropy", "seed": 3},
    {"layers": (2, 3, 3, 2), "seed": 5},
    {"activation": "softmax", "loss": "sparse_categorical_cross_entropy"},
    {"activation": "gelu", "loss": "huber", "layers": (3, 2, 1)},
    {"layers": (1, 12, 1), "activation": "leaky_relu", "loss": "binary_cross_entropy_logits"},
]


def numbers_of(text):
    return re.findall(
        r"\d+\.\d{2,}", re.sub(r"<style>.*?</style>|\\hspace\{[^}]*\}|\{3.2ex\}", "", text, flags=re.DOTALL)
    )


@pytest.mark.parametrize("options", CASES)
def test_the_sheet_asks_and_the_solution_answers(options):
    made = cn.exercise(**options)
    asked = [g for g in made.trace.groups if g.name != "dL/dx"]
    values = [abs(v) for g in asked for v in g.value.ravel() if abs(v) < 1e6]
    for write in (made.to_text, made.to_latex, made.to_html):
        sheet, solution = write(), write(answers=True)
        assert sheet.count("\n") > 20
        assert "Exercise" in sheet
        assert "Solution" in solution
        rate = f"{made.learning_rate:g}"
        assert rate in sheet
        assert rate in solution
        known = {f"{abs(v):g}" for v in (*made.x.ravel(), *made.y.ravel(), *made.network.parameters)} | {rate}
        if options.get("activation") not in ("gelu", "leaky_relu"):  # whose formulas hold numbers
            assert {float(text) for text in numbers_of(sheet)} <= {float(k) for k in known}
        shown = {float(text) for text in numbers_of(solution)}
        missing = [
            v
            for v in values
            if not short(v, 1) and v > 0.001 and not any(abs(v - s) <= 5.1e-5 for s in shown)
        ]
        assert not missing
        assert "prediction minus target" not in sheet


def test_text_fits_eighty_columns():
    for options in CASES:
        made = cn.exercise(**options)
        for text in (made.to_text(), made.to_text(answers=True)):
            assert all(len(line) <= 80 for line in text.splitlines())
    asked = [g for g in cn.exercise().trace.groups if g.name != "dL/dx"]
    assert len(re.findall("_+", cn.exercise().to_text())) == sum(g.value.size for g in asked)


def test_latex_compiles(compiled):
    for k, options in enumerate(CASES):
        made = cn.exercise(**options)
        for answers in (False, True):
            said = compiled(made.to_latex(answers), f"s{k}{int(answers)}")
            assert "Overfull" not in said, said[-2000:]


class Tags(html.parser.HTMLParser):
    """Tags that are opened are closed; what is asked for elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.addresses, self.blanks = [], [], 0

    def handle_starttag(self, tag, attrs):
        self.blanks += ("class", "blank") in attrs
        self.addresses += [v for k, v in attrs if k in ("src", "href") and not v.startswith("#")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_one_page_by_itself():
    for options in CASES:
        made = cn.exercise(**options)
        for answers in (False, True):
            page = made.to_html(answers)
            tags = Tags()
            tags.feed(page)
            assert (tags.open, tags.addresses) == ([], [])
            assert "http" not in re.sub(r"http://www.w3.org/\S+", "", page)
            assert page.startswith("<!DOCTYPE html>")
            assert (tags.blanks == 0) == answers
            assert 'name="viewport"' in page
