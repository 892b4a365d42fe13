"""A fitted multilayer perceptron as arrays and JSON, and back: what a model file keeps, without pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from chalknet.estimators import _standard
from chalknet.estimators._plain import from_plain, parameters_from_plain, parameters_to_plain, to_plain
from chalknet.exceptions import ModelFileError
from chalknet.network import Network

if TYPE_CHECKING:
    from chalknet.estimators._base import BaseMLP

E = TypeVar("E", bound="BaseMLP")
OTHERS = "others."  # before the arrays of the members of an ensemble but the first, and their number
# fitted attributes beside the network, where the estimator has them
KEPT = (
    "n_features_in_", "feature_names_in_", "n_outputs_", "n_layers_", "out_activation_", "n_iter_", "t_", "loss_",
    "best_loss_", "best_validation_score_", "validation_scores_", "engine_", "classes_", "_kind",
    "target_mean_", "target_scale_", *_standard.KEPT,
)  # fmt: skip


def to_state(est: BaseMLP) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The network's arrays; the document holds parameters and fitted attributes."""
    arrays, network = est.network_.to_state()
    fitted = {name: to_plain(vars(est)[name], name) for name in KEPT if name in vars(est)}
    touched = not np.array_equal(
        est.network_.parameters, est._last, equal_nan=True
    )  # weights assigned since the fit
    document = {
        "parameters": parameters_to_plain(est), "network": network, "fitted": fitted, "touched": touched,
    }  # fmt: skip
    others = [to_state(other) for other in vars(est).get("_others", [])]
    for i, (own, _) in enumerate(others):
        arrays |= {f"{OTHERS}{i}.{name}": array for name, array in own.items()}
    return arrays, document | ({"others": [own for _, own in others]} if others else {})


def from_state(cls: type[E], arrays: dict[str, np.ndarray], document: dict[str, Any]) -> E:
    """The estimator that `to_state` described. Raises ModelFileError where something is missing."""
    whole, arrays = arrays, {name: a for name, a in arrays.items() if not name.startswith(OTHERS)}
    try:
        est = cls(**parameters_from_plain(document["parameters"]))
        for name, value in document["fitted"].items():
            if name in KEPT:
                setattr(est, name, from_plain(value))
        est.network_ = Network.from_state(arrays, document["network"])
    except (KeyError, TypeError) as error:
        raise ModelFileError(f"The model file does not describe a whole {cls.__name__}: {error}.") from error
    est.loss_curve_ = est.network_.loss_curve_
    est._last = est.network_.parameters.copy()
    if document.get("touched"):
        est._last[:] = np.nan  # other weights than the present ones
    est._show()
    if others := document.get("others", []):
        pick = [f"{OTHERS}{i}." for i in range(len(others))]
        named = [{n.removeprefix(p): a for n, a in whole.items() if n.startswith(p)} for p in pick]
        est._others = [from_state(cls, own, described) for own, described in zip(named, others, strict=True)]
    return est
