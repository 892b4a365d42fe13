"""How Sphinx builds these pages: Markdown through MyST, the reference through autodoc, the tables from the formulas."""

from __future__ import annotations

import sys
from pathlib import Path

import chalknet

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "chalknet"
author = "The chalknet authors"
copyright = "2026, The chalknet authors"  # noqa: A001 - Sphinx's own name
version = release = chalknet.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "formula_tables", "plain_docstrings"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "code"  # `name` in a docstring means code

html_theme = "furo"
html_title = "chalknet"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # signatures carry them; the docstrings say shapes and units
autodoc_default_options = {"members": True, "inherited-members": False, "show-inheritance": True}
