"""Writing model files: whole or not at all, with the usual mode, and nothing left over."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalknet.exceptions import ModelFileError
from chalknet.files.model_file import read_state, write_state

ARRAYS = {"layers.0.weight": np.arange(6.0).reshape(2, 3), "layers.0.bias": np.ones((1, 3), np.float32)}
STATE = {"version": "0.1.0"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "net.chalk"
    write_state(file, ARRAYS, STATE)
    return file


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_mode_follows_the_umask_and_nothing_else_is_left(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        write_state(tmp_path / "m", ARRAYS, STATE)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o640
    assert names(tmp_path) == ["m"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "net")
    write_state(tmp_path / "link", ARRAYS, STATE)
    assert (tmp_path / "link").is_symlink() and (tmp_path / "there" / "net").is_file()
    assert read_state(tmp_path / "link")[1] == STATE


def test_a_device_is_written_to_not_replaced() -> None:
    write_state(os.devnull, ARRAYS, STATE)
    assert not Path(os.devnull).is_file()
    with pytest.raises(ModelFileError, match="not an ordinary file"):
        read_state(os.devnull)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = path.read_bytes()

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ModelFileError, match=r"Cannot write the checkpoint file .*no space left"):
        write_state(path, {}, {}, kind="checkpoint")
    assert names(path.parent) == [path.name] and path.read_bytes() == raw


@pytest.mark.parametrize("name", ["", "nowhere/net", "folder", "x" * 300])
def test_paths_that_cannot_be_written(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelFileError, match="Cannot write"):
        write_state(name, ARRAYS, STATE)
    assert names(tmp_path) == ["folder"] and not names(tmp_path / "folder")


LOOP: dict[str, Any] = {}
LOOP["me"] = LOOP


@pytest.mark.parametrize(
    ("arrays", "state"),
    [
        ({"a": np.zeros((1, 1, 1))}, {}),
        ({"a": np.array(["x"])}, {}),
        ({"a": np.array([object()])}, {}),
        ({"a": np.zeros(1, complex)}, {}),
        ({"__metadata__": np.zeros(1)}, {}),
        ({1: np.zeros(1)}, {}),
        ({}, {"a": np.zeros(1)}),
        ({}, {"a": {1: 2}}),
        ({}, {"a": 10**5000}),
        ({}, LOOP),
    ],
)
def test_states_the_format_cannot_hold(tmp_path: Path, arrays: Any, state: Any) -> None:
    with pytest.raises(ModelFileError, match="Cannot write the model file"):
        write_state(tmp_path / "f", arrays, state)
    assert not names(tmp_path)
