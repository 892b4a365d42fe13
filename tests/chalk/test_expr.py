"""Expressions over symbols, and how their numbers are printed so that equations are true."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.chalk.expr import (
    Expr,
    Symbol,
    add_up,
    evaluate,
    parts,
    replace,
    settle,
    simplified,
    symbols_of,
    unguarded,
)
from chalknet.chalk.numbers import (
    digits_needed,
    half_unit,
    printed_value,
    shown,
    tolerance,
    trimmed,
    written,
)
from chalknet.chalk.numerals import digits
from chalknet.chalk.printers import Python
from chalknet.maths.ops import erf, erfc, where, xlogy

X, Y = Symbol("x", 3.0), Symbol("y", 0.5)
FORMULAS = {
    "sums": lambda x, y: x + y - 2.0 * x / (1.0 + y) - (x - y),
    "powers": lambda x, y: x * x + (x - y) ** 2.0 + (2.0 * y) * y,
    "functions": lambda x, y: np.exp(-x) + np.log(x) * np.log1p(y) - np.expm1(y) + np.tanh(x) + np.sqrt(x),
    "waves": lambda x, y: np.sin(x) * np.cos(y) + erf(y) + erfc(x) + np.abs(y - x),
    "largest": lambda x, y: np.maximum(x, y) - np.minimum(x, y),
    "cases": lambda x, y: (
        where(x > y, where(x <= y, x, -y), 7.0) + xlogy(x, y) + xlogy(0.0 * x, y) + np.sign(x - y)
    ),
    "floor": lambda x, y: (
        np.floor(x) + where((x == y) & (x != x), 1.0, 0.0) if isinstance(x, float) else np.floor(x)
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_an_expression_has_its_formulas_value_and_prints_it(name):
    formula = FORMULAS[name]
    e, value = formula(X, Y), float(formula(3.0, 0.5))
    assert evaluate(e) == pytest.approx(value, rel=1e-15)
    assert evaluate(e, {"x": 2.0, "y": 1.5}) == pytest.approx(float(formula(2.0, 1.5)), rel=1e-15)
    assert printed_value(settle(e), None) == pytest.approx(value, rel=1e-14)
    words = {k: getattr(math, k) for k in dir(math)} | {"abs": abs, "max": max, "min": min}
    assert eval(Python(digits(None))(e), {"__builtins__": {}}, words) == pytest.approx(value, rel=1e-14)


def test_symbols_by_name_in_the_order_of_their_first_use():
    assert list(symbols_of(Y * X + Y)) == ["y", "x"]
    assert symbols_of(2.0) == {}


def test_a_part_that_occurs_twice_comes_once():
    twice = X + Y
    assert [part.op for part in parts(twice * twice)] == ["symbol", "symbol", "add", "multiply"]


def test_a_sum_of_thousands_of_terms():
    total = add_up([X * float(k) for k in range(5000)])
    assert evaluate(total) == 3.0 * 5000 * 4999 / 2
    assert len(symbols_of(replace(total, {id(X): Y}))) == 1
    assert printed_value(settle(simplified(total)), None) == evaluate(total)


def test_an_expression_evaluates_to_a_plain_number():
    assert evaluate(2.5) == 2.5 and type(evaluate(np.exp(X))) is float


def test_replacing_parts():
    inner = X + 1.0
    assert evaluate(replace(inner * Y, {id(inner): Symbol("z", 10.0)})) == 5.0
    untouched = X * Y
    assert replace(untouched, {}) is untouched and replace(2.0, {}) == 2.0
    assert replace(X, {id(X): 7.0}) == 7.0


def test_expressions_within_arrays_and_over_matrices():
    row = np.array([X, Y], object)
    assert [evaluate(e) for e in np.exp(2.0 * row) + X] == [math.exp(6.0) + 3.0, math.exp(1.0) + 3.0]
    matrix = Symbol("z", np.array([[1.0, 5.0], [2.0, 3.0]]))
    assert evaluate(np.max(matrix, axis=1, keepdims=True)).tolist() == [[5.0], [3.0]]
    assert evaluate(np.sum(matrix, axis=0, keepdims=True)).tolist() == [[3.0, 8.0]]
    assert evaluate(Expr("norm", matrix)) == math.sqrt(39.0)
    for odd in (lambda: np.sum(matrix, axis=2), lambda: np.add.reduce(X)):
        with pytest.raises(TypeError):
            odd()
    with pytest.raises(AttributeError):
        _ = X.real


def test_comparisons_are_decided_by_the_present_values():
    assert bool(X > Y) and not bool(X < Y)
    assert hash(X) == hash(X)


@pytest.mark.parametrize(
    ("e", "same"),
    [
        (0.0 * X + Y, Y),
        (Y + 0.0 * X, Y),
        (Y - X * 0.0, Y),
        (1.0 * X, X),
        (X * 1.0, X),
        (X**1.0, X),
        (np.exp(Expr("subtract", 1.0, 1.0)) * X, X),
    ],
)
def test_what_changes_nothing_is_left_out(e, same):
    assert simplified(e) is same


def test_other_constants_stay_as_they_are_written():
    assert simplified(Expr("divide", 0.1, 3.0) * X).args[0].op == "divide"
    assert simplified(0.0 - X).op == "subtract" and simplified(2.0) == 2.0
    assert simplified(np.exp(X)).op == "exp"


def test_guards_against_a_division_by_0_are_no_part_of_a_textbook():
    e = unguarded(Y / np.maximum(X, 1e-37) + np.maximum(X, 0.0))
    assert Python(digits(4))(e) == "0.5/3 + max(3, 0)"
    assert unguarded(1.0) == 1.0


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (9213.25, 4, "9213.25"), (-12.73375, 3, "-12.734"), (-0.00004, 4, "-4e-05"), (0.0, 4, "0"), (-0.0, 2, "0"),
        (0.00012346, 4, "0.0001235"), (0.001, 4, "0.001"), (1.5e-8, 4, "1.5e-08"), (2e15, 4, "2e+15"),
        (0.37, 1, "0.4"), (0.0169, 1, "0.02"), (0.5, 0, "0"), (1234567890123.4567, 6, "1234567890123.46"),
        (math.inf, 4, "inf"), (-math.inf, 4, "-inf"), (math.nan, 4, "nan"), (1e-300, 2, "1e-300"),
    ],
)  # fmt: skip
def test_numbers_as_they_are_printed(value, decimals, text):
    assert shown(value, decimals) == text


@given(st.floats(-1e300, 1e300), st.integers(0, 12))
def test_a_printed_number_is_within_half_a_unit(value, decimals):
    assert abs(float(shown(value, decimals)) - value) <= tolerance(value, decimals) * (
        1 + 1e-6
    ) + 1e-15 * abs(value)


def test_the_largest_floats_round_to_infinity_and_are_not_taken_for_an_operand():
    assert printed_value(settle(Symbol("z", 1.7e308) * 1e-300), 0) is None


def test_half_units_and_zeros():
    assert half_unit("12.50") == 0.005 and half_unit("7") == 0.5 and half_unit("1.5e3") == 50.0
    assert trimmed("100") == "100" and trimmed("0.50") == "0.5"


def test_operands_get_the_digits_that_the_result_needs():
    big, small = Symbol("a", 12345.678912), Symbol("b", 0.987654321)
    value = 12345.678912 * 0.987654321
    fits, needed = digits_needed(big * small, value, 2)
    assert fits and needed > 2
    assert shown(printed_value(big * small, needed), 2) == shown(value, 2)
    assert digits_needed(big * small, math.nan, 2) == (False, 2)
    assert digits_needed(big * small, 1.0, 2) == (False, 2)


def test_the_first_form_that_is_true_is_taken():
    z = Symbol("z", -800.0)
    forms = [1.0 / (1.0 + np.exp(-z)), np.exp(z)]
    w = written(forms, 0.0, 4)
    assert (w.form, w.true, w.expr) == (1, True, forms[1])
    none = written(forms[:1], 0.0, 4)
    assert (none.form, none.true, none.expr) == (0, False, forms[0])
    assert written([], 2.0, 4).expr is None
    assert written([0.0], 0.0, 4).true


def test_a_plain_power_of_0_is_not_printed():
    zero = Symbol("z", 0.0)
    assert printed_value(zero**-1.0, 4) is None
    assert printed_value(np.log(zero), 4) is None
    assert printed_value(1e308 * (X * 1e5), 4) is None


@pytest.mark.parametrize(("terms", "left"), [((0.1, 0.2, -0.3), 0.0), ((1.0, 1e-9, -1.0), 1e-9)])
def test_terms_that_cancel(terms, left):
    symbols = [Symbol(f"t{k}", v) for k, v in enumerate(terms)]
    last_digit_apart = sum(terms) * (1 + 1e-5)
    w = written([add_up(symbols)], last_digit_apart, 6)
    assert w.true
    assert w.value == left or w.value == sum(terms)
