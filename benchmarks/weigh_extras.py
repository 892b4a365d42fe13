"""What each extra of chalknet brings and weighs: `python benchmarks/weigh_extras.py` (needs a network, 6 minutes).

Makes one fresh virtual environment an extra, installs `.[EXTRA]` with pip, and adds up each package's files on disk,
byte code included. Prints the README's table with the machine and the date.
"""

from __future__ import annotations

import datetime
import platform
import subprocess
import sys
import tempfile
import tomllib
import venv
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
MB = 1e6
OURS = {"chalknet", "pip", "setuptools"}


def install(extra: str) -> dict[str, float]:
    """Install `.[extra]` into a fresh environment; return the MB of each package that it brought."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        target = f"{ROOT}[{extra}]" if extra else str(ROOT)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", target], check=True
        )
        return {
            dist.name.lower(): sum(
                Path(path).stat().st_size
                for file in dist.files or ()
                if (path := dist.locate_file(file)) and Path(path).is_file()
            )
            / MB
            for dist in distributions(
                path=[str(path) for path in Path(folder).glob("[Ll]ib/**/site-packages")]
            )
            if dist.name.lower() not in OURS
        }


def row(label: str, packages: dict[str, float], sign: str = "") -> str:
    """Print one line of the table: the packages of at least 1 MB, heaviest first, and the sum."""
    heavy = sorted(
        (name for name in packages if packages[name] >= 1.0), key=packages.__getitem__, reverse=True
    )
    rest = len(packages) - len(heavy)
    names = ", ".join(f"{name} {packages[name]:.0f}" for name in heavy)
    return f"| {label} | {names}{f', and {rest} small ones' if rest else ''} | {sign}{sum(packages.values()):.0f} |"


def main() -> None:
    """Weigh the core, then each extra on top of it."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    core = install("")
    lines = [row("none", core)]
    for extra in extras:
        packages = install(extra)
        lines.append(
            row(f"`[{extra}]`", {name: packages[name] for name in packages.keys() - core.keys()}, "+ ")
        )
    print("| extra | what it brings (MB) | MB in all |\n| --- | --- | --- |", *lines, sep="\n")
    print(f"\n{platform.platform()}, Python {platform.python_version()}, {datetime.date.today():%Y-%m-%d}")  # noqa: DTZ011


if __name__ == "__main__":
    main()
