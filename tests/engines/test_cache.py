"""Compiled code on disk: later processes find it, an edited formula does not, and no formula gets another's code."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import chalknet
from chalknet.engines.fused import disk, steps

SCRIPT = """
import json, sys
import numpy as np
import chalknet
from chalknet.engines.base import Description, LayerSpec
from chalknet.engines.state import Data, State, Until
from chalknet.engines.select import load
from chalknet.engines.fused import disk

name = sys.argv[1]
layers = (LayerSpec("dense", 3, 5), LayerSpec("activation", 5, 5, name, 0.01), LayerSpec("dense", 5, 1))
description = Description(layers, "squared_error", batch_size=4, max_epochs=2)
data = Data(np.linspace(-2, 2, 24).reshape(8, 3), np.linspace(-1, 1, 8).reshape(8, 1), np.arange(8))
told = {"file": chalknet.__file__}
for engine in ("numba", "numpy"):
    state = State.start(np.linspace(-1, 1, description.n_parameters), description)
    load(engine).session(description, state, data).run(Until(2, 1e6))
    told[engine] = state.losses + state.parameters.tolist()
print(json.dumps(told | {"compiled": disk.compiled, "found": disk.found}))
"""


class Package:
    """A copy of the package; `copy(activation)` trains with it in a new process and gives what that tells."""

    def __init__(self, folder, cache):
        self.folder = folder
        shutil.copytree(Path(chalknet.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.environment = os.environ | {
            "PYTHONPATH": str(folder.parent),
            "XDG_CACHE_HOME": str(cache),
            "PYTHONDONTWRITEBYTECODE": "1",  # an edit within a second must not meet yesterday's bytecode
        }
        self.environment.pop("NUMBA_CACHE_DIR", None)

    def start(self, name, **variables):
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SCRIPT, name],
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, process):
        out, said = process.communicate()
        assert (process.returncode, said) == (0, "")
        told = json.loads(out.splitlines()[-1])
        assert Path(told["file"]).parent == self.folder
        assert told["numba"] == pytest.approx(told["numpy"], rel=1e-12)
        return told

    def __call__(self, name, **variables):
        return self.end(self.start(name, **variables))


@pytest.fixture
def copy(tmp_path):
    """A copy of the package with a disk cache of its own."""
    return Package(tmp_path / "src" / "chalknet", tmp_path / "cache")


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

    formulas = copy.folder / "maths" / "piecewise.py"
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


@pytest.mark.slow
def test_two_processes_that_compile_at_once_end_equal(copy):
    names = ["leaky_relu", "silu", "leaky_relu"]
    told = [copy.end(process) for process in [copy.start(name) for name in names]]
    assert told[0]["numba"] == told[2]["numba"] != told[1]["numba"]
    for name, first in zip(names, told, strict=True):
        again = copy(name)
        assert again["compiled"] == []
        assert again["numba"] == first["numba"]


def wheel(folder):
    """The package as a wheel, made by hand: a build backend would have to be fetched."""
    path = folder / "chalknet-1-py3-none-any.whl"
    source = Path(chalknet.__file__).parent
    info = "chalknet-1.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        for each in sorted(source.rglob("*")):
            if each.is_file() and "__pycache__" not in each.parts:
                file.write(each, Path("chalknet") / each.relative_to(source))
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: chalknet\nVersion: 1\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(
            f"{info}/RECORD", "".join(f"{name},,\n" for name in [*file.namelist(), f"{info}/RECORD"])
        )
    return path


@pytest.mark.slow
def test_a_reinstall_finds_the_compiled_code(tmp_path, copy):
    made = wheel(tmp_path)
    told = []
    for place in ("one", "two"):  # another place, and every file's time is new
        copy.folder = tmp_path / place / "chalknet"
        command = [
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            "--target",
            str(copy.folder.parent),
        ]
        subprocess.run([sys.executable, *command, str(made)], check=True)
        (copy.folder / "engines" / "fused" / "__pycache__").mkdir(exist_ok=True)
        told.append(copy("relu", PYTHONPATH=str(copy.folder.parent)))
        assert not list(copy.folder.rglob("*.code"))  # all is in the user's own folder
        os.utime(copy.folder / "engines" / "fused" / "train.py", (1e9, 1e9))
    assert told[0]["compiled"] == sorted(told[1]["found"], key=told[0]["compiled"].index)
    assert told[1]["compiled"] == []
    assert told[0]["numba"] == told[1]["numba"]


@pytest.mark.slow
@pytest.mark.parametrize("writable", ["the package", "nothing"])
def test_without_a_home_code_is_kept_beside_the_sources_or_not_at_all(copy, writable):
    beside = copy.folder / "engines" / "fused" / "__pycache__"
    if writable == "nothing":
        beside.write_text("in the way")  # even for root
    first, second = (copy("relu", XDG_CACHE_HOME="/dev/null/none") for _ in range(2))
    assert first["numba"] == second["numba"]
    assert bool(second["compiled"]) == (writable == "nothing")
    assert sorted(first["compiled"]) == sorted(second["found"] or second["compiled"])


@pytest.fixture
def one(tmp_path, monkeypatch):
    """A cache in two folders, and a piece to keep in it."""
    monkeypatch.setattr(disk, "folders", lambda: [tmp_path / "a", tmp_path / "b"])
    return tmp_path


def test_what_is_written_is_read_and_what_is_damaged_is_not(one):
    disk._write("piece-1", {"code": 1})
    assert disk._read("piece-1") == {"code": 1}
    assert disk._read("piece-2") is None
    file = one / "a" / "piece-1"
    for damaged in (file.read_bytes()[:-1], b"", b"\x00" + file.read_bytes()[1:]):
        file.write_bytes(damaged)
        assert disk._read("piece-1") is None
    disk._write("piece-1", {"code": 2})
    assert disk._read("piece-1") == {"code": 2}
    assert [each.name for each in (one / "a").iterdir()] == ["piece-1"]


def test_the_first_folder_that_can_be_written_is_taken(one):
    (one / "a").write_text("no folder")
    disk._write("piece-1", 1)
    assert (one / "b" / "piece-1").exists()
    assert disk._read("piece-1") == 1
    shutil.rmtree(one / "b")
    (one / "b").write_text("no folder either")
    disk._write("piece-1", 1)  # nothing is kept, and nothing is said
    assert disk._read("piece-1") is None


def test_a_full_disk_leaves_nothing_half_written(one, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    disk._write("piece-1", 1)
    assert not [each for each in one.rglob("*") if each.is_file()]


def test_code_of_other_versions_is_forgotten_after_a_month(one):
    disk._write("piece-old", 1)
    disk._write("piece-young", 1)
    disk._write("piecework-old", 1)
    for name in ("piece-old", "piecework-old"):
        os.utime(one / "a" / name, (1e9, 1e9))
    disk._write("piece-new", 1)
    left = sorted(each.name for each in (one / "a").iterdir())
    assert left == ["piece-new", "piece-young", "piecework-old"]


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.cache/chalknet"),
        ("linux", {"XDG_CACHE_HOME": "xdg"}, "xdg/chalknet"),
        ("darwin", {}, "home/Library/Caches/chalknet"),
        ("win32", {}, "home/AppData/Local/chalknet/Cache"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/chalknet/Cache"),
    ],
)
def test_each_system_has_its_folder(monkeypatch, platform, variables, expected):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": "home", "USERPROFILE": "home"} | variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert disk.user_folder() == Path(expected)


def test_the_folder_that_numba_is_told_stands_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(disk.config, "CACHE_DIR", str(tmp_path))
    assert disk.folders() == [tmp_path / "chalknet"]
    assert disk.place() == tmp_path / "chalknet"
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(disk.config, "CACHE_DIR", str(tmp_path / "file"))  # what lies there can still be read
    assert disk.folders()[:2] == [tmp_path / "file" / "chalknet", disk.user_folder()]
    monkeypatch.setattr(disk.config, "CACHE_DIR", "")
    assert disk.folders()[0] == disk.user_folder()
    monkeypatch.setattr(disk, "folders", lambda: [tmp_path / "file" / "chalknet"])
    assert disk.place() is None


def test_code_with_addresses_of_this_process_is_not_kept(one):
    class Made:
        class library:  # noqa: N801  as Numba's attribute
            has_dynamic_globals = True

    disk.DiskCache(wheel, "sources", "piece").save_overload(None, Made)
    assert not (one / "a").exists()


@pytest.fixture
def built(one, monkeypatch):
    """Build a small step under a label, on an empty cache."""
    monkeypatch.setattr(disk, "compiled", [])
    monkeypatch.setattr(disk, "told", False)
    function, signature = steps.MAKERS["pace"]("constant", steps.DTYPES["float64"])
    return lambda label: steps.build(function, signature, f"sources of {label}", label)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [Terminal, io.StringIO, lambda: None])
def test_a_person_who_waits_is_told_once_and_nobody_else(built, monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream())
    said = []
    for i in range(disk.TOLD_AT + 1):
        built(f"piece {i}")
        said.append(sys.stderr.getvalue() if sys.stderr else "")
    told = disk.WAIT if stream is Terminal else ""
    assert said == ["", "", told, told]
    disk.tell()
    assert not sys.stderr or sys.stderr.getvalue() == told
    assert len(disk.compiled) == disk.TOLD_AT + 1
