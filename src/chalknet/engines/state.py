"""What an engine is given and what it changes: the rows, the arrays that training changes, how far a call may go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalknet.engines import rules as r
from chalknet.engines.base import NO_BUFFERS, Description
from chalknet.maths import optimizers


@dataclass
class Apart:
    """Rows of their own that are scored and not trained on; of the same form as those of `Data`."""

    X: Any
    y: np.ndarray
    weights: np.ndarray | None = None


@dataclass
class Data:
    """Rows to learn from. X is dense C-ordered (n, in) or CSR, `y` is (n, out) targets or (n,) class numbers.

    `rows` and `validation` number the rows that are trained on and scored: X is never copied for a split.
    """

    X: Any
    y: np.ndarray
    rows: np.ndarray
    weights: np.ndarray | None = None
    validation: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    apart: Apart | None = None  # the rows that are scored, where they are none of X

    def scored(self) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """The rows that are scored: X, y and their weights."""
        if self.apart is not None:
            return self.apart.X, self.apart.y, self.apart.weights
        i = self.validation
        return self.X[i], self.y[i], None if self.weights is None else self.weights[i]


@dataclass
class State:
    """Everything that training changes."""

    parameters: np.ndarray  # flat
    slots: np.ndarray  # (slots of the optimizer, parameters)
    seed: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros(r.N_COUNTS, np.int64))
    numbers: np.ndarray = field(default_factory=lambda: np.array([0.0, 0.0, np.inf, -np.inf]))
    best: np.ndarray | None = None  # the parameters of the best validation score
    buffers: np.ndarray = field(default_factory=lambda: NO_BUFFERS)  # means and variances that layers keep
    best_buffers: np.ndarray = field(default_factory=lambda: NO_BUFFERS)
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    @classmethod
    def start(
        cls,
        parameters: np.ndarray,
        description: Description,
        seed: int = 0,
        buffers: np.ndarray = NO_BUFFERS,
    ) -> State:
        """The state before the first update."""
        row = optimizers.get(description.optimizer)
        slots = np.zeros((len(row.slots), parameters.size), parameters.dtype)
        state = cls(parameters, slots, int(seed), buffers=buffers)
        state.numbers[r.RATE] = description.learning_rate
        state.watch_best(description.watch == r.VALIDATION)
        return state

    def watch_best(self, wanted: bool) -> None:
        """Keep the present numbers as the best so far, or none."""
        self.best = self.parameters.copy() if wanted else None
        self.best_buffers = self.buffers.copy() if wanted else NO_BUFFERS

    def keep_best(self) -> None:
        """The present numbers are the best so far."""
        if self.best is not None:
            self.best[:], self.best_buffers[:] = self.parameters, self.buffers

    def restore_best(self) -> None:
        """Go back to the best numbers, if they were kept."""
        if self.best is not None:
            self.parameters[...], self.buffers[...] = self.best, self.best_buffers

    def begin_fit(self) -> None:
        """Start counting the epochs of a new call of `fit` on the same optimizer state."""
        self.counts[r.DONE] = self.counts[r.FIT_STEP] = self.counts[r.BATCH] = 0
        self.numbers[r.TOTAL] = 0.0


@dataclass(frozen=True)
class Until:
    """How far one call of an engine may go: epochs, about how many seconds, and updates."""

    epochs: int
    seconds: float = 0.1
    steps: int = 1 << 30
