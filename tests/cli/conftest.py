"""Commands run in this process, and tables to run them on."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from chalknet.cli.main import run as run_command


class Result(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def chalknet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Result]:
    """Run a command in an empty folder: ``chalknet("train", "a.csv", stdin=b"…")``."""
    monkeypatch.chdir(tmp_path)

    def run(*args: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run_command([str(arg) for arg in args])
        sys.stdout.flush()
        out, err = capsysbinary.readouterr()
        return Result(status, out.decode(), err.decode())

    return run


@pytest.fixture
def refused(chalknet: Callable[..., Result], tmp_path: Path) -> Callable[..., str]:
    """Run a command that must refuse: exit 2, one line, and every file as it was. Gives the line."""

    def files() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file()}

    def run(*args: object, stdin: bytes = b"") -> str:
        before = files()
        result = chalknet(*args, stdin=stdin)
        assert result.status == 2
        assert result.err.startswith("chalknet: ") and result.err.count("\n") == 1, result.err
        assert "Unexpected" not in result.err
        assert files() == before
        return result.err.removesuffix("\n")

    return run


@pytest.fixture
def flowers() -> pd.DataFrame:
    """A table that is easily learned: a number that tells, a category, gaps, and a class."""
    n = 60
    rng = np.random.RandomState(0)
    kind = rng.randint(0, 2, n)
    frame = pd.DataFrame(
        {"length": np.round(kind * 3 + rng.randn(n), 2), "colour": rng.choice(list("xyz"), n)}
    )
    frame.loc[::9, "length"] = np.nan
    frame.loc[4::11, "colour"] = None
    frame["kind"] = np.array(["lily", "rose"])[kind]
    return frame


@pytest.fixture
def table(tmp_path: Path, flowers: pd.DataFrame) -> str:
    """``flowers.csv`` in the folder that commands run in."""
    flowers.to_csv(tmp_path / "flowers.csv", index=False)
    return "flowers.csv"


@pytest.fixture
def model(table: str, chalknet: Callable[..., Result]) -> str:
    """A model of ``table``."""
    assert chalknet("train", table, "--target", "kind", "--out", "m.chalk", "--epochs", 30).status == 0
    return "m.chalk"
