"""Sheets of an exercise: what is given, and blanks to fill in; or the worked solution. As text, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.expr import Symbol
from chalknet.chalk.groups import Group
from chalknet.chalk.trace import Step
from chalknet.chalk.writers import html, latex, mathml, pieces, text
from chalknet.chalk.writers.about import layers, words
from chalknet.chalk.writers.tex_prose import prose
from chalknet.engines import base
from chalknet.maths import activations, losses
from chalknet.maths.rows import ROW_ACTIVATIONS

if TYPE_CHECKING:
    from chalknet.chalk.exercises import Exercise

CHAPTERS = {
    "forward": "Forward pass", "loss": "Loss", "backward": "Backward pass", "update": "Update",
    "forward again": "Forward pass with the new parameters", "loss again": "Loss after the update",
}  # fmt: skip
INPUTS = ("x", "z1", "z1'", "L", "L'")  # the first arrays of their chapters
Cells = list[list[str | None]]  # the rows of an array, None for a blank


class Sheet:
    """What the three writers share: the order of things. A line of a sheet is one or more lines of the file."""

    kind = ""  # of `pieces`

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
                yield from self.array(group.name, cells if answers else blank(cells), group.title)
                if answers:
                    steps = [self.trace.step(group, index) for index in group.indices()]
                    yield from self.worked(steps)
        if not answers:
            yield from self.note(
                "The solution belongs to the same seed. Numbers may be rounded; say to how many decimals."
            )

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

    def formula(self, left: str, e: Any) -> str:
        """left = expression, in symbols."""
        raise NotImplementedError

    def prose(self, sentence: str) -> str:
        """A sentence."""
        return sentence

    def title(self, sentence: str) -> str:
        """The heading."""
        raise NotImplementedError

    def facts(self, pairs: list[tuple[str, str]]) -> Iterator[str]:
        """What it is about."""
        raise NotImplementedError

    def chapter(self, title: str) -> str:
        """A heading within."""
        raise NotImplementedError

    def array(self, name: str, cells: Cells, title: str) -> Iterator[str]:
        """An array of numbers or blanks."""
        raise NotImplementedError

    def worked(self, steps: list[Step]) -> Iterator[str]:
        """Equations."""
        raise NotImplementedError

    def note(self, sentence: str) -> Iterator[str]:
        """A line at the end."""
        raise NotImplementedError

    def document(self, title: str, body: str) -> str:
        """A whole file."""
        return body

    def equation(self, step: Step) -> pieces.Equation:
        """One equation in pieces."""
        return pieces.equation(self.kind, step, self.trace.precision)


def scalar(name: str) -> bool:
    """Tell whether an array is one number: the loss."""
    return name.startswith("L")


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


class Text(Sheet):
    """Unicode, 80 columns."""

    kind = "text"
    blank = "_______"

    def formula(self, left: str, e: Any) -> str:
        """left = expression."""
        return f"{names.text(left)} = {' '.join(pieces.symbolic('text', e)[0])}"

    def title(self, sentence: str) -> str:
        """The heading."""
        return f"{sentence}\n{'═' * len(sentence)}"

    def facts(self, pairs: list[tuple[str, str]]) -> Iterator[str]:
        """A line for each."""
        width = max(len(what) for what, _ in pairs) + 2
        yield from (f"{what:<{width}}{which}" for what, which in pairs)

    def chapter(self, title: str) -> str:
        """A heading within."""
        return f"\n{title}\n{'─' * len(title)}"

    def array(self, name: str, cells: Cells, title: str) -> Iterator[str]:
        """Its rows in brackets."""
        rows = [[self.blank if c is None else c for c in row] for row in cells]
        width = max(len(c) for row in rows for c in row)
        left = f"  {names.text(name)} = "
        yield f"{'' if name in INPUTS else chr(10)}  {title}"
        for k, row in enumerate(rows):
            start = left if k == len(rows) // 2 else " " * pieces.text_width(left)
            inside = "  ".join(c.rjust(width) for c in row)
            yield f"{start}{inside}" if scalar(name) else f"{start}[ {inside} ]"

    def worked(self, steps: list[Step]) -> Iterator[str]:
        """An equation for each."""
        for step in steps:
            eq = self.equation(step)
            yield text.plain(text.node(eq.left, eq.sides, text.WIDTH - 2, ""))

    def note(self, sentence: str) -> Iterator[str]:
        """A line at the end."""
        yield f"\n{sentence}"


class Latex(Sheet):
    """A document of its own."""

    kind = "latex"

    def formula(self, left: str, e: Any) -> str:
        """left = expression."""
        return f"${names.latex(left)} = {' '.join(pieces.symbolic('latex', e)[0])}$"

    def prose(self, sentence: str) -> str:
        """A sentence."""
        return prose(sentence)

    def title(self, sentence: str) -> str:
        """The heading."""
        return f"\\section*{{{prose(sentence)}}}"

    def facts(self, pairs: list[tuple[str, str]]) -> Iterator[str]:
        """A line for each."""
        yield "\\begin{description}"
        yield from (f"\\item[{prose(what)}] {which}" for what, which in pairs)
        yield "\\end{description}"

    def chapter(self, title: str) -> str:
        """A heading within."""
        return f"\\subsection*{{{prose(title)}}}"

    def array(self, name: str, cells: Cells, title: str) -> Iterator[str]:
        """Its rows in brackets."""
        n = max(map(len, cells))
        room = f"\\rule{{0pt}}{{3.2ex}}\\underline{{\\hspace{{{min(4.5, 42 / n):.1f}em}}}}"
        body = " \\\\ ".join(" & ".join(room if c is None else c for c in row) for row in cells)
        yield f"\\textbf{{{prose(title)}}}"
        yield f"\\[ {names.latex(name)} = " + (
            f"{body} \\]" if scalar(name) else f"\\begin{{bmatrix}} {body} \\end{{bmatrix}} \\]"
        )

    def worked(self, steps: list[Step]) -> Iterator[str]:
        """An equation for each."""
        rows: list[str] = []
        for step in steps:
            eq = self.equation(step)
            rows += latex.equation(eq.left, eq.sides)
        yield "\\begin{align*}\n" + latex.stacked(rows) + "\n\\end{align*}"

    def note(self, sentence: str) -> Iterator[str]:
        """A line at the end."""
        yield f"\\bigskip\\textit{{{prose(sentence)}}}"

    def document(self, title: str, body: str) -> str:
        """All of it."""
        return latex.standalone(f"\\setcounter{{MaxMatrixCols}}{{99}}\n{body}\n").rstrip("\n")


class Html(Sheet):
    """A page of its own."""

    kind = "mathml"

    def formula(self, left: str, e: Any) -> str:
        """left = expression."""
        first, *rest = pieces.symbolic("mathml", e)[0]
        return " ".join(html.math(m) for m in (f"{mathml.symbol(left)}<mo>=</mo>{first}", *rest))

    def prose(self, sentence: str) -> str:
        """A sentence."""
        return html.escape(sentence)

    def title(self, sentence: str) -> str:
        """The heading."""
        return f"{STYLE}<h1>{html.escape(sentence)}</h1>"

    def facts(self, pairs: list[tuple[str, str]]) -> Iterator[str]:
        """A line for each."""
        yield "<dl>"
        yield from (f"<dt>{html.escape(what)}</dt><dd>{which}</dd>" for what, which in pairs)
        yield "</dl>"

    def chapter(self, title: str) -> str:
        """A heading within."""
        return f"<h2>{html.escape(title)}</h2>"

    def array(self, name: str, cells: Cells, title: str) -> Iterator[str]:
        """Its rows in brackets."""
        rows = "".join(f"<tr>{''.join(map(self.cell, row))}</tr>" for row in cells)
        left = html.math(f"{mathml.symbol(name)}<mo>=</mo>")
        yield f'<p class="dim">{html.escape(title)}</p>'
        kind = "number" if scalar(name) else "matrix"
        yield f'<div class="array">{left}<table class="{kind}">{rows}</table></div>'

    @staticmethod
    def cell(c: str | None) -> str:
        """A number, or room for one."""
        return '<td class="blank"></td>' if c is None else f"<td>{html.math(c)}</td>"

    def worked(self, steps: list[Step]) -> Iterator[str]:
        """An equation for each."""
        for step in steps:
            eq = self.equation(step)
            parts = [f"<mo>=</mo>{m}" if k == 0 else m for side in eq.sides for k, m in enumerate(side)]
            spans = " ".join(f"<span>{html.math(m)}</span>" for m in parts)
            yield f'<div class="eq"><span class="symbol">{html.math(eq.left)}</span> {spans}</div>'

    def note(self, sentence: str) -> Iterator[str]:
        """A line at the end."""
        yield f"<footer>{html.escape(sentence)}</footer>"

    def document(self, title: str, body: str) -> str:
        """All of it."""
        return html.page(title, body)


STYLE = """<style>
.array { display: flex; align-items: center; gap: .4rem; margin: .2rem 0 .8rem 1rem; overflow-x: auto; }
.matrix { border-collapse: separate; border-spacing: .3rem; border: 2px solid var(--ink); border-width: 0 2px;
  border-radius: .4rem; }
.array td { padding: .1rem .3rem; text-align: right; min-width: 2rem; }
.array .blank { width: 5rem; min-width: 3.4rem; height: 2rem; border: 1px solid var(--dim); border-radius: .2rem; }
@media (max-width: 34rem) { .array { margin-left: 0; } .array .blank { width: 3.6rem; } }
</style>
"""
