"""How much memory this process has taken at its peak, in bytes."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _read(field: str) -> int | None:
    with suppress(OSError, ValueError):
        for line in STATUS.read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    return None


def reset_peak() -> int | None:
    """Forget the peak so far; returns what is taken now, or None where the system cannot forget."""
    try:
        CLEAR.write_text("5")
    except OSError:
        return None
    return _read("VmRSS")


def peak() -> int:
    """The most that was taken at once, since the last `reset_peak` where that works."""
    seen = _read("VmHWM")
    if seen is not None:
        return seen
    if sys.platform == "win32":
        return 0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
