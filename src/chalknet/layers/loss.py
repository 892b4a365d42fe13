"""Each loss of the table as an object: ``MSE()``, ``Huber(delta=2.0)``, ``SoftmaxCrossEntropy()``, ...

The classes are made from the rows of ``maths.losses``: a new row there is a new class here.

Conventions. ``y_pred`` is (m, n): m rows, n outputs; ``y_true`` is (m, n) too, or integer labels (m,) where the loss
knows classes; ``sample_weight`` is (m,). With l the loss of one output of one row, w the weights (all 1 unless given)
and W their sum, the reductions are

- "mean": sum(w * l) / (W * n), the mean over all elements; for losses of whole rows it is "mean_rows",
- "mean_rows": sum(w * l) / W, outputs summed, the mean over rows,
- "sum": sum(w * l).

Losses of classes smooth their targets with ``label_smoothing`` = ε (Szegedy et al. 2016, section 7): a row's y becomes
(1 − ε) y + ε/K, K being the number of classes; 2 for those that take each output as a yes or no. So a network is never
taught to be certain.

Some losses take several outputs for each target: ``Quantile(q=(0.05, 0.5, 0.95))`` one for each q, and ``GaussianNLL``
a mean and a log-variance. The outputs come one kind after the other (of two targets: both 0.05-quantiles, both
medians, …); ``y_true`` has the targets alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar, cast

import numpy as np

from chalknet.exceptions import DataError, ParameterError, ShapeError
from chalknet.layers.base import floats
from chalknet.layers.config import BELOW_ONE, Configured, Range, build, describe, number
from chalknet.layers.targets import as_targets
from chalknet.maths import losses
from chalknet.maths.losses import LOSSES
from chalknet.maths.table import Loss as LossRow

REDUCTIONS = ("mean", "sum", "mean_rows")


class Loss(Configured):
    """How far predictions are from the truth, as one number, and its derivative by the predictions.

    After ``backward`` the derivative is kept in ``dinputs``.
    """

    row: ClassVar[LossRow]
    reduction: str
    label_smoothing: float  # of losses whose targets are shares
    dinputs: Any = None

    @property
    def p(self) -> float | tuple[float, ...]:
        """The loss's shape parameter, or several levels of it; the row's default where it has none to choose."""
        return getattr(self, self.row.p_name) if self.row.p_name else self.row.p

    @property
    def outputs_per_target(self) -> int:
        """How many outputs of the network belong to each target."""
        return 2 if self.row.d_p else len(self.p) if isinstance(self.p, tuple) else 1

    @property
    def smoothing(self) -> float:
        """The share of a label that goes to all classes alike."""
        return getattr(self, "label_smoothing", 0.0)

    def levels(self, n_outputs: int, dtype: Any = np.float64) -> Any:
        """The shape parameter as formulas take it: a number, or one for each output (n_outputs,)."""
        if not isinstance(self.p, tuple):
            return self.p
        return np.repeat(np.array(self.p, dtype), n_outputs // len(self.p))

    @property
    def rowwise(self) -> bool:
        """True when the mean runs over rows, with the outputs summed."""
        return self.reduction == "mean_rows" or (self.reduction == "mean" and self.row.rows)

    def _check(self, name: str, value: Any) -> Any:
        owner = type(self).__name__
        if name == "label_smoothing":
            return number(owner, name, value, BELOW_ONE)
        if name != "reduction":
            within = Range(*self.row.p_range)
            if not self.row.levels or not isinstance(value, (list, tuple, np.ndarray)):
                return number(owner, name, value, within)
            several = tuple(number(owner, name, v, within) for v in value)
            if len(several) < 2 or any(a >= b for a, b in pairwise(several)):
                raise ParameterError(
                    f"{owner}: {name} must be one number, or several that rise, as in {name}=(0.05, 0.5, 0.95), but "
                    f"was given {value!r}."
                )
            return several
        if value not in REDUCTIONS:
            allowed = ", ".join(map(repr, REDUCTIONS))
            raise ParameterError(f"{type(self).__name__}: reduction must be one of {allowed}, not {value!r}.")
        return value

    def targets(
        self, y_true: Any, n_outputs: int, n_rows: int | None = None, dtype: Any = None
    ) -> np.ndarray:
        """Return what the formulas see as y: (m, n_outputs) floats, labels one-hot and smoothed.

        A target stands there once for each of its outputs. Raises :class:`ShapeError` where ``y_true`` does not fit
        ``n_outputs`` (and ``n_rows``, when given), and :class:`DataError` for labels that are no whole numbers from 0
        to ``n_outputs`` - 1, or other numbers that the loss has no meaning for.
        """
        times = self.outputs_per_target
        if times > 1:
            return self._repeated(y_true, n_outputs, n_rows, dtype, times)
        y = as_targets(self.row, y_true, n_outputs, n_rows, dtype)
        if self.smoothing > 0.0:
            y = y * y.dtype.type(1.0 - self.smoothing)
            y += y.dtype.type(self.smoothing / (n_outputs if self.row.rows else 2))
        return y

    def _repeated(
        self, y_true: Any, n_outputs: int, n_rows: int | None, dtype: Any, times: int
    ) -> np.ndarray:
        if n_outputs % times:
            raise ShapeError(
                f"{self!r} takes {times} outputs for each target, but the last layer has {n_outputs}: make them "
                f"{times} for one target, {2 * times} for two, and so on."
            )
        given = np.shape(y_true)
        if len(given) == 2 and given[1] == n_outputs and n_rows in (None, given[0]):
            return as_targets(self.row, y_true, n_outputs, n_rows, dtype)  # repeated already
        return np.tile(as_targets(self.row, y_true, n_outputs // times, n_rows, dtype), (1, times))

    def scale(self, n_outputs: int, total_weight: float) -> float:
        """Return the factor of every term: 1 / (n_outputs * total_weight), 1 / total_weight or 1."""
        if self.reduction == "sum":
            return 1.0
        return 1.0 / (total_weight if self.rowwise else total_weight * n_outputs)

    def rows(self, y_pred: Any, y_true: Any) -> np.ndarray:
        """Return the loss of each row (m,): its outputs' mean or sum, as the reduction has it."""
        return self._rows(*self._fit(y_pred, y_true))

    def _rows(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        t = a.shape[1] // 2  # (m, n) terms, or (m,) where the formula has summed over the outputs already
        terms = (
            self.row.f(y[:, :t], a[:, :t], a[:, t:])
            if self.row.d_p
            else self.row.f(y, a, self.levels(a.shape[1], a.dtype))
        )
        sums = terms if self.row.whole_row else terms.sum(axis=1)
        return sums if self.rowwise or self.reduction == "sum" else sums / a.shape[1]

    def forward(self, y_pred: Any, y_true: Any, sample_weight: Any = None) -> float:
        """Return the loss of a batch as one number.

        Raises :class:`ShapeError` or :class:`DataError` in one sentence where the arguments do not fit.
        """
        a, y = self._fit(y_pred, y_true)
        rows = self._rows(a, y)
        w, total = self._weights(sample_weight, len(a))
        # Added up in float64, whatever the predictions' precision.
        total_loss = float(np.sum(rows if w is None else w * rows, dtype=np.float64))
        return total_loss if self.reduction == "sum" else total_loss / total

    def backward(self, y_pred: Any, y_true: Any, sample_weight: Any = None) -> np.ndarray:
        """Return d loss / d y_pred, of y_pred's shape, the mean's divisor included; kept in ``dinputs``."""
        a, y = self._fit(y_pred, y_true)
        w, total = self._weights(sample_weight, len(a))
        d = self._slopes(a, y) * self.scale(a.shape[1], total)
        if w is not None:
            d = d * w[:, None]
        self.dinputs = np.broadcast_to(d, a.shape).astype(a.dtype, copy=False).reshape(np.shape(y_pred))
        return self.dinputs

    def _slopes(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The derivative of each row's loss by its outputs, before the mean."""
        row, t = self.row, a.shape[1] // 2
        if row.d_p is None:
            return row.df(y, a, self.levels(a.shape[1], a.dtype))
        half = y[:, :t], a[:, :t], a[:, t:]
        return np.concatenate([row.df(*half), row.d_p(*half)], axis=1)

    def _fit(self, y_pred: Any, y_true: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return predictions and targets as (m, n) float arrays of one dtype."""
        a = floats(y_pred)
        given = a.shape
        if a.ndim == 1 and not (self.rowwise or self.row.rows):  # all elements alike: any shape would do
            a = a[:, None]
        if a.ndim != 2 or a.size == 0:
            hint = "; for one row write it in double brackets, [[...]]" if len(given) == 1 else ""
            raise ShapeError(
                f"{type(self).__name__} takes y_pred of shape (rows, outputs), but was given {given}{hint}."
            )
        return a, self.targets(y_true, a.shape[1], a.shape[0], a.dtype)

    def _weights(self, sample_weight: Any, n_rows: int) -> tuple[np.ndarray | None, float]:
        if sample_weight is None:
            return None, float(n_rows)
        w = floats(sample_weight)
        owner = type(self).__name__
        if w.shape != (n_rows,):
            raise ShapeError(
                f"{owner} takes sample_weight of shape ({n_rows},), one a row, but was given {w.shape}."
            )
        total = float(np.sum(w, dtype=np.float64))
        if not np.isfinite(total) or total == 0.0:
            raise DataError(
                f"{owner}: sample_weight must be finite and not all zero, but its sum is {total:g}."
            )
        return w, total

    def forget(self) -> None:
        """Drop the last batch's derivative."""
        self.__dict__.pop("dinputs", None)


def _loss(row: LossRow) -> type[Loss]:
    meaning = "y is the truth, a the prediction" + (f", p is {row.p_name}." if row.p_name else ".")
    body: dict[str, Any] = {
        "__module__": __name__,
        "__qualname__": row.layer,
        "__doc__": describe(row.f, meaning, "See ``Loss``.", source=row.source),
        "name": row.name,
        "row": row,
        "defaults": ({row.p_name: row.p} if row.p_name else {})
        | {"reduction": "mean"}
        | ({"label_smoothing": 0.0} if row.smooths else {}),
    }
    return cast(type[Loss], type(row.layer, (Loss,), body))


CLASSES: dict[str, type[Loss]] = {name: _loss(row) for name, row in LOSSES.items()}
globals().update({cls.__name__: cls for cls in CLASSES.values()})


def find(name: str) -> type[Loss]:
    """Return the class of a loss by the name of its row; aliases count, unknown names raise."""
    return CLASSES[losses.get(name).name]


def from_config(config: Mapping[str, Any]) -> Loss:
    """Make the loss that ``to_config`` described.

    >>> from_config({"name": "huber", "delta": 2.0})
    Huber(delta=2.0)
    """
    return build(config, find, "loss")


def __getattr__(name: str) -> type[Loss]:
    # Never reached for a class of the table; it tells type checkers what the names above are.
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
