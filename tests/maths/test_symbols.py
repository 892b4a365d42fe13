"""Every formula passes symbols through unevaluated, in a small vocabulary: LaTeX, C and ONNX can be read off it."""

import types

import numpy as np
import pytest
from scipy import special

from chalknet.maths import classification, piecewise, regression, rows, smooth
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.schedules import SCHEDULES

VOCABULARY = {
    *("add", "subtract", "multiply", "divide", "power", "negative", "absolute", "sign"),
    *("greater", "greater_equal", "less", "less_equal", "equal", "maximum", "minimum", "where"),
    *("exp", "expm1", "log", "log1p", "sqrt", "tanh", "sin", "cos", "floor", "erf", "erfc", "xlogy"),
    *("max", "sum"),  # over rows
}
FORMULAS = {
    **{f"{row.name}.{part}": (getattr(row, part), "zap" if part.startswith("d") else "zp")
       for row in ACTIVATIONS.values() for part in ("f", "df", "textbook", "d_textbook") if getattr(row, part)},
    **{f"{row.name}.{part}": (getattr(row, part), "yap")
       for row in LOSSES.values() for part in ("f", "df", "textbook", "d_textbook") if getattr(row, part)},
    **{f"{row.name}.f": (row.f, "z") for row in rows.ROW_ACTIVATIONS.values()},
    **{f"{row.name}.vjp": (row.vjp, "ad") for row in rows.ROW_ACTIVATIONS.values()},
    **{f"{row.name}.textbook": (row.textbook, "z") for row in rows.ROW_ACTIVATIONS.values()},
}  # fmt: skip
CONSTANT = {"identity.d_textbook", "step.d_textbook"}  # numbers, not expressions


def value(e, given):
    """The expression's number, by NumPy's functions of the same names."""
    if not hasattr(e, "op"):
        return e
    if e.op == "symbol":
        return given[e.args[0]]
    f = getattr(np, e.op, None) or getattr(special, e.op)
    return f(*(value(a, given) for a in e.args), **{k: value(a, given) for k, a in e.kwargs.items()})


@pytest.mark.parametrize("name", FORMULAS)
def test_symbols_pass_and_the_expression_has_the_formulas_value(name, exact):
    f, letters = FORMULAS[name]
    expression = f(*(exact.Symbol("symbol", letter) for letter in letters))
    given = dict(zip("zapyd", (0.7, 0.4, 0.9, 1.0, -0.3), strict=True))
    if name.split(".")[0] in {*rows.ROW_ACTIVATIONS, "softmax_cross_entropy"}:
        given = {k: np.array([[v, 0.5, -v]]) for k, v in given.items()}
    if name in CONSTANT:
        assert isinstance(expression, float)
        return
    assert expression.operations() <= VOCABULARY
    np.testing.assert_allclose(value(expression, given), f(*(given[k] for k in letters)), rtol=1e-14)


@pytest.mark.parametrize("row", OPTIMIZERS.values(), ids=lambda row: row.name)
def test_symbols_pass_through_a_step(row, exact):
    h = tuple(exact.Symbol("symbol", name) for name in row.hyper)
    c = row.scales(exact.Symbol("symbol", "lr"), exact.Symbol("symbol", "t"), h)
    slots = tuple(exact.Symbol("symbol", name) for name in row.slots)
    w, new = row.step(exact.Symbol("symbol", "w"), exact.Symbol("symbol", "g"), slots, c)
    assert w.operations() | set().union(*(s.operations() for s in new)) <= VOCABULARY
    given = {"lr": 0.1, "t": 3.0, "w": 2.0, "g": 0.5, **row.hyper, **dict.fromkeys(row.slots, 0.25)}
    old = tuple(0.25 for _ in row.slots)
    numbers, slots = row.step(2.0, 0.5, old, row.constants(0.1, 3.0))
    assert value(w, given) == pytest.approx(numbers, rel=1e-15)
    assert [value(s, given) for s in new] == pytest.approx(list(slots), rel=1e-15)


@pytest.mark.parametrize("row", SCHEDULES.values(), ids=lambda row: row.name)
def test_symbols_pass_through_a_schedule(row, exact):
    names = ("step", "total", "epoch", "samples")
    clock = tuple(exact.Symbol("symbol", name) for name in names)
    rate = row.rate(exact.Symbol("symbol", "lr"), clock, tuple(row.hyper.values()))
    assert rate.operations() <= VOCABULARY
    numbers = dict(zip(names, (7.0, 20.0, 3.0, 99.0), strict=True))
    want = row.rate(0.1, tuple(numbers.values()), tuple(row.hyper.values()))
    assert value(rate, {"lr": 0.1, **numbers}) == pytest.approx(float(want), rel=1e-14)


@pytest.mark.parametrize("module", [piecewise, smooth, regression, classification], ids=lambda m: m.__name__)
def test_formulas_hold_float_literals_only(module):
    """A whole number would stay one when the constants of a compiled copy are given the data's dtype."""
    for f in vars(module).values():
        if isinstance(f, types.FunctionType) and f.__module__ == module.__name__:
            constants = [c for c in f.__code__.co_consts if c is not None and not isinstance(c, str)]
            assert all(type(c) is float for c in constants), f.__name__
            used = [f.__globals__.get(n) for n in f.__code__.co_names]
            assert not any(isinstance(g, float) for g in used), (
                f"{f.__name__}: write the number into the formula"
            )
