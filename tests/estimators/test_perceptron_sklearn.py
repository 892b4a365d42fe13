"""scikit-learn's own tests, with our Perceptron in the place of its own; they come from the installed scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from chalknet.estimators.perceptron import Perceptron

OWN = "sklearn.linear_model._perceptron.Perceptron"
OURS = "chalknet.estimators.perceptron.Perceptron"
OTHERS = "not Regressor and not OneClass and not oneclass and not ocsvm and not OCSVM"  # test_sgd.py tests these, too
PRIVATE = {
    "test_validation_mask_correctly_subsets": "replaces a private class of scikit-learn's SGD and looks into its calls",
}
# Weighting a row by k is one step of k times the length, repeating it k steps: scikit-learn declares both for its own.
NOT_EQUIVALENT = {
    f"check_sample_weight_equivalence_on_{kind}_data": "a weighted row is one longer step, not several steps"
    for kind in ("dense", "sparse")
}


@pytest.mark.parametrize("engine", ["numpy", pytest.param("numba", marks=pytest.mark.slow)])
def test_own_file(own_tests: Callable[..., dict[str, Any]], engine: str) -> None:
    ours = own_tests(
        "linear_model/tests/test_perceptron.py", {"sklearn.linear_model.Perceptron": OURS}, engine
    )
    assert len(ours) >= 4
    assert {name: said for name, said in ours.items() if said is not None} == {}


@pytest.mark.slow
def test_what_passes_in_the_place_of_sgd(own_tests: Callable[..., dict[str, Any]]) -> None:
    file, place = "linear_model/tests/test_sgd.py", "sklearn.linear_model.SGDClassifier"
    theirs = own_tests(file, {place: OWN}, select=OTHERS)
    ours = own_tests(file, {place: OURS}, select=OTHERS)  # minutes with NumPy alone
    passed = [name for name, said in theirs.items() if said is None]
    assert len(passed) > 30
    assert {name: ours[name] for name in passed if ours[name] is not None and name not in PRIVATE} == {}


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
