"""The pages of the documentation and the README do what they show.

A page's blocks run from top to bottom, in one folder and one namespace: ```python blocks as programs or, where they
hold prompts, as doctests; the lines of ```console blocks that begin with "$ " as commands, each of which must succeed.
Blocks in other languages (```sh for installing, ```text for output) are only read.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    language: str
    text: str
    line: int  # of the text's first line in the page, from 1


def blocks(page: str) -> Iterator[Block]:
    for match in FENCE.finditer(page):
        yield Block(match[1], match[2], page.count("\n", 0, match.start(2)) + 1)


def run_python(block: Block, page: Path, space: dict[str, object]) -> None:
    if ">>>" not in block.text:
        code = "\n" * (block.line - 1) + block.text  # so that a traceback names the page's own line
        exec(compile(code, str(page), "exec"), space)
        return
    name = page.relative_to(ROOT).as_posix()
    test = doctest.DocTestParser().get_doctest(block.text, space, name, str(page), block.line - 1)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
    space.update(test.globs)
    assert not result.failed, "".join(report)


def run_console(block: Block, folder: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for line in re.findall(r"^\$ (.*)$", block.text, re.MULTILINE):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {"__name__": "__page__"}
    for block in blocks(page.read_text("utf-8")):
        if block.language == "python":
            run_python(block, page, space)
        elif block.language == "console":
            run_console(block, tmp_path)


def test_readme_holds_the_two_commands_each_on_its_own_line() -> None:
    lines = [
        line for block in blocks((ROOT / "README.md").read_text("utf-8")) for line in block.text.splitlines()
    ]
    assert 'python -m pip install ".[all]" && chalknet demo' in lines
    assert 'python -m pip install -e ".[all,test]" && pytest -n auto' in lines


def test_ci_uses_the_second_command() -> None:
    assert (
        'python -m pip install -e ".[all,test]" && pytest -n auto'
        in (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    )


def test_a_wrong_page_is_noticed(tmp_path: Path) -> None:
    def block(text: str) -> Block:
        return next(blocks(text))

    with pytest.raises(AssertionError, match=r"Got:\s+2"):
        run_python(block("```python\n>>> 1 + 1\n3\n```\n"), ROOT / "README.md", {})
    with pytest.raises(ZeroDivisionError):
        run_python(block("```python\n1 / 0\n```\n"), ROOT / "README.md", {})
    with pytest.raises(AssertionError, match="oh no"):
        run_console(block("```console\n$ echo oh no | (cat; false)\n```\n"), tmp_path)
