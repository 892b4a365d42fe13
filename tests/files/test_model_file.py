"""Model files: what is written comes back; what is damaged, foreign or impossible is refused in one sentence."""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalknet.exceptions import ModelFileError
from chalknet.files import header
from chalknet.files.model_file import read_state, write_state

ARRAYS: dict[str, Any] = {
    "layers.0.weight": np.arange(6.0).reshape(2, 3),
    "layers.0.bias": np.array([[1, 2, 3]], np.float32),
    "optimizer.m": np.array([np.nan, np.inf, -0.0]),
    "classes": np.array([3, -4], np.int64),
    "mask": np.array([True, False, True]),
    "empty": np.empty((0, 4)),
    "step": np.float64(7.5),
}
STATE = {
    "version": "0.1.0",
    "loss": math.inf,
    "seed": "123",
    "sizes": [2, 3],
    "names": ["Größe", "a\nb", '"'],
    "x": None,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "net.chalk"
    write_state(file, ARRAYS, STATE)
    return file


def refused(path: Path, **kwargs: Any) -> str:
    with pytest.raises(ModelFileError) as caught:
        read_state(path, **kwargs)
    message = str(caught.value)
    assert repr(str(path)) in message and "\n" not in message and message.endswith(".")
    return message


def rewrite(path: Path, change: Any) -> None:
    """Change the parsed header, with the checksum left as it is."""
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    entries = json.loads(raw[8 : 8 + size])
    text = change(entries)
    text = json.dumps(entries if text is None else text).encode() if not isinstance(text, bytes) else text
    path.write_bytes(len(text).to_bytes(8, "little") + text + raw[8 + size :])


def test_everything_comes_back(path: Path) -> None:
    arrays, state = read_state(path)
    assert state == STATE
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        got = arrays[name]
        assert got.dtype == np.asarray(array).dtype and got.shape == np.shape(array)
        np.testing.assert_array_equal(got, array)
        assert got.flags.writeable and got.flags.c_contiguous
    assert math.copysign(1.0, arrays["optimizer.m"][2]) == -1.0


def test_safetensors_reads_the_file(path: Path) -> None:
    from safetensors import safe_open
    from safetensors.numpy import load_file

    for name, array in load_file(path).items():
        np.testing.assert_array_equal(array, ARRAYS[name])
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    assert metadata["chalknet.format"] == "1" and metadata["chalknet.kind"] == "model"
    raw = path.read_bytes().replace(metadata["chalknet.sha256"].encode(), b"0" * 64)
    assert hashlib.sha256(raw).hexdigest() == metadata["chalknet.sha256"]


def test_same_state_same_bytes(path: Path, tmp_path: Path) -> None:
    write_state(tmp_path / "again", dict(reversed(ARRAYS.items())), STATE)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_memory_order_and_byte_order_do_not_matter(tmp_path: Path) -> None:
    a = np.arange(12.0).reshape(3, 4)
    write_state(
        tmp_path / "f", {"f": np.asfortranarray(a), "t": a.T, "s": a[:, ::2], "b": a.astype(">f8")}, {}
    )
    arrays, state = read_state(tmp_path / "f")
    assert state == {}
    for name, want in {"f": a, "t": a.T, "s": a[:, ::2], "b": a}.items():
        np.testing.assert_array_equal(arrays[name], want)
        assert arrays[name].dtype == np.float64


# Damage


def test_every_cut_is_noticed(path: Path) -> None:
    raw = path.read_bytes()
    for size in range(len(raw)):
        path.write_bytes(raw[:size])
        refused(path)
    path.write_bytes(raw + b"\0")
    assert "appended" in refused(path)


def test_every_flipped_byte_is_noticed(path: Path) -> None:
    raw = path.read_bytes()
    for place in range(len(raw)):
        damaged = bytearray(raw)
        damaged[place] ^= 0x20
        path.write_bytes(damaged)
        refused(path)


def test_a_file_that_shrinks_while_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-4])
    monkeypatch.setattr(os, "fstat", lambda handle: before)
    assert "while it was read" in refused(path)


def test_changed_number_names_the_checksum(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert "checksum" in refused(path)


@pytest.mark.parametrize(
    "content", [b"", b"abc", b"PK\x03\x04" + b"x" * 40, b"\x02" + b"\0" * 7 + b"\xff\xff", b"\0" * 64]
)
def test_foreign_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f").write_bytes(content)
    refused(tmp_path / "f")


def test_safetensors_file_of_somebody_else(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"w": np.ones(3)}, tmp_path / "f")
    assert "not a file that chalknet wrote" in refused(tmp_path / "f")


