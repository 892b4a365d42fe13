"""Estimators with scikit-learn's contract; each is imported when first used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "MLPClassifier": "classifier",
    "MLPRegressor": "regressor",
    "Perceptron": "perceptron",
    "TabularClassifier": "tabular",
    "TabularRegressor": "tabular",
    "fit_many": "many",
    "load": "persistence",
    "save": "persistence",
}


def __getattr__(name: str) -> Any:
    """Import an estimator when it is first asked for (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """Public names."""
    return sorted(_MODULES)
