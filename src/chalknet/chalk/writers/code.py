"""The calculation as NumPy: lines which, typed in this order, compute every array again."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.expr import symbols_of
from chalknet.chalk.groups import Group

if TYPE_CHECKING:
    from chalknet.chalk.trace import Trace

LARGE = 64  # entries from which an array is not written out beside the text
WIDTH = 76
NOT_FINITE = re.compile("nan|inf")


def imports(trace: Trace) -> list[str]:
    """The lines at the top."""
    used = any("scipy.special" in trace.numpy_line(g) for g in trace.groups if g.whole is not None)
    return ["import numpy as np", *(["import scipy.special"] if used else [])]


def literal(name: str, value: np.ndarray, *, elided: bool) -> str:
    """The line that gives an array; a comment where it is too large to type.

    >>> literal("x", np.array([[3.0, 5.0]]), elided=True)
    'x = np.array([[3.0, 5.0]])'
    """
    if value.size > 1 and not value.any():
        return f"{names.variable(name)} = np.zeros({value.shape})"
    if elided and value.size > LARGE:
        return f"# {names.variable(name)}: the {'×'.join(map(str, value.shape))} array given"
    return f"{names.variable(name)} = {array(value)}"


def array(value: Any) -> str:
    """An array as Python, all its digits."""
    text = repr(np.asarray(value, float).tolist())
    return f"np.array({NOT_FINITE.sub(lambda m: 'np.' + m[0], text)})"


def folded(line: str, width: int = WIDTH) -> list[str]:
    """A line of Python in lines that fit, in brackets and broken before + or - where it is too long.

    >>> folded("a = bb + cc - dd", 10)
    ['a = (bb', '    + cc', '    - dd)']
    """
    left, _, right = line.partition(" = ")
    if len(line) <= width or not right:
        return [line]
    if right.startswith("np.array("):  # blanks stand only between its numbers
        return textwrap.wrap(line, width, subsequent_indent="    ", break_long_words=False)
    out = [f"{left} = ("]
    for piece in re.split(r" (?=[+-] )", right):
        if len(out[-1]) + len(piece) + 1 <= width or out[-1].endswith("("):
            out[-1] += piece if out[-1].endswith("(") else f" {piece}"
        else:
            out.append(f"    {piece}")
    out[-1] += ")"
    return (
        out if max(map(len, out)) <= width else textwrap.wrap(" ".join(out), width, subsequent_indent="    ")
    )


def program(trace: Trace) -> str:
    """The whole calculation as lines of NumPy."""
    lines = imports(trace)
    lines += [literal(g.name, g.value, elided=False) for g in trace.given]
    known: dict[str, float] = {}
    for g in trace.groups:
        lines += [
            f"{names.variable(name)} = {value!r}" for name, value in constants(trace, [g], known).items()
        ]
        lines.append(line_of(trace, g, elided=False))
    return "\n".join(lines) + "\n"


def constants(trace: Trace, groups: list[Group], known: dict[str, float]) -> dict[str, float]:
    """The plain numbers that groups use, as far as `known` does not hold them; they are then known."""
    found = {
        s.name: float(s.value)
        for g in groups
        for s in symbols_of(g.whole).values()
        if s.name not in trace.arrays
    }
    new = {name: value for name, value in found.items() if known.get(name) != value}
    known |= new
    return new


def line_of(trace: Trace, g: Group, *, elided: bool) -> str:
    """The line of one group: its formula, or its values where they were drawn."""
    return literal(g.name, g.value, elided=elided) if g.whole is None else trace.numpy_line(g)
