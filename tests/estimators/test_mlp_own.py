"""scikit-learn's own test_mlp.py, from the installed scikit-learn, with our estimators in the place of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PLACES = {
    f"sklearn.neural_network.{name}": f"chalknet.estimators.{name}"
    for name in ("MLPClassifier", "MLPRegressor")
}
# What is left out, and why. (What test_mlp.py asks of private attributes is given to it by `in_place.py`.)
LEFT_OUT = {
    "test_mlp_regressor_dtypes_casting": "compares float32 with float64 predictions within 0.05 % of a prediction that "
    "is 3.6e-5 with our order of rows: 2e-8, a sixth of a float32's last digit in the sums it comes from",
}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_own_file(own_tests: Callable[..., dict[str, Any]], engine: str) -> None:
    said = own_tests("neural_network/tests/test_mlp.py", PLACES, engine)
    assert len(said) >= 50
    assert {name: words for name, words in said.items() if words is not None and name not in LEFT_OUT} == {}
    assert set(LEFT_OUT) <= set(said)
