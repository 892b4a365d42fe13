"""The calculation as NumPy: lines which, typed in this order, compute every array again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.chalk import names

if TYPE_CHECKING:
    from chalknet.chalk.trace import Trace

LARGE = 64  # entries from which an array is not written out beside the text
WIDTH = 76
NOT_FINITE = re.compile("nan|inf")


def imports(trace: Trace) -> list[str]:
    """The lines at the top."""
    used = any("scipy.special" in (trace.code_of(g) or "") for g in trace.groups)
    return ["import numpy as np", *(["import scipy.special"] if used else [])]


def literal(name: str, value: np.ndarray, elided: bool) -> str:
    """The line that gives an array; a comment where it is too large to type.

    >>> literal("x", np.array([[3.0, 5.0]]), True)
    'x = np.array([[3.0, 5.0]])'
    """
    if elided and value.size > LARGE:
        return f"# {names.variable(name)}: the {'×'.join(map(str, value.shape))} array given"
    return f"{names.variable(name)} = {array(value)}"


def array(value: Any) -> str:
    """An array as Python, all its digits."""
    text = repr(np.asarray(value, float).tolist())
    return f"np.array({NOT_FINITE.sub(lambda m: 'np.' + m[0], text)})"


def folded(line: str, width: int = WIDTH) -> list[str]:
    """A line of Python in lines that fit, in brackets and broken before + or - where it is too long.

    >>> folded("a = bb + cc - dd", 12)
    ['a = (bb', '    + cc', '    - dd)']
    """
    if len(line) <= width or line.startswith("#") or "=" not in line or "np.array([" in line:
        return [line]
    left, _, right = line.partition(" = ")
    out = [f"{left} = ("]
    for piece in re.split(r" (?=[+-] )", right):
        if len(out[-1]) + len(piece) + 1 <= width or out[-1].endswith("("):
            out[-1] += piece if out[-1].endswith("(") else f" {piece}"
        else:
            out.append(f"    {piece}")
    out[-1] += ")"
    return out
