"""A digest of the sources that compiled code comes from.

Numba's own cache looks at the file and the closure of the compiled function alone, not at what it calls: an edited
formula would give its old numbers. Here the digest is part of the key, so that it misses the cache instead.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2]


def digest(*patterns: str) -> str:
    """SHA-256 of all files that match the patterns, relative to the package."""
    files = sorted(f for pattern in patterns for f in PACKAGE.glob(pattern))
    return hashlib.sha256(b"".join(f.name.encode() + f.read_bytes() for f in files)).hexdigest()[:16]


_FUSED = "engines/fused/*.py"  # all of it: a list would have to follow every import
FORMULAS = digest("maths/*.py", _FUSED)
KERNELS = digest("engines/random.py", "engines/rules.py", _FUSED)
