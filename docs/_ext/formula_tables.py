"""Two directives that make the reference's tables from the rows of chalknet.maths: no formula is written twice.

``{chalk-table} activations`` lists every row of that module with its class, its shape parameter or hyperparameters;
``{chalk-rows} activations`` gives each a section with its class and the formula itself, which is read from the
source of the very function that runs.
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
        yield "after", f"`{row.pair}`"
        yield "mean over", "rows" if row.rows else "all elements"
    if getattr(row, "source", ""):
        yield "source", escape(row.source)


def entry(row: Any, layer: str | None) -> Iterator[str]:
    """Yield the Markdown lines of one row: its class, unless an earlier row has shown it, facts and formulas."""
    yield from (f"### `{row.name}`", "")
    functions = {field: getattr(row, field) for field in FUNCTIONS if getattr(row, field, None)}
    about = inspect.getdoc(functions.get("step") or next(iter(functions.values())))
    if layer:
        yield from ("```{eval-rst}", f".. autoclass:: chalknet.{layer}", "   :no-members:", "```", "")
    elif about:
        yield from (escape(about.partition("\n\n")[0]), "")
    known = (inspect.getdoc(getattr(chalknet, layer)) or "") if layer else ""
    yield from (
        f"- {label}: {text}" for label, text in facts(row) if label != "source" or row.source not in known
    )
    yield from ("", "```python")
    for field, function in functions.items():
        if FUNCTIONS[field]:
            yield f"# {FUNCTIONS[field]}"
        yield from code(function, field).splitlines()
    yield from ("```", "")


def escape(text: str) -> str:
    """Keep Markdown from reading a formula's stars and underscores as emphasis."""
    return re.sub(r"([*_<|$])", r"\\\1", text)


def rows_of(module: str) -> list[Any]:
    """Return the rows of one module's tables, in their order."""
    maths = import_module(f"chalknet.maths.{module}")
    return [row for table in TABLES[module] for row in getattr(maths, table).values()]


def overview(module: str) -> Iterator[str]:
    """Yield the Markdown of a table with a line for each row, and the other names that rows go by."""
    rows = rows_of(module)
    lines = [{label: text for label, text in facts(row) if label != "source"} for row in rows]
    labels = list(dict.fromkeys(label for line in lines for label in line))
    titles = ["name", *(["class"] if hasattr(rows[0], "layer") else []), *labels]
    yield from (f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}")
    for row, line in zip(rows, lines, strict=True):
        first = [f"`{row.name}`", *([f"`cn.{row.layer}`"] if hasattr(row, "layer") else [])]
        yield f"| {' | '.join([*first, *(line.get(label, '') for label in labels)])} |"
    yield ""
    for name, target in getattr(import_module(f"chalknet.maths.{module}"), "ALIASES", {}).items():
        yield from (f"`{name}` is another name of `{target}`.", "")


def entries(module: str) -> Iterator[str]:
    """Yield the Markdown of every row's own section."""
    shown: set[str | None] = set()
    for row in rows_of(module):
        layer = getattr(row, "layer", None)
        yield from entry(row, None if layer in shown else layer)
        shown.add(layer)


class ChalkTable(SphinxDirective):
    """``{chalk-table} MODULE``: a line for each row of ``chalknet.maths.MODULE``."""

    required_arguments = 1
    write = staticmethod(overview)

    def run(self) -> list[nodes.Node]:
        """Write Markdown and have MyST read it."""
        module = self.arguments[0]
        self.env.note_dependency(inspect.getfile(import_module(f"chalknet.maths.{module}")))
        holder = nodes.section()
        holder.document = self.state.document
        lines = StringList("\n".join(self.write(module)).splitlines(), f"chalknet.maths.{module}")
        self.state.nested_parse(lines, self.content_offset, holder, match_titles=True)
        return holder.children


class ChalkRows(ChalkTable):
    """``{chalk-rows} MODULE``: a section for each row."""

    write = staticmethod(entries)


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of the directive."""
    app.add_directive("chalk-table", ChalkTable)
    app.add_directive("chalk-rows", ChalkRows)
    return {"version": chalknet.__version__, "parallel_read_safe": True}
