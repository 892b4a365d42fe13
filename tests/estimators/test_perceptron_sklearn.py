"""scikit-learn's own tests, with our Perceptron in the place of its own; they come from the installed scikit-learn."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import sklearn
from sklearn.utils.estimator_checks import parametrize_with_checks

from chalknet.estimators.perceptron import Perceptron

# In one process: the class `with_class` takes the places `places` in sklearn.linear_model before anything is collected.
PLUGIN = """
import sklearn.linear_model as linear_model
from {module} import Perceptron
for place in {places}:
    setattr(linear_model, place, Perceptron)
"""
OTHERS = "not Regressor and not OneClass and not oneclass and not ocsvm and not OCSVM"  # test_sgd.py tests these, too
PRIVATE = {
    "test_validation_mask_correctly_subsets": "replaces a private class of scikit-learn's SGD and looks into its calls",
}
# Weighting a row by k is one step of k times the length, repeating it k steps: scikit-learn declares both for its own.
NOT_EQUIVALENT = {
    f"check_sample_weight_equivalence_on_{kind}_data": "a weighted row is one longer step, not several steps"
    for kind in ("dense", "sparse")
}


def outcomes(folder: Path, module: str, places: list[str], file: str) -> dict[str, bool]:
    """Whether each test of scikit-learn's file passed, by name."""
    folder.mkdir()
    (folder / "take_place.py").write_text(PLUGIN.format(module=module, places=places))
    (folder / "pytest.ini").write_text("[pytest]\n")
    report = folder / "report.xml"
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    tests = Path(sklearn.__file__).parent / "linear_model" / "tests" / file
    options = [
        "-q",
        "-p",
        "take_place",
        "-p",
        "no:cacheprovider",
        "-c",
        str(folder / "pytest.ini"),
        "-k",
        OTHERS,
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--junitxml", str(report), str(tests)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), run.stdout + run.stderr
    cases = list(ET.parse(report).getroot().iter("testcase"))
    return {
        case.attrib["name"]: not any(child.tag in ("failure", "error") for child in case)
        for case in cases
        if case.find("skipped") is None
    }


OURS, THEIRS = "chalknet.estimators.perceptron", "sklearn.linear_model._perceptron"


def test_own_file(tmp_path: Path) -> None:
    ours = outcomes(tmp_path / "ours", OURS, ["Perceptron"], "test_perceptron.py")
    assert len(ours) >= 4
    assert all(ours.values()), ours


@pytest.mark.slow
def test_what_passes_in_the_place_of_sgd(tmp_path: Path) -> None:
    theirs = outcomes(tmp_path / "theirs", THEIRS, ["SGDClassifier"], "test_sgd.py")
    ours = outcomes(tmp_path / "ours", OURS, ["SGDClassifier"], "test_sgd.py")
    passed = {name for name, good in theirs.items() if good}
    assert len(passed) > 30
    assert {name for name in passed if not ours[name]} - set(PRIVATE) == set()


@parametrize_with_checks(
    [
        Perceptron(activation=activation, engine=engine, dtype=dtype)
        for activation in ("step", "sigmoid")
        for engine in ("numpy", "numba")
        for dtype in ("float64", "float32")
    ],
    expected_failed_checks=lambda _: NOT_EQUIVALENT,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning", "ignore::UserWarning")
def test_estimator_checks(estimator: Perceptron, check: Any) -> None:
    if (
        check.func.__name__ != "check_array_api_input"
    ):  # for estimators that take such arrays; it skips itself
        check(estimator)
