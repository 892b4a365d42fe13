"""Two engines, one result: random networks, data and options, trained by NumPy and by the fused engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalknet.engines import rules as r
from chalknet.maths import losses
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.rows import ROW_ACTIVATIONS
from chalknet.maths.schedules import SCHEDULES

pytestmark = pytest.mark.unjitted

# Rounding decides the sign of a gradient that should be 0, and Lion makes a whole step of it; a step function does the
# same with its input, exp with large numbers. The tests of single rows cover these three.
RESTLESS = {"lion", "step", "exp"}
NAMES = sorted((set(ACTIVATIONS) | set(ROW_ACTIVATIONS)) - RESTLESS)
SOLVERS = sorted(set(OPTIMIZERS) - RESTLESS)


@st.composite
def networks(draw):
    """Sizes, activations and dropout in any order with at least one dense layer, and a loss that fits the end."""
    width = draw(st.integers(1, 9))
    items: list = [width]
    if draw(st.integers(0, 9)) == 0:
        items.append(draw(st.sampled_from(["tanh", "softmax", ("dropout", 0.2)])))
    for _ in range(draw(st.integers(0, 2))):
        items.append(draw(st.integers(1, 20)))
        items += draw(st.lists(st.sampled_from(NAMES) | st.just(("dropout", 0.3)), max_size=2))
    name = draw(st.sampled_from(sorted(LOSSES)))
    row = losses.get(name)
    items.append(draw(st.sampled_from([2, 4]) if row.d_p else st.integers(2 if row.rows else 1, 5)))
    if row.domain != losses.Loss._field_defaults["domain"]:
        items.append(row.pair)
    elif draw(st.booleans()):
        items.append(draw(st.sampled_from(["tanh", "identity", "gelu"])))
    return items, name


@st.composite
def options(draw):
    """Everything else that a description holds."""
    solver = draw(st.sampled_from(SOLVERS))
    hyper = OPTIMIZERS[solver].hyper
    return {
        "optimizer": solver,
        # a larger epsilon: the default's 1e-8 would make a thousandth of rounding errors in gradients near 0
        "hyper": tuple(1e-2 if k == "epsilon" else v for k, v in hyper.items()),
        "learning_rate": draw(st.sampled_from([0.001, 0.02])),
        "schedule": draw(st.sampled_from(sorted(SCHEDULES))),
        "batch_size": draw(st.sampled_from([1, 2, 7, 8, 16, 33, 100])),
        "shuffle": draw(st.booleans()),
        "l1": draw(st.sampled_from([0.0, 0.05])),
        "l2": draw(st.sampled_from([0.0, 0.3])),
        "clip_norm": draw(st.sampled_from([0.0, 0.2])),
        "clip_value": draw(st.sampled_from([0.0, 0.05])),
        "max_epochs": draw(st.integers(1, 4)),
        "reduction": draw(st.sampled_from(["mean", "mean_rows", "sum"])),
        "report": draw(st.sampled_from([1.0, 0.5])),
        "tol": draw(st.sampled_from([0.0, 1e-3, 10.0])),
        "patience": draw(st.sampled_from([1.0, np.inf])),
    }


@st.composite
def cases(draw):
    """A network, options, and how its data look."""
    items, loss = draw(networks())
    chosen = draw(options())
    if chosen["reduction"] == "sum":
        chosen["learning_rate"] /= 50
    score = draw(st.sampled_from([r.NO_SCORE, r.ARGMAX, r.THRESHOLD, r.R2, r.NEGATIVE_LOSS]))
    chosen["score"] = score
    chosen["watch"] = draw(st.sampled_from([r.NOTHING, r.LOSS] if score == r.NO_SCORE else [r.VALIDATION]))
    row = losses.get(loss)
    data = {
        "n": draw(st.sampled_from([1, 5, 33, 40])),
        "seed": draw(st.integers(0, 99)),
        "labels": row.whole_row and draw(st.booleans()),
        "weights": draw(st.booleans()),
        "csr": draw(st.booleans()),
    }
    if score != r.NO_SCORE:
        data["n"], data["validation"] = 40, 11
    return items, loss, chosen, data


def both(engines, case, dtype):
    """Train on both engines."""
    items, loss, chosen, how = case
    description = engines.description(items, loss, dtype=dtype, **chosen)
    data = engines.data(description, **how)
    return [engines.train(name, description, data) for name in ("numba", "numpy")]


@given(cases())
def test_both_engines_end_at_the_same_numbers(engines, case):
    fused, plain = both(engines, case, "float64")
    assume(
        np.abs(plain[1].parameters).max() < 100.0
    )  # not where a run explodes and every rounding error with it
    engines.same(fused, plain, 1e-10)


@pytest.mark.slow
@settings(max_examples=settings.default.max_examples // 2)
@given(cases())
def test_in_float32_losses_agree_to_its_precision(engines, case):
    fused, plain = both(engines, case, "float32")
    assume(np.abs(plain[1].parameters).max() < 100.0)
    a, b = np.array(fused[1].losses), np.array(plain[1].losses)
    n = min(a.size, b.size)  # a stop rule may see the last digit
    assert fused[1].parameters.dtype == np.float32
    assert n > 0
    np.testing.assert_allclose(a[:n], b[:n], rtol=2e-4, atol=2e-4)
