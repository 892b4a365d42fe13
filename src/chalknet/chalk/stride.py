"""How long a step may be: whether an update lowered the objective, and up to which share of it would have."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chalknet.chalk.ledger import Ledger, criterion, mask_of
from chalknet.engines.board import Board
from chalknet.layers.dropout import Dropout

HALVINGS, CUTS = 50, 12
NOTHING = 1e-18  # a loss below which rounding decides whether it falls


class Stride(NamedTuple):
    """An update that did not lower the objective; `share` None: not even a short step along it would have."""

    before: float
    after: float
    stayed: bool  # at the same height, on the other side
    share: float | None  # the largest part of the step that lowers the objective
    proportional: bool  # the step is proportional to the learning rate


def objective(book: Ledger, i: int, parameters: np.ndarray) -> float:
    """The loss and its penalties at other parameters, with the masks of the pass before update i."""
    kept = [np.concatenate([a.ravel() for a in book.kept[0].values()])] if book.kept[0] else []
    board = Board(book.description, parameters, *kept)
    for layer, stage in zip(board.layers, book.stages, strict=True):
        if isinstance(layer, Dropout):
            mask = book.passes[i].arrays[mask_of(stage)]
            layer.mask_source = lambda _, mask=mask: mask
    with np.errstate(all="ignore"):
        if book.rule:
            _, _, cost, total = criterion(board, book.X, book.y, book.weights)
            return cost + float(board.penalise(np.zeros_like(parameters), total))
        output = board.forward(book.X, training=True)
        y = book.y.argmax(axis=1) if board.loss.row.labels else book.y
        cost, _, total = board.cost(output, y, book.weights)
        return float(cost + board.penalise(np.zeros_like(parameters), total))


def examine(book: Ledger, i: int) -> Stride | None:
    """The i-th update, where it did not lower the objective; None where it did, or where nothing moved."""
    start, end = book.parameters[i], book.parameters[i + 1]
    before = objective(book, i, start)
    if not np.isfinite(before) or np.array_equal(start, end):
        return None
    after = objective(book, i, end)
    if after < before - 1e-9 * abs(before) or max(abs(before), abs(after)) < NOTHING:
        return None
    step = np.where(np.isfinite(end), end - start, 0.0)

    def falls(share: float) -> bool:
        return objective(book, i, start + share * step) < before - 1e-12 * abs(before)

    stayed = bool(abs(after - before) <= 1e-9 * abs(before))
    momentum = book.description.optimizer in ("momentum", "nesterov")
    remembered = momentum and any(np.any(slot) for slot in book.updates[i].slots)
    low = next((0.5**k for k in range(1, HALVINGS) if falls(0.5**k)), None)
    if low is None:
        return None if stayed else Stride(before, after, stayed, None, not remembered)
    high = 2 * low
    for _ in range(CUTS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if falls(middle) else (low, middle)
    return Stride(before, after, stayed, low, not remembered)
