"""On what a run was made: processor, vectors, cores, versions, date, and how busy the machine was."""

from __future__ import annotations

import datetime
import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CPUINFO = Path("/proc/cpuinfo")
PACKAGES = {"sklearn": "scikit-learn", "torch": "torch", "jax": "jax", "numpy": "numpy", "numba": "numba"}


def processor() -> str:
    """The processor's name, as well as the system tells it."""
    name, family = "", ""
    with suppress(OSError):
        for line in CPUINFO.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and not name:
                name = value.strip()
            elif key.strip() in ("cpu family", "model") and family.count(" ") < 4:
                family += f" {key.strip()} {value.strip()}"
    if name and len(name) < 12:  # a virtual machine that hides which one it is
        name += f" ({family.strip()})"
    return name or platform.processor() or platform.machine()


def vector_bits() -> int | None:
    """Width of the vectors that chalknet's kernels use; None without Numba."""
    if find_spec("numba") is None:
        return None
    from chalknet.engines.fused.tile import VECTOR_BYTES

    return 8 * VECTOR_BYTES


def installed(name: str) -> str | None:
    """The version of a package, or None."""
    try:
        return version(PACKAGES.get(name, name))
    except PackageNotFoundError:
        return None


def load() -> float | None:
    """How many processes wanted a core, mean over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def describe() -> dict[str, Any]:
    """All of it, for JSON."""
    from chalknet import __version__

    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "vector_bits": vector_bits(),
        "system": platform.system(),
        "python": platform.python_version(),
        "chalknet": __version__,
        "versions": {name: installed(name) for name in PACKAGES},
        "load": load(),
    }


def sentence(machine: dict[str, Any]) -> str:
    """One line of it."""
    bits = f", vectors of {machine['vector_bits']} bits" if machine["vector_bits"] else ""
    cores = f"{machine['cores']} core{'s' * (machine['cores'] != 1)}"
    return (
        f"{machine['date']}, {machine['processor']}, {cores}{bits}, {machine['system']}, "
        f"Python {machine['python']}, chalknet {machine['chalknet']}"
    )
