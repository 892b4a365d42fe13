"""The chalkboard engine: NumPy, readable, the reference. It trains with the very layer objects a reader can call."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from chalknet.engines import base
from chalknet.engines import rules as r
from chalknet.engines.base import NO_BUFFERS, Description, check_names, places
from chalknet.engines.board import BLOCK, QUIET, Board, BoardReader
from chalknet.engines.protocol import InTurn
from chalknet.engines.random import mask_source, order
from chalknet.engines.scoring import score
from chalknet.engines.state import Data, State, Until
from chalknet.layers.dense import Dense
from chalknet.layers.dropout import Dropout
from chalknet.maths import optimizers, schedules
from chalknet.maths.constraints import shrinkage


def clip(gradient: np.ndarray, norm: float, value: float) -> np.ndarray:
    """Limit the gradient's elements to ±value, then its length to `norm` (0: no limit)."""
    if value > 0.0:
        gradient = np.clip(gradient, -value, value)
    if norm > 0.0:
        length = float(np.sqrt(np.sum(np.square(gradient, dtype=np.float64))))
        if length > norm:
            gradient = gradient * (norm / length)
    return gradient


class BoardSession:
    """A run in progress."""

    def __init__(self, description: Description, state: State, data: Data) -> None:
        self.description = d = description.fused()
        self.state, self.data = state, data
        self.board = Board(d, state.parameters, state.buffers)
        self.row = optimizers.get(d.optimizer)
        self.schedule = schedules.get(d.schedule)
        self.rules = d.rules()
        self.batch = min(d.batch_size, data.rows.size)
        self.ordered: tuple[int, np.ndarray] = (-1, data.rows)
        self.total_steps = float(-(-data.rows.size // self.batch) * d.max_epochs)

    def run(self, until: Until) -> int:
        """Train on; see `protocol.Session`. Where it is cut never changes a bit."""
        with np.errstate(**QUIET):
            return self._run(until)

    def _run(self, until: Until) -> int:
        state, data = self.state, self.data
        counts, numbers = state.counts, state.numbers
        n, end, steps = data.rows.size, time.perf_counter() + until.seconds, until.steps
        for _ in range(until.epochs):
            rows = self._order(int(counts[r.EPOCH]))
            fresh = counts[r.STEP] == counts[r.BATCH]  # the optimizer has seen nothing before this epoch
            samples = 0.0 if fresh else float(counts[r.SAMPLES])
            for begin in range(int(counts[r.BATCH]) * self.batch, n, self.batch):
                index = rows[begin : begin + self.batch]
                clock = (float(counts[r.FIT_STEP]), self.total_steps, float(counts[r.DONE]), samples)
                cost = self._step(index, clock)
                numbers[r.TOTAL] += cost * index.size
                if not np.isfinite(cost):
                    state.losses.append(cost)
                    return r.DIVERGED
                steps -= 1
                if (steps <= 0 or time.perf_counter() > end) and begin + self.batch < n:
                    return r.RUNNING
            reason = self._end_of_epoch(n)
            if reason != r.RUNNING or steps <= 0 or time.perf_counter() > end:
                return reason
        return r.RUNNING

    def _order(self, epoch: int) -> np.ndarray:
        """The rows in the epoch's order, drawn once an epoch however many calls it takes."""
        rows = self.data.rows
        if (
            not self.description.shuffle or rows.size <= self.batch
        ):  # one batch is one batch, in whatever order
            return rows
        if self.ordered[0] != epoch:
            self.ordered = epoch, rows[order(self.state.seed, epoch, rows.size)]
        return self.ordered[1]

    def _step(self, index: np.ndarray, clock: tuple[float, ...]) -> float:
        """One update from the rows of `index`; returns the loss before it."""
        d, state, board = self.description, self.state, self.board
        counts = state.counts
        for k, layer in enumerate(board.layers):
            if isinstance(layer, Dropout):
                layer.mask_source = mask_source(
                    state.seed, k, int(counts[r.EPOCH]), index, layer.rate, d.dtype
                )
        output = board.forward(self.data.X[index], training=True)
        w = None if self.data.weights is None else self.data.weights[index]
        cost, derivative, total = board.cost(output, self.data.y[index], w)
        board.backward(derivative)
        gradient = board.gradient()
        cost *= d.report
        if d.l1 or d.l2:
            cost += board.penalise(gradient, total)
        gradient = clip(gradient, d.clip_norm, d.clip_value)
        rate = self.schedule.rate(float(state.numbers[r.RATE]), clock, d.schedule_hyper)
        counts[r.STEP] += 1
        counts[r.FIT_STEP] += 1
        counts[r.BATCH] += 1
        self.update(gradient, rate, float(counts[r.STEP]))
        self.limit()
        return float(cost)

    def limit(self) -> None:
        """Hold the weights of each unit to the length that they may have."""
        if self.description.max_norm > 0.0:
            for layer in self.board.learned:
                if isinstance(layer, Dense):
                    layer.weights *= shrinkage(layer.weights, self.description.max_norm)

    def update(self, gradient: np.ndarray, rate: float, t: float) -> None:
        """The optimizer's step number t, from a gradient."""
        state = self.state
        for_weights, for_biases = (self.row.constants(rate, t, h) for h in self.description.hypers())
        if self.row.decay is None:
            parts = [(slice(None), for_weights)]
        else:  # scales and shifts of a normalisation do not decay
            parts = [
                pair
                for spec, weights, biases in places(self.description)
                for pair in (
                    (weights, for_weights if spec.kind == base.DENSE else for_biases),
                    (biases, for_biases),
                )
            ]
        for place, constants in parts:
            slots = tuple(slot[place] for slot in state.slots)
            state.parameters[place], new = self.row.step(
                state.parameters[place], gradient[place], slots, constants
            )
            for slot, values in zip(state.slots, new, strict=True):
                slot[place] = values

    def _end_of_epoch(self, n: int) -> int:
        d, state = self.description, self.state
        counts, numbers = state.counts, state.numbers
        mean = float(numbers[r.TOTAL] / n)
        numbers[r.TOTAL] = 0.0
        counts[r.BATCH] = 0
        counts[r.EPOCH] += 1
        counts[r.DONE] += 1
        counts[r.SAMPLES] += n
        state.losses.append(mean)
        value = 0.0
        if d.score != r.NO_SCORE:
            value = score(self.board, self.data, d)
            state.scores.append(value)
        reason, best = r.end_of_epoch(mean, value, counts, numbers, self.rules)
        if best:
            state.keep_best()
        return reason


class ChalkboardEngine:
    """Layer objects in a Python loop, see `protocol.Engine`."""

    name = "numpy"

    def crew(self, threads: int) -> InTurn:
        """One session after another, whatever the number of threads."""
        return InTurn()

    def session(self, description: Description, state: State, data: Data) -> BoardSession:
        """Prepare a run."""
        check_names(description)
        return BoardSession(description, state, data)

    def slope(
        self, description: Description, data: Data, buffers: np.ndarray = NO_BUFFERS
    ) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
        """Prepare the objective over the data's rows and its gradient."""
        fused, x, y = description.fused(), data.X[data.rows], data.y[data.rows]
        w = None if data.weights is None else data.weights[data.rows]

        def slope(parameters: np.ndarray) -> tuple[float, np.ndarray]:
            with np.errstate(**QUIET):
                board = Board(fused, np.asarray(parameters, fused.dtype), buffers)
                size = BLOCK if board.spreads(x) else len(y)
                blocks = (slice(begin, begin + size) for begin in range(0, len(y), size))
                parts = [board.slope(x[i], y[i], None if w is None else w[i]) for i in blocks]
                cost, gradient, total = parts[0] if len(parts) == 1 else board.together(parts)
                return cost + board.penalise(gradient, total), gradient

        return slope

    def reader(
        self, description: Description, parameters: np.ndarray, buffers: np.ndarray = NO_BUFFERS
    ) -> BoardReader:
        """Prepare predictions, through the loss's link."""
        return BoardReader(description, parameters, True, buffers)

    def predict(
        self,
        description: Description,
        parameters: np.ndarray,
        X: Any,
        link: bool,
        buffers: np.ndarray = NO_BUFFERS,
    ) -> np.ndarray:
        """The last layer's output for all rows of X, through the loss's link if wished."""
        return BoardReader(description, parameters, link, buffers)(X)

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
        reader = BoardReader(description, parameters, link, buffers)
        return np.stack([reader(X, (seed, i)) for i in range(n)])


ENGINE = ChalkboardEngine()
