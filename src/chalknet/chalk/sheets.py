"""A sheet of an exercise, from top to bottom: what is given, and blanks to fill in; or the worked solution."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from chalknet.chalk.expr import Symbol
from chalknet.chalk.groups import Group
from chalknet.chalk.trace import Step
from chalknet.chalk.writers import pieces
from chalknet.chalk.writers.about import layers, words
from chalknet.engines import base
from chalknet.maths import activations, losses
from chalknet.maths.rows import ROW_ACTIVATIONS

if TYPE_CHECKING:
    from chalknet.chalk.exercises import Exercise

CHAPTERS = {
    "forward": "Forward pass", "loss": "Loss", "backward": "Backward pass", "update": "Update",
    "forward again": "Forward pass with the new parameters", "loss again": "Loss after the update",
}  # fmt: skip
Cells = list[list[str | None]]  # the rows of an array, None for a blank


class Sheet(ABC):
    """What the three writers share: the order of things. A line of a sheet is one or more lines of the file."""

    kind: ClassVar[str]  # of `pieces`

    def __init__(self, exercise: Exercise) -> None:
        self.exercise, self.trace, self.book = exercise, exercise.trace, exercise.trace.book

    def write(self, answers: bool) -> str:
        """The whole sheet."""
        title = f"{'Solution' if answers else 'Exercise'} {self.exercise.seed}"
        return self.document(title, "\n".join(self.lines(title, answers))) + "\n"

    def lines(self, title: str, answers: bool) -> Iterator[str]:
        """The sheet from top to bottom."""
        yield self.title(f"{title}: one update of a {'-'.join(map(str, self.exercise.layers))} network")
        yield from self.facts(self.about())
        yield self.chapter("Given")
        for group in self.trace.given:
            yield from self.array(group.name, self.numbers(group), group.title)
        groups = [g for g in self.trace.groups if g.name != "dL/dx"]
        for n, (part, members) in enumerate(groupby(groups, key=lambda g: g.part), 1):
            yield self.chapter(f"{n}  {CHAPTERS[part]}")
            for group in members:
                cells = self.numbers(group)
                if answers:
                    yield from self.array(group.name, cells, group.title)
                    yield from self.worked([self.trace.step(group, index) for index in group.indices()])
                else:
                    yield from self.array(group.name, blank(cells), asked(group))
        if not answers:
            yield from self.note("Numbers may be rounded: say to how many decimals.")

    def about(self) -> list[tuple[str, str]]:
        """What the sheet is about: the network, its formulas, the step."""
        d = self.book.description
        out = [("Network", self.prose(layers(self.book)))]
        used = dict.fromkeys((s.name, s.p) for s in d.layers if s.kind == base.ACTIVATION)
        for name, p in [*used, *([(self.book.link, 0.0)] if self.book.link else [])]:
            row = ROW_ACTIVATIONS[name] if name in ROW_ACTIVATIONS else activations.get(name)
            out.append((row.layer, self.formula("a", activation(name, p))))
        loss = next(g for g in self.trace.groups if g.name == "L")
        step = self.trace.step(loss, ())
        name = words(losses.get(self.exercise.loss).name)
        out.append(("Loss", f"{self.prose(f'{name}, ')}{self.formula('L', step.expr)}"))
        alpha = self.formula("lr", self.exercise.learning_rate)
        out.append(("Update", self.prose("plain gradient descent with the learning rate ") + alpha))
        return out

    def numbers(self, group: Group) -> Cells:
        """An array's numbers as they are printed."""
        rows = np.atleast_2d(group.value)
        return [[self.number(float(v)) for v in row] for row in rows]

    def number(self, value: float) -> str:
        """A number as it is printed."""
        return pieces.value_of(self.kind, value, self.trace.precision)

    @abstractmethod
    def formula(self, left: str, e: Any) -> str:
        """left = expression, in symbols."""

    def prose(self, sentence: str) -> str:
        """A sentence."""
        return sentence

    @abstractmethod
    def title(self, sentence: str) -> str:
        """The heading."""

    @abstractmethod
    def facts(self, pairs: list[tuple[str, str]]) -> Iterator[str]:
        """What it is about."""

    @abstractmethod
    def chapter(self, title: str) -> str:
        """A heading within."""

    @abstractmethod
    def array(self, name: str, cells: Cells, title: str) -> Iterator[str]:
        """An array of numbers or blanks."""

    @abstractmethod
    def worked(self, steps: list[Step]) -> Iterator[str]:
        """Equations."""

    @abstractmethod
    def note(self, sentence: str) -> Iterator[str]:
        """A line at the end."""

    def document(self, title: str, body: str) -> str:
        """A whole file."""
        return body

    def equation(self, step: Step) -> pieces.Equation:
        """One equation in pieces."""
        return pieces.equation(self.kind, step, self.trace.precision)


def scalar(name: str) -> bool:
    """Tell whether an array is one number: the loss."""
    return name.startswith("L")


def asked(group: Group) -> str:
    """An array's title that does not give the answer away."""
    return "the loss's derivative" if group.title.startswith("prediction minus target") else group.title


def blank(cells: Cells) -> Cells:
    """As many blanks."""
    return [[None] * len(row) for row in cells]


def activation(name: str, p: float) -> Any:
    """An activation's textbook formula in z."""
    if name in ROW_ACTIVATIONS:
        row = ROW_ACTIVATIONS[name]
        return (row.textbook or row.f)(Symbol("z", np.ones((1, 2))))
    act = activations.get(name)
    return (act.textbook or act.f)(Symbol("z", 1.0), p)
