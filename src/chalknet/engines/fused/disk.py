"""Compiled code on disk: one file for each piece, named by everything that its code depends on.

Numba's own cache numbers its files by an index: two processes that compile different formulas at once may take the same
number, and one then runs the other's code. It also compares the sources' times, so that a re-install compiles all
again. Here a file's name is a digest of sources, signature, processor and versions, and no two pieces share a file: who
comes second writes the same name again.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import llvmlite
import numba
from numba import config
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from chalknet.engines.fused.fingerprint import PACKAGE

KEPT_SECONDS = 30 * 86400.0  # how long the code of other versions is kept after it was compiled
TOLD_AT = (
    3  # pieces to compile at which somebody who waits is told: one new formula takes a tenth of a second
)
WAIT = "chalknet: compiling for this machine, which takes some seconds once (`chalknet warmup` does all of it ahead).\n"
_DIGEST = hashlib.sha256().digest_size
compiled: list[str] = []  # what this process compiled, and what it found on disk
found: list[str] = []


def user_folder() -> Path:
    """Where this system keeps what a user's programs can make again."""
    home = Path("~").expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "chalknet" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "chalknet"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "chalknet"


def folders() -> list[Path]:
    """Where compiled code is looked for, in this order; what is new goes to the first that can be written.

    NUMBA_CACHE_DIR alone where it is set and can be written, so that it ends complete; else that, the user's own
    folder, and the one beside the sources, for who has no home.
    """
    given = [Path(config.CACHE_DIR) / "chalknet"] if config.CACHE_DIR else []
    if given and _takes(given[0]):
        return given
    return [*given, user_folder(), PACKAGE / "engines" / "fused" / "__pycache__"]


def _takes(folder: Path) -> bool:
    """Whether a folder, made if need be, can be written."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.access(folder, os.W_OK)
    return False


def place() -> Path | None:
    """The folder that new code goes to; None where none can be written."""
    return next(filter(_takes, folders()), None)


def _read(name: str) -> Any:
    """What a file of that name holds; None where there is none that is whole."""
    for folder in folders():
        with suppress(OSError):
            data = (folder / name).read_bytes()
            if hashlib.sha256(data[_DIGEST:]).digest() == data[:_DIGEST]:
                return pickle.loads(data[_DIGEST:])  # noqa: S301  as Numba's own cache, from the user's own folder
    return None


def _write(name: str, content: Any) -> None:
    """Keep it in the first folder that takes it; where none does, the next process compiles again."""
    data = dumps(content)
    for folder in folders():
        part = folder / f"{name}.{uuid4().hex[:16]}.tmp"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_bytes(hashlib.sha256(data).digest() + data)
            part.replace(folder / name)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        else:
            _forget_others(folder, name)
            return


def _forget_others(folder: Path, name: str) -> None:
    """Remove the same piece of other versions, and what a killed process left, a month after it was written."""
    for other in folder.glob(f"{name.rpartition('-')[0]}-*"):
        with suppress(OSError):
            if other.name != name and other.stat().st_mtime < time.time() - KEPT_SECONDS:
                other.unlink()


class DiskCache(NullCache):
    """What Numba asks before it compiles a function, and gives what it has compiled."""

    def __init__(self, function: Any, sources: str, label: str, *, slow: bool = False) -> None:
        self.function = f"{function.__module__}.{function.__qualname__}", function.__code__.co_code.hex()
        self.sources, self.label, self.slow = sources, label, slow

    def _name(self, sig: Any, codegen: Any) -> str:
        """Of the file that holds the code for a signature on this processor."""
        versions = (
            numba.__version__,
            llvmlite.__version__,
            platform.python_version(),
            sys.implementation.cache_tag,
        )
        key = repr((self.label, self.function, self.sources, str(sig), codegen.magic_tuple(), versions))
        return f"{self.label.replace(' ', '-')}-{hashlib.sha256(key.encode()).hexdigest()[:32]}.code"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function, or None where it has to be compiled."""
        target_context.refresh()
        data = _read(self._name(sig, target_context.codegen()))
        if data is None:
            compiled.append(self.label)
            if self.slow or len(compiled) == TOLD_AT:
                tell()
            return None
        found.append(self.label)
        return CompileResult._rebuild(target_context, *data)  # noqa: SLF001  as `numba.core.caching` does

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code, unless it holds addresses of this process."""
        if not data.library.has_dynamic_globals:
            _write(self._name(sig, data.codegen), data._reduce())  # noqa: SLF001  as above


told = False  # once a process is enough


def tell() -> None:
    """Say that code is being compiled, if a person is looking."""
    global told  # noqa: PLW0603  once a process is what it counts
    with suppress(AttributeError, OSError, ValueError):  # standard error is closed, or is no file
        if not told and sys.stderr.isatty():
            told = True
            sys.stderr.write(WAIT)
            sys.stderr.flush()
