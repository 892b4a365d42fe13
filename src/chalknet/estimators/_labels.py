"""From class labels to what engines take: the loss that fits them, targets, and the classes' weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.class_weight import compute_sample_weight

from chalknet.exceptions import ParameterError, UnknownNameError
from chalknet.layers.loss import Loss
from chalknet.maths import losses
from chalknet.maths.losses import ALIASES, LOSSES

MARGIN = (-1.0, 1.0)  # the targets of hinge losses: no and yes
# Losses of classes: of probabilities, of what makes them, or of margins.
CLASSIFICATION = sorted(
    name
    for name, row in LOSSES.items()
    if {row.pair, row.link} & {"sigmoid", "softmax"} or row.targets == MARGIN or name == "squared_error"
)
NAMES = {*CLASSIFICATION, *(alias for alias, name in ALIASES.items() if name in CLASSIFICATION)}
AUTO = ("auto", "log_loss")  # cross-entropy of a softmax, or of a sigmoid
SOFTMAX = ("softmax_cross_entropy", "categorical_cross_entropy", "sparse_categorical_cross_entropy")
FOCAL = ("focal", "categorical_focal")  # of a sigmoid, of a softmax
OUTPUTS = {"sigmoid": "logistic"}  # scikit-learn's name of an output activation


def row_of(given: str | Loss) -> Any:
    """The row of a loss given by name or as an object. Raises ParameterError for a loss of numbers."""
    if not isinstance(given, Loss):
        return losses.get("softmax_cross_entropy" if given in AUTO else given)
    if given.row.name not in CLASSIFICATION:
        raise ParameterError(
            f"loss={given!r} is for numbers; a classifier takes one of {', '.join(CLASSIFICATION)}."
        )
    return given.row


def gives_probabilities(given: str | Loss) -> bool:
    """Tell whether the outputs under a loss can be read as probabilities (so does one that `fit` will refuse)."""
    try:
        row = row_of(given)
    except (ParameterError, UnknownNameError):
        return True
    return not (row.pair == "identity" and row.link == "identity")


def has_probabilities(est: Any) -> bool:
    """Tell whether the loss's outputs can be read as probabilities; AttributeError where not."""
    if not gives_probabilities(est.loss):
        raise AttributeError(
            f'loss="{est.loss}" gives no probabilities; use decision_function, or loss="auto".'
        )
    return True


def has_scores(est: Any) -> bool:
    """Tell whether the loss's outputs are scores alone; AttributeError where not, as in scikit-learn's MLP."""
    if gives_probabilities(est.loss):
        raise AttributeError(
            f'loss="{est.loss}" gives probabilities: use predict_proba instead of decision_function.'
        )
    return True


def fitting_row(given: str | Loss, kind: str, n_classes: int) -> Any:
    """The loss's row: where one output stands for two classes, softmax becomes sigmoid and the same loss."""
    row = row_of(given)
    one_of_many = kind == "multiclass" and n_classes > 2
    if row.name in FOCAL:
        return losses.get(FOCAL[one_of_many])
    soft = "softmax" in (row.pair, row.link)
    if soft and not one_of_many:
        if row.name not in SOFTMAX:
            shown = f'"{given}"' if isinstance(given, str) else repr(given)
            raise ParameterError(
                f'loss={shown} compares distributions over three or more classes; use loss="auto" for '
                f"{'several labels a row' if kind.startswith('multilabel') else 'two classes'}."
            )
        return losses.get("binary_cross_entropy")
    if row.name in SOFTMAX:
        return losses.get("softmax_cross_entropy")
    return row


def encode(y: Any, classes: np.ndarray, kind: str, row: Any, dtype: Any) -> tuple[np.ndarray, int, str]:
    """Targets as engines take them, how many outputs they are for, and what the outputs' activation is called.

    Targets are class numbers (n,) for the softmax losses, else (n, outputs): 0 and 1, or what the loss has for them.
    """
    if kind.startswith("multilabel"):
        dense = y.toarray() if sparse.issparse(y) else np.asarray(y)
        n_outputs = dense.shape[1]
        yes = dense != 0
    else:
        numbers = np.searchsorted(classes, y)
        n_outputs = 1 if len(classes) <= 2 else len(classes)
        if n_outputs > 1 and row.whole_row:
            return numbers.astype(np.int64), n_outputs, "softmax"
        # a single class is the yes of its only output
        yes = (
            numbers[:, None] >= len(classes) - 1
            if n_outputs == 1
            else numbers[:, None] == np.arange(n_outputs)
        )
    output = row.pair if row.link == "identity" else row.link
    targets = yes.astype(dtype)
    return targets * 2 - 1 if row.targets == MARGIN else targets, n_outputs, OUTPUTS.get(output, output)


def strata(y: np.ndarray, kind: str) -> np.ndarray | None:
    """The groups of which validation rows take equal shares, from encoded targets; None for several labels a row."""
    if kind.startswith("multilabel"):
        return None
    return y if y.ndim == 1 else y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1)


def weights_by_class(class_weight: Any, y: np.ndarray, classes: np.ndarray, kind: str) -> np.ndarray:
    """What `class_weight` gives each row (n,) of encoded targets."""
    if kind.startswith("multilabel"):
        return compute_sample_weight(class_weight, (y > 0).astype(int))
    if y.ndim == 1 or y.shape[1] > 1:
        numbers = y if y.ndim == 1 else y.argmax(axis=1)
    else:
        numbers = (y[:, 0] > 0).astype(int) if len(classes) == 2 else np.zeros(len(y), int)
    return compute_sample_weight(class_weight, classes[numbers])
