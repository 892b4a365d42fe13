"""Every layer by name: from a description, as a model file holds it, to the object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalknet.layers import activation
from chalknet.layers.base import Layer
from chalknet.layers.config import build
from chalknet.layers.dense import Dense
from chalknet.layers.dropout import Dropout
from chalknet.layers.normalization import BatchNorm, LayerNorm, Standardize


def _dense(**parameters: Any) -> Dense:
    # A fixed seed: describing a layer must not use up anybody's random numbers.
    return Dense(**parameters, random_state=0)


_MAKERS: dict[str, Callable[..., Layer]] = {
    Dense.name: _dense,
    **{kind.name: kind for kind in (Dropout, BatchNorm, LayerNorm, Standardize)},
}


def _find(name: str) -> Callable[..., Layer]:
    return _MAKERS[name] if name in _MAKERS else activation.find(name)


def from_config(config: Mapping[str, Any]) -> Layer:
    """Make the layer that its ``to_config`` described; a ``Dense`` gets freshly drawn weights.

    >>> from_config({"name": "dense", "n_in": 2, "n_out": 4})
    Dense(2, 4)
    """
    return build(config, _find, "layer")
