"""A digest of the sources that compiled code comes from, and a disk cache that looks at it.

Numba's own cache looks at the file and the closure of the compiled function alone, not at what it calls: an edited
formula would give its old numbers. Here the digest is part of the key, so that it misses the cache instead.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache

_PACKAGE = Path(__file__).resolve().parents[2]


def digest(*patterns: str) -> str:
    """SHA-256 of all files that match the patterns, relative to the package."""
    files = sorted(f for pattern in patterns for f in _PACKAGE.glob(pattern))
    return hashlib.sha256(b"".join(f.name.encode() + f.read_bytes() for f in files)).hexdigest()[:16]


_FUSED = "engines/fused/"
FORMULAS = digest(
    "maths/*.py",
    *(f"{_FUSED}{f}.py" for f in ("fast", "loops", "lowering", "lowlevel", "row_loops", "steps")),
)
KERNELS = digest("engines/random.py", "engines/rules.py", f"{_FUSED}*.py")


class SourceCache(FunctionCache):
    """Numba's disk cache with a digest of sources in its key."""

    def __init__(self, function: Any, sources: str) -> None:
        self.sources = sources
        super().__init__(function)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code; where the disk refuses, the next process compiles again."""
        with suppress(OSError):
            super().save_overload(sig, data)

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), self.sources)
