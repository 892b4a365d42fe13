"""The public names are exactly what the package offers, explains and documents."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import chalknet

DOCS = Path(__file__).parents[1] / "docs"
NAMES = [name for name in chalknet.__all__ if name != "__version__"]


def documented() -> set[str]:
    """Names with an entry in the reference: by a directive of autodoc, or in a table that the build makes."""
    pages = "\n".join(page.read_text("utf-8") for page in DOCS.glob("*.md"))
    names = set(
        re.findall(r"auto(?:class|function|exception|module):: chalknet\.(\w+)$", pages, re.MULTILINE)
    )
    for module in re.findall(r"\{chalk-rows\} (\w+)$", pages, re.MULTILINE):
        for table in chalknet._ROWS.get(module, ()):
            names |= {row.layer for row in getattr(import_module(f"chalknet.maths.{module}"), table).values()}
    if "exceptions" in names:  # the module's entry holds its members
        names |= set(chalknet._errors())
    return names


@pytest.mark.parametrize("name", NAMES)
def test_name_resolves_and_has_a_docstring(name: str) -> None:
    value = getattr(chalknet, name)
    assert inspect.ismodule(value) or value.__name__ == name
    assert inspect.getdoc(value)


def test_every_name_is_documented_and_nothing_else() -> None:
    assert documented() == set(NAMES)


def test_no_name_stands_for_two_things() -> None:
    rows = chalknet._from_rows()
    assert not set(rows) & {*chalknet._NAMES, *chalknet._MODULES, *chalknet._errors()}
    owners = {}
    for module, tables in chalknet._ROWS.items():
        for table in tables:
            for row in getattr(import_module(f"chalknet.maths.{module}"), table).values():
                owners.setdefault(row.layer, set()).add(module)
    assert not {name: modules for name, modules in owners.items() if len(modules) > 1}


def test_completion_lists_the_public_names() -> None:
    assert dir(chalknet) == chalknet.__all__ == sorted(set(chalknet.__all__))


def test_star_import_brings_the_public_names() -> None:
    space: dict[str, object] = {}
    exec("from chalknet import *", space)
    assert set(chalknet.__all__) <= set(space)


@pytest.mark.parametrize("name", ["Netwrok", "_private", "__wrapped__"])
def test_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(chalknet, name)


def test_version_is_the_installed_one() -> None:
    from importlib.metadata import version

    assert chalknet.__version__ == version("chalknet")
