"""Processors with shorter vectors run the same engine: here with the ones they have, on whatever processor this is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = ("test_gemm.py", "test_ready.py", "test_sessions.py")


@pytest.mark.slow
@pytest.mark.parametrize("size", [32, 16])
def test_the_engine_holds_with_shorter_vectors(size, tmp_path):
    env = os.environ | {
        "CHALKNET_VECTOR_BYTES": str(size),
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTEST_ADDOPTS": "",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *(str(HERE / f) for f in FILES),
    ]
    done = subprocess.run(command, check=False, env=env, cwd=HERE.parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
