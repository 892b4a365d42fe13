"""Imports go downwards only, and `import chalknet` is quick."""

from __future__ import annotations

import ast
import graphlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "chalknet"
# STYLE's order, lowest first; packages of one line may use each other as long as no circle arises.
ORDER = (
    ("exceptions",),
    ("maths",),
    ("layers",),
    ("engines",),
    ("files",),
    ("network",),
    ("callbacks",),
    ("estimators",),
    ("chalk", "export", "plots", "data", "lecture", "distributed"),
    ("bench",),
    ("playground", "cli"),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
HEAVY = {"numba", "llvmlite", "matplotlib", "pandas", "pyarrow", "rich", "click", "safetensors"}


def part(file: Path) -> str:
    """The top-level package or module of chalknet that a file belongs to."""
    return file.relative_to(SRC).with_suffix("").parts[0]


def is_display(function: str) -> bool:
    return function.startswith("_repr_") or function == "_ipython_display_"


def imports(node: ast.AST, package: list[str], function: str = "") -> Iterator[tuple[str, str, int]]:
    """Yield (part of chalknet, enclosing function, line) for each import of our own below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            names = [alias.name for alias in child.names]
        elif isinstance(child, ast.ImportFrom):
            base = package[: len(package) - child.level + 1] if child.level else []
            start = ".".join([*base, *filter(None, [child.module])])
            names = [f"{start}.{alias.name}" for alias in child.names]
        else:
            inside = child.name if isinstance(child, ast.FunctionDef) else function
            yield from imports(child, package, inside)
            continue
        for name in names:
            first, _, rest = name.partition(".")
            if first == "chalknet" and rest != "__version__":
                yield rest.partition(".")[0], function, child.lineno


def edges() -> Iterator[tuple[Path, str, str, int]]:
    for file in sorted(SRC.rglob("*.py")):
        if file.parent == SRC and file.stem == "__init__":
            continue  # its table names modules in strings and imports nothing by itself
        package = ["chalknet", *file.relative_to(SRC).parent.parts]
        for target, function, line in imports(ast.parse(file.read_text("utf-8")), package):
            if target != part(file):
                yield file, target, function, line


def test_every_part_has_its_place_in_the_order() -> None:
    parts = {part(file) for file in SRC.rglob("*.py")} - {"__init__"}
    assert parts <= set(LEVEL)


def test_imports_go_downwards_only() -> None:
    wrong, graph = [], {}
    for file, target, function, line in edges():
        where = f"{file.relative_to(SRC)}:{line}"
        if target not in LEVEL and part(file) in {"cli", "playground"}:
            continue  # what stands on top may use the public names
        if target not in LEVEL:
            wrong.append(f"{where} imports {target or 'chalknet'}: import it from the module that defines it")
        elif target == "plots" and is_display(function):
            continue  # a notebook's display may draw
        elif LEVEL[target] > LEVEL[part(file)]:
            wrong.append(f"{where} imports {target}, which is above {part(file)}")
        else:
            graph.setdefault(part(file), set()).add(target)
    assert not wrong, "\n".join(wrong)
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


def test_the_rule_sees_every_form_of_import() -> None:
    source = "import chalknet.cli\nfrom ..plots import style\nfrom chalknet import data\ndef f():\n from .a import b"
    found = list(imports(ast.parse(source), ["chalknet", "maths"]))
    assert found == [("cli", "", 1), ("plots", "", 2), ("data", "", 3), ("maths", "f", 5)]


def python(code: str) -> str:
    """Run code in a fresh process without coverage's own imports; return what it prints."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout


@cache
def loaded(code: str) -> set[str]:
    """Names of the top-level packages that some code loads."""
    return set(
        python(f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})").split()
    )


def test_import_alone_loads_no_heavy_package() -> None:
    assert not HEAVY & loaded("import chalknet")


@pytest.mark.parametrize(
    "use",
    [
        "dir(chalknet)",
        "chalknet.MLPClassifier, chalknet.TabularClassifier, chalknet.Perceptron",
        "chalknet.Network([chalknet.Dense(2, 1)], loss=chalknet.MSE()).forward([[1.0, 2.0]])",
        "import chalknet.lecture",
    ],
)
def test_heavy_packages_wait_until_they_are_used(use: str) -> None:
    unasked = HEAVY & loaded(f"import chalknet\n{use}")
    assert not unasked - loaded("import sklearn.neural_network")  # scikit-learn 1.9 loads pandas by itself


def test_import_takes_no_longer_than_scikit_learns_networks() -> None:
    def seconds(module: str) -> float:
        start = time.perf_counter()
        python(f"import {module}")
        return time.perf_counter() - start

    pairs = [(seconds("chalknet"), seconds("sklearn.neural_network")) for _ in range(3)]
    ours, theirs = (min(times) for times in zip(*pairs, strict=True))
    assert ours <= theirs * 1.05
