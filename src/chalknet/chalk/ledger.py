"""All numbers of a few updates, computed by the chalkboard engine's own objects, before anything is printed.

A *stage* is one layer of the network with the names of what goes in and out. The pass before the i-th update carries i
primes, and so do its gradients; the parameters after it carry one more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chalknet.chalk import normalized
from chalknet.engines import base
from chalknet.engines import rules as r
from chalknet.engines.base import Description
from chalknet.engines.board import Board
from chalknet.engines.chalkboard import BoardSession, clip
from chalknet.engines.random import dropout_mask
from chalknet.engines.state import Data, State
from chalknet.layers import activation, loss
from chalknet.layers.dense import Dense
from chalknet.layers.dropout import Dropout
from chalknet.layers.normalization import Moments
from chalknet.maths import losses, optimizers, schedules
from chalknet.maths.losses import LOSSES


@dataclass(frozen=True)
class Stage:
    """A layer and its names: `source` comes in, `target` goes out; `number` counts the layers of weights from 1."""

    spec: base.LayerSpec
    source: str
    target: str
    number: int


def stages(description: Description) -> list[Stage]:
    """Name what passes through the layers: x, z1, n1 (normalised), a1, h1 (after dropout), z2, …; a second a is aa1."""
    out: list[Stage] = []
    number, source = 0, "x"
    used: dict[str, int] = {}
    for spec in description.layers:
        letter = {base.DENSE: "z", base.ACTIVATION: "a", base.DROPOUT: "h"}.get(spec.kind, "n")
        if spec.kind == base.DENSE:
            number, used = number + 1, {}
        used[letter] = used.get(letter, 0) + 1
        target = f"{letter * used[letter]}{number}"
        out.append(Stage(spec, source, target, number))
        source = target
    return out


def mask_of(stage: Stage) -> str:
    """The name of a dropout stage's mask."""
    return f"mask{stage.target.removeprefix('h')}"


@dataclass
class Pass:
    """One forward and backward pass: arrays by name, without primes."""

    arrays: dict[str, np.ndarray]
    loss: float
    weight: float  # of the batch: the number of rows, or the sum of their weights


@dataclass
class Update:
    """What one update used and made, beside the pass before it."""

    rate: float
    t: float
    constants: tuple[float, ...]
    hyper: tuple[float, ...]
    slots: list[np.ndarray]  # before, flat
    new_slots: list[np.ndarray]
    gradient: np.ndarray  # with penalties, before clipping
    clip: float  # the factor of norm clipping, 1 where none was needed
    stepped: np.ndarray  # the parameters before weights are held to a length


