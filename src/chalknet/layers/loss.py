"""Each loss of the table as an object: ``MSE()``, ``Huber(delta=2.0)``, ``SoftmaxCrossEntropy()``, ...

The classes are made from the rows of ``maths.losses``: a new row there is a new class here.

Conventions. ``y_pred`` is (m, n): m rows, n outputs; ``y_true`` is (m, n) too, or integer labels (m,) where the loss
knows classes; ``sample_weight`` is (m,). With l the loss of one output of one row, w the weights (all 1 unless given)
and W their sum, the reductions are

- "mean": sum(w * l) / (W * n), the mean over all elements; for losses of whole rows it is "mean_rows",
- "mean_rows": sum(w * l) / W, outputs summed, the mean over rows,
- "sum": sum(w * l).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import numpy as np

from chalknet.exceptions import DataError, ParameterError, ShapeError
from chalknet.layers.base import floats
from chalknet.layers.config import Configured, Range, build, describe, number
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
    dinputs: Any = None

    @property
    def p(self) -> float:
        """The loss's one shape parameter; the row's default where it has none to choose."""
        return float(getattr(self, self.row.p_name)) if self.row.p_name else self.row.p

    @property
    def rowwise(self) -> bool:
        """True when the mean runs over rows, with the outputs summed."""
        return self.reduction == "mean_rows" or (self.reduction == "mean" and self.row.rows)

    def _check(self, name: str, value: Any) -> Any:
        if name != "reduction":
            return number(type(self).__name__, name, value, Range(*self.row.p_range))
        if value not in REDUCTIONS:
            allowed = ", ".join(map(repr, REDUCTIONS))
            raise ParameterError(f"{type(self).__name__}: reduction must be one of {allowed}, not {value!r}.")
        return value

    def targets(
        self, y_true: Any, n_outputs: int, n_rows: int | None = None, dtype: Any = None
    ) -> np.ndarray:
        """Return what the formulas see as y: (m, n_outputs) floats, labels one-hot.

        Raises :class:`ShapeError` where ``y_true`` does not fit ``n_outputs`` (and ``n_rows``, when given), and
        :class:`DataError` for labels that are no whole numbers from 0 to ``n_outputs`` - 1, or other numbers
        that the loss has no meaning for.
        """
        return as_targets(self.row, y_true, n_outputs, n_rows, dtype)

    def scale(self, n_outputs: int, total_weight: float) -> float:
        """Return the factor of every term: 1 / (n_outputs * total_weight), 1 / total_weight or 1."""
        if self.reduction == "sum":
            return 1.0
        return 1.0 / (total_weight if self.rowwise else total_weight * n_outputs)

    def rows(self, y_pred: Any, y_true: Any) -> np.ndarray:
        """Return the loss of each row (m,): its outputs' mean or sum, as the reduction has it."""
        return self._rows(*self._fit(y_pred, y_true))

    def _rows(self, a: np.ndarray, y: np.ndarray) -> np.ndarray:
        terms = self.row.f(
            y, a, self.p
        )  # (m, n), or (m,) where the formula has summed over the outputs already
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
        d = self.row.df(y, a, self.p) * self.scale(a.shape[1], total)
        if w is not None:
            d = d * w[:, None]
        self.dinputs = np.broadcast_to(d, a.shape).astype(a.dtype, copy=False).reshape(np.shape(y_pred))
        return self.dinputs

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
        "defaults": ({row.p_name: row.p} if row.p_name else {}) | {"reduction": "mean"},
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
