"""Descriptions, data and runs for the tests of engines, as one object: tests import nothing from each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from chalknet.engines import rules as r
from chalknet.engines.base import ACTIVATION, DENSE, DROPOUT, Description, LayerSpec
from chalknet.engines.select import load
from chalknet.engines.state import Data, State, Until
from chalknet.maths import activations, losses, optimizers, rows, schedules

WHOLE_RUN = Until(epochs=1 << 30, seconds=1e6)


class Engines:
    """What tests of engines have in common."""

    def layers(self, *items):
        """Layer specs from sizes (dense), names (activations) and ("dropout", rate); the first item is the inputs."""
        width, specs = items[0], []
        for item in items[1:]:
            if isinstance(item, int):
                specs.append(LayerSpec(DENSE, width, item))
                width = item
            elif isinstance(item, str):
                specs.append(LayerSpec(ACTIVATION, width, width, item, self.shape_of(item)))
            else:
                specs.append(LayerSpec(DROPOUT, width, width, "", item[1]))
        return tuple(specs)

    def shape_of(self, activation):
        """An activation's default shape parameter."""
        return 0.0 if activation in rows.ROW_ACTIVATIONS else activations.get(activation).p

    def description(self, layers, loss="squared_error", **options):
        """A description with the table's own constants where none are given."""
        optimizer = optimizers.get(options.setdefault("optimizer", "sgd"))
        schedule = schedules.get(options.setdefault("schedule", "constant"))
        options.setdefault("hyper", tuple(optimizer.hyper.values()))
        options.setdefault("schedule_hyper", tuple(schedule.hyper.values()))
        options.setdefault("loss_p", losses.get(loss).p)
        return Description(self.layers(*layers), loss, **options)

    def data(self, description, n=40, seed=0, *, labels=False, weights=False, csr=False, validation=0):
        """Random rows that suit a description; class numbers, weights, CSR and validation rows if wished."""
        rng = np.random.default_rng(seed)
        dtype = np.dtype(description.dtype)
        X = rng.normal(size=(n, description.n_in)).astype(dtype)
        if csr:
            X[rng.random(X.shape) < 0.6] = 0.0
            X = sparse.csr_matrix(X)
        row, n_out = losses.get(description.loss), description.n_out
        if labels or row.labels:
            y = rng.integers(0, n_out, n)
        elif row.rows and row.targets == (0.0, 1.0):
            y = np.eye(n_out, dtype=dtype)[rng.integers(0, n_out, n)]
        elif row.targets == (0.0, 1.0):
            y = rng.integers(0, 2, (n, n_out)).astype(dtype)
        elif row.targets == (-1.0, 1.0):
            y = (2.0 * rng.integers(0, 2, (n, n_out)) - 1.0).astype(dtype)
        elif row.targets[0] == 0.0:
            y = (rng.poisson(1.5, (n, n_out)) + 0.5 * row.above).astype(dtype)
        else:
            y = rng.normal(size=(n, n_out)).astype(dtype)
        w = rng.integers(0, 4, n).astype(dtype) if weights else None
        if w is not None:
            w[0] = 1.0
        mixed = rng.permutation(n)
        return Data(X, y, np.sort(mixed[validation:]), w, np.sort(mixed[:validation]))

    def parameters(self, description, seed=1):
        """Small random parameters."""
        flat = np.random.default_rng(seed).uniform(-0.5, 0.5, description.n_parameters)
        return flat.astype(description.dtype)

    def start(self, description, seed=5):
        """A state before its first step."""
        return State.start(self.parameters(description), description, seed)

    def train(self, engine, description, data, until=WHOLE_RUN, state=None, fresh=False):
        """Run to the end in calls of `until`; `fresh` opens a new session for every call. Returns (reason, state)."""
        state = self.start(description) if state is None else state
        session = load(engine).session(description, state, data)
        while (reason := session.run(until)) == r.RUNNING:
            if fresh:
                session = load(engine).session(description, state, data)
        return reason, state

    def same(self, ours, theirs, rtol):
        """Do two finished runs agree, to `rtol` of each array's largest number?"""
        assert ours[0] == theirs[0]
        a, b = ours[1], theirs[1]
        np.testing.assert_array_equal(a.counts, b.counts)
        pairs = [
            (a.parameters, b.parameters),
            (a.losses, b.losses),
            (a.scores, b.scores),
            (a.numbers, b.numbers),
        ]
        pairs += list(zip(a.slots, b.slots, strict=True))
        assert (a.best is None) == (b.best is None)
        if a.best is not None:
            pairs.append((a.best, b.best))
        for x, y in pairs:
            x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
            assert x.shape == y.shape
            known = np.isfinite(y)
            np.testing.assert_array_equal(np.isnan(x), np.isnan(y))
            np.testing.assert_array_equal(x[~known], y[~known])
            top = np.abs(y[known]).max(initial=1.0)
            np.testing.assert_allclose(x[known], y[known], rtol=0, atol=rtol * top)


@pytest.fixture(scope="session")
def engines():
    """The tools of this file."""
    return Engines()


@pytest.fixture
def no_chalkboard(monkeypatch):
    """Forbid the NumPy engine: whoever calls it fails the test."""
    from chalknet.engines import chalkboard

    def forbidden(*args, **kwargs):
        raise AssertionError("the fused engine called the NumPy engine")

    for name in ("Board", "BoardReader", "BoardSession"):
        monkeypatch.setattr(chalkboard, name, forbidden)
    for name in ("session", "slope", "reader", "predict"):
        monkeypatch.setattr(chalkboard.ChalkboardEngine, name, forbidden)
