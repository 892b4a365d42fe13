"""scikit-learn's own test files, run with other classes in the place of its own (see `in_place.py`)."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
import sklearn

Outcomes = dict[str, str | None]  # by a test's name: None where it passed, else what it said


@pytest.fixture
def own_tests(tmp_path: Path) -> Callable[..., Outcomes]:
    """Run a file of scikit-learn's tests: own_tests("linear_model/tests/test_sgd.py", {place: class}, engine, -k)."""

    def run(file: str, places: dict[str, str], engine: str | None = None, select: str = "") -> Outcomes:
        folder = tmp_path / f"run{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "pytest.ini").write_text("[pytest]\n")
        report = folder / "report.xml"
        paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "IN_PLACE": " ".join(f"{place}={cls}" for place, cls in places.items()),
        }
        if engine is not None:
            environment["IN_PLACE_ENGINE"] = engine
        options = ["-q", "-p", "in_place", "-p", "no:cacheprovider", "-c", str(folder / "pytest.ini")]
        options += ["-k", select, "--junitxml", str(report)]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, str(Path(sklearn.__file__).parent / file)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert report.exists(), done.stdout + done.stderr
        cases = list(ET.parse(report).getroot().iter("testcase"))
        return {case.attrib["name"]: _said(case) for case in cases if case.find("skipped") is None}

    return run


def _said(case: ET.Element) -> str | None:
    bad = [child for child in case if child.tag in ("failure", "error")]
    return bad[0].attrib.get("message", "")[:500] if bad else None
