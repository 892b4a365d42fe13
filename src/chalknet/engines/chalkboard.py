"""The chalkboard engine: NumPy, readable, the reference. It trains with the very layer objects a reader can call."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from chalknet.engines import base
from chalknet.engines import rules as r
from chalknet.engines.base import Data, Description, InTurn, State, Until, check_names, slices
from chalknet.engines.random import dropout_mask, order
from chalknet.engines.scoring import score
from chalknet.layers import activation, loss
from chalknet.layers.base import Layer
from chalknet.layers.dense import Dense
from chalknet.layers.dropout import Dropout
from chalknet.maths import activations, optimizers, schedules
from chalknet.maths.rows import ROW_ACTIVATIONS

BLOCK = 1024  # rows at a time in predictions


class Board:
    """A description's layers as objects whose weights and biases are views of a flat vector."""

    def __init__(self, description: Description, parameters: np.ndarray) -> None:
        self.description = description
        self.layers: list[Layer] = []
        places = iter(slices(description.dense))
        for spec in description.layers:
            if spec.kind == base.DENSE:
                weights, biases = next(places)
                layer: Layer = Dense.over(
                    parameters[weights].reshape(spec.n_in, spec.n_out),
                    parameters[biases].reshape(1, spec.n_out),
                )
            elif spec.kind == base.DROPOUT:
                layer = Dropout(spec.p)
            else:
                cls = activation.find(spec.name)
                layer = cls(spec.p) if _shaped(spec.name) else cls()
            self.layers.append(layer)
        goal = loss.find(description.loss)
        shape = {goal.row.p_name: description.loss_p} if goal.row.p_name else {}
        self.loss = goal(reduction=description.reduction, **shape)
        self.dense = [layer for layer in self.layers if isinstance(layer, Dense)]

    def forward(self, x: Any, training: bool = False) -> np.ndarray:
        """The last layer's output."""
        if not isinstance(self.layers[0], Dense) and not isinstance(x, np.ndarray):
            x = x.toarray()
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, d: np.ndarray) -> None:
        """Pass the loss's derivative back; every dense layer then has its gradient."""
        for layer in reversed(self.layers):
            if layer is self.dense[0]:
                self.dense[0].backward(d, need_dinputs=False)
                return
            d = layer.backward(d)

    def gradient(self) -> np.ndarray:
        """The gradient as one flat vector."""
        return np.concatenate([g.ravel() for layer in self.dense for g in (layer.dweights, layer.dbiases)])

    def cost(
        self, output: np.ndarray, y: np.ndarray, w: np.ndarray | None
    ) -> tuple[float, np.ndarray, float]:
        """The loss, its derivative by the output, and the batch's weight; all zero where every weight is zero."""
        total = float(len(output)) if w is None else float(w.sum(dtype=np.float64))
        if total == 0.0:
            return 0.0, np.zeros_like(output), 0.0
        return self.loss.forward(output, y, w), self.loss.backward(output, y, w), total

    def penalise(self, gradient: np.ndarray, total_weight: float) -> float:
        """Add the gradient of l1 |w| + l2 w²/2, shared out over the batch's weight; returns the penalty."""
        d = self.description
        share = 1.0 / total_weight if total_weight > 0.0 else 0.0
        squares = sizes = 0.0
        for layer, (place, _) in zip(self.dense, slices(d.dense), strict=True):
            w = layer.weights.ravel()
            gradient[place] += (d.l2 * share) * w
            squares += float(w @ w)
            if d.l1:
                gradient[place] += (d.l1 * share) * np.sign(w)
                sizes += float(np.abs(w).sum())
        return (0.5 * d.l2 * squares + d.l1 * sizes) * share


def _shaped(name: str) -> bool:
    return name not in ROW_ACTIVATIONS and activations.get(name).p_name is not None


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
        self.board = Board(d, state.parameters)
        self.row = optimizers.get(d.optimizer)
        self.schedule = schedules.get(d.schedule)
        self.rules = d.rules()
        self.batch = min(d.batch_size, data.rows.size)
        self.ordered: tuple[int, np.ndarray] = (-1, data.rows)
        self.total_steps = float(-(-data.rows.size // self.batch) * d.max_epochs)

    def run(self, until: Until) -> int:
        """Train on; see `base.Session`. Where it is cut never changes a bit."""
        with np.errstate(
            over="ignore", invalid="ignore", divide="ignore"
        ):  # a diverging run is told of by its loss
            return self._run(until)

    def _run(self, until: Until) -> int:
        state, data = self.state, self.data
        counts, numbers = state.counts, state.numbers
        n, end = data.rows.size, time.perf_counter() + until.seconds
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
                if time.perf_counter() > end and begin + self.batch < n:
                    return r.RUNNING
            reason = self._end_of_epoch(n)
            if reason != r.RUNNING or time.perf_counter() > end:
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
                layer.mask_source = _mask_source(
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
        return float(cost)

    def update(self, gradient: np.ndarray, rate: float, t: float) -> None:
        """The optimizer's step number t, from a gradient."""
        state = self.state
        for_weights, for_biases = (self.row.constants(rate, t, h) for h in self.description.hypers())
        if self.row.decay is None:
            places = [(slice(None), for_weights)]
        else:
            places = [
                pair
                for weights, biases in slices(self.description.dense)
                for pair in ((weights, for_weights), (biases, for_biases))
            ]
        for place, constants in places:
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
        if best and state.best is not None:
            state.best[:] = state.parameters
        return reason


def _mask_source(seed: int, layer: int, epoch: int, index: np.ndarray, rate: float, dtype: str) -> Any:
    return lambda shape: dropout_mask(seed, layer, epoch, index, shape[1], rate, dtype)


class ChalkboardEngine:
    """Layer objects in a Python loop, see `base.Engine`."""

    name = "numpy"

    def crew(self, threads: int) -> InTurn:
        """One session after another, whatever the number of threads."""
        return InTurn()

    def session(self, description: Description, state: State, data: Data) -> BoardSession:
        """Prepare a run."""
        check_names(description)
        return BoardSession(description, state, data)

    def loss_and_gradient(
        self, description: Description, parameters: np.ndarray, data: Data
    ) -> tuple[float, np.ndarray]:
        """The objective over the data's rows, and its gradient as a flat vector."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return self._loss_and_gradient(description, parameters, data)

    def _loss_and_gradient(
        self, description: Description, parameters: np.ndarray, data: Data
    ) -> tuple[float, np.ndarray]:
        board = Board(description.fused(), parameters)
        w = None if data.weights is None else data.weights[data.rows]
        output = board.forward(data.X[data.rows])
        cost, derivative, total = board.cost(output, data.y[data.rows], w)
        board.backward(derivative)
        gradient = board.gradient()
        return cost + board.penalise(gradient, total), gradient

    def predict(self, description: Description, parameters: np.ndarray, X: Any, link: bool) -> np.ndarray:
        """The last layer's output for all rows of X, through the loss's link if wished."""
        board = Board(description, parameters)
        out = np.empty((X.shape[0], description.n_out), parameters.dtype)
        name = description.output_link()
        last = activation.find(name)() if link and name != "identity" else None
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for begin in range(0, len(out), BLOCK):
                a = board.forward(X[begin : begin + BLOCK])
                out[begin : begin + BLOCK] = a if last is None else last.forward(a)
        return out


ENGINE = ChalkboardEngine()
