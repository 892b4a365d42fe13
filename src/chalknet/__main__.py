"""``python -m chalknet`` is the command ``chalknet``."""

from __future__ import annotations

from chalknet.cli import main

if __name__ == "__main__":
    main()
