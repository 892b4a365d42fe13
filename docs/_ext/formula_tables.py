"""A directive that makes the reference's tables from the rows of chalknet.maths: no formula is written twice.

``{chalk-table} activations`` lists every row of that module: its name, its class, its shape parameter or
hyperparameters, its source, and the formula itself, which is read from the source of the very function that runs.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import chalknet

TABLES = {**chalknet._ROWS, "initializers": ("INITIALIZERS",)}  # noqa: SLF001 - the package's own list
# Fields of a row that hold functions, with a comment to print before them.
FUNCTIONS = {
    "f": "",
    "df": "",
    "vjp": "a vector times the Jacobian",
    "scales": "once a step",
    "step": "once a weight",
    "rate": "",
    "weights": "",
    "biases": "",
    "textbook": "as a textbook writes it",
    "d_textbook": "",
}


@cache
def tree(file: str) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(Path(file).read_text("utf-8"))


def definition(function: Callable[..., Any]) -> ast.FunctionDef | ast.Lambda:
    """Find where a function or lambda is written, by the position of its code."""
    where = function.__code__
    columns = [
        column for line, _, column, _ in where.co_positions() if line == where.co_firstlineno and column
    ]
    for node in ast.walk(tree(where.co_filename)):
        if isinstance(node, ast.FunctionDef) and (node.name, node.lineno) == (
            where.co_name,
            where.co_firstlineno,
        ):
            return node
        if (
            isinstance(node, ast.Lambda)
            and node.lineno == where.co_firstlineno
            and where.co_name == "<lambda>"
        ):
            begin, end = node.body.col_offset, node.body.end_col_offset or 0
            if not columns or any(begin <= column <= end for column in columns):
                return node
    raise LookupError(f"{where.co_qualname} is not found in {where.co_filename}")


def code(function: Callable[..., Any], name: str) -> str:
    """Return the source of a function without its docstring, after what it closes over; `name` is for lambdas."""
    node = definition(function)
    if isinstance(node, ast.Lambda):
        body: list[ast.stmt] = [ast.Return(node.body)]
        name = f"def {name}({ast.unparse(node.args)})"
    else:
        body = node.body[1:] if ast.get_docstring(node) else node.body
        name = f"def {node.name}({ast.unparse(node.args)})"
    lines = [*before(function), f"{name}:", textwrap.indent("\n".join(map(ast.unparse, body)), "    ")]
    return "\n".join(lines)


def before(function: Callable[..., Any]) -> Iterator[str]:
    """Yield, for each variable that a function closes over, its value or source."""
    for name, value in inspect.getclosurevars(function).nonlocals.items():
        if not inspect.isfunction(value):
            yield f"{name} = {value!r}"
            continue
        yield code(value, name)
        if value.__name__ not in {name, "<lambda>"}:
            yield f"{name} = {value.__name__}"


def number(value: float) -> str:
    """Print a limit or default as a person would."""
    return {math.inf: "∞", -math.inf: "−∞"}.get(value, f"{value:g}".replace("-", "−"))


def facts(row: Any) -> Iterator[tuple[str, str]]:
    """Yield what a row says about itself beside its functions, as (label, Markdown)."""
    if getattr(row, "p_name", None):
        yield "parameter", f"`{row.p_name}` = {number(row.p)}"
    if hasattr(row, "hyper"):
        yield "hyperparameters", ", ".join(f"`{k}` = {number(v)}" for k, v in row.hyper.items()) or "none"
    if hasattr(row, "slots"):
        yield "kept for each weight", ", ".join(f"`{slot}`" for slot in row.slots) or "nothing"
    if hasattr(row, "lr"):
        yield "default learning rate", number(row.lr)
    if hasattr(row, "low"):
        yield "outputs", f"{number(row.low)} … {number(row.high)}"
    if hasattr(row, "pair"):
        yield "meant for", f"outputs of `{row.pair}`"
        yield "mean over", "rows" if row.rows else "all elements"
    if getattr(row, "source", ""):
        yield "source", escape(row.source)


def entry(row: Any) -> Iterator[str]:
    """Yield the Markdown lines of one row: class, facts, formulas."""
    layer = getattr(row, "layer", None)
    title = f"`{row.name}`" + (f" · [`cn.{layer}`](#chalknet.{layer})" if layer else "")
    yield from (f"### {title}", "")
    functions = {field: getattr(row, field) for field in FUNCTIONS if getattr(row, field, None)}
    about = inspect.getdoc(next(iter(functions.values()))) or ""
    if about:
        yield from (escape(about.partition("\n\n")[0]), "")
    yield from (f"- {label}: {text}" for label, text in facts(row))
    yield from ("", "```python")
    for field, function in functions.items():
        if FUNCTIONS[field]:
            yield f"# {FUNCTIONS[field]}"
        yield from code(function, field).splitlines()
    yield from ("```", "")


def escape(text: str) -> str:
    """Keep Markdown from reading a formula's stars and underscores as emphasis."""
    return re.sub(r"([*_<|$])", r"\\\1", text)


def page(module: str) -> Iterator[str]:
    """Yield the Markdown of one module's tables: an overview, then an entry a row, then the classes."""
    maths = import_module(f"chalknet.maths.{module}")
    rows = [row for table in TABLES[module] for row in getattr(maths, table).values()]
    yield from ("| name | class | facts |", "| --- | --- | --- |")
    for row in rows:
        layer = getattr(row, "layer", None)
        short = "; ".join(f"{label}: {text}" for label, text in facts(row) if label != "source")
        yield f"| `{row.name}` | {f'`cn.{layer}`' if layer else ''} | {short} |"
    yield ""
    for name, target in getattr(maths, "ALIASES", {}).items():
        yield from (f"`{name}` is another name of `{target}`.", "")
    for row in rows:
        yield from entry(row)
    layers = dict.fromkeys(row.layer for row in rows if hasattr(row, "layer"))
    if layers:
        yield from ("### Classes", "", "```{eval-rst}")
        yield from (f".. autoclass:: chalknet.{layer}\n   :no-members:\n" for layer in layers)
        yield "```"


class ChalkTable(SphinxDirective):
    """``{chalk-table} MODULE``: the tables of ``chalknet.maths.MODULE``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the page as Markdown and have MyST read it."""
        lines = "\n".join(page(self.arguments[0])).splitlines()
        source = f"chalknet.maths.{self.arguments[0]}"
        self.env.note_dependency(inspect.getfile(import_module(source)))
        holder = nodes.section()
        holder.document = self.state.document
        self.state.nested_parse(StringList(lines, source), self.content_offset, holder, match_titles=True)
        return holder.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of the directive."""
    app.add_directive("chalk-table", ChalkTable)
    return {"version": chalknet.__version__, "parallel_read_safe": True}
