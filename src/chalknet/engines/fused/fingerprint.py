"""A digest of the sources that compiled code comes from.

Numba's disk cache looks at the file and the closure of the compiled function alone, not at what it calls. So each
compiled entry point closes over one of these strings: an edited formula misses the cache instead of giving old numbers.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]


def digest(*patterns: str) -> str:
    """SHA-256 of all files that match the patterns, relative to the package."""
    files = sorted(f for pattern in patterns for f in _PACKAGE.glob(pattern))
    return hashlib.sha256(b"".join(f.name.encode() + f.read_bytes() for f in files)).hexdigest()[:16]


FORMULAS = digest("maths/*.py", "engines/fused/lowering.py", "engines/fused/steps.py")
KERNELS = digest("engines/random.py", "engines/rules.py", "engines/fused/*.py")
