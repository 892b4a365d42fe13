"""Sheets as text, LaTeX and HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from chalknet.chalk import names
from chalknet.chalk.sheets import Cells, Sheet, scalar
from chalknet.chalk.trace import Step
from chalknet.chalk.writers import html, latex, mathml, pieces, text
from chalknet.chalk.writers.tex_prose import prose

INPUTS = ("x", "z1", "z1'", "L", "L'")  # the first arrays of their chapters


class Text(Sheet):
    """Unicode, 80 columns."""

    kind = "text"

    def formula(self, left: str, e: Any) -> str:
        """left = expression."""
        return f"{names.text(left)} = {' '.join(pieces.symbolic('text', e)[0])}"

    def title(self, sentence: str) -> str:
        """The heading."""
        return f"{sentence}\n{'═' * len(sentence)}"

    def facts(self, pairs: list[tuple[str, str]]) -> Iterator[str]:
        """A line for each."""
        width = max(len(what) for what, _ in pairs) + 2
        for what, which in pairs:
            lines = textwrap.wrap(which, text.WIDTH - width)
            yield "\n".join(f"{what if k == 0 else '':<{width}}{line}" for k, line in enumerate(lines))

    def chapter(self, title: str) -> str:
        """A heading within."""
        return f"\n{title}\n{'─' * len(title)}"

    def array(self, name: str, cells: Cells, title: str) -> Iterator[str]:
        """Its rows in brackets."""
        yield f"{'' if name in INPUTS else chr(10)}  {title}"
        left = f"  {names.text(name)} = "
        gap = " " * pieces.text_width(left)
        room = text.WIDTH - len(gap) - 4
        space = "_" * max(3, min(7, room // len(cells[0]) - 2))
        rows = [[space if c is None else c for c in row] for row in cells]
        width = max(len(c) for row in rows for c in row)
        if scalar(name):
            yield left + rows[0][0]
            return
        fit = max(1, (room + 2) // (width + 2))  # numbers on a line
        for k, row in enumerate(rows):
            lines = ["  ".join(c.rjust(width) for c in row[j : j + fit]) for j in range(0, len(row), fit)]
            for n, line in enumerate(lines):
                start = left if (k, n) == (len(rows) // 2, 0) else gap
                yield f"{start}{'[' if n == 0 else ' '} {line}{' ]' if n == len(lines) - 1 else ''}"

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
        room = "\\rule{0pt}{3.2ex}\\underline{\\hspace{4.5em}}"
        body = " \\\\ ".join(" & ".join(room if c is None else c for c in row) for row in cells)
        yield f"\\textbf{{{prose(title)}}}"
        body = body if scalar(name) else f"\\begin{{bmatrix}} {body} \\end{{bmatrix}}"
        yield f"\\[ \\fitted{{{names.latex(name)} = {body}}} \\]"

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
        return (
            latex.standalone(f"{FITTED}{body}\n")
            .replace("{amsmath}\n", "{amsmath}\n\\usepackage{graphicx}\n", 1)
            .rstrip()
        )


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


# wide matrices become smaller
FITTED = r"""\setcounter{MaxMatrixCols}{99}
\newcommand{\fitted}[1]{\setbox0\hbox{$\displaystyle #1$}\ifdim\wd0>\dimexpr\linewidth-\mathindent\relax
\resizebox{\dimexpr\linewidth-\mathindent}{!}{\box0}\else\box0\fi}
"""
STYLE = """<style>
.array { display: flex; align-items: center; gap: .4rem; margin: .2rem 0 .8rem 1rem; overflow-x: auto; }
.matrix { border-collapse: separate; border-spacing: .3rem; border: 2px solid var(--ink); border-width: 0 2px;
  border-radius: .4rem; }
.array td { padding: .1rem .3rem; text-align: right; min-width: 2rem; }
.array .blank { width: 5rem; min-width: 3.4rem; height: 2rem; border: 1px solid var(--dim); border-radius: .2rem; }
@media (max-width: 34rem) { .array { margin-left: 0; } .array .blank { width: 3.6rem; } }
</style>
"""
