"""The compiled steps: every formula of the tables, in both dtypes, equals what NumPy makes of it."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from chalknet.engines.fused import lowlevel, row_loops
from chalknet.engines.fused.steps import MAKERS, address_of
from chalknet.maths import activations, losses, optimizers, rows, schedules
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.rows import ROW_ACTIVATIONS
from chalknet.maths.schedules import SCHEDULES

pytestmark = pytest.mark.unjitted

DTYPES = ("float32", "float64")
ULPS = {"float32": 64, "float64": 256}  # the tails of erfc, by SciPy and by the C library
SPECIAL = [
    0.0,
    -0.0,
    np.inf,
    -np.inf,
    np.nan,
    1e30,
    -1e30,
    1e-30,
    -1e-30,
    88.0,
    -104.0,
    0.5,
    1.0,
    -1.0,
    3.0,
    -3.0,
    6.0,
]


def _ctype(x):
    if isinstance(x, np.ndarray):
        return ctypes.c_void_p
    return (
        ctypes.c_int64
        if isinstance(x, int)
        else ctypes.c_float
        if isinstance(x, np.float32)
        else ctypes.c_double
    )


def step(kind, name, dtype, *args, returns=False):
    """Call a step with arrays, integers and floats."""
    where = address_of(kind, name, dtype)
    if not lowlevel.JIT:
        with np.errstate(all="ignore"):
            return lowlevel.STEPS[where](*args)
    function = ctypes.CFUNCTYPE(ctypes.c_double if returns else None, *map(_ctype, args))(where)
    return function(*(a.ctypes.data if isinstance(a, np.ndarray) else a.item() if isinstance(a, np.generic) else a
                      for a in args))  # fmt: skip


def close(got, want, dtype, ulps=None, floor=0.0):
    """Equal to some units in the last place; infinite and NaN where NumPy is."""
    want = np.asarray(want, dtype)
    eps = np.finfo(dtype).eps * (ulps or ULPS[dtype])
    np.testing.assert_allclose(
        got, want, rtol=eps, atol=max(floor, float(np.finfo(dtype).tiny)), equal_nan=True
    )


def inputs(dtype, m, n, ld, seed=0, special=True):
    """A block of m rows of n numbers, padded to ld."""
    rng = np.random.default_rng(seed)
    z = np.zeros((m, ld), dtype)
    z[:, :n] = rng.normal(size=(m, n)) * rng.choice([0.1, 1.0, 10.0], size=(m, n))
    if special:
        flat = z[:, :n].ravel()
        flat[: len(SPECIAL)] = SPECIAL
        z[:, :n] = flat.reshape(m, n)
    return z


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_derivative(name, dtype):
    row = activations.get(name)
    m, n, ld = 7, 13, 16
    z, number = inputs(dtype, m, n, ld), np.dtype(dtype).type
    if (
        name == "sine"
    ):  # compiled, it is exact up to a bound and beyond it only stays between -1 and 1 (see fast_sine)
        z[np.isfinite(z) & (np.abs(z) > 1e4)] = 7.0
    a, d = np.zeros_like(z), inputs(dtype, m, n, ld, 1, special=False)
    with np.errstate(all="ignore"):
        want = np.asarray(row.f(z[:, :n], row.p))
        slope = d[:, :n] * row.df(z[:, :n], want, row.p)
    step("activate", name, dtype, z.ravel(), a.ravel(), m, n, ld, number(row.p))
    close(a[:, :n], want, dtype)
    a[:, :n] = want
    step("derive", name, dtype, z.ravel(), a.ravel(), d.ravel(), m, n, ld, number(row.p))
    close(d[:, :n], slope, dtype, floor=4 * np.finfo(dtype).eps * 30)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_in_place(name, dtype):
    row, z = activations.get(name), inputs(dtype, 3, 16, 16, special=False)
    with np.errstate(all="ignore"):
        want = np.asarray(row.f(z, row.p))
    step("activate", name, dtype, z.ravel(), z.ravel(), 3, 16, 16, np.dtype(dtype).type(row.p))
    close(z, want, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 5, 16])
@pytest.mark.parametrize("name", ROW_ACTIVATIONS)
def test_an_activation_of_rows(name, n, dtype):
    row, m, ld = rows.get(name), 20, 16
    z = inputs(dtype, m, n, ld, special=False)
    z[0, :n], z[1, 0], z[2, 0], z[3, :n], z[4, 0] = 1000.0, np.inf, -np.inf, -np.inf, np.nan
    z[5, 0] = 60.0  # the rest of its row hardly counts
    a, d = np.zeros_like(z), inputs(dtype, m, n, ld, 1, special=False)
    with np.errstate(all="ignore"):
        want = row.f(z[:, :n])
        slope = row.vjp(want, d[:, :n].copy())
    zero = np.dtype(dtype).type(0)
    step("activate", name, dtype, z.ravel(), a.ravel(), m, n, ld, zero)
    close(a[:, :n], want, dtype)
    a[:, :n] = want
    step("derive", name, dtype, z.ravel(), a.ravel(), d.ravel(), m, n, ld, zero)
    close(d[:, :n], slope, dtype, floor=100 * np.finfo(dtype).eps)


def _targets(row, m, n, rng):
    if row.rows and row.targets == (0.0, 1.0):
        return np.eye(n)[rng.integers(0, n, m)]
    if row.targets == (0.0, 1.0):
        return rng.choice([0.0, 1.0, 0.25], size=(m, n))
    if row.targets == (-1.0, 1.0):
        return rng.choice([-1.0, 1.0], size=(m, n))
    return rng.poisson(1.0, (m, n)) + 0.5 * row.above if row.targets[0] == 0.0 else rng.normal(size=(m, n))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_derivative(name, special, dtype):
    row, rng = losses.get(name), np.random.default_rng(3)
    m, n, ld, number = 30, 4 if row.d_p else 5, 16, np.dtype(dtype).type
    y, a = np.zeros((m, ld), dtype), inputs(dtype, m, n, ld, special=special and row.domain[0] < 0)
    y[:, :n] = _targets(row, m, n, rng)
    if row.domain == (0.0, 1.0):
        a[:, :n] = rng.random((m, n))
        if special:
            a.ravel()[: len(SPECIAL)] = np.resize([0.0, 1.0, 1e-30, np.nan], len(SPECIAL))
    elif row.domain[0] == 0.0:
        a = np.abs(a)
    d, w = np.full((m, ld), 7, dtype), rng.integers(0, 3, m).astype(dtype)
    with np.errstate(all="ignore"):
        p = np.full(ld, row.p, dtype)
        if row.levels:  # an output has a p of its own
            p[:n] = np.linspace(0.1, 0.9, n)
        if row.d_p:
            half = y[:, : n // 2], a[:, : n // 2], a[:, n // 2 : n]
            loss, slope = row.f(*half), np.hstack([row.df(*half), row.d_p(*half)])
        else:
            loss, slope = row.f(y[:, :n], a[:, :n], p[:n]), row.df(y[:, :n], a[:, :n], p[:n])
        per_row, slope = loss if row.whole_row else loss.sum(axis=1), slope * (w * number(0.25))[:, None]
        want = float((w.astype(np.float64) * per_row).sum())
    out = np.empty(m, dtype)
    step(
        "measure",
        name,
        dtype,
        y.ravel(),
        a.ravel(),
        d.ravel(),
        w,
        out,
        np.full(row_loops.room_for(m, ld), np.nan, dtype),
        m,
        n,
        ld,
        p,
        number(0.25),
    )
    close(d[:, :n], slope, dtype, floor=100 * np.finfo(dtype).eps)
    assert not d[:, n:].any()
    close(np.array([out.astype(float).sum()]), [want], dtype, ulps=1000)


def test_a_small_cross_entropy_keeps_its_digits():
    a, y = np.zeros((1, 16)), np.zeros((1, 16))
    a[0, 1], y[0, 0] = -50.0, 1.0
    d, w, out = np.zeros_like(a), np.ones(1), np.empty(1)
    step(
        "measure",
        "softmax_cross_entropy",
        "float64",
        y.ravel(),
        a.ravel(),
        d.ravel(),
        w,
        out,
        np.empty(row_loops.room_for(1, 16)),
        1,
        2,
        16,
        np.zeros(16),
        np.float64(1),
    )
    assert out[0] == pytest.approx(1.9287498479639178e-22, rel=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_over_some_steps(name, dtype):
    row, rng, n = optimizers.get(name), np.random.default_rng(4), 37
    h = np.zeros(8)
    h[: len(row.hyper)] = list(row.hyper.values())
    w, c = rng.normal(size=n).astype(dtype), np.zeros(16, dtype)
    slots = [np.zeros(n, dtype) for _ in range(3)]
    ours, kept = w.copy(), tuple(np.zeros(n, dtype) for _ in row.slots)
    for t in (1.0, 2.0, 3.0):
        g = rng.normal(size=n).astype(dtype)
        g[0] = 0.0
        step("prepare", name, dtype, 0.03, t, h, c)
        step("update", name, dtype, w, g, *slots, n, c)
        ours, kept = row.step(ours, g, kept, row.constants(0.03, t))
        close(w, ours, dtype)
        for ours_slot, theirs in zip(slots, kept, strict=False):
            close(ours_slot, theirs, dtype)
    assert not any(s.any() for s in slots[len(row.slots) :])


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule(name):
    row = schedules.get(name)
    h = np.zeros(8)
    h[: len(row.hyper)] = list(row.hyper.values())
    for clock in (
        [0.0, 0.0, 0.0, 0.0],
        [0.0, 100.0, 0.0, 0.0],
        [7.0, 100.0, 3.0, 60.0],
        [99.0, 100.0, 20.0, 1e6],
    ):
        got = step("pace", name, "float64", 0.1, np.array(clock), h, returns=True)
        assert got == pytest.approx(float(row.rate(0.1, tuple(clock), tuple(row.hyper.values()))), rel=1e-14)


def test_every_formula_of_whole_rows_has_a_fused_form():
    assert set(row_loops.ROW_FORWARD) == set(row_loops.ROW_BACKWARD) == set(ROW_ACTIVATIONS)
    assert [name for name, row in LOSSES.items() if row.whole_row] == ["softmax_cross_entropy"]
    assert set(MAKERS) == {"activate", "derive", "measure", "prepare", "update", "pace"}


def test_read_only_memory_may_be_presented_as_writable():
    own = np.arange(6.0).reshape(2, 3)
    assert np.shares_memory(lowlevel.writable(own), own)
    own.flags.writeable = False
    flat = lowlevel.writable(own)
    assert flat.flags.writeable
    assert flat.ctypes.data == own.ctypes.data
    assert flat.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_the_same_step_is_made_once():
    assert address_of("activate", "relu", "float64") == address_of("activate", "relu", "float64")
