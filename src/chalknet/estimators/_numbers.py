"""What a fitted regressor says: numbers in the targets' own unit, how far they may be off, intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri
from sklearn.utils.validation import check_is_fitted

from chalknet.estimators import _ensemble, _spread
from chalknet.estimators._fitted import FittedMLP
from chalknet.exceptions import ParameterError
from chalknet.layers.config import Range, number
from chalknet.layers.loss import Loss


class Answers(FittedMLP):
    """The regressor as far as it is fitted."""

    loss: Any
    target_mean_: np.ndarray
    target_scale_: np.ndarray

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The predicted numbers for X (n_samples, n_features).

        Args:
            X: (n_samples, n_features) array, DataFrame or sparse matrix.
            return_std: standard deviations too: with ``loss="gaussian"`` those of y around its mean (with several
                members also of the means), else of the predictions of ``n_estimators`` members around their mean.

        Returns (n_samples,) or (n_samples, n_targets); with several quantiles in the loss (n_samples, n_quantiles) or
        (n_samples, n_targets, n_quantiles), in rising order. With ``return_std`` two arrays of that shape.

        Raises ParameterError for ``return_std`` where nothing tells a standard deviation.
        """
        out = self._outputs(X)
        if not return_std:
            return self._answers(out)
        if self._loss.row.d_p:
            return self._answers(out), _spread.flat(self._in_own(_spread.mean_and_std(out)[1], sizes=True))
        if not _ensemble.others_of(self):
            raise ParameterError(
                f'predict(return_std=True) needs loss="gaussian" or n_estimators above 1, but loss={self.loss!r} and '
                f"n_estimators={self.n_estimators!r} were fitted."
            )
        return self._answers(out), np.std([member.predict(X) for member in self.estimators_], axis=0)

    def predict_interval(
        self, X: Any, coverage: float = 0.9, *, n_samples: int = 0, random_state: Any = None
    ) -> np.ndarray:
        """Intervals that hold y with the given probability, as far as the model knows.

        With ``loss="gaussian"``: the mean and so many standard deviations to either side, those of all members pooled
        (Lakshminarayanan, Pritzel and Blundell 2017, arXiv:1612.01474). With several quantiles: the two that have this
        much between them.

        Args:
            X: (n_samples, n_features) array, DataFrame or sparse matrix.
            coverage: how probable it is that an interval holds y, between 0 and 1.
            n_samples: with ``dropout``, from how many networks with units left out the intervals are pooled, see
                ``predict_samples``; 0: from the networks as they predict.
            random_state: what masks are drawn from, with ``n_samples``.

        Returns (n_samples, 2), or (n_samples, n_targets, 2): lower and upper ends.

        Raises ParameterError where the loss tells nothing of intervals, or not of this one.
        """
        number("predict_interval", "coverage", coverage, Range(0.0, 1.0))
        if not hasattr(self, "network_"):
            check_is_fitted(self)
        loss = self._loss
        drawn = self._drawn(X, n_samples, random_state) if n_samples else None
        out = self._outputs(X) if drawn is None else _spread.pooled(loss, drawn)
        if loss.row.d_p:
            mean, std = _spread.mean_and_std(out)
            reach = std * ndtri(0.5 + 0.5 * coverage)
            ends = np.stack([self._in_own(mean - reach), self._in_own(mean + reach)], axis=-1)
            return ends[:, 0] if ends.shape[1] == 1 else ends
        low, high = _spread.pair_for(loss, coverage)
        return self._answers(out)[..., [low, high]]

    @property
    def _loss(self) -> Loss:
        return self.network_.loss  # type: ignore[return-value]

    def _answers(self, out: np.ndarray) -> np.ndarray:
        loss = self._loss
        if loss.outputs_per_target == 1:
            return _spread.flat(self._in_own(out))
        if loss.row.d_p:
            return _spread.flat(self._in_own(_spread.mean_and_std(out)[0]))
        ordered = _spread.in_order(out, loss.outputs_per_target)
        ordered = self._in_own(ordered.swapaxes(1, 2)).swapaxes(1, 2)
        return ordered[:, 0] if ordered.shape[1] == 1 else ordered

    def _in_own(self, out: np.ndarray, sizes: bool = False) -> np.ndarray:
        """Predictions (…, targets), or sizes such as standard deviations, in y's own unit."""
        if not hasattr(self, "target_mean_"):
            return out
        own = out * self.target_scale_ + (0.0 if sizes else self.target_mean_)
        return own.astype(out.dtype)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the predictions; with several quantiles in the loss the mean D² of their pinball losses.

        That is the share of the pinball loss of constant quantiles that is explained
        (``sklearn.metrics.d2_pinball_score``).
        """
        return _spread.score(self._loss, y, self.predict(X), sample_weight)
