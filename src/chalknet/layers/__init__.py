"""The readable objects: layers, losses, optimizers and schedules with the lecture's names, one noun a file.

Their classes can be had from here by name; they are looked for in the files below, when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_FILES = ("base", "dense", "dropout", "normalization", "activation", "loss", "optimizer", "schedule")


def __getattr__(name: str) -> Any:
    """Import a class when it is first asked for (PEP 562)."""
    if not name.startswith("_") and name[:1].isupper():
        for file in _FILES:
            value = vars(import_module(f"{__name__}.{file}")).get(name)
            if isinstance(value, type) and value.__module__ == f"{__name__}.{file}":
                globals()[name] = value
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
