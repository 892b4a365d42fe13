"""The lecture's items as one self-contained HTML page: figures inline, no script, no address of anywhere else."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterable, Iterator
from functools import singledispatch
from html import escape
from typing import Any

from chalknet.chalk.writers import html
from chalknet.lecture.items import Item
from chalknet.lecture.items.layout import blocks, document
from chalknet.lecture.items.page import (
    Heading,
    Listing,
    Page,
    Part,
    Picture,
    Pixels,
    Slip,
    Table,
    Text,
    Try,
    Worked,
)

STYLE = """
h2 small { font-weight: normal; color: var(--dim); font-size: .9rem; margin-left: .6em; }
p { margin: .6rem 0; max-width: 46rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0; font-size: .92rem; }
th, td { padding: .2rem .7rem; text-align: left; border-bottom: 1px solid var(--line); } .right { text-align: right; }
th { color: var(--dim); font-weight: normal; }
figure { margin: 1rem 0; } figure img { max-width: 100%; height: auto; background: #fff; }
figcaption { color: var(--dim); }
.slip { border-left: .25rem solid var(--mark); background: var(--band); padding: .4rem .8rem; margin: .7rem 0; }
.slip b { color: var(--mark); } .slip p { margin: .1rem 0; }
.next { border-left: .25rem solid var(--value); background: var(--band); padding: .4rem .8rem; margin: .7rem 0; }
.output { color: var(--ink); } .label { color: var(--dim); margin: .5rem 0 0; }
"""
DPI = 100
CODE = re.compile("`([^`]*)`")


def write(
    items: Iterable[Item], *, pictures: bool = True, begun: Callable[[Item], None] | None = None
) -> Iterator[str]:
    """The page piece by piece; each item is worked out when its piece is asked for.

    Args:
        items: what the page holds, in this order.
        pictures: whether figures are drawn.
        begun: called with each item before it is worked out.
    """
    items = list(items)
    title = "The lecture, worked out" if len(items) > 1 else items[0].title
    head, tail = html.page(title, "\0").split("\0")
    yield head.replace("</style>", f"{STYLE}</style>", 1)
    yield f"<h1>{escape(title)}</h1>\n"
    if len(items) > 1:
        yield (
            "<p>Every number of an introductory lecture on neural networks, computed by chalknet. Where the slides "
            "have a slip, the right value stands beside it.</p>\n"
        )
        links = "".join(f'<a href="#{item.name}">{item.name}</a>' for item in items)
        yield f"<nav>{links}</nav>\n"
    for item in items:
        if begun is not None:
            begun(item)
        parts: list[Part] = []
        item.show(Page(parts.append, pictures=pictures))
        slides = ", ".join(item.slides)
        yield (
            f'<section id="{item.name}">\n<h2>{escape(item.title)}<small>{item.name} · {slides}</small></h2>\n'
        )
        yield from (f"{render(part)}\n" for part in parts)
        yield "</section>\n"
    yield tail + "\n"


@singledispatch
def render(part: Any) -> str:
    """One part as HTML."""
    raise TypeError(f"no part of an item: {part!r}")


@render.register
def _(part: Text) -> str:
    text = CODE.sub(r"<code>\1</code>", escape(part.text))
    return f"<p>{text}</p>"


@render.register
def _(part: Heading) -> str:
    return f"<h3>{escape(part.text)}</h3>"


@render.register
def _(part: Worked) -> str:
    label = f'<p class="label">{escape(part.label)}</p>\n' if part.label else ""
    doc = document(part)
    return label + "\n".join(line for block in blocks(part) for line in html.write_block(block, doc))


@render.register
def _(part: Table) -> str:
    def row(cells: Iterable[str], tag: str) -> str:
        kinds = (' class="right"' if i in part.right else "" for i in range(len(part.header)))
        return (
            "<tr>"
            + "".join(f"<{tag}{k}>{escape(c)}</{tag}>" for k, c in zip(kinds, cells, strict=True))
            + "</tr>"
        )

    body = "".join(row(cells, "td") for cells in part.rows)
    return f'<div class="scroll"><table>{row(part.header, "th")}{body}</table></div>'


@render.register
def _(part: Listing) -> str:
    output = f'\n<pre class="output">{escape(part.output)}</pre>' if part.output else ""
    return f"<pre>{escape(part.source)}</pre>{output}"


@render.register
def _(part: Slip) -> str:
    says, right = escape(part.says), escape(part.right)
    return (
        f'<div class="slip"><p><b>{escape(part.where)}, the slide:</b> {says}</p>'
        f"<p><b>Right:</b> {right}</p></div>"
    )


@render.register
def _(part: Pixels) -> str:
    return ""  # the figure has them


@render.register
def _(part: Picture) -> str:
    import matplotlib.pyplot as plt

    data = io.BytesIO()
    part.figure.savefig(data, format="png", dpi=DPI)
    plt.close(part.figure)
    source = base64.b64encode(data.getvalue()).decode()
    caption = escape(part.caption)
    image = f'<img src="data:image/png;base64,{source}" alt="{caption}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


@render.register
def _(part: Try) -> str:
    return f'<div class="next"><b>Try next.</b> {escape(part.text)} <code>{escape(part.command)}</code></div>'
