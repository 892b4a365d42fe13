"""A trace as a document: chapters of blocks of steps. Every writer walks this one structure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.groups import Group
from chalknet.chalk.trace import Step
from chalknet.chalk.writers import code, rules
from chalknet.chalk.writers.about import facts, legend, plural, title
from chalknet.chalk.writers.matrices import contains_array
from chalknet.chalk.writers.shapes import shapes, size
from chalknet.maths import optimizers

if TYPE_CHECKING:
    from chalknet.chalk.trace import Trace

LIMIT = 24  # equations of one array before the rest is left out
SAFE = "safe form"
MARKED = "here the mean's"  # begins the note of the line where 1/N enters


@dataclass
class Block:
    """One array of the calculation, or a few numbers: what stands together under one title.

    `steps` are equations; arrays among them are printed as matrices. `mark` stands beside the first equation, `laws`
    are general statements (σ′(z) = … = a (1 − a)), `left_out` counts equations that are not shown.
    """

    title: str
    steps: list[Step]
    source: str = ""
    notes: list[str] = field(default_factory=list)
    mark: str = ""
    shapes: str = ""
    laws: list[rules.Law] = field(default_factory=list)
    left_out: int = 0
    given: bool = False  # nothing is calculated: the title may stand beside the array
    code: list[str] = field(default_factory=list)


@dataclass
class Chapter:
    """A pass, a loss or an update."""

    title: str
    blocks: list[Block]
    intro: list[str] = field(default_factory=list)
    closing: str = ""


@dataclass
class Document:
    """Everything that is printed."""

    title: str
    facts: list[tuple[str, str]]
    legend: list[str]
    chapters: list[Chapter]
    remarks: list[str]
    precision: int
    elided: bool
    operands: dict[int, Any] = field(
        default_factory=dict
    )  # of matrix equations, by the step's id: computed once


def document(trace: Trace, limit: int | None = LIMIT) -> Document:
    """Make the document, once for each limit.

    Args:
        trace: what `explain` gave.
        limit: how many equations of one array are shown; None shows all, and matrices whole.
    """
    if limit not in trace.documents:
        trace.documents[limit] = _Author(trace, limit).document()
    return trace.documents[limit]


class _Author:
    """Writes the document; remembers which laws and constants have been told."""

    def __init__(self, trace: Trace, limit: int | None) -> None:
        self.trace, self.limit = trace, limit
        self.laws = rules.Laws(trace.book)
        self.told: dict[str, float] = {}
        self.notes: set[str] = set()

    def document(self) -> Document:
        t = self.trace
        chapters = [self.given(), *self.calculation()]
        remarks = [names.printed(str(r)) for r in t.remarks]
        elided = self.limit is not None
        return Document(title(t.book), facts(t.book), legend(t), chapters, remarks, t.precision, elided)

    def given(self) -> Chapter:
        """Inputs, targets, parameters, and what the optimizer has kept."""
        blocks = []
        idle = []
        for g in self.trace.given:
            if names.parse(g.name).slot and not g.value.any():
                idle.append(g)
            else:
                blocks.append(self.array(g.name, g.value, g.title))
        if idle:
            letters = " and ".join(dict.fromkeys(names.parse(g.name).slot for g in idle))
            lines = [code.literal(g.name, g.value, elided=True) for g in idle] if self.trace.with_code else []
            blocks.append(Block(f"the optimizer has kept nothing yet: every {letters} is 0", [], code=lines))
        chapter = Chapter("Given", blocks)
        if self.trace.with_code:
            blocks.insert(0, Block("", [], code=code.imports(self.trace)))
        return chapter

    def array(self, name: str, value: np.ndarray, title: str) -> Block:
        """An array that nobody calculates."""
        step = Step(name, title, "given", value, None, self.trace.precision, "", true=False)
        lines = [code.literal(name, value, elided=self.limit is not None)] if self.trace.with_code else []
        return Block(title, [step], shapes=size(value), code=lines, given=True)

    def calculation(self) -> Iterator[Chapter]:
        """The passes, losses and updates in order."""
        updates = 0
        for part, run in groupby(self.trace.groups, key=lambda g: g.part):
            groups = list(run)
            chapter = Chapter(self.heading(part, updates), [])
            if part == "update":
                chapter.blocks += self.constants(groups)
            chapter.blocks += [self.block(g) for g in groups]
            if part == "backward":
                n = names.primed("", updates)
                chapter.intro.append(
                    f"From the loss back to the inputs, with the old weights W{n.replace(chr(39), '′')} throughout."
                )
            elif part == "update":
                updates += 1
                new = "′" * updates
                chapter.intro.append(f"W{'′' * (updates - 1)} are the old weights, W{new} the new ones.")
            elif part == "loss again":
                chapter.closing = self.fallen(updates)
            yield chapter

    def heading(self, part: str, updates: int) -> str:
        """A chapter's title."""
        if len(self.trace.book.updates) == 1:
            return {
                "forward": "Forward pass", "loss": "Loss", "backward": "Backward pass", "update": "Update",
                "forward again": "Forward pass with the new weights", "loss again": "Loss after the update",
            }[part]  # fmt: skip
        return {
            "forward": "Forward pass", "loss": "Loss",
            "backward": f"Backward pass {updates + 1}", "update": f"Update {updates + 1}",
            "forward again": f"Forward pass after update {updates}", "loss again": f"Loss after update {updates}",
        }[part]  # fmt: skip

    def fallen(self, updates: int) -> str:
        """How the loss has changed by the latest update."""
        before, after = (self.trace.book.passes[i].loss for i in (updates - 1, updates))
        moved = "fell" if after < before else "rose" if after > before else "stayed"
        p = self.trace.precision
        return (
            f"The loss {moved}: {rules.plain_number(before, p)} before, {rules.plain_number(after, p)} after."
        )

    def constants(self, groups: list[Group]) -> list[Block]:
        """The numbers that the update uses beside the arrays: the learning rate and the optimizer's own."""
        found = code.constants(self.trace, groups, self.told)
        order = ["lr", *optimizers.get(self.trace.book.description.optimizer).hyper]  # then t
        new = dict(sorted(found.items(), key=lambda pair: place(order, pair[0].rstrip("'"))))
        steps = [Step(n, "constant", "update", v, None, None, "", true=False) for n, v in new.items()]
        lines = [f"{names.variable(n)} = {v!r}" for n, v in new.items()] if self.trace.with_code else []
        return [Block("constants of this update", steps, code=lines)]

    def block(self, g: Group) -> Block:
        """One array of the calculation."""
        t = self.trace
        lines = [code.line_of(t, g, elided=self.limit is not None)] if t.with_code else []
        marked = g.note.startswith(MARKED)
        block = Block(
            g.title, [], g.source, [g.note] if g.note and not marked else [], g.note if marked else "",
            shapes(g.whole, g.value), self.laws.of(g), code=lines,
        )  # fmt: skip
        if t.style == "matrix" and (g.value.ndim or contains_array(g.whole)):
            value: Any = g.value if g.value.ndim else float(g.value)
            block.steps = [Step(g.name, g.title, g.part, value, g.whole, t.precision, g.source, true=False)]
        else:
            block.steps = [t.step(g, index) for index in islice(g.indices(), self.limit)]
            block.left_out = g.value.size - len(block.steps)
            block.notes += list(dict.fromkeys(s.note for s in block.steps if s.note and s.note not in g.note))
        # what was said is not said again; a safe form is marked wherever it stands
        block.notes = [n for n in block.notes if n not in self.notes or SAFE in n]
        self.notes.update(block.notes)
        return block


def place(order: list[str], name: str) -> int:
    """Where a name stands in an order; behind it where it does not."""
    return order.index(name) if name in order else len(order)


def runs(blocks: list[Block]) -> Iterator[list[Block]]:
    """The blocks one by one, but given arrays without code together."""
    for together, run in groupby(blocks, key=lambda b: b.given and not b.code):
        if together:
            yield list(run)
        else:
            yield from ([b] for b in run)


def left_out_note(block: Block) -> str:
    """What a block does not show, in words."""
    every = block.left_out + len(block.steps)
    return (
        f"⋯ {plural(block.left_out, 'more equation')} of this kind ({every} in all)" if block.left_out else ""
    )