def test_missing_file_folder_and_unsuitable_names(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "nothing")
    assert "ordinary" in refused(tmp_path)
    with pytest.raises(ModelFileError, match=r"line\\nbreak"):
        read_state(tmp_path / "line\nbreak")
    with pytest.raises(ModelFileError, match="null"):
        read_state("a\0b")


@pytest.mark.parametrize("key", ["chalknet.format", "chalknet.kind", "chalknet.sha256", "chalknet.state"])
def test_missing_metadata(path: Path, key: str) -> None:
    rewrite(path, lambda entries: entries["__metadata__"].pop(key) and None)
    assert key in refused(path)


def test_other_format_and_kind(path: Path) -> None:
    assert "holds a 'model'" in refused(path, kind="checkpoint")
    assert read_state(path, kind="model")[1] == STATE
    rewrite(path, lambda entries: entries["__metadata__"].update({"chalknet.format": "2"}))
    assert "format '2'" in refused(path)


def entry(name: str, **changes: Any) -> Any:
    return lambda entries: entries[name].update(changes)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (entry("mask", dtype="BF16"), "unknown type"),
        (entry("mask", dtype=["F64"]), "unknown type"),
        (entry("mask", shape=[1, 1, 3]), "shape"),
        (entry("mask", shape=[-3]), "shape"),
        (entry("mask", shape=[True, 3]), "shape"),
        (entry("mask", shape=3), "shape"),
        (entry("mask", shape=[4]), "does not fill"),
        (entry("empty", shape=[0, 2**62]), "shape"),
        (entry("mask", data_offsets=[0]), "two places"),
        (entry("mask", data_offsets=[0, 3.0]), "two places"),
        (entry("mask", data_offsets=[0, 3]), "begins at byte"),
        (entry("mask", more=1), "not described"),
        (lambda entries: entries.update(mask=[]), "not described"),
        (lambda entries: entries.update(__metadata__=[]), "metadata"),
        (lambda entries: entries["__metadata__"].update(a=1), "metadata"),
        (lambda entries: [], "not a JSON object"),
        (lambda entries: b"[" * 100_000, "nested"),
        (lambda entries: b'{"a": NaN}', "NaN"),
        (lambda entries: b'{"a": 1e999}', "too large"),
        (lambda entries: b'{"a": ' + b"9" * 5000 + b"}", "limit"),
        (lambda entries: b'{"a": {}, "a": {}}', "'a' twice"),
        (lambda entries: json.dumps(entries).replace('"mask"', '"classes"').encode(), "'classes' twice"),
        (lambda entries: json.dumps(entries).replace("__metadata__", "x").encode(), "not described"),
        (lambda entries: entries["__metadata__"].update({"chalknet.sha256": "?"}), "no checksum"),
        (lambda entries: entries["__metadata__"].update({"chalknet.state": "[]"}), "not a JSON object"),
        (lambda entries: entries["__metadata__"].update({"chalknet.state": '{"a": 1, "a": 2}'}), "'a' twice"),
        (lambda entries: entries["__metadata__"].update({"chalknet.state": '{"a": {"$float": 1}}'}), "float"),
        (lambda entries: entries["__metadata__"].update({"chalknet.state": "{"}), "broken JSON"),
    ],
)
def test_wrong_headers(path: Path, change: Any, reason: str) -> None:
    rewrite(path, change)
    assert reason in refused(path)


def test_limits_hold_before_anything_is_allocated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = path.read_bytes()
    monkeypatch.setattr(header, "MAX_TENSORS", 3)
    assert "7 arrays" in refused(path)
    with pytest.raises(ModelFileError, match="more than the format allows"):
        write_state(path, ARRAYS, STATE)
    monkeypatch.setattr(header, "MAX_HEADER", 100)
    assert "more than the 100" in refused(path)
    assert path.read_bytes() == raw
    path.write_bytes((2**63).to_bytes(8, "little") + raw[8:])
    refused(path)


def test_truth_values_are_zero_or_one(tmp_path: Path) -> None:
    write_state(tmp_path / "f", {"mask": np.array([2], np.uint8)}, {})
    raw = (tmp_path / "f").read_bytes()
    (tmp_path / "f").write_bytes(raw.replace(b'"U8"', b'"BOOL"').replace(b"  ", b"", 1))
    assert "truth values" in refused(tmp_path / "f")
