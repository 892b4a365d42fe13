"""The fused engine's face: sessions that train in calls of about 0.1 s, loss and gradient, predictions."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from chalknet.engines import rules as r
from chalknet.engines.base import NO_BUFFERS, Description, check_names
from chalknet.engines.fused import layout as at
from chalknet.engines.fused import train as t
from chalknet.engines.fused.helpers import Helpers, wanted
from chalknet.engines.fused.layout import Layout
from chalknet.engines.fused.lowlevel import pointer, quiet
from chalknet.engines.fused.rows import RowReader
from chalknet.engines.fused.slope import FusedSlope
from chalknet.engines.fused.steps import entry
from chalknet.engines.fused.wiring import Wiring, first_narrow, is_csr, single_rows
from chalknet.engines.protocol import Crew
from chalknet.engines.state import Data, State, Until

BLOCK = 128  # rows at a time in predictions
HISTORY = 4096  # epochs in one call


class FusedSession:
    """A run in progress, with its padded buffers."""

    def __init__(self, description: Description, state: State, data: Data) -> None:
        n = data.rows.size
        batch = min(description.batch_size, n)
        csr = is_csr(data.X)
        single = single_rows(description, csr)
        alone = single or description.mixes_rows
        threads = 1 if alone else wanted(batch, description.n_parameters)
        self.layout = layout = Layout(
            description,
            batch,
            training=True,
            slots=len(state.slots),
            best=state.best is not None,
            blocks=threads,
            narrow=first_narrow(csr, single),
        )
        self.wiring = wiring = Wiring(layout)
        wiring.rows(data.X)
        wiring.layers(csr, single)
        wiring.goal(data)
        wiring.pace(data, state.seed, single)
        wiring.ready(csr)
        self.state, self.scored = state, description.score != r.NO_SCORE
        places = [(0, state.parameters)] + [
            (int(layout.fact[at.SLOT0 + i]), s) for i, s in enumerate(state.slots)
        ]
        kept = [(0, state.buffers)]
        if state.best is not None:
            places.append((int(layout.fact[at.BEST]), state.best))
            kept.append((int(layout.fact[at.BEST]), state.best_buffers))
        # views of the state's arrays, and of the padded ones: made once, for a call can be as short as an epoch
        self.views = [pair for place, flat in places for pair in layout.matrices(flat, place)]
        self.views += [pair for place, flat in kept for pair in layout.moments(flat, place)]
        for ours, theirs in self.views:
            theirs[...] = ours
        self.losses, self.scores = np.zeros(HISTORY), np.zeros(HISTORY)
        # Held for as long as the compiled code is given their memory.
        self.arrays = (
            layout.nets.reshape(-1), layout.facts.reshape(-1), layout.knob, layout.buffer, np.empty(n, np.int64),
            state.counts, state.numbers, description.rules(), self.losses, self.scores,
        )  # fmt: skip
        self.arguments = [pointer(a) for a in self.arrays]
        self.code = (t.train, str(layout.dtype), t.train_type)
        self.train = entry(*self.code)
        self.helpers = Helpers(layout, self.arguments[:4], threads)
        # A first guess, corrected by the clock: two operations a weight and row, three times.
        self.steps_a_second = 2e9 / (6.0 * batch * int(layout.fact[at.SIZE]) + 1000.0)

    @quiet
    def run(self, until: Until) -> int:
        """Train on; see `protocol.Session`. Where it is cut never changes a bit."""
        steps = min(max(1, int(self.steps_a_second * until.seconds)), until.steps)
        epochs = min(until.epochs, HISTORY)
        if self.helpers.n == 1:
            return self._call(steps, epochs)[0]
        n, seconds = self.helpers.choose(self._seconds(steps, epochs))
        steps = max(
            1, min(steps, math.ceil(self.steps_a_second * seconds))
        )  # rounded up: no last step is left over
        with self.helpers.at_work(n):
            reason, new, took = self._call(steps, epochs)
        self.helpers.learn(n, new, took)
        return reason

    def _call(self, steps: int, epochs: int) -> tuple[int, int, float]:
        """One call of the compiled code; returns why it came back, how many steps it did, and its seconds."""
        before, done = self.done()
        clock, reason = time.perf_counter(), r.RUNNING
        try:
            reason = self.train(*self.arguments, steps, epochs)
        finally:  # Ctrl-C arrives when the call has come back: nothing of it is lost
            took = time.perf_counter() - clock
            self.settle(done, reason)
        new = self.done()[0] - before
        if took > 1e-4:
            self.steps_a_second = min(new / took, 4.0 * self.steps_a_second)
        return reason, new, took

    def _seconds(self, steps: int, epochs: int) -> float:
        """About how long a call will take."""
        fact = self.layout.fact
        left = min(epochs, self.left()) * -(-int(fact[at.N_TRAIN]) // int(fact[at.BATCH]))
        return min(steps, left) / self.steps_a_second

    def left(self) -> int:
        """Epochs until the run ends by itself at the latest."""
        return self.layout.description.max_epochs - self.done()[1]

    def done(self) -> tuple[int, int]:
        """Steps and epochs until now."""
        counts = self.state.counts.tolist()
        return counts[r.STEP], counts[r.DONE]

    def settle(self, epochs: int, reason: int) -> None:
        """Bring the state up to date after a call that began when `epochs` were done."""
        state = self.state
        for ours, theirs in self.views:
            ours[...] = theirs
        new = self.done()[1] - epochs
        state.losses.extend(self.losses[: new + (reason == r.DIVERGED)].tolist())
        if self.scored:
            state.scores.extend(self.scores[:new].tolist())


class FusedEngine:
    """Whole epochs in one compiled call, see `protocol.Engine`."""

    name = "numba"

    def crew(self, threads: int) -> Crew:
        """Groups of sessions in one compiled call, on several threads."""
        from chalknet.engines.fused.many import FusedCrew

        return FusedCrew(threads)

    def session(self, description: Description, state: State, data: Data) -> FusedSession:
        """Prepare a run."""
        check_names(description)
        return FusedSession(description, state, data)

    def slope(self, description: Description, data: Data, buffers: np.ndarray = NO_BUFFERS) -> FusedSlope:
        """Prepare the objective over the data's rows and its gradient."""
        return FusedSlope(description, data, buffers)

    def reader(
        self, description: Description, parameters: np.ndarray, buffers: np.ndarray = NO_BUFFERS
    ) -> RowReader:
        """Prepare predictions of a few rows, through the loss's link."""
        return RowReader(description, parameters, True, buffers)

    @quiet
    def predict(
        self,
        description: Description,
        parameters: np.ndarray,
        X: Any,
        link: bool,
        buffers: np.ndarray = NO_BUFFERS,
    ) -> np.ndarray:
        """The last layer's output for all rows of X, through the loss's link if wished."""
        return Forward(description, parameters, X, link, buffers)()

    @quiet
    def samples(
        self,
        description: Description,
        parameters: np.ndarray,
        X: Any,
        link: bool,
        buffers: np.ndarray,
        n: int,
        seed: int,
    ) -> np.ndarray:
        """The same with dropout on, n times over (n, rows, out); the masks follow from the seed."""
        forward = Forward(description, parameters, X, link, buffers, sampling=True)
        forward.layout.fact[at.SEED] = seed
        out = np.empty((n, X.shape[0], description.n_out), forward.layout.dtype)
        for i in range(n):
            forward.layout.fact[at.EPOCH] = i
            out[i] = forward()
        return out


