"""An estimator's parameters as JSON-able data and back, types included, without pickle."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.exceptions import ModelFileError
from chalknet.layers.loss import Loss
from chalknet.layers.loss import from_config as loss_from_config
from chalknet.layers.optimizer import Optimizer
from chalknet.layers.optimizer import from_config as optimizer_from_config

LEFT_OUT = frozenset(("callbacks",))  # what belongs to a run, not to a model


def parameters_to_plain(estimator: Any) -> dict[str, Any]:
    """The constructor's parameters, without callbacks.

    Raises:
        ModelFileError: a parameter is an object that a model file cannot hold.
    """
    given = estimator.get_params(deep=False)
    return {name: to_plain(value, name) for name, value in given.items() if name not in LEFT_OUT}


def parameters_from_plain(document: dict[str, Any]) -> dict[str, Any]:
    """The parameters that `parameters_to_plain` wrote."""
    return {name: from_plain(value) for name, value in document.items()}


def to_plain(value: Any, name: str = "value") -> Any:
    """One value in JSON's types; what JSON has no type for becomes {"type": …, "value": …}.

    >>> to_plain({1: (64, 32)})
    {'type': 'dict', 'value': [[1, {'type': 'tuple', 'value': [64, 32]}]]}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [to_plain(v, name) for v in value]
    if isinstance(value, tuple):
        return {"type": "tuple", "value": [to_plain(v, name) for v in value]}
    if isinstance(value, np.ndarray):
        return {"type": "array", "dtype": value.dtype.str, "value": to_plain(value.tolist(), name)}
    if isinstance(value, dict):
        return {"type": "dict", "value": [[to_plain(k, name), to_plain(v, name)] for k, v in value.items()]}
    if isinstance(value, Optimizer):
        return {"type": "optimizer", "value": value.to_config()}
    if isinstance(value, Loss):
        return {"type": "loss", "value": value.to_config()}
    if isinstance(value, np.random.RandomState):
        _, given, position, has_gauss, cached = value.get_state(legacy=True)
        keys = np.asarray(given).tolist()
        return {
            "type": "RandomState",
            "value": [keys, int(position), int(has_gauss), float(cached)],
        }
    raise ModelFileError(
        f"A model file cannot keep {name}={value!r}; use text, numbers, or lists and dicts of them."
    )


def from_plain(value: Any) -> Any:
    """The value that `to_plain` wrote.

    >>> from_plain(to_plain({1: (64, 32)}))
    {1: (64, 32)}
    """
    if isinstance(value, list):
        return [from_plain(v) for v in value]
    if not isinstance(value, dict):
        return value
    kind, content = value["type"], value["value"]
    if kind == "tuple":
        return tuple(from_plain(v) for v in content)
    if kind == "array":
        return np.array(from_plain(content), dtype=np.dtype(value["dtype"]))
    if kind == "dict":
        return {from_plain(k): from_plain(v) for k, v in content}
    if kind == "optimizer":
        return optimizer_from_config(content)
    if kind == "loss":
        return loss_from_config(content)
    if kind == "RandomState":
        keys, position, has_gauss, cached = content
        random = np.random.RandomState()
        random.set_state(("MT19937", np.array(keys, dtype=np.uint32), position, has_gauss, cached))
        return random
    raise ModelFileError(f"The model file holds a value of the unknown type {kind!r}.")
