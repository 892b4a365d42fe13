"""Every file of the kernel lab runs, its checks included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAB = Path(__file__).parents[2] / "benchmarks" / "lab"
FILES = sorted(path.name for path in LAB.glob("*.py") if path.name != "harness.py")


def test_the_readme_names_every_file():
    text = (LAB / "README.md").read_text("utf-8")
    assert [name for name in FILES if f"`{name}`" not in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_file_checks_its_kernel_and_prints_a_table(name):
    env = {**os.environ, "LAB_SECONDS": "0.0005"}
    done = subprocess.run(
        [sys.executable, str(LAB / name)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") >= 5
