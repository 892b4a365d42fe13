"""The head of a safetensors file: eight bytes of length, then JSON with each tensor's type, shape and place.

Source of the format: https://github.com/huggingface/safetensors (README, "Format"). The check here is stricter than
the library's (unique keys in the metadata too, at most two axes, a limit on the number of tensors), and runs before
anything is allocated.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from chalknet.files import document

# The format's names of the element types, each little-endian.
DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"),
    "U32": np.dtype("<u4"),
    "U16": np.dtype("<u2"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}

MAX_HEADER = 64 * 2**20  # bytes; a header is parsed as a whole, at about twenty times its size in memory
MAX_TENSORS = 20_000
MAX_RANK = 2
MAX_SIDE = 2**40  # keeps NumPy's own arithmetic on shapes far from overflowing, for empty arrays too

METADATA = "__metadata__"
DIGEST = "chalknet.sha256"
NO_DIGEST = "0" * 64
_DIGEST_PLACE = re.compile(rb'"chalknet\.sha256"\s*:\s*"([0-9a-f]{64})"')


class Tensor(NamedTuple):
    """One tensor's entry: its name, element type, shape, and where it lies in the data (bytes from its start)."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


def pack(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """Return the head, length included, of a file that holds the arrays one after the other in the given order.

    Raises ``ValueError`` for names, element types or ranks that the format or :func:`unpack` refuses.
    """
    entries: dict[str, Any] = {METADATA: dict(metadata)}
    begin = 0
    for name, array in arrays.items():
        if not isinstance(name, str) or name == METADATA:
            raise ValueError(f"an array cannot have the name {name!r}")
        if array.dtype not in NAMES or array.ndim > MAX_RANK:
            allowed = "numbers or truth values with at most two axes"
            raise ValueError(
                f"the array {name!r} ({array.dtype}, shape {array.shape}) does not hold {allowed}"
            )
        end = begin + array.nbytes
        entries[name] = {
            "dtype": NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(entries, separators=(",", ":"), allow_nan=False).encode("ascii")
    text += b" " * (-len(text) % 8)  # so that the data begins at a multiple of eight
    if len(text) > MAX_HEADER or len(arrays) > MAX_TENSORS:
        raise ValueError(
            f"{len(arrays)} arrays and {len(text)} bytes of description are more than the format allows"
        )
    return len(text).to_bytes(8, "little") + text


def digest_place(head: bytes) -> slice:
    """Return where the digest's 64 characters stand in the head; ``ValueError`` unless exactly once.

    A quotation mark inside a JSON string is escaped, so that the pattern fits no text of a user's.
    """
    found = list(_DIGEST_PLACE.finditer(head))
    if len(found) != 1:
        raise ValueError(f"its header has {'no' if not found else 'more than one'} checksum ({DIGEST})")
    return slice(*found[0].span(1))


def header_size(first: bytes, file_size: int) -> int:
    """Return the header's length in bytes from the file's first eight; ``ValueError`` where it cannot be."""
    size = int.from_bytes(first, "little")
    if len(first) < 8 or size < 2 or size > file_size - 8:
        raise ValueError("it is not a safetensors file, or was cut short")
    if size > MAX_HEADER:
        raise ValueError(f"its header claims {size} bytes, more than the {MAX_HEADER} that are allowed")
    return size


def unpack(text: bytes, data_size: int) -> tuple[list[Tensor], dict[str, str]]:
    """Return the tensors in the order of their places, and the metadata, of a header's text.

    Raises ``ValueError`` unless keys are unique, types known, ranks at most 2, and the tensors fill ``data_size``
    bytes exactly, without gap or overlap.
    """
    try:
        entries = document.parse(text.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("it is not a safetensors file (its header is not UTF-8)") from None
    except ValueError as error:
        raise ValueError(f"its header holds {error}") from None
    if not isinstance(entries, dict):
        raise ValueError("its header is not a JSON object")  # noqa: TRY004 - the file is at fault
    metadata = entries.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("its header's metadata is not a table of texts")
    if len(entries) > MAX_TENSORS:
        raise ValueError(
            f"its header lists {len(entries)} arrays, more than the {MAX_TENSORS} that are allowed"
        )
    tensors = sorted((_tensor(*entry) for entry in entries.items()), key=lambda t: (t.begin, t.end))
    place = 0
    for tensor in tensors:
        if tensor.begin != place:
            raise ValueError(f"its array {tensor.name!r} begins at byte {tensor.begin} instead of {place}")
        place = tensor.end
    if place != data_size:
        cut = "it was cut short" if data_size < place else "something was appended"
        raise ValueError(f"it holds {data_size} bytes of numbers where its header lists {place}; {cut}")
    return tensors, metadata


def _count(value: Any, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _tensor(name: str, entry: Any) -> Tensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"its array {name!r} is not described by dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError(f"its array {name!r} is of the unknown type {dtype!r}")
    if (
        not isinstance(shape, list)
        or len(shape) > MAX_RANK
        or not all(_count(side, MAX_SIDE) for side in shape)
    ):
        raise ValueError(
            f"its array {name!r} has the shape {shape!r}, which is not at most two whole numbers"
        )
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(_count(o, 2**62) for o in offsets):
        raise ValueError(f"its array {name!r} lies at {offsets!r}, which is not two places")
    begin, end = offsets
    if end - begin != math.prod(shape) * DTYPES[dtype].itemsize:
        raise ValueError(f"its array {name!r} has {end - begin} bytes, which its shape {shape} does not fill")
    return Tensor(name, DTYPES[dtype], tuple(shape), begin, end)
