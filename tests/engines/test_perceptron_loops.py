"""The compiled perceptron's loops, run as plain Python, do what the NumPy functions they stand for do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from chalknet.engines import chalkboard_perceptron as plain
from chalknet.engines.chalkboard_perceptron import ABSOLUTES, SCALE, SQUARES, STEP
from chalknet.engines.fused import perceptron as fused
from chalknet.engines.perceptron import Task, learn_unit
from chalknet.estimators._one_versus_all import make_plan

pytestmark = pytest.mark.unjitted
RNG = np.random.RandomState(0)
DTYPES = ("float64", "float32")


def rows_of(kind: str, dtype: str) -> Any:
    X = sparse.random(9, 12, density=0.5, format="csr", dtype=dtype, random_state=RNG)
    X.data[:] = RNG.randn(X.nnz)
    return X.toarray() if kind == "dense" else (X.data, X.indices, X.indptr)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_rows(kind: str, dtype: str) -> None:
    rows, w, order = rows_of(kind, dtype), RNG.randn(12).astype(dtype), np.arange(9)
    ahead, add, truncate = (getattr(fused, f"{name}_{kind}") for name in ("ahead", "add", "truncate"))
    for at, size in ((0, 4), (7, 4), (3, 1)):
        mine, theirs = np.zeros(size), np.zeros(size)
        assert ahead(rows, order, at, w, mine) == plain.ahead(rows, order, at, w, theirs)
        np.testing.assert_array_equal(mine, theirs)
    for norms in (False, True):
        results = []
        for function in (add, plain.add):
            v, numbers, cells = w.copy(), np.zeros(9), np.zeros(2, dtype)
            numbers[SCALE], cells[STEP] = 0.7, 0.3
            function(rows, 4, v, numbers, cells, norms)
            results.append((v, numbers[[SQUARES, ABSOLUTES]]))
        np.testing.assert_array_equal(results[0][0], results[1][0])
        np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-6)
        assert bool(results[0][1].any()) == norms
    paid = []
    for function in (truncate, plain.truncate):
        v, q = w.copy(), np.zeros(12, dtype)
        v[3] = 0.0
        for _ in range(2):
            function(rows, 4, v, q, 0.7, 0.4)
        paid.append((v, q))
    np.testing.assert_array_equal(paid[0], paid[1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_whole_vectors(dtype: str) -> None:
    w = RNG.randn(5).astype(dtype)
    one, other = w.copy(), w.copy()
    fused.multiply(one, 0.3)
    plain.multiply(other, 0.3)
    np.testing.assert_array_equal(one, other)
    assert fused.finite(w) is plain.finite(w) is True
    w[2] = np.inf
    assert fused.finite(w) is plain.finite(w) is False
    again = plain.permutation(5, 8)
    a, b = np.arange(8)[::-1].copy(), np.arange(8)[::-1].copy()
    fused.reorder(a, again)
    plain.reorder(b, again)
    np.testing.assert_array_equal(a, b)


def test_permutation() -> None:
    """The order of scikit-learn's own data set, seed by seed."""
    from sklearn.utils._seq_dataset import ArrayDataset64

    for seed in (0, 1, 123456789, 2**31 - 2):
        data = ArrayDataset64(np.zeros((6, 1)), np.arange(6.0), np.ones(6))
        data._shuffle_py(seed)
        theirs = [int(data._next_py()[1]) for _ in range(6)]
        assert plain.permutation(seed, 6).tolist() == theirs
        assert fused.compiled()[1](seed, 6).tolist() == theirs


@pytest.mark.parametrize("activation", ["step", "sigmoid"])
@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_both_engines_run_one_loop(kind: str, activation: str) -> None:
    options = {
        "penalty": "elasticnet", "eta0": 0.5, "alpha": 0.01, "l1_ratio": 0.3, "tol": 1e-4, "n_iter_no_change": 3,
        "activation": activation, "shuffle": True, "fit_intercept": True, "early_stopping": True,
    }  # fmt: skip
    plan = make_plan(options, np.dtype("float64"), kind == "sparse", 6)
    task = Task(
        rows=rows_of(kind, "float64"),
        y=np.where(np.arange(9) % 2, 1.0, 0.0 if plan.smooth else -1.0),
        weight=RNG.rand(9),
        shares=np.ones(9),
        held_out=np.arange(9) > 5,
        w=np.zeros(12),
        bias=0.0,
        seed=11,
    )
    one, other = (learn_unit(task, plan, engine) for engine in ("numpy", "numba"))
    np.testing.assert_allclose(one.w, other.w, rtol=1e-12, atol=1e-15)
    assert one.n_iter == other.n_iter
    np.testing.assert_allclose(one.curve, other.curve, rtol=1e-12)
