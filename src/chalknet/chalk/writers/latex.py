"""LaTeX for amsmath: aligned equations under the titles of their arrays; long ones are broken before = + −."""

from __future__ import annotations

from collections.abc import Iterator

from chalknet.chalk import names
from chalknet.chalk.numbers import shown
from chalknet.chalk.numerals import latex_number
from chalknet.chalk.trace import Step
from chalknet.chalk.writers import boxes, code, matrices, pieces
from chalknet.chalk.writers.document import Block, Document, left_out_note, runs
from chalknet.chalk.writers.elide import Grid
from chalknet.chalk.writers.matrices import Token, segments, worked
from chalknet.chalk.writers.pieces import latex_width
from chalknet.chalk.writers.tex_prose import prose

ROOM = 84  # characters that fit on a line
DOTS = ("\\cdots", "\\vdots", "\\ddots")
SIGNS = {
    "·": "\\cdot", "⊙": "\\odot", "−": "-", "Σ": "\\sum", "Σ_rows": "\\sum_{\\text{rows}}",
    "Σ_outputs": "\\sum_{\\text{outputs}}", "(": "\\Bigl(", ")": "\\Bigr)",
}  # fmt: skip
PREAMBLE = r"""\documentclass[10pt,fleqn]{article}
\usepackage[a4paper,margin=2cm]{geometry}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\setlength{\mathindent}{1.5em}
\setlength{\abovedisplayskip}{4pt}
\setlength{\abovedisplayshortskip}{4pt}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt plus 2pt}
\allowdisplaybreaks
\raggedright
\begin{document}
"""


def standalone(body: str) -> str:
    """A whole document around a body; stock packages only."""
    return f"{PREAMBLE}{body}\\end{{document}}\n"


def write(doc: Document) -> str:
    """The document's body."""
    return "\n".join(_lines(doc)) + "\n"


def _lines(doc: Document) -> Iterator[str]:
    yield f"\\section*{{{prose(doc.title)}}}"
    yield "\\begin{description}"
    yield from (f"\\item[{what}] {prose(which)}" for what, which in doc.facts)
    yield "\\end{description}"
    yield from (prose(sentence) + "\n" for sentence in doc.legend)
    for chapter in doc.chapters:
        yield f"\\subsection*{{{prose(chapter.title)}}}"
        yield from (prose(sentence) + "\n" for sentence in chapter.intro)
        for run in runs(chapter.blocks):
            yield from _block(run, doc)
        if chapter.closing:
            yield f"\\textbf{{{prose(chapter.closing)}}}\n"
    if doc.remarks:
        yield "\\subsection*{Remarks}"
        yield "\\begin{itemize}"
        yield from (f"\\item {prose(remark)}" for remark in doc.remarks)
        yield "\\end{itemize}"


def _block(run: list[Block], doc: Document) -> Iterator[str]:
    block = run[0]
    if block.title and not block.given:
        extra = "".join(
            f"\\quad {prose(t)}" for t in (block.shapes, f"({block.source})" if block.source else "") if t
        )
        yield f"\\textbf{{{prose(block.title)}}}{extra}\n"
    yield from (f"\\textit{{{prose(note)}}}\n" for note in block.notes)
    if block.laws or block.steps:
        yield "\\begin{align*}"
        yield stacked([row for b in run for row in rows(b, doc)])
        yield "\\end{align*}"
    if note := left_out_note(block):
        yield f"\\textit{{{prose(note)}}}\n"
    if block.code:
        yield "\\begin{verbatim}"
        for line in block.code:
            yield from code.folded(line)
        yield "\\end{verbatim}"


def rows(block: Block, doc: Document) -> list[str]:
    """The lines of an aligned environment: statements, then equations."""
    out: list[str] = []
    for law in block.laws:
        out += equation(
            names.latex(law.symbol), [pieces.symbolic("latex", e, short=False)[0] for e in law.forms]
        )
    for k, step in enumerate(block.steps):
        lines = list(step_rows(step, doc))
        if block.given:
            lines[-1] += f" &&\\text{{{prose(f'{block.title}, {block.shapes}')}}}"
        if k == 0 and block.mark:
            lines[-1] += f" &&\\text{{$\\leftarrow$ {prose(block.mark)}}}"
        out += lines
    return out


def stacked(lines: list[str]) -> str:
    """The lines of an aligned environment below each other, with a gap before each heading among them."""
    return "".join(
        line + (" \\\\[1ex]\n" if after.startswith("&\\textbf") else " \\\\\n" if after else "")
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
    )


def step_rows(step: Step, doc: Document) -> Iterator[str]:
    """One equation."""
    if step.shape or matrices.contains_array(step.expr):
        yield from matrix(step, doc)
        return
    e = pieces.equation("latex", step, doc.precision, short=doc.elided)
    yield from equation(e.left, e.sides)
    if e.missing:
        yield f"&\\qquad\\text{{{prose(f'⋯ leaves out {e.missing} terms of the sum')}}}"


def equation(left: str, sides: list[list[str]]) -> Iterator[str]:
    """symbol = in symbols = in numbers = value, on one line where it fits, else a line for each side."""
    one = " = ".join(" ".join(side) for side in sides)
    if latex_width(f"{left} = {one}") <= ROOM:
        yield f"{left} &= {one}"
        return
    start = left
    for side in sides:
        for n, line in enumerate(filled(side)):
            yield f"{start} &= {line}" if n == 0 else f"&\\quad {line}"
            start = ""


def filled(side: list[str]) -> Iterator[str]:
    """The pieces of one side in lines that fit."""
    line = side[0]
    for piece in side[1:]:
        if latex_width(line) + latex_width(piece) + 1 <= ROOM - 10:
            line += f" {piece}"
        else:
            yield line
            line = piece
    yield line


def matrix(step: Step, doc: Document) -> Iterator[str]:
    """A matrix equation: in symbols, with its matrices, and the result."""
    left = names.latex(step.symbol)
    w = worked(doc, step, boxes.width, ROOM - 14)
    given = step.expr is None
    if w.result is None:
        result = pieces.value_of("latex", step.value, None if given else doc.precision)
    else:
        result = bracketed(w.result, doc.precision)
    sides = [] if given else [pieces.symbolic("latex", step.expr)[0]]
    yield from equation(left, sides or [[result]])
    for k, line in enumerate(numbers(w.pieces, w.decimals)):
        yield f"&= {line}" if k == 0 else f"&\\quad {line}"
    if sides:
        yield f"&= {result}"
    if w.note:
        yield f"&\\qquad\\text{{{prose(w.note)}}}"


def numbers(tokens: list[Token], decimals: int) -> Iterator[str]:
    """The numbers' side of a matrix equation in lines that fit."""
    line, used = "", 0
    for group in segments(tokens):
        width = boxes.width(group, decimals)
        text = " ".join(piece(t, decimals) for t in group)
        if line and used + width > ROOM - 14:
            yield line
            line, used = text, width
        else:
            line, used = f"{line} {text}".strip(), used + width + 1
    if line:
        yield line


def piece(token: Token, decimals: int) -> str:
    """One piece of it."""
    if token.kind == "matrix":
        return bracketed(token.value, decimals)
    if token.kind == "number":
        return pieces.inside("latex", token.value, decimals)
    return SIGNS.get(token.value, token.value)


def bracketed(grid: Grid, decimals: int) -> str:
    """A matrix in square brackets."""
    cells = grid.cells(DOTS, lambda v: latex_number(shown(v, decimals)))
    body = " \\\\ ".join(" & ".join(row) for row in cells)
    return f"\\begin{{bmatrix}} {body} \\end{{bmatrix}}"
