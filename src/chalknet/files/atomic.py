"""Writing a file so that its path always leads to a whole one: the old until the new is safely on the disk."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def write_atomically(path: str | os.PathLike[str], parts: Iterable[Any]) -> None:
    """Write the parts (bytes-like) to ``path``; on any failure leave what was there, and nothing else.

    A temporary file with "tmp" in its name is written in the same folder, flushed to the disk and moved over
    ``path``; its mode is that of any new file (0666 less the umask). A link is followed. What is no ordinary file,
    as /dev/null, is written directly. Raises ``OSError``.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file() and not target.is_dir():
        with target.open("wb") as file:
            file.writelines(parts)
        return
    temporary = target.with_name(f".chalknet-{secrets.token_hex(8)}.tmp")
    # O_BINARY exists, and matters, on Windows only.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Flush the folder, so that the new name survives a power cut; where systems cannot, the file is still whole."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
