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


def read_plainly(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text first: |a − y| is no substitution, and a module's indented drawing is literal."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...", "..")) and "`" not in line:
            lines[i] = re.sub(r"(?<!\\)\|", r"\\|", line)
    if what == "module":
        starts = [i for i in range(2, len(lines)) if lines[i].startswith("    ") and not lines[i - 1].strip()]
        for i in reversed(starts):
            if lines[i - 2] and lines[i - 2][0] not in " .":
                lines[i:i] = ["::", ""]


def setup(app: Any) -> None:
    """Connect the hook above."""
    app.connect("autodoc-process-docstring", read_plainly)
