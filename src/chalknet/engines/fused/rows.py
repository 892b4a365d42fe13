"""The data as the kernels take them; what already has the right dtype and order is not copied."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chalknet.engines.base import Data
from chalknet.engines.fused.lowlevel import writable


class Rows(NamedTuple):
    """X flat, or CSR in three arrays; y flat targets, or class numbers; which rows are trained on and scored."""

    X: np.ndarray
    n_in: int
    sparse: int
    indptr: np.ndarray
    indices: np.ndarray
    y: np.ndarray
    labels: np.ndarray
    labelled: int
    weights: np.ndarray
    weighted: int
    train: np.ndarray
    validation: np.ndarray


def rows_of(X: Any, dtype: np.dtype, data: Data | None = None) -> Rows:
    """Gather X and, for training, everything else of `data`."""
    none, no_index = np.empty(0, dtype), np.empty(0, np.int64)
    sparse = not isinstance(X, np.ndarray)
    indptr, indices = no_index, np.empty(0, np.int32)
    if sparse:
        values = writable(np.ascontiguousarray(X.data, dtype))
        indptr = writable(X.indptr.astype(np.int64, copy=False))
        indices = writable(X.indices.astype(np.int32, copy=False))
    else:
        values = writable(np.ascontiguousarray(X, dtype))
    y, labels, weights, train, validation = none, no_index, none, no_index, no_index
    labelled = weighted = 0
    if data is not None:
        train, validation = writable(data.rows), writable(data.validation)
        if data.y.ndim == 1:
            labelled, labels = 1, writable(data.y.astype(np.int64, copy=False))
        else:
            y = writable(np.ascontiguousarray(data.y, dtype))
        if data.weights is not None:
            weighted, weights = 1, writable(np.ascontiguousarray(data.weights, dtype))
    return Rows(
        values, X.shape[1], int(sparse), indptr, indices, y, labels, labelled, weights, weighted, train, validation
    )
