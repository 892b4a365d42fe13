"""Data that many estimators learn from: checked and converted once for all who read them alike, and held once."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.estimators._fitting import rows_of

if TYPE_CHECKING:
    from chalknet.estimators._base import BaseMLP

# What a first reading of the data leaves in an estimator.
OF_X = ("n_features_in_", "feature_names_in_")
OF_Y = ("classes_", "_kind", "n_outputs_", "out_activation_")


class Shared:
    """X, y and sample weights as `fit` is given them, and every form in which an estimator has wanted them."""

    def __init__(self, X: Any, y: Any, sample_weight: Any) -> None:
        self.X, self.y, self.sample_weight = X, y, sample_weight
        self.held: dict[Any, Any] = {}  # dtype -> X
        self.inputs: dict[str, tuple[Any, dict[str, Any]]] = {}  # `dtype=` -> X and what was learned of it
        self.targets: dict[Any, tuple[np.ndarray, dict[str, Any]]] = {}  # way of reading -> the same of y
        self.weights: list[tuple[Any, Any, np.ndarray | None]] = []  # way of reading, class weights, weights

    def take(self, est: BaseMLP, first: bool) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """X, y and the rows' weights for one estimator; `first`: it does not go on from an earlier fit."""
        way = (type(est), getattr(est, "dtype", "auto"), getattr(est, "loss", None))
        if not first or (est.warm_start and hasattr(est, "classes_")):  # what it has learned has a say
            X, y = est._read(self.X, self.y, incremental=False, reset=first)
            X = self._hold(X)
            return X, y, est._row_weights(self.sample_weight, X, y)
        if way in self.targets:
            X, y = self.inputs[way[1]][0], self.targets[way][0]
        else:
            X, y = est._read(self.inputs.get(way[1], (self.X,))[0], self.y, incremental=False, reset=True)
            X = self._hold(X)
            self.inputs.setdefault(way[1], (X, learned(est, OF_X)))
            self.targets[way] = y, learned(est, OF_Y)
        for names, values in ((OF_X, self.inputs[way[1]][1]), (OF_Y, self.targets[way][1])):
            for name in names:
                est.__dict__.pop(name, None)
            est.__dict__.update(copy.deepcopy(values))
        return X, y, self._weights_for(est, way, X, y)

    def _hold(self, X: Any) -> Any:
        """The one X of its dtype, as engines take it."""
        return self.held.setdefault(X.dtype, rows_of(X))

    def _weights_for(self, est: BaseMLP, way: Any, X: Any, y: np.ndarray) -> np.ndarray | None:
        by_class = getattr(est, "class_weight", None)
        for other, classes, weights in self.weights:
            if other == way and classes == by_class:
                return weights
        weights = est._row_weights(self.sample_weight, X, y)
        self.weights.append((way, by_class, weights))
        return weights


def learned(est: BaseMLP, names: tuple[str, ...]) -> dict[str, Any]:
    """Those of the attributes that the estimator has."""
    return {name: copy.deepcopy(vars(est)[name]) for name in names if name in vars(est)}