@dataclass
class Ledger:
    """Everything a trace shows, as numbers."""

    description: Description
    X: np.ndarray
    y: np.ndarray  # (m, outputs)
    weights: np.ndarray | None
    parameters: list[np.ndarray]  # before each update, and after the last
    passes: list[Pass]  # one more than updates
    updates: list[Update]
    rule: bool = False  # the perceptron's rule, see `chalk.rule`
    damped: float = 1.0  # what a perceptron's intercept moves by, as a share of its step
    kept: list[dict[str, np.ndarray]] = field(
        default_factory=list
    )  # running numbers before each pass, by name

    @property
    def stages(self) -> list[Stage]:
        """The layers with their names."""
        return stages(self.description)

    @property
    def output(self) -> str:
        """The name of the prediction that the loss compares with y."""
        named = self.stages
        last = named[-1]
        before = sum(s.number == last.number and s.spec.kind == base.ACTIVATION for s in named)
        return f"{'a' * (before + 1)}{last.number}" if self.link else last.target

    @property
    def link(self) -> str | None:
        """The activation inside the loss that makes predictions of the last layer's output."""
        link = losses.get(self.description.loss).link
        return None if link == "identity" else link

    @property
    def plain_loss(self) -> Any:
        """The loss's row in terms of the prediction: the one which, after the link, is this loss."""
        row = losses.get(self.description.loss)
        if self.link is None:
            return row
        return next(
            other for other in LOSSES.values() if other.fused == (self.link, row.name) and not other.labels
        )

    @property
    def levels(self) -> np.ndarray | None:
        """The loss's constants (1, outputs), where they differ from output to output."""
        p, n = self.description.loss_p, self.description.n_out
        return np.repeat(p, n // len(p))[None] if isinstance(p, tuple) else None

    @property
    def divisor(self) -> float:
        """What a sum over rows and outputs is divided by: the mean's 1/N."""
        d, row = self.description, losses.get(self.description.loss)
        if d.reduction == "sum":
            return 1.0
        return self.passes[0].weight * (1 if row.rows or d.reduction == "mean_rows" else d.n_out)

    @property
    def per_row(self) -> float:
        """What one row's sum over outputs is divided by."""
        d, row = self.description, losses.get(self.description.loss)
        return float(d.n_out) if d.reduction == "mean" and not row.rows else 1.0


def calculate(
    description: Description,
    state: State,
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None,
    steps: int,
    *,
    rule: bool = False,
    damped: float = 1.0,
) -> Ledger:
    """Pass forward and back, update, and so on, as a call of fit with so many epochs; the state given is left alone."""
    d = replace(description, batch_size=len(X), max_epochs=steps)
    state = State(
        state.parameters.copy(), state.slots.copy(), state.seed, state.counts.copy(), state.numbers.copy(),
        buffers=state.buffers.copy(),
    )  # fmt: skip
    state.begin_fit()
    session = BoardSession(d, state, Data(X, y, np.arange(len(X)), weights))
    board = Board(d, state.parameters, state.buffers)
    targets = board.loss.targets(y, d.n_out, len(X), X.dtype)
    if board.loss.row.d_p:  # every second output is no prediction
        targets = targets[:, : d.n_out // 2]
    book = Ledger(d, X, targets, weights, [state.parameters.copy()], [], [], rule, damped)
    with np.errstate(all="ignore"):
        for _ in range(steps):
            draw_masks(board, book.stages, state, len(X))
            book.kept.append(running(board, book))
            one = run(board, book, X, y, weights)
            book.passes.append(one)
            book.updates.append(update(session, board, one.weight, damped))
            book.parameters.append(state.parameters.copy())
        last = running(board, book)
        book.kept.append(last)
        book.passes.append(run(board, book, X, y, weights))
        book.passes[-1].arrays.update(last)  # the loss afterwards is looked at, not learned from
    return book


def running(board: Board, book: Ledger) -> dict[str, np.ndarray]:
    """The means and variances that layers keep, by name."""
    out: dict[str, np.ndarray] = {}
    for layer, stage in zip(board.layers, book.stages, strict=True):
        if isinstance(layer, Moments):
            its = normalized.called(stage)
            out[its.running_mean], out[its.running_variance] = layer.mean.copy(), layer.variance.copy()
    return out


def draw_masks(board: Board, named: list[Stage], state: State, n: int) -> None:
    """The masks that the engines draw for these rows in the coming epoch."""
    for k, (layer, stage) in enumerate(zip(board.layers, named, strict=True)):
        if isinstance(layer, Dropout):
            shape = (state.seed, k, int(state.counts[r.EPOCH]), np.arange(n), stage.spec.n_in, layer.rate)
            mask = dropout_mask(*shape, board.description.dtype)
            layer.mask_source = lambda _, mask=mask: mask


def run(board: Board, book: Ledger, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> Pass:
    """One pass forward and back, every array kept under its name."""
    if book.rule:
        return run_rule(board, book, X, y, weights)
    d = book.description
    output = board.forward(X, training=True)
    cost, derivative, total = board.cost(output, y, weights)
    arrays: dict[str, np.ndarray] = {"x": X}
    for layer, stage in zip(board.layers, book.stages, strict=True):
        arrays[stage.target] = layer.output
        if isinstance(layer, Dropout):
            arrays[mask_of(stage)] = (
                np.ones_like(layer.output) if layer.mask is None else np.asarray(layer.mask)
            )
        normalized.record(layer, stage, arrays)
    last = book.stages[-1]
    arrays[f"dL/d{last.target}"] = derivative
    if book.link is not None:
        arrays[book.output] = activation.find(book.link)().forward(output)
    arrays["l"] = board.loss.rows(output, y)
    rest = list(zip(board.layers, book.stages, strict=True))
    joint = d.fused()
    if joint is not d:
        # the last activation and the loss go back in one step: safe where two would divide by zero
        both = loss.find(joint.loss)(reduction=d.reduction)
        derivative = both.backward(board.layers[-1].inputs, y, weights)
        arrays[f"dL/d{last.source}"] = derivative
        rest = rest[:-1]
    for layer, stage in reversed(rest):
        above, derivative = derivative, layer.backward(derivative)
        arrays[f"dL/d{stage.source}"] = derivative
        normalized.record_back(layer, stage, above, arrays)
        if isinstance(layer, Dense):
            arrays[f"W{stage.number}"], arrays[f"b{stage.number}"] = layer.weights.copy(), layer.biases.copy()
            arrays[f"dL/dW{stage.number}"], arrays[f"dL/db{stage.number}"] = layer.dweights, layer.dbiases
    return Pass(arrays, float(cost), total)


def run_rule(board: Board, book: Ledger, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> Pass:
    """The same of a perceptron with a step, whose rule takes ŷ − y back to the weights."""
    dense: Any = board.layers[0]
    answer, each, cost, total = criterion(board, X, y, weights)
    error = (answer - y) * (np.ones(len(X)) if weights is None else weights)[:, None] / total
    arrays = {"x": X, "z1": np.asarray(dense.output), "a1": answer, "l": each, "dL/dz1": error}
    arrays |= {"W1": dense.weights.copy(), "b1": dense.biases.copy(), "dL/dx": dense.backward(error)}
    arrays |= {"dL/dW1": dense.dweights, "dL/db1": dense.dbiases}
    return Pass(arrays, cost, total)


def criterion(
    board: Board, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """The perceptron criterion: (answers, each row's (ŷ − y) z, their weighted mean, the weights' sum)."""
    step = board.forward(X)
    z = np.asarray(board.layers[0].output)
    answer = np.where(z == 0.0, 1.0 - y, step)
    share, each = np.ones(len(X)) if weights is None else weights, ((answer - y) * z).sum(axis=1)
    return answer, each, float((share * each).sum() / share.sum()), float(share.sum())


def update(session: BoardSession, board: Board, total: float, damped: float = 1.0) -> Update:
    """Penalties, clipping and the optimizer's step, with what it used."""
    d, state = session.description, session.state
    gradient = board.gradient()
    if d.l1 or d.l2:
        board.penalise(gradient, total)
    cut = np.clip(gradient, -d.clip_value, d.clip_value) if d.clip_value > 0 else gradient
    clipped = clip(gradient, d.clip_norm, d.clip_value)
    if damped != 1.0:
        clipped = clipped.copy()
        for _, biases in base.slices(d.learned):
            clipped[biases] *= damped
    length = float(np.sqrt(np.sum(np.square(cut, dtype=np.float64))))
    factor = d.clip_norm / length if d.clip_norm > 0 and length > d.clip_norm else 1.0
    counts = state.counts
    samples = 0.0 if counts[r.STEP] == 0 else float(counts[r.SAMPLES])
    clock = (float(counts[r.FIT_STEP]), session.total_steps, float(counts[r.DONE]), samples)
    rate = schedules.get(d.schedule).rate(float(state.numbers[r.RATE]), clock, d.schedule_hyper)
    for count in (r.STEP, r.FIT_STEP, r.EPOCH, r.DONE):
        counts[count] += 1
    counts[r.SAMPLES] += len(session.data.X)
    t = float(counts[r.STEP])
    before = [s.copy() for s in state.slots]
    session.update(clipped, rate, t)
    stepped = state.parameters.copy()
    session.limit()
    constants = optimizers.get(d.optimizer).constants(rate, t, d.hyper)
    after = [s.copy() for s in state.slots]
    return Update(float(rate), t, constants, d.hyper, before, after, gradient, factor, stepped)
