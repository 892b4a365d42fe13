"""Optimizers against scikit-learn's own, and against a second, plain implementation from the papers."""

import math

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from chalknet.maths.optimizers import OPTIMIZERS, get

ROWS = list(OPTIMIZERS.values())
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
STEPS = 300


def run(row, w, gradients, lr=None, dtype=np.float64, **hyper):
    """The weights after each step, on arrays."""
    h = tuple({**row.hyper, **hyper}.values())
    w = np.array(w, dtype)
    slots = tuple(np.zeros_like(w) for _ in row.slots)
    path = []
    for t, g in enumerate(gradients, 1):
        c = row.constants(row.lr if lr is None else lr, float(t), h)
        w, slots = row.step(w, np.array(g, dtype), slots, c)
        assert w.dtype == dtype and all(s.dtype == dtype for s in slots)
        path.append(w)
    return np.array(path)


@pytest.fixture
def gradients():
    return np.random.RandomState(0).standard_normal((STEPS, 7)) * np.geomspace(1e-6, 1e3, 7)


def scikit_learn(optimizer, w, gradients):
    w, path = w.copy(), []
    for g in gradients:
        optimizer.update_params([w], [g])
        path.append(w.copy())
    return np.array(path)


def test_the_table_has_the_promised_rows():
    names = ["sgd", "momentum", "nesterov", "adam", "amsgrad", "adamw", "nadam", "rmsprop", "adagrad", "lion"]
    assert names == list(OPTIMIZERS)
    assert all(name == row.name and row.source and row.lr > 0 for name, row in OPTIMIZERS.items())
    assert all(len(row.slots) <= 3 and len(row.constants(0.1, 1.0)) <= 8 for row in ROWS)
    assert {row.name for row in ROWS if row.decay} == {"adamw", "lion"}
    assert all(row.decay in row.hyper for row in ROWS if row.decay)
    assert get("adam").hyper == {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    assert all(isinstance(c, float) and type(c) is float for row in ROWS for c in row.constants(0.1, 3.0))


@pytest.mark.parametrize(("name", "nesterov"), [("momentum", False), ("nesterov", True)])
def test_momentum_gives_the_bits_of_scikit_learn(name, nesterov, gradients):
    w = np.ones(7)
    theirs = scikit_learn(SGDOptimizer([w], 0.1, momentum=0.9, nesterov=nesterov), w, gradients)
    np.testing.assert_array_equal(run(OPTIMIZERS[name], w, gradients, 0.1), theirs)


def test_plain_descent_gives_the_bits_of_scikit_learn_without_momentum(gradients):
    w = np.ones(7)
    theirs = scikit_learn(SGDOptimizer([w], 0.1, momentum=0.0, nesterov=False), w, gradients)
    np.testing.assert_array_equal(run(OPTIMIZERS["sgd"], w, gradients, 0.1), theirs)


@pytest.mark.parametrize("hyper", [{}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}])
def test_adam_gives_the_bits_of_scikit_learn(hyper, gradients):
    w = np.ones(7)
    theirs = scikit_learn(AdamOptimizer([w], 0.01, **hyper), w, gradients)
    np.testing.assert_array_equal(run(OPTIMIZERS["adam"], w, gradients, 0.01, **hyper), theirs)


def plain(name, w, gradients, lr, h):
    """One weight, in Python, with hats and corrections as the papers have them (ε scaled to match)."""
    m = v = u = 0.0
    for t, g in enumerate(gradients, 1):
        if name in {"adam", "adamw", "amsgrad", "nadam"}:
            b1, b2, eps = h["beta_1"], h["beta_2"], h["epsilon"]
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            u = max(u, v)
            m_hat, v_hat = m / (1 - b1**t), (u if name == "amsgrad" else v) / (1 - b2**t)
            if name == "nadam":
                m_hat = b1 * m / (1 - b1 ** (t + 1)) + (1 - b1) * g / (1 - b1**t)
            if name == "adamw":
                w -= lr * h["weight_decay"] * w
            w -= lr * m_hat / (math.sqrt(v_hat) + eps / math.sqrt(1 - b2**t))
        elif name == "rmsprop":
            v = h["rho"] * v + (1 - h["rho"]) * g**2
            w -= lr * g / (math.sqrt(v) + h["epsilon"])
        elif name == "adagrad":
            v += g**2
            w -= lr * g / (math.sqrt(v) + h["epsilon"])
        elif name == "lion":
            push = h["beta_1"] * m + (1 - h["beta_1"]) * g
            w -= lr * (math.copysign(1.0, push) + h["weight_decay"] * w)
            m = h["beta_2"] * m + (1 - h["beta_2"]) * g
        elif name == "sgd":
            w -= lr * g
        else:
            m = h["momentum"] * m + g
            w -= lr * (g + h["momentum"] * m if name == "nesterov" else m)
    return w


@every_row
def test_steps_are_those_of_the_papers(row, gradients):
    hyper = {**row.hyper, "weight_decay": 0.1} if row.decay else row.hyper
    ours = run(row, np.full(7, 2.0), gradients, 0.05, **hyper)[-1]
    for i in range(7):
        theirs = plain(row.name, 2.0, gradients[:, i].tolist(), 0.05, hyper)
        assert ours[i] == pytest.approx(theirs, rel=1e-9, abs=1e-9)


@every_row
def test_float32_follows_float64_and_stays_float32(row, gradients):
    exact = run(row, np.full(7, 2.0), gradients[:20].astype(np.float32))
    single = run(row, np.full(7, 2.0), gradients[:20], dtype=np.float32)
    np.testing.assert_allclose(single, exact, rtol=1e-4, atol=1e-5)


@every_row
def test_each_goes_downhill(row):
    w, slots = 3.0, tuple(0.0 for _ in row.slots)
    for t in range(1, 401):
        w, slots = row.step(w, 2.0 * w, slots, row.constants(0.05, float(t)))
    assert abs(w) < (2.0 if row.name == "adagrad" else 0.2)


@every_row
def test_nan_gradients_spoil_the_weight_and_zero_gradients_leave_it(row):
    slots, c = tuple(0.0 for _ in row.slots), row.constants(0.1, 1.0)
    assert math.isnan(row.step(1.0, math.nan, slots, c)[0])
    assert row.step(1.0, 0.0, slots, c)[0] == (pytest.approx(0.999) if row.name == "adamw" else 1.0)


@pytest.mark.parametrize("name", ["adamw", "lion"])
def test_decay_shrinks_the_weight_by_the_rate_times_itself(name):
    row = OPTIMIZERS[name]
    h = tuple({**row.hyper, "weight_decay": 0.5}.values())
    slots = tuple(0.0 for _ in row.slots)
    assert row.step(2.0, 0.0, slots, row.constants(0.1, 1.0, h))[0] == pytest.approx(2.0 - 0.1 * 0.5 * 2.0)
