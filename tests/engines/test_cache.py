"""Compiled code on disk: the next process finds it, an edited formula does not, and no formula gets another's code."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chalknet

SCRIPT = """
import json, sys
import numpy as np
import chalknet
from chalknet.engines.base import Data, Description, LayerSpec, State, Until
from chalknet.engines.select import load
from chalknet.engines.fused import steps

name = sys.argv[1]
layers = (LayerSpec("dense", 3, 5), LayerSpec("activation", 5, 5, name, 0.01), LayerSpec("dense", 5, 1))
description = Description(layers, "squared_error", batch_size=4, max_epochs=2)
data = Data(np.linspace(-2, 2, 24).reshape(8, 3), np.linspace(-1, 1, 8).reshape(8, 1), np.arange(8))
told = {"file": chalknet.__file__}
for engine in ("numba", "numpy"):
    state = State.start(np.linspace(-1, 1, description.n_parameters), description)
    load(engine).session(description, state, data).run(Until(2, 1e6))
    told[engine] = state.losses + state.parameters.tolist()
print(json.dumps(told | {"compiled": steps.COMPILED, "found": steps.FOUND}))
"""


@pytest.fixture
def copy(tmp_path):
    """A copy of the package with a disk cache of its own: run(name of an activation) trains in a new process."""
    package = tmp_path / "src" / "chalknet"
    shutil.copytree(Path(chalknet.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    environment = os.environ | {
        "PYTHONPATH": str(package.parent),
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",  # an edit within a second must not meet yesterday's bytecode
    }

    def run(name, **variables):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, name],
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        assert Path(told["file"]).parent == package
        assert told["numba"] == pytest.approx(told["numpy"], rel=1e-12)
        return told

    run.package = package
    return run


@pytest.mark.slow
def test_the_disk_cache_knows_what_it_holds(copy):
    first = copy("leaky_relu")
    assert "activate leaky_relu float64" in first["compiled"]
    assert "train float64" in first["compiled"]
    assert first["found"] == []

    second = copy("leaky_relu")
    assert second["compiled"] == []
    assert sorted(second["found"]) == sorted(first["compiled"])
    assert second["numba"] == first["numba"]

    other = copy("silu")  # its own code, though the very same loop calls it
    assert sorted(other["compiled"]) == ["activate silu float64", "derive silu float64"]
    assert other["numba"] != first["numba"]
    assert copy("leaky_relu")["numba"] == first["numba"]

    narrow = copy(
        "leaky_relu", CHALKNET_VECTOR_BYTES="16"
    )  # another layout needs other kernels, not other formulas
    assert "train float64" in narrow["compiled"]
    assert "activate leaky_relu float64" in narrow["found"]
    assert narrow["numba"] == pytest.approx(first["numba"], rel=1e-12)

    formulas = copy.package / "maths" / "piecewise.py"
    text = formulas.read_text(encoding="utf-8")
    begin = text.index("def leaky_relu(")
    at = text.index("    return ", begin)
    end = text.index("\n", at)
    edited = text[:at] + "    return 2.0 * (" + text[at + len("    return ") : end] + ")" + text[end:]
    formulas.write_text(edited, encoding="utf-8")
    third = copy("leaky_relu")  # compares both engines inside
    assert third["numba"] != first["numba"]
    assert "activate leaky_relu float64" in third["compiled"]
    assert "train float64" in third["found"]  # kernels hold no formula


@pytest.mark.parametrize("trouble", ["no folder", "no space"])
def test_without_a_place_to_keep_it_code_is_compiled_all_the_same(monkeypatch, trouble):
    from numba.core.caching import FunctionCache

    from chalknet.engines.fused import steps

    def no_folder(self, function):
        raise RuntimeError("cannot cache function: no locator available")

    def no_space(self, sig, data):
        raise OSError("no space left on device")

    monkeypatch.setattr(
        FunctionCache, *(("__init__", no_folder) if trouble == "no folder" else ("save_overload", no_space))
    )
    function, signature = steps.MAKERS["pace"]("constant", steps.DTYPES["float64"])
    made = steps.build(function, signature, f"sources without {trouble}", "pace")
    clock = np.zeros(4)
    call = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p)(made.address)
    assert call(0.25, clock.ctypes.data, clock.ctypes.data) == 0.25
