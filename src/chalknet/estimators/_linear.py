"""What a linear classifier does with its weights once it has them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.utils import estimator_html_repr
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from chalknet.estimators._sklearn import read
from chalknet.layers.dense import Dense
from chalknet.layers.summary import picture
from chalknet.maths.activations import ACTIVATIONS


def _has_probabilities(estimator: Any) -> bool:
    if estimator.activation == "sigmoid":
        return True
    raise AttributeError(
        f"probabilities need activation='sigmoid'; a perceptron with activation={estimator.activation!r} has none."
    )


class LinearScores:
    """Scores, labels and, for a sigmoid unit, probabilities from `coef_`, `intercept_` and `classes_`."""

    coef_: Any
    intercept_: np.ndarray
    classes_: np.ndarray
    loss_curve_: list[float]

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores z = X w + b: (n,) for two classes (above 0: the second), (n, classes) for more."""
        check_is_fitted(self, "coef_")
        X = read(self, X, accept_sparse="csr", reset=False)
        scores = safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_
        return scores.ravel() if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> np.ndarray:
        """The label of each row (n,)."""
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)]

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n, classes), columns as `classes_`; only with ``activation="sigmoid"``.

        For two classes 1 - sigmoid(z) and sigmoid(z), for more each unit's sigmoid(z) divided by their sum.
        """
        a = ACTIVATIONS["sigmoid"].f(self.decision_function(X), 0.0)
        if a.ndim == 1:
            return np.column_stack([1.0 - a, a])
        whole = a.sum(axis=1, keepdims=True)
        a[whole[:, 0] == 0.0] = 1.0  # every unit says no, beyond what a float can tell: all classes alike
        return a / a.sum(axis=1, keepdims=True)

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of `predict_proba`; only with ``activation="sigmoid"``."""
        with np.errstate(divide="ignore"):  # log 0 = -inf is the right answer
            return np.log(self.predict_proba(X))

    def sparsify(self) -> Self:
        """Keep `coef_` as a sparse matrix, which is smaller where the L1 penalty left few weights."""
        check_is_fitted(self, "coef_")
        self.coef_ = sparse.csr_array(self.coef_)
        return self

    def densify(self) -> Self:
        """Turn a sparse `coef_` back into an array."""
        check_is_fitted(self, "coef_")
        if sparse.issparse(self.coef_):
            self.coef_ = self.coef_.toarray()
        return self

    def _html_repr(self) -> str:
        """scikit-learn's diagram, and below it the fitted weights with the learning curve."""
        if not hasattr(self, "coef_"):
            return estimator_html_repr(self)
        weights = self.coef_.toarray() if sparse.issparse(self.coef_) else self.coef_
        layer = Dense.over(np.array(weights.T, order="C"), np.array(self.intercept_).reshape(1, -1))
        return estimator_html_repr(self) + picture([layer], self.loss_curve_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.sparse = True
        return tags


def initial(given: Any, name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Weights or intercepts to start from: a new array of that shape, zeros where nothing is given.

    For two classes the first axis (of length 1) may be missing.

    Raises:
        ValueError: another shape.

    >>> initial([1, 2], "coef_init", (1, 2), np.dtype(float))
    array([[1., 2.]])
    """
    if given is None:
        return np.zeros(shape, dtype)
    array = np.array(given.toarray() if sparse.issparse(given) else given, dtype=dtype)
    if array.shape != shape and not (shape[0] == 1 and array.shape == shape[1:]):
        raise ValueError(
            f"Provided {name} does not match dataset: its shape is {array.shape}, but {shape} is needed."
        )
    return array.reshape(shape)
