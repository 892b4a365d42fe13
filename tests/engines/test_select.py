"""The choice of an engine: by name, or by the work alone; what happens without Numba."""

from __future__ import annotations

import warnings

import pytest

from chalknet.engines import select
from chalknet.exceptions import DataHint, EngineUnavailableError, ParameterError

WORK = {"n_rows": 10_000, "n_parameters": 2000, "batch_size": 200, "epochs": 100}
CRUMB = {"n_rows": 50, "n_parameters": 20, "batch_size": 50, "epochs": 10}


@pytest.fixture
def no_numba(monkeypatch):
    """As on a machine without Numba."""
    monkeypatch.setattr(select, "find_spec", lambda name: None)
    monkeypatch.setattr(select, "_hinted", False)


def test_auto_goes_by_the_work():
    assert select.resolve("auto", **CRUMB) == "numpy"
    assert select.resolve("auto", **WORK) == "numba"


def test_a_name_is_taken_at_its_word():
    assert select.resolve("numba", **CRUMB) == "numba"
    assert select.resolve("numpy", **WORK) == "numpy"
    with pytest.raises(ParameterError, match="'cuda' is unknown: use"):
        select.resolve("cuda", **WORK)


def test_the_estimate_grows_with_each_of_its_arguments():
    base = select.numpy_seconds(**WORK)
    for name in ("n_rows", "n_parameters", "epochs"):
        assert select.numpy_seconds(**(WORK | {name: 2 * WORK[name]})) > base
    assert select.numpy_seconds(**(WORK | {"batch_size": 20})) > base
    assert select.numpy_seconds(**(CRUMB | {"batch_size": 1000})) == select.numpy_seconds(**CRUMB)


def test_a_process_of_its_own_gives_numpy_more():
    between = {"n_rows": 400, "n_parameters": 3000, "batch_size": 16, "epochs": 100}
    assert select.LIMIT_SECONDS < select.numpy_seconds(**between) < select.PROCESS_SECONDS
    with select.in_a_process_of_its_own():
        assert select.resolve("auto", **between) == "numpy"
        assert select.resolve("auto", **WORK) == "numba"
    assert select.resolve("auto", **between) == "numba"


def test_without_numba_auto_takes_numpy_and_says_so_once(no_numba):
    with pytest.warns(DataHint, match="pip install numba"):
        assert select.resolve("auto", **WORK) == "numpy"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert select.resolve("auto", **WORK) == "numpy"
        assert select.resolve("auto", **CRUMB) == "numpy"


def test_without_numba_its_engine_cannot_be_had(no_numba):
    with pytest.raises(EngineUnavailableError, match='"numba" needs Numba'):
        select.load("numba")
    assert select.load("numpy").name == "numpy"


def test_load_gives_the_engine_of_that_name():
    assert [select.load(name).name for name in ("numpy", "numba")] == ["numpy", "numba"]
