"""The fused engine's face: sessions that train in calls of about 0.1 s, loss and gradient, predictions."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from chalknet.engines import rules as r
from chalknet.engines.base import Data, Description, State, Until, check_names
from chalknet.engines.fused import train as entry
from chalknet.engines.fused.layout import Layout, aligned, rows_of
from chalknet.engines.fused.steps import address_of

BLOCK = 128  # rows at a time where a batch is not what decides: predictions, gradients of the whole data
HISTORY = 4096  # epochs in one call


class FusedSession:
    """A run in progress, with its padded buffers."""

    def __init__(self, description: Description, state: State, data: Data) -> None:
        self.layout = layout = Layout(description, training=True)
        self.description, self.state = description, state
        self.rows = rows_of(data.X, layout.dtype, data)
        n = data.rows.size
        self.batch = min(description.batch_size, n)
        batches = -(-n // self.batch)
        self.memory = layout.memory(
            self.batch, n, slots=len(state.slots), best=state.best is not None
        )
        self._load()
        self.goal, self.pace = layout.goal(), layout.pace(batches * description.max_epochs)
        self.rules = description.rules()
        self.losses, self.scores = np.zeros(HISTORY), np.zeros(HISTORY)
        # A first guess at a call's length in steps, corrected by the clock: two operations a weight and row, three times.
        self.steps_a_second = 2e9 / (6.0 * self.batch * max(layout.size, 1) + 1000.0)

    def _load(self) -> None:
        memory, layout = self.memory, self.layout
        layout.pack(self.state.parameters, memory.parameters)
        for flat, buffer in zip(self.state.slots, (memory.s0, memory.s1, memory.s2), strict=False):
            layout.pack(flat, buffer)
        if self.state.best is not None:
            layout.pack(self.state.best, memory.best)

    def _store(self) -> None:
        memory, layout = self.memory, self.layout
        layout.unpack(memory.parameters, self.state.parameters)
        for flat, buffer in zip(self.state.slots, (memory.s0, memory.s1, memory.s2), strict=False):
            layout.unpack(buffer, flat)
        if self.state.best is not None:
            layout.unpack(memory.best, self.state.best)

    def run(self, until: Until) -> int:
        """Train on; see `base.Session`. Where it is cut never changes a bit."""
        d, state = self.description, self.state
        steps = max(1, int(self.steps_a_second * until.seconds))
        wish = np.array(
            [self.batch, int(d.shuffle), steps, min(until.epochs, HISTORY), d.score, state.seed], np.int64
        )
        before, clock = int(state.counts[r.STEP]), time.perf_counter()
        reason, done = entry.train(
            self.layout.net, self.goal, self.pace, self.rows, self.memory,
            state.counts, state.numbers, self.rules, wish, self.losses, self.scores,
        )  # fmt: skip
        took, ran = time.perf_counter() - clock, int(state.counts[r.STEP]) - before
        if took > 1e-4:
            self.steps_a_second = min(ran / took, 4.0 * self.steps_a_second)
        self._store()
        state.losses.extend(self.losses[:done].tolist())
        if d.score != r.NO_SCORE:
            state.scores.extend(self.scores[: done - (reason == r.DIVERGED)].tolist())
        return reason


class FusedEngine:
    """Whole epochs in one compiled call, see `base.Engine`."""

    name = "numba"

    def session(self, description: Description, state: State, data: Data) -> FusedSession:
        """Prepare a run."""
        check_names(description)
        return FusedSession(description, state, data)

    def loss_and_gradient(
        self, description: Description, parameters: np.ndarray, data: Data
    ) -> tuple[float, np.ndarray]:
        """The objective over the data's rows, and its gradient as a flat vector."""
        layout = Layout(description, training=True)
        block = min(BLOCK, data.rows.size)
        memory = layout.memory(block, 0)
        layout.pack(parameters, memory.parameters)
        total = aligned(layout.size, layout.dtype)
        rows = rows_of(data.X, layout.dtype, data)
        value = entry.loss_and_gradient(layout.net, layout.goal(), rows, block, memory, total)
        flat = np.empty_like(parameters)
        layout.unpack(total, flat)
        return float(value), flat

    def predict(self, description: Description, parameters: np.ndarray, X: Any, link: bool) -> np.ndarray:
        """The last layer's output for all rows of X, through the loss's link if wished."""
        layout = Layout(description, training=False)
        n = X.shape[0]
        block = min(BLOCK, max(n, 1))
        memory = layout.memory(block, 0, gradient=False)
        layout.pack(parameters, memory.parameters)
        out = np.empty((n, description.n_out), layout.dtype)
        name = description.output_link()
        where = address_of("activate", name, description.dtype) if link and name != "identity" else 0
        entry.predict(layout.net, rows_of(X, layout.dtype), where, 0.0, memory, n, block, out)
        return out


ENGINE = FusedEngine()
