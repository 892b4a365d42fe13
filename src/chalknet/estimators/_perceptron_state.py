"""A fitted Perceptron as arrays and JSON, and back: what a model file keeps, without pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from scipy import sparse

from chalknet.estimators._plain import from_plain, parameters_from_plain, parameters_to_plain, to_plain
from chalknet.exceptions import ModelFileError

if TYPE_CHECKING:
    from chalknet.estimators.perceptron import Perceptron

P = TypeVar("P", bound="Perceptron")


def to_state(model: Perceptron) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays coef, intercept and loss_curve; the document holds all else.

    Raises:
        ModelFileError: a parameter or label is an object that JSON cannot hold.
    """
    is_sparse = sparse.issparse(model.coef_)
    arrays = {
        "coef": model.coef_.toarray() if is_sparse else np.ascontiguousarray(model.coef_),
        "intercept": model.intercept_,
        "loss_curve": np.array(model.loss_curve_, dtype=np.float64),
    }
    document = {
        "parameters": parameters_to_plain(model),
        "classes": to_plain(model.classes_, "y"),
        "features": model.n_features_in_,
        "feature_names": list(model.feature_names_in_) if hasattr(model, "feature_names_in_") else None,
        "n_iter": int(model.n_iter_),
        "t": float(model.t_),
        "engine": model.engine_,
        "sparse": bool(is_sparse),
    }
    return arrays, document


def from_state(cls: type[P], arrays: dict[str, np.ndarray], document: dict[str, Any]) -> P:
    """The estimator that `to_state` was given.

    Raises:
        ModelFileError: something is missing, or shapes do not fit each other.
    """
    try:
        model = cls(**parameters_from_plain(document["parameters"]))
        model.classes_ = from_plain(document["classes"])
        model.coef_, model.intercept_ = arrays["coef"].copy(), arrays["intercept"].copy()
        model.loss_curve_ = arrays["loss_curve"].tolist()
        model.n_features_in_ = document["features"]
        if document["feature_names"] is not None:
            model.feature_names_in_ = np.array(document["feature_names"], dtype=object)
        model.n_iter_, model.t_, model.engine_ = document["n_iter"], document["t"], document["engine"]
        n, is_sparse = len(model.classes_), document["sparse"]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ModelFileError(f"not a Perceptron's state ({reason}); save the model again.") from error
    units = 1 if n == 2 else n
    if model.coef_.shape != (units, model.n_features_in_) or model.intercept_.shape != (units,):
        raise ModelFileError(
            f"a Perceptron's state whose coef {model.coef_.shape} and intercept {model.intercept_.shape} do not fit "
            f"its {n} classes and {model.n_features_in_} features; save the model again."
        )
    return model.sparsify() if is_sparse else model
