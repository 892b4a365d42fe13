"""Keep fitted models in files and read them back: arrays and JSON only, never a pickle."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from chalknet.exceptions import ModelFileError, NotFittedError
from chalknet.files.model_file import read_state, write_state

# The only classes that a model file can name, and the modules they live in.
KINDS = {
    "MLPClassifier": "chalknet.estimators.classifier",
    "MLPRegressor": "chalknet.estimators.regressor",
    "Network": "chalknet.network",
    "Perceptron": "chalknet.estimators.perceptron",
    "TabularClassifier": "chalknet.estimators.tabular",
    "TabularRegressor": "chalknet.estimators.tabular",
}


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted model to a file, from which `load` makes the same model with the same predictions.

    Args:
        model: a Network, or a fitted MLPClassifier, MLPRegressor, Perceptron, TabularClassifier or TabularRegressor.
        path: where to; used as given, no suffix is added. A file that is there is replaced once the new one is whole.

    Raises:
        NotFittedError: the model is not fitted; nothing is written.
        ModelFileError: the model is of another class, holds something that a file cannot, or the path cannot be
            written.

    >>> import tempfile, pathlib
    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(2, 4), cn.ReLU(), cn.Dense(4, 1)], loss=cn.MSE(), random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(net, pathlib.Path(folder) / "net.chalk")
    ...     again = load(pathlib.Path(folder) / "net.chalk")
    >>> bool((again.parameters == net.parameters).all())
    True
    """
    name = type(model).__name__
    if KINDS.get(name) != type(model).__module__:
        home = type(model).__module__.partition(".")[0] + "." if name in KINDS else ""  # one of the same name
        raise ModelFileError(
            f"Cannot save a {home}{name}; a model file holds one of chalknet's {', '.join(KINDS)}: keep others "
            "with joblib or pickle."
        )
    try:
        arrays, state = model.to_state()
    except SklearnNotFittedError as error:
        raise NotFittedError(
            f"Cannot save this {name}: it is not fitted yet; call fit(X, y) first."
        ) from error
    write_state(path, arrays, {"estimator": name, "state": state}, kind="model")


def load(path: str | os.PathLike[str]) -> Any:
    """Read the model that `save` wrote: of the same class, with the same predictions.

    Nothing in the file is run as code. Callbacks are not kept.

    Args:
        path: of the file, used as given.

    Raises:
        ModelFileError: there is no such file, or it is damaged or no model of chalknet's.
    """
    arrays, document = read_state(path, kind="model")
    name = document.get("estimator")
    if not isinstance(name, str) or name not in KINDS:
        raise ModelFileError(
            f"Cannot read the model file {os.fspath(path)!r}: it holds a {name!r}, which is none of "
            f"{', '.join(KINDS)}."
        )
    try:
        return getattr(import_module(KINDS[name]), name).from_state(arrays, document["state"])
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"Cannot read the model file {os.fspath(path)!r}: its state is no {name}'s "
            f"({type(error).__name__}: {str(error) or 'something is missing'})."
        ) from error
