"""What a fitted multilayer perceptron does: its weights as attributes, what its networks put out, how it is kept."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_is_fitted

from chalknet.estimators import _build, _ensemble, _spread, _state
from chalknet.estimators._few import plain
from chalknet.estimators._sklearn import read
from chalknet.exceptions import ShapeError
from chalknet.layers.summary import picture
from chalknet.network import Network


class FittedMLP(BaseEstimator, metaclass=ABCMeta):
    """Both estimators as far as they are fitted."""

    network_: Network
    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    batch_size: Any
    n_estimators: int
    _others: list[Any]  # the estimators behind all networks but the first

    def _show(self) -> None:
        """Let `coefs_` and `intercepts_` be the network's own arrays."""
        self.coefs_ = [layer.weights for layer in self.network_.dense]
        self.intercepts_ = [layer.biases[0] for layer in self.network_.dense]

    def _sync(self) -> None:
        """Take over arrays that were put into `coefs_` or `intercepts_` (or came back from a pickle as copies)."""
        dense = self.network_.dense
        if len(self.coefs_) != len(dense) or len(self.intercepts_) != len(dense):
            raise ShapeError(f"coefs_ and intercepts_ must hold {len(dense)} arrays each, one a layer.")
        changed = False
        for layer, w, b in zip(dense, self.coefs_, self.intercepts_, strict=True):
            if w is not layer.weights:
                layer.weights, changed = w, True
            own, given = layer.biases[0], np.asarray(b)
            if not (np.may_share_memory(given, own) and given.strides == own.strides):
                layer.biases, changed = given, True
        if changed:
            self._show()

    def _outputs(self, X: Any, *, check: bool = True) -> np.ndarray:
        """What the network predicts for X, (n_samples, n_outputs)."""
        if check and not plain(self, X):
            check_is_fitted(self)
            X = read(self, X, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32), reset=False)
        self._sync()
        out = self.network_.predict(X)
        others = _ensemble.others_of(self)
        if not others:
            return out
        return _spread.pooled(self.network_.loss, [out, *(o._outputs(X, check=False) for o in others)])

    @property
    def estimators_(self) -> list[Self]:
        """The members as estimators of one network each; AttributeError before a fit. The first shares its network."""
        if not hasattr(self, "network_"):
            raise AttributeError(f"This {type(self).__name__} is not fitted yet: it has no estimators_.")
        return _ensemble.members_of(self)

    def predict_samples(self, X: Any, n_samples: int = 100, random_state: Any = None) -> np.ndarray:
        """Predictions of many networks: how far apart they lie tells how sure the model is.

        With ``dropout`` they are networks with units left out, as in training (Monte-Carlo dropout: Gal and Ghahramani
        2016, arXiv:1506.02142), drawn in turn from all members; without, the members of ``n_estimators`` themselves.

        Args:
            X: (n_samples_X, n_features) array, DataFrame or sparse matrix.
            n_samples: how many networks to draw; without dropout there are as many as members.
            random_state: None, a seed or a NumPy ``RandomState`` that masks are drawn from.

        Returns an array of what ``predict_proba`` (of margins: the scores) or the regressor's ``predict`` gives, with a
        first axis for the networks.

        Raises ParameterError for a single network without dropout.
        """
        return np.stack([self._answers(out) for out in self._drawn(X, n_samples, random_state)])

    def _drawn(self, X: Any, n_samples: int, random_state: Any) -> np.ndarray:
        """What each of many networks puts out for X, (networks, n, n_outputs)."""
        check_is_fitted(self)
        X = read(self, X, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32), reset=False)
        self._sync()
        return _ensemble.drawn(self, X, n_samples, random_state)

    @abstractmethod
    def _answers(self, out: np.ndarray) -> np.ndarray:
        """Outputs (n, n_outputs) as a user is given them: probabilities or scores, or numbers in their own unit."""

    def _says_yes(self) -> float:
        """A prediction above it says yes."""
        return _build.says_yes(self.network_.loss.row, linked=True)  # type: ignore[union-attr]

    def summary(self) -> None:
        """Print a table of the layers, their output sizes and parameters, and what memory they take."""
        check_is_fitted(self)
        self._sync()
        self.network_.summary(200 if isinstance(self.batch_size, str) else int(self.batch_size))

    def _html_repr(self) -> str:
        """scikit-learn's diagram, and below it the fitted network with its learning curve."""
        return estimator_html_repr(self) + self._picture()

    def _picture(self) -> str:
        if not hasattr(self, "network_"):
            return ""
        return picture(self.network_.layers, self.loss_curve_, self.validation_scores_ or [])

    def to_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Everything fitted, as named arrays and a document that JSON can hold; `from_state` makes it again."""
        check_is_fitted(self)
        self._sync()
        return _state.to_state(self)

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray], document: dict[str, Any]) -> Self:
        """The estimator that `to_state` described."""
        return _state.from_state(cls, arrays, document)
