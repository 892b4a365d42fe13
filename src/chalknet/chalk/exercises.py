"""`exercise`: an exam question with friendly numbers, its sheet to fill in and its worked solution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chalknet.chalk import sheet_writers
from chalknet.chalk.explaining import explain
from chalknet.chalk.friendly import DECIMALS, friendly, is_short
from chalknet.chalk.trace import Trace
from chalknet.exceptions import ParameterError
from chalknet.layers import activation as activations
from chalknet.layers import loss as losses
from chalknet.layers.config import whole
from chalknet.network import Network


@dataclass(frozen=True)
class Exercise:
    """One update of a small network, to be worked by hand.

    Attributes:
        network: with its weights; x: its input, one row; y: the target (a class number where the loss takes labels).
        learning_rate: of plain gradient descent.
        layers, activation, loss, seed: what it was made from.
    """

    network: Network
    x: np.ndarray
    y: np.ndarray
    learning_rate: float
    layers: tuple[int, ...]
    activation: str
    loss: str
    seed: int

    @cached_property
    def trace(self) -> Trace:
        """The worked calculation, as `explain` gives it; `check_work` compares answers with it."""
        precision = DECIMALS if is_short(self.network, losses.find(self.loss)()) else 4
        return explain(self.network, self.x, self.y, learning_rate=self.learning_rate, precision=precision)

    def to_text(self, answers: bool = False) -> str:
        """The sheet as Unicode text with blanks to fill in; with `answers` its worked solution."""
        return sheet_writers.Text(self).write(answers)

    def to_latex(self, answers: bool = False) -> str:
        """The same as a whole LaTeX document, for stock packages."""
        return sheet_writers.Latex(self).write(answers)

    def to_html(self, answers: bool = False) -> str:
        """The same as a self-contained HTML page."""
        return sheet_writers.Html(self).write(answers)

    def __repr__(self) -> str:
        return (
            f"exercise({self.layers}, activation={self.activation!r}, loss={self.loss!r}, seed={self.seed})"
        )


def exercise(
    layers: Iterable[int] = (2, 4, 2), activation: str = "relu", loss: str = "mse", seed: int = 0
) -> Exercise:
    """Make an exercise: forward pass, loss, backward pass and one update of a small network, with friendly numbers.

    Given numbers are multiples of 1/4 and at most 10 in size; with ReLU and a loss of numbers everything computed has
    at most 6 decimals, up to three layers of weights. The loss falls. The same arguments give the same exercise for
    ever.

    Args:
        layers: inputs, then the units of each layer.
        activation: behind every layer but the last, a name of the table. The last has the one that the loss is meant
            for: none under ``mse``, a sigmoid under ``binary_cross_entropy``, a softmax under
            ``categorical_cross_entropy``.
        loss: a name of the table, or an alias.
        seed: another number, another exercise.

    Raises ``ParameterError`` for layers or a seed out of range, ``UnknownNameError`` for names.

    >>> import chalknet as cn
    >>> made = exercise(seed=1)
    >>> made.learning_rate, made.x.tolist()
    (0.01, [[1.0, -3.0]])
    >>> cn.check_work(made.trace, {"z1[0]": made.trace.value("z1[0]")}).first_wrong is None
    True
    """
    sizes = tuple(whole("exercise", "each of layers", n) for n in listed(layers))
    if len(sizes) < 2:
        raise ParameterError(
            f"exercise: layers are the inputs and each layer's units, such as (2, 4, 2), but were given {layers!r}."
        )
    seed = whole("exercise", "seed", seed, least=0) % 2**64
    name, row = activations.find(activation).name, losses.find(loss).row
    made = friendly(sizes, name, row.name, seed)
    return Exercise(made.network, made.x, made.y, made.rate, sizes, name, row.name, seed)


def listed(layers: Iterable[int]) -> list[int]:
    """The sizes as a list. Raises ParameterError for what is none."""
    if isinstance(layers, Iterable) and not isinstance(layers, str):
        return list(layers)
    raise ParameterError(f"exercise: layers must be sizes such as (2, 4, 2), but were given {layers!r}.")
