"""Docstrings here are plain text first; this turns them into reStructuredText while the reference is built.

Sections ("Args:", "Raises:", …) become a heading with a list, an entry for each line "name, name: text". Bars as in
|a − y| and names such as coefs_ are no markup outside code, and an indented drawing in a module's docstring is literal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

SECTIONS = {
    "Args:": "Arguments",
    "Attributes:": "Attributes",
    "Returns:": "Returns",
    "Raises:": "Raises",
    "Warns:": "Warns",
    "Example:": "Example",
    "Examples:": "Examples",
    "Note:": "Note",
}
CODE = re.compile(r"(``.*?``|`[^`]*`)")
ENTRY = re.compile(r"    (\w[\w, …*.]*): (.*)")


def escape(line: str) -> str:
    """Keep bars and trailing underscores from being read as markup, except in code."""
    if line.lstrip().startswith((">>>", "...", "..")):
        return line
    parts = CODE.split(line)  # every second part is code
    parts[::2] = [re.sub(r"(?<!\\)\||(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    return "".join(parts)


def sections(lines: list[str]) -> Iterator[str]:
    """Yield the lines with each section as a bold heading and its entries as a list."""
    inside = False
    for line in lines:
        if line in SECTIONS:
            inside = True
            yield from ("", f"**{SECTIONS[line]}**", "")
            continue
        inside = inside and (not line or line.startswith("    "))
        entry = ENTRY.fullmatch(line) if inside else None
        if entry:
            yield f"- **{escape(entry[1])}**: {escape(entry[2])}"
        elif inside and line.startswith("        "):  # an entry goes on
            yield "  " + escape(line[8:])
        else:
            yield escape(line[4:] if inside else line)


def joined(lines: list[str]) -> list[str]:
    """Bring the names of one entry, which may run over several lines, onto one."""
    lines, i = list(lines), 0
    while i < len(lines) - 1:
        if re.fullmatch(r"    \w[\w, ]*[,:]", lines[i]):
            lines[i : i + 2] = [f"{lines[i]} {lines[i + 1].strip()}"]
        else:
            i += 1
    return lines


def literal_drawings(lines: list[str]) -> list[str]:
    """Mark indented blocks as literal."""
    lines = list(lines)
    for i in reversed(range(2, len(lines))):
        if lines[i].startswith("    ") and not lines[i - 1].strip() and lines[i - 2][:1].strip(" ."):
            lines[i:i] = ["::", ""]
    return lines


def read_plainly(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Apply all of it to one docstring, in place."""
    lines[:] = sections(joined(lines))
    if what == "module":
        lines[:] = literal_drawings(lines)


def is_routing(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the set_…_request methods that scikit-learn makes for each estimator."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect with autodoc."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", read_plainly)
    app.connect("autodoc-skip-member", is_routing)
    return {"parallel_read_safe": True}
