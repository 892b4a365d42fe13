"""The numbers of a network's layers as named arrays, and back.

`layers.{i}.weight` (rows, units) and `layers.{i}.bias` (units,) of the i-th layer that learns; `moments.{j}.mean` and
`moments.{j}.variance` (units,) of the j-th that keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chalknet.layers.learned import Learned
from chalknet.layers.normalization import Moments


def pack(learned: Sequence[Learned], keeping: Sequence[Moments]) -> dict[str, np.ndarray]:
    """Copies of the layers' numbers by name."""
    arrays: dict[str, np.ndarray] = {}
    for i, layer in enumerate(learned):
        arrays[f"layers.{i}.weight"] = layer.weights.copy()
        arrays[f"layers.{i}.bias"] = layer.biases.ravel().copy()
    for j, kept in enumerate(keeping):
        arrays[f"moments.{j}.mean"] = kept.mean.ravel().copy()
        arrays[f"moments.{j}.variance"] = kept.variance.ravel().copy()
    return arrays


def unpack(
    arrays: Mapping[str, np.ndarray], learned: Sequence[Learned], keeping: Sequence[Moments]
) -> set[str]:
    """Put the numbers into the layers; returns the names that were read.

    Raises:
        KeyError: an array is missing.
        ShapeError, DataError: it does not fit its layer.
    """
    names: set[str] = set()
    for i, layer in enumerate(learned):
        layer.weights, layer.biases = arrays[f"layers.{i}.weight"], arrays[f"layers.{i}.bias"]
        names |= {f"layers.{i}.weight", f"layers.{i}.bias"}
    for j, kept in enumerate(keeping):
        kept.mean, kept.variance = arrays[f"moments.{j}.mean"], arrays[f"moments.{j}.variance"]
        names |= {f"moments.{j}.mean", f"moments.{j}.variance"}
    return names
