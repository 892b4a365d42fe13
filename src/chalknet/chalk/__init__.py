"""Show your work: every number of training as chalkboard arithmetic. Each name is imported when first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "Trace": "trace",
    "check_gradients": "gradcheck",
    "check_work": "checking",
    "exercise": "exercises",
    "explain": "explaining",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """Public names."""
    return sorted(_MODULES)
