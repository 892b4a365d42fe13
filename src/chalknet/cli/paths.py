"""Files that a command is to write: checked before the work begins, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from chalknet.cli.errors import Refused, os_error


def check_output(path: str, option: str, *, inputs: tuple[str, ...] = (), force: bool = True) -> None:
    """Refuse a path that cannot be written, is one of the command's inputs, or exists while ``force`` is false."""
    target = Path(path)
    try:
        exists = "\0" not in path and (target.exists() or target.is_symlink())
    except OSError as error:
        raise Refused(f"{option}: {os_error(error)}") from error
    if "\0" in path:
        raise Refused(f"{option} {path!r} cannot be a file's name")
    if target.is_dir() or path.endswith(("/", os.sep)) or not target.name:
        raise Refused(f"{option} {path!r} is a folder; name a file in it")
    folder = Path(os.path.realpath(target)).parent
    if not folder.is_dir():
        raise Refused(f"{option} {path!r}: there is no folder {str(folder)!r}; make it first")
    for other in inputs:
        if other != "-" and exists and Path(other).exists() and target.samefile(other):
            raise Refused(f"{option} {path!r} is the file that is read; name another")
    if exists and not force:
        raise Refused(f"{option} {path!r} exists and stays as it is; --force overwrites it")
    if not os.access(target if target.exists() and not target.is_file() else folder, os.W_OK):
        raise Refused(f"{option} {path!r} cannot be written: permission denied in {str(folder)!r}")
