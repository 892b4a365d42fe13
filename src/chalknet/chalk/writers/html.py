"""One self-contained page: MathML, which browsers set by themselves; no script, no font, no address of anywhere else.

Each piece of an equation is a formula of its own, so that narrow screens break lines only before a sign.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape as _escape

from chalknet.chalk import names
from chalknet.chalk.numbers import shown
from chalknet.chalk.trace import Step
from chalknet.chalk.writers import boxes, code, mathml, matrices, pieces
from chalknet.chalk.writers.document import Block, Document, left_out_note
from chalknet.chalk.writers.elide import Grid
from chalknet.chalk.writers.matrices import Token, worked

escape = partial(_escape, quote=False)  # nothing is written into attributes
ROOM = 78  # characters of the widest matrix product
DOTS = ("⋯", "⋮", "⋱")
STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --dim: #5b6675; --line: #d5dbe3; --band: #f4f6f9;
  --value: #0a6b3d; --symbol: #7a2a8c; --mark: #8a4b00; --code: #1f4f99; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --paper: #14181e; --dim: #9aa5b4; --line: #333c48;
  --band: #1c222a; --value: #6fd6a0; --symbol: #d9a0ea; --mark: #f0b46a; --code: #8fb8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .75rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; padding-bottom: .25rem; border-bottom: 2px solid var(--line); }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
h3 small { font-weight: normal; color: var(--dim); margin-left: .5em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0 0 1rem; }
dt { color: var(--dim); } dd { margin: 0; }
p { margin: .25rem 0; } .dim { color: var(--dim); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 1rem 0; } nav a { color: var(--code); }
.eq { padding: .15rem 0 .15rem 2.5rem; text-indent: -1.5rem; overflow-x: auto; overflow-y: hidden; }
.eq > *, .eq math { text-indent: 0; }
.eq span { white-space: nowrap; }
.symbol { color: var(--symbol); } .value { color: var(--value); font-weight: 600; }
.mark { color: var(--mark); font-size: .9rem; white-space: normal !important; }
.given { display: flex; flex-wrap: wrap; gap: 0 1.5rem; align-items: center; }
.given .eq { flex: 0 1 auto; }
math { font-size: 1.06rem; font-family: "STIX Two Math", "Cambria Math", "Latin Modern Math", math; }
mtd { padding: .18em .45em; }
pre { margin: .25rem 0 .25rem 1rem; padding: .35rem .6rem; background: var(--band); color: var(--code);
  overflow-x: auto; font-size: .85rem; }
footer { margin-top: 2rem; color: var(--dim); font-size: .85rem; }
@media (max-width: 34rem) { body { padding: .6rem; } .eq { padding-left: 1.75rem; }
  h3 small { display: block; margin: 0; }
  pre { white-space: pre-wrap; margin-left: 0; } }
@media print { :root { --ink: #000; --paper: #fff; --dim: #444; --line: #999; --band: #fff; --value: #000;
  --symbol: #000; --mark: #000; --code: #000; }
  body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
  .eq, pre { overflow: visible; } pre { white-space: pre-wrap; border-left: 2px solid var(--line); }
  h2, h3 { break-after: avoid; } .eq { break-inside: avoid; } }
"""


def write(doc: Document) -> str:
    """The page."""
    return "\n".join(_lines(doc)) + "\n"


