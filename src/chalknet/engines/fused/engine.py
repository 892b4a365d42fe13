"""The fused engine's face: sessions that train in calls of about 0.1 s, loss and gradient, predictions."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from chalknet.engines import rules as r
from chalknet.engines.base import Data, Description, State, Until, check_names
from chalknet.engines.fused import layout as at
from chalknet.engines.fused import single
from chalknet.engines.fused import train as entry
from chalknet.engines.fused.layout import Layout, aligned
from chalknet.engines.fused.lowlevel import quiet
from chalknet.engines.fused.rows import rows_of
from chalknet.engines.fused.steps import address_of

BLOCK = 128  # rows at a time where a batch is not what decides: predictions, gradients of the whole data
HISTORY = 4096  # epochs in one call


class FusedSession:
    """A run in progress, with its padded buffers."""

    def __init__(self, description: Description, state: State, data: Data) -> None:
        n = data.rows.size
        batch = min(description.batch_size, n)
        self.layout = layout = Layout(
            description, batch, training=True, slots=len(state.slots), best=state.best is not None
        )
        self.state, self.scored = state, description.score != r.NO_SCORE
        self.rows = rows_of(data.X, layout.dtype, data)
        layout.set_goal()
        layout.set_pace(-(-n // batch) * description.max_epochs, state.seed)
        layout.fact[at.SINGLE] = single.fits(description, self.rows.sparse)
        self.rules = description.rules()
        self.order = np.empty(n, np.int64)
        self.losses, self.scores = np.zeros(HISTORY), np.zeros(HISTORY)
        # A first guess, corrected by the clock: two operations a weight and row, three times.
        self.steps_a_second = 2e9 / (6.0 * batch * int(layout.fact[at.SIZE]) + 1000.0)
        layout.pack(state.parameters, at.PARAMETERS)
        for i, flat in enumerate(state.slots):
            layout.pack(flat, at.SLOT0 + i)
        if state.best is not None:
            layout.pack(state.best, at.BEST)

    def _store(self) -> None:
        layout, state = self.layout, self.state
        layout.unpack(at.PARAMETERS, state.parameters)
        for i, flat in enumerate(state.slots):
            layout.unpack(at.SLOT0 + i, flat)
        if state.best is not None:
            layout.unpack(at.BEST, state.best)

    @quiet
    def run(self, until: Until) -> int:
        """Train on; see `base.Session`. Where it is cut never changes a bit."""
        state, layout = self.state, self.layout
        steps = max(1, int(self.steps_a_second * until.seconds))
        before, epochs, clock = int(state.counts[r.STEP]), int(state.counts[r.DONE]), time.perf_counter()
        reason = r.RUNNING
        try:
            reason = entry.train(
                layout.net, layout.fact, layout.knob, layout.buffer, self.rows, self.order,
                state.counts, state.numbers, self.rules, steps, min(until.epochs, HISTORY), self.losses, self.scores,
            )  # fmt: skip
        finally:  # Ctrl-C arrives when the call has come back: nothing of it is lost
            self._store()
            done = int(state.counts[r.DONE]) - epochs
            state.losses.extend(self.losses[: done + (reason == r.DIVERGED)].tolist())
            if self.scored:
                state.scores.extend(self.scores[:done].tolist())
        took, ran = time.perf_counter() - clock, int(state.counts[r.STEP]) - before
        if took > 1e-4:
            self.steps_a_second = min(ran / took, 4.0 * self.steps_a_second)
        return reason


class FusedEngine:
    """Whole epochs in one compiled call, see `base.Engine`."""

    name = "numba"

    def session(self, description: Description, state: State, data: Data) -> FusedSession:
        """Prepare a run."""
        check_names(description)
        return FusedSession(description, state, data)

    @quiet
    def loss_and_gradient(
        self, description: Description, parameters: np.ndarray, data: Data
    ) -> tuple[float, np.ndarray]:
        """The objective over the data's rows, and its gradient as a flat vector."""
        layout = Layout(description, min(BLOCK, data.rows.size), training=True)
        layout.set_goal()
        layout.pack(parameters, at.PARAMETERS)
        total = aligned(int(layout.fact[at.SIZE]), layout.dtype)
        rows = rows_of(data.X, layout.dtype, data)
        value = entry.loss_and_gradient(layout.net, layout.fact, layout.knob, layout.buffer, rows, total)
        return float(value), total[layout.real]

    @quiet
    def predict(self, description: Description, parameters: np.ndarray, X: Any, link: bool) -> np.ndarray:
        """The last layer's output for all rows of X, through the loss's link if wished."""
        n = X.shape[0]
        layout = Layout(description, min(BLOCK, max(n, 1)), training=False)
        layout.pack(parameters, at.PARAMETERS)
        out = np.empty((n, description.n_out), layout.dtype)
        name = description.output_link()
        step = address_of("activate", name, description.dtype) if link and name != "identity" else 0
        rows = rows_of(X, layout.dtype)
        entry.predict(layout.net, layout.fact, layout.knob, layout.buffer, rows, step, n, out)
        return out


ENGINE = FusedEngine()
