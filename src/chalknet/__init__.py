"""Neural networks you can check on a chalkboard, at compiled speed.

>>> import chalknet as cn
>>> net = cn.Network([cn.Dense(2, 4), cn.ReLU(), cn.Dense(4, 2)], loss=cn.MSE(), random_state=0)
>>> net.forward([[3.0, 5.0]]).shape
(1, 2)

Every public name is found here and imported when it is first used, so that ``import chalknet`` costs next to
nothing. Names fixed by hand stand in one table below; the classes of activations, losses, optimizers and schedules
are read from the rows of ``chalknet.maths``, so that a new row needs no second entry.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# public name -> module that defines it
_NAMES = {
    "Dense": "layers",
    "Dropout": "layers",
    "BatchNorm": "layers",
    "LayerNorm": "layers",
    "Standardize": "layers",
    "Network": "network",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "Perceptron": "estimators",
    "TabularClassifier": "estimators",
    "TabularRegressor": "estimators",
    "Callback": "callbacks",
    "CSVLog": "callbacks",
    "Checkpoint": "callbacks",
    "EarlyStopping": "callbacks",
    "LivePlot": "plots",
    "Metrics": "callbacks",
    "ProgressBar": "callbacks",
    "check_gradients": "chalk",
    "check_work": "chalk",
    "exercise": "chalk",
    "explain": "chalk",
    "fit_many": "estimators",
    "learning_rate_range": "plots",
    "load": "estimators",
    "save": "estimators",
    "plot_decision_boundary": "plots",
}
_MODULES = ("callbacks", "data", "exceptions", "lecture", "maths", "plots")
_ROWS = {  # module of chalknet.maths -> the tables in it whose rows name a class of chalknet.layers
    "activations": ("ACTIVATIONS",),
    "rows": ("ROW_ACTIVATIONS",),
    "losses": ("LOSSES",),
    "optimizers": ("OPTIMIZERS",),
    "schedules": ("SCHEDULES",),
}


def _from_rows() -> list[str]:
    """Names of the classes that the tables of formulas bring, in the tables' order, each once."""
    rows = (
        row
        for module, tables in _ROWS.items()
        for table in tables
        for row in getattr(import_module(f"{__name__}.maths.{module}"), table).values()
    )
    return list(dict.fromkeys(row.layer for row in rows))


def _errors() -> list[str]:
    """Names of the exceptions, which ``chalknet.exceptions`` lists."""
    return list(import_module(f"{__name__}.exceptions").__all__)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    value: Any
    if name == "__all__":
        value = sorted({*_NAMES, *_MODULES, *_from_rows(), *_errors(), "__version__"})
    elif name in _MODULES:
        value = import_module(f"{__name__}.{name}")
    elif name in _NAMES:
        value = getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
    elif name.startswith("_"):  # Python itself asks for __path__, __wrapped__ and the like: cheap to refuse
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    elif name in _from_rows():
        value = getattr(import_module(f"{__name__}.layers"), name)
    elif name in _errors():
        value = getattr(import_module(f"{__name__}.exceptions"), name)
    else:
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}; dir({__name__}) lists what it has"
        )
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    """Public names, for completion in a shell or notebook."""
    return list(__getattr__("__all__"))
