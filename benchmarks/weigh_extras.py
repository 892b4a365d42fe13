"""What each extra of chalknet brings and weighs: `python benchmarks/weigh_extras.py` (needs a network, 5 minutes).

Makes one fresh virtual environment an extra, installs `.[EXTRA]` with pip, and adds up the files on disk, byte code
included; pip itself is left out. Prints the Markdown table of the README with the machine and the date.
"""

from __future__ import annotations

import datetime
import json
import platform
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
MB = 1e6


def size(folder: Path) -> float:
    """Return the size of a folder's files in MB."""
    return (
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        / MB
    )


def install(extra: str) -> tuple[float, dict[str, str]]:
    """Install `.[extra]` into a fresh environment; return its growth in MB and the packages with their versions."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python")
        before = size(Path(folder))
        target = f"{ROOT}[{extra}]" if extra else str(ROOT)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", target], check=True
        )
        listed = subprocess.run(
            [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        packages = {p["name"].lower(): p["version"] for p in json.loads(listed.stdout)}
        return size(Path(folder)) - before, packages


def main() -> None:
    """Weigh the core, then each extra on top of it."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    core, base = install("")
    lines = [f"| (none) | {', '.join(sorted(set(base) - {'pip', 'setuptools', 'chalknet'}))} | {core:.0f} |"]
    for extra in extras:
        weight, packages = install(extra)
        lines.append(
            f"| `[{extra}]` | {', '.join(sorted(set(packages) - set(base)))} | + {weight - core:.0f} |"
        )
    print("| extra | packages | MB |\n| --- | --- | --- |", *lines, sep="\n")
    print(f"\n{platform.platform()}, Python {platform.python_version()}, {datetime.date.today():%Y-%m-%d}")  # noqa: DTZ011


if __name__ == "__main__":
    main()