class Forward:
    """The way forward for all rows of X, ready to be gone."""

    def __init__(
        self,
        description: Description,
        parameters: np.ndarray,
        X: Any,
        link: bool,
        buffers: np.ndarray,
        *,
        sampling: bool = False,
    ) -> None:
        self.n, csr = X.shape[0], is_csr(X)
        batch = min(BLOCK, max(self.n, 1))
        layout = self.layout = Layout(
            description, batch, training=False, sampling=sampling, narrow=first_narrow(csr)
        )
        self.n_out = description.n_out
        wiring = self.wiring = Wiring(layout)  # it holds the arrays whose memory the layout names
        wiring.rows(X)
        wiring.layers(csr)
        if link:
            wiring.link(description.output_link())
        layout.pack(parameters, 0)
        layout.pack_kept(buffers, 0)

    def __call__(self) -> np.ndarray:
        """The last block's numbers (rows, out)."""
        layout, out = self.layout, np.empty((self.n, self.n_out), self.layout.dtype)
        index = np.empty(BLOCK, np.int64)
        arrays = (layout.nets.reshape(-1), layout.facts.reshape(-1), layout.knob, layout.buffer, index)
        run = entry(t.predict, str(layout.dtype), t.predict_type)
        run(*map(pointer, arrays), self.n, pointer(out.reshape(-1)))
        return out


ENGINE = FusedEngine()
