"""From layer, loss and optimizer objects to a description that engines take; checks what it is given, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from chalknet.engines import base
from chalknet.engines.base import Description, LayerSpec
from chalknet.engines.state import Apart
from chalknet.exceptions import DataError, ParameterError, ShapeError
from chalknet.layers import loss as losses
from chalknet.layers.activation import ActivationLayer
from chalknet.layers.base import Layer, floats
from chalknet.layers.config import FROM_ZERO, number
from chalknet.layers.dense import Dense
from chalknet.layers.dropout import Dropout
from chalknet.layers.loss import Loss
from chalknet.layers.normalization import BatchNorm, LayerNorm, Standardize
from chalknet.layers.optimizer import Optimizer
from chalknet.maths.losses import LOSSES
from chalknet.maths.table import Loss as LossRow

SIZED = (Dense, BatchNorm, LayerNorm, Standardize)  # layers that know how many numbers a row has


def check(layers: Sequence[Layer]) -> None:
    """Raise ParameterError or ShapeError for layers that cannot stand in a row."""
    if not any(isinstance(layer, Dense) for layer in layers):
        raise ParameterError("A network needs at least one Dense layer, as in Network([Dense(2, 1)]).")
    width, dtype = None, None
    for i, layer in enumerate(layers):
        if not isinstance(layer, (*SIZED, Dropout, ActivationLayer)):
            raise ParameterError(
                f"Layer {i + 1} of the network must be a Dense, an activation, a normalisation or Dropout, but is "
                f"{layer!r}."
            )
        if any(layer is other for other in layers[:i]):
            raise ParameterError(
                f"Layer {i + 1} of the network, {layer!r}, stands in it twice: make two of them."
            )
        if isinstance(layer, SIZED):
            if width not in (None, layer.n_in):
                raise ShapeError(
                    f"Layer {i + 1} of the network, {layer!r}, takes {layer.n_in} inputs, but is given {width}."
                )
            if dtype is not None and dtype != layer.dtype:  # (a dtype equals None where it is float64)
                raise ParameterError(
                    f"The layers of a network must have one dtype, but are of {dtype} and {layer.dtype}."
                )
            width, dtype = layer.n_out, layer.dtype


def network(layers: Sequence[Layer], loss: Loss | None) -> Description:
    """The description of layers and loss, without training options."""
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    width, specs = dense[0].n_in, list[LayerSpec]()
    for layer in layers:
        if isinstance(layer, Dense):
            specs.append(LayerSpec(base.DENSE, layer.n_in, layer.n_out))
            width = layer.n_out
        elif isinstance(layer, Dropout):
            specs.append(LayerSpec(base.DROPOUT, width, width, "", layer.rate))
        elif isinstance(layer, (BatchNorm, LayerNorm)):
            momentum = layer.momentum if isinstance(layer, BatchNorm) else 0.0
            specs.append(LayerSpec(layer.name, width, width, "", layer.epsilon, momentum))
        elif isinstance(layer, Standardize):
            specs.append(LayerSpec(layer.name, width, width))
        elif isinstance(layer, ActivationLayer):
            specs.append(LayerSpec(base.ACTIVATION, width, width, layer.name, float(layer.p)))
    if loss is None:
        return Description(tuple(specs), "squared_error", dtype=str(dense[0].dtype))
    row = loss.row  # of labels that are smoothed nothing is left but shares
    name = row.name if not (row.labels and loss.smoothing) else unlabelled(row).name
    return Description(tuple(specs), name, loss_p=loss.p, reduction=loss.reduction, dtype=str(dense[0].dtype))


def unlabelled(row: LossRow) -> LossRow:
    """The row with the same formula for targets that are shares."""
    return next(other for other in LOSSES.values() if other.f is row.f and not other.labels)


def training(
    description: Description,
    optimizer: Optimizer,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    max_norm: float | None = None,
    **options: Any,
) -> Description:
    """The description with an optimizer and training options added."""
    if description.mixes_rows and options.get("batch_size") == 1:
        raise ParameterError(
            "BatchNorm takes the mean of a batch's rows: batch_size must be at least 2, but was given 1; LayerNorm "
            "needs no other rows."
        )
    limits = {"clip_norm": clip_norm, "clip_value": clip_value, "max_norm": max_norm}
    for name, value in limits.items():
        if value is not None and not (isinstance(value, (int, float)) and value > 0):
            raise ParameterError(
                f"{name} must be a number above 0, or None for no limit, but was given {value!r}."
            )
    return replace(
        description,
        optimizer=optimizer.row.name,
        hyper=optimizer.h,
        learning_rate=float(optimizer.learning_rate),
        schedule=optimizer.schedule.name,
        schedule_hyper=optimizer.schedule.h,
        l1=number("fit", "l1", l1, FROM_ZERO),
        l2=number("fit", "l2", l2, FROM_ZERO),
        clip_norm=float(clip_norm or 0.0),
        clip_value=float(clip_value or 0.0),
        max_norm=float(max_norm or 0.0),
        **options,
    )


def joint_loss(layers: Sequence[Layer], loss: Loss) -> Loss | None:
    """The loss that stands for the last activation and `loss` together, where the pair has a safe joint form."""
    pair = loss.row.fused
    last = layers[-1]
    if pair is None or not isinstance(last, ActivationLayer) or last.name != pair[0]:
        return None
    return losses.find(pair[1])(reduction=loss.reduction, **smoothed(loss))


def smoothed(loss: Loss) -> dict[str, float]:
    """How the loss smooths its labels, for another one that is to do the same."""
    return {"label_smoothing": loss.smoothing} if loss.smoothing else {}


def targets(loss: Loss, Y: Any, layers: Sequence[Layer], n_rows: int, dtype: Any) -> np.ndarray:
    """Y as engines take it: floats (rows, outputs), or whole class numbers (rows,) where the loss knows labels."""
    n_out = next(layer.n_out for layer in reversed(layers) if isinstance(layer, Dense))
    y = np.asarray(Y)
    labelled = loss.row.labels or (loss.row.whole_row and y.ndim == 1)
    if labelled and y.size == n_rows and (n_rows > 1 or y.size != n_out):
        labels, number_of = np.unique(y.reshape(-1), return_inverse=True)
        known = loss.targets(labels, n_out, None, dtype)  # checks that they are whole numbers in range
        return labels.astype(np.int64)[number_of] if not loss.smoothing else known[number_of]
    return np.ascontiguousarray(loss.targets(y, n_out, n_rows, dtype))


def settle(loss: Loss, y: np.ndarray, layers: Sequence[Layer], dtype: Any) -> np.ndarray:
    """Targets that an estimator has read and checked, as engines take them: smoothed, and once for each output."""
    if not loss.smoothing and loss.outputs_per_target == 1:
        return y
    return targets(loss, y, layers, len(y), dtype)


def settled(loss: Loss) -> Loss:
    """The loss for targets that are smoothed already."""
    if not loss.smoothing:
        return loss
    plain = unlabelled(loss.row) if loss.row.labels else loss.row
    shape = {plain.p_name: loss.p} if plain.p_name else {}
    return losses.find(plain.name)(reduction=loss.reduction, **shape)


def held_out(net: Any, X_val: Any, y_val: Any, X: Any, y: np.ndarray) -> Apart | None:
    """Rows that are scored and not trained on, in the form of those that are: X and y, as engines take them."""
    if X_val is None and y_val is None:
        return None
    if X_val is None or y_val is None:
        given, lacks = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise ParameterError(f"fit was given {given} without {lacks}: give both, or neither.")
    x = alike(net.inputs_for(X_val), X)
    own = targets(net.loss, y_val, net.layers, x.shape[0], net.dtype)
    if own.ndim != y.ndim:
        raise ShapeError(
            f"y_val has shape {np.shape(y_val)} and y gave targets of {y.ndim} axes: give both as labels, or neither."
        )
    return Apart(x, own)


def alike(X_val: Any, X: Any) -> Any:
    """Rows as CSR or as an array, whichever X is."""
    if sparse.issparse(X):
        return X_val.tocsr() if sparse.issparse(X_val) else sparse.csr_matrix(X_val)
    return np.ascontiguousarray(X_val.toarray() if sparse.issparse(X_val) else X_val)


def weights(sample_weight: Any, n_rows: int, dtype: Any) -> np.ndarray | None:
    """Sample weights as floats (rows,), or None."""
    if sample_weight is None:
        return None
    w = floats(sample_weight, dtype)
    if w.shape != (n_rows,):
        raise ShapeError(f"sample_weight must have shape ({n_rows},), one number a row, but has {w.shape}.")
    if not np.isfinite(w).all() or w.min() < 0 or w.max() == 0:
        raise DataError("sample_weight must be finite, at least 0 and not 0 for all rows.")
    return np.ascontiguousarray(w)
