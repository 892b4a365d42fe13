"""States on disk: a safetensors file with a JSON document and a checksum in its header, never a pickle.

Metadata of the file: ``chalknet.format`` "1", ``chalknet.kind`` ("model" or "checkpoint"), ``chalknet.state`` (the
document as JSON) and ``chalknet.sha256``, of the whole file with the digest's own 64 characters read as zeros.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from chalknet.exceptions import ModelFileError
from chalknet.files import document as json_document
from chalknet.files import header
from chalknet.files.atomic import write_atomically

FORMAT = "1"


def write_state(
    path: str | os.PathLike[str], arrays: Mapping[str, Any], document: dict[str, Any], kind: str = "model"
) -> None:
    """Write arrays and a document to ``path``, which is used as given; the same state gives the same bytes.

    Args:
        path: where to; an existing file is replaced only once the new one is whole.
        arrays: by name, of numbers or truth values, with at most two axes, in any memory order.
        document: dicts with string keys, lists, strings, numbers (NaN and infinities too), None.
        kind: "model" or "checkpoint".

    Raises:
        ModelFileError: the state cannot be held by the format, or the file not be written; nothing is left behind.
    """
    try:
        stored = {name: _stored(array) for name, array in arrays.items()}
        # Larger elements first: then every array begins at a multiple of its element's size.
        stored = dict(sorted(stored.items(), key=lambda item: (-item[1].dtype.itemsize, str(item[0]))))
        metadata = {
            "chalknet.format": FORMAT,
            "chalknet.kind": kind,
            header.DIGEST: header.NO_DIGEST,
            "chalknet.state": json_document.dumps(document),
        }
        head = header.pack(stored, metadata)
        body = [array.data.cast("B") for array in stored.values() if array.size]
        digest = hashlib.sha256(head)
        for part in body:
            digest.update(part)
        place = header.digest_place(head)
        head = head[: place.start] + digest.hexdigest().encode() + head[place.stop :]
        write_atomically(path, [head, *body])
    except (OSError, ValueError) as error:
        raise ModelFileError(f"Cannot write the {kind} file {_shown(path)}: {_reason(error)}.") from error


def read_state(
    path: str | os.PathLike[str], kind: str | None = None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays and the document that :func:`write_state` wrote to ``path``.

    Args:
        path: of the file, used as given.
        kind: "model" or "checkpoint" to accept only this kind.

    Raises:
        ModelFileError: the file cannot be read, is of another kind or format, or is damaged (its header is checked
            strictly before memory is reserved, then the checksum).
    """
    try:
        # Asked before opening: opening a pipe would wait for a writer.
        if (file_path := Path(path)).exists() and not file_path.is_file():
            raise ValueError("it is not an ordinary file")
        with file_path.open("rb") as file:
            return _read(file, kind)
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"Cannot read the {kind or 'model'} file {_shown(path)}: {_reason(error)}."
        ) from error


def _read(file: BinaryIO, kind: str | None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    size = os.fstat(file.fileno()).st_size
    first = file.read(8)
    text_size = header.header_size(first, size)
    text = file.read(text_size)
    tensors, metadata = header.unpack(text, size - 8 - text_size)
    state = _state(metadata, kind)
    place = header.digest_place(text)
    digest = hashlib.sha256(first + text[: place.start] + header.NO_DIGEST.encode() + text[place.stop :])
    arrays: dict[str, np.ndarray] = {}
    for tensor in tensors:
        array = np.empty(tensor.shape, tensor.dtype)
        if array.size:
            bytes_of_array = array.data.cast("B")
            if file.readinto(bytes_of_array) != array.nbytes:  # type: ignore[attr-defined]
                raise ValueError("it was cut short while it was read")
            digest.update(bytes_of_array)
            if tensor.dtype == np.bool_ and array.view(np.uint8).max() > 1:
                raise ValueError(f"its array {tensor.name!r} of truth values holds other numbers")
        arrays[tensor.name] = array.astype(array.dtype.newbyteorder("="), copy=False)
    if digest.hexdigest() != metadata[header.DIGEST]:
        raise ValueError("its checksum is wrong; the file was damaged or changed")
    return arrays, state


def _state(metadata: dict[str, str], kind: str | None) -> dict[str, Any]:
    for key in ("chalknet.format", "chalknet.kind", header.DIGEST, "chalknet.state"):
        if key not in metadata:
            raise ValueError(f"it is not a file that chalknet wrote (its header has no {key})")
    if metadata["chalknet.format"] != FORMAT:
        given = metadata["chalknet.format"]
        raise ValueError(f"it has format {given!r}, and this version of chalknet reads format {FORMAT!r}")
    if kind is not None and metadata["chalknet.kind"] != kind:
        raise ValueError(f"it holds a {metadata['chalknet.kind']!r}")
    try:
        state = json_document.loads(metadata["chalknet.state"])
    except ValueError as error:
        raise ValueError(f"its state holds {error}") from None
    if not isinstance(state, dict):
        raise ValueError("its state is not a JSON object")  # noqa: TRY004 - the file is at fault
    return state


def _stored(array: Any) -> np.ndarray:
    array = np.asarray(array)
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)


def _shown(path: Any) -> str:
    return repr(os.fspath(path))  # line breaks in names come out escaped


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return str(error)
