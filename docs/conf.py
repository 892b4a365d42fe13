"""How Sphinx builds these pages: Markdown through MyST, the reference through autodoc, the tables from the formulas."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import chalknet

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "chalknet"
author = "The chalknet authors"
copyright = "2026, The chalknet authors"  # noqa: A001 - Sphinx's own name
version = release = chalknet.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "formula_tables"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "code"  # `name` in a docstring means code

html_theme = "furo"
html_title = "chalknet"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # signatures carry them; the docstrings say shapes and units
autodoc_default_options = {"members": True, "inherited-members": False, "show-inheritance": True}
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # an attribute that is also a property is described once


def read_plainly(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text first: |a − y| and coefs_ are no markup, and a module's indented drawing is literal."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...", "..")):
            parts = line.split("`")  # every second part is code
            parts[::2] = [re.sub(r"(?<!\\)\||(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
            lines[i] = "`".join(parts)
    for i in reversed(range(len(lines) - 1)):
        if re.fullmatch(
            r"    \w[\w, ]*,", lines[i]
        ):  # names of several arguments, continued on the next line
            lines[i : i + 2] = [f"{lines[i]} {lines[i + 1].strip()}"]
    if what == "module":
        starts = [i for i in range(2, len(lines)) if lines[i].startswith("    ") and not lines[i - 1].strip()]
        for i in reversed(starts):
            if lines[i - 2] and lines[i - 2][0] not in " .":
                lines[i:i] = ["::", ""]


def is_routing(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the set_…_request methods that scikit-learn makes for each estimator."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app: Any) -> None:
    """Connect the hooks above."""
    app.connect("autodoc-skip-member", is_routing)
    app.connect("autodoc-process-docstring", read_plainly, priority=400)  # before napoleon
