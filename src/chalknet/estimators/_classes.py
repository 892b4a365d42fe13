"""What a fitted classifier says: classes, probabilities, scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from chalknet.estimators import _labels
from chalknet.estimators._fitted import FittedMLP
from chalknet.estimators._labels import has_probabilities, has_scores


class Answers(FittedMLP):
    """The classifier as far as it is fitted."""

    loss: Any
    classes_: np.ndarray
    n_outputs_: int
    out_activation_: str
    _kind: str

    def predict(self, X: Any) -> np.ndarray:
        """The predicted classes (n_samples,), or 0 and 1 for each label (n_samples, n_classes)."""
        return self._decide(self._outputs(X))

    def _decide(self, out: np.ndarray) -> np.ndarray:
        if self._kind.startswith("multilabel"):
            return (out > self._says_yes()).astype(int)
        if self.n_outputs_ > 1:
            return self.classes_[out.argmax(axis=1)]
        return self.classes_[np.minimum((out[:, 0] > self._says_yes()).astype(int), len(self.classes_) - 1)]

    @available_if(has_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """The classes' probabilities (n_samples, n_classes), in the order of ``classes_``."""
        return self._probabilities(self._outputs(X))

    def _answers(self, out: np.ndarray) -> np.ndarray:
        if _labels.gives_probabilities(self.loss):
            return self._probabilities(out)
        return out.ravel() if out.shape[1] == 1 else out

    def _probabilities(self, out: np.ndarray) -> np.ndarray:
        if self._kind.startswith("multilabel"):
            return out
        if len(self.classes_) == 1:
            return np.ones_like(out)
        if self.n_outputs_ == 1:
            both = np.empty((len(out), 2), out.dtype)
            np.subtract(1, out[:, 0], out=both[:, 0])
            both[:, 1] = out[:, 0]
            return both
        if self.out_activation_ != "softmax":  # each class against the rest: shares of one whole
            total = out.sum(axis=1, keepdims=True)
            return np.where(total > 0, out / np.where(total > 0, total, 1), out.dtype.type(1 / out.shape[1]))
        return out

    @available_if(has_probabilities)
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithms of ``predict_proba``."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @available_if(has_scores)
    def decision_function(self, X: Any) -> np.ndarray:
        """The scores (n_samples,) of the second of two classes, or of each class or label (n_samples, n_classes).

        Only with a loss that gives no probabilities, such as "hinge".
        """
        check_is_fitted(self)
        return self._answers(self._outputs(X))