def page(title: str, body: str) -> str:
    """A whole page around a body."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>"
    )


def _lines(doc: Document) -> Iterator[str]:
    yield page(doc.title, "\n".join(_body(doc)))


def _body(doc: Document) -> Iterator[str]:
    yield f"<h1>{escape(doc.title)}</h1>"
    yield "<dl>" + "".join(f"<dt>{what}</dt><dd>{escape(which)}</dd>" for what, which in doc.facts) + "</dl>"
    yield from (f'<p class="dim">{escape(sentence)}</p>' for sentence in doc.legend)
    chapters = [c.title for c in doc.chapters] + (["Remarks"] if doc.remarks else [])
    links = (f'<a href="#part-{k}">{escape(title)}</a>' for k, title in enumerate(chapters))
    yield f"<nav>{''.join(links)}</nav>"
    for k, chapter in enumerate(doc.chapters):
        yield f'<section id="part-{k}">\n<h2>{escape(chapter.title)}</h2>'
        yield from (f'<p class="dim">{escape(sentence)}</p>' for sentence in chapter.intro)
        for block in chapter.blocks:
            yield from write_block(block, doc)
        if chapter.closing:
            yield f'<p class="value">{escape(chapter.closing)}</p>'
        yield "</section>"
    if doc.remarks:
        items = "".join(f"<li>{escape(remark)}</li>" for remark in doc.remarks)
        yield f'<section id="part-{len(doc.chapters)}">\n<h2>Remarks</h2>\n<ul>{items}</ul>\n</section>'


def write_block(block: Block, doc: Document) -> Iterator[str]:
    if block.given:
        yield '<div class="given">'
        yield from _step(block.steps[0], doc, "")
        yield f'<span class="dim">{escape(f"{block.title}, {block.shapes}")}</span></div>'
    else:
        if block.title:
            small = [block.shapes, f"({block.source})" if block.source else ""]
            extra = "".join(f"<small>{escape(text)}</small>" for text in small if text)
            yield f"<h3>{escape(block.title)}{extra}</h3>"
        yield from (f'<p class="dim">{escape(note)}</p>' for note in block.notes)
        for law in block.laws:
            sides = [pieces.symbolic("mathml", e, short=False)[0] for e in law.forms]
            yield _equation(mathml.symbol(law.symbol), sides, valued=False)
        for k, step in enumerate(block.steps):
            yield from _step(step, doc, block.mark if k == 0 else "")
    if note := left_out_note(block):
        yield f'<p class="dim">{escape(note)}</p>'
    if block.code:
        lines = (part for line in block.code for part in code.folded(line))
        yield f"<pre>{escape(chr(10).join(lines))}</pre>"


def _step(step: Step, doc: Document, mark: str) -> Iterator[str]:
    note = ""
    if step.shape or matrices.contains_array(step.expr):
        text, note = _matrix(step, doc, mark)
    else:
        e = pieces.equation("mathml", step, doc.precision, short=doc.elided)
        text = _equation(e.left, e.sides, mark)
        if e.missing:
            note = f"⋯ leaves out {e.missing} terms of the sum"
    yield text
    if note:
        yield f'<p class="dim">{escape(note)}</p>'


def math(content: str) -> str:
    """A formula in a line of text, set as large as one on its own."""
    return f'<math displaystyle="true"><mrow>{content}</mrow></math>'


def _equation(left: str, sides: list[list[str]], mark: str = "", *, valued: bool = True) -> str:
    """symbol = in symbols = in numbers = value: pieces that a browser may put on lines of their own."""
    out = [f'<span class="symbol">{math(left)}</span>']
    for k, side in enumerate(sides):
        first, *rest = side
        texts = [f"<mo>=</mo>{first}", *rest]
        name = ' class="value"' if valued and k == len(sides) - 1 else ""
        out += [f"<span{name}>{math(text)}</span>" for text in texts]
    return f'<div class="eq">{" ".join(out)}{_marked(mark)}</div>'


def _marked(mark: str) -> str:
    return f' <span class="mark">◀ {escape(mark)}</span>' if mark else ""


def _matrix(step: Step, doc: Document, mark: str) -> tuple[str, str]:
    """(a matrix equation: in symbols, with its matrices, and the result; what is left out)."""
    w = worked(doc, step, boxes.width, ROOM)
    sides = [] if step.expr is None else [pieces.symbolic("mathml", step.expr)[0]]
    if w.pieces:
        sides.append([])
        for token in w.pieces:
            text = _token(token, w.decimals)
            # on a narrow screen a line may begin at the sign of a product too
            if token.breaks or not sides[-1] or (token.kind == "sign" and token.value in "·⊙"):
                sides[-1].append(text)
            else:
                sides[-1][-1] += text
    if w.result is not None:
        sides.append([bracketed(w.result, doc.precision)])
    else:
        sides.append([pieces.value_of("mathml", step.value, None if step.expr is None else doc.precision)])
    return _equation(mathml.symbol(step.symbol), sides, mark), w.note


def _token(token: Token, decimals: int) -> str:
    if token.kind == "matrix":
        return bracketed(token.value, decimals)
    if token.kind == "number":
        return pieces.inside("mathml", token.value, decimals)
    if token.value in SUMS:
        return (
            f"<munder><mo>∑</mo><mtext>{SUMS[token.value]}</mtext></munder>"
            if SUMS[token.value]
            else "<mo>∑</mo>"
        )
    form = ' form="infix"' if token.value in "·⊙+−" else ""
    return f"<mo{form}>{token.value}</mo>"


SUMS = {"Σ": "", "Σ_rows": "rows", "Σ_outputs": "outputs"}


def bracketed(grid: Grid, decimals: int) -> str:
    """A matrix in square brackets."""
    cells = grid.cells(DOTS, lambda v: shown(v, decimals))
    rows = (
        "<mtr>"
        + "".join(f"<mtd>{f'<mo>{c}</mo>' if c in DOTS else mathml.number(c)}</mtd>" for c in row)
        + "</mtr>"
        for row in cells
    )
    return f"<mrow><mo>[</mo><mtable>{''.join(rows)}</mtable><mo>]</mo></mrow>"


__all__ = ["math", "names", "page", "write"]
