"""Predictions for a few rows, straight from the flat vector: nothing is packed, padded or allocated for them."""

from __future__ import annotations

import numpy as np
from numba import njit, types

from chalknet.engines import base
from chalknet.engines.base import NO_BUFFERS, Description
from chalknet.engines.fused.lowering import INNER
from chalknet.engines.fused.lowlevel import call, copy, kept, number, numbers, pointer, quiet, shift
from chalknet.engines.fused.steps import FLOATS, INTEGERS, I, address_of, entry

# A layer's record: its kind, its sizes, an activation's address.
KIND, N_IN, N_OUT, STEP = range(4)
RECORD = 4
POINTWISE, DENSE, BATCH_NORM, LAYER_NORM, STANDARDIZE = range(5)
KINDS = {base.BATCH_NORM: BATCH_NORM, base.LAYER_NORM: LAYER_NORM, base.STANDARDIZE: STANDARDIZE}
MOST = 16  # rows


@njit(**INNER)
def affine(x, weights, n_in, n_out, z):
    """z = b + x W for one row; the biases lie behind the weights."""
    for j in range(n_out):
        z[j] = weights[n_in * n_out + j]
    for i in range(n_in):
        factor, row = x[i], shift(weights, i * n_out)
        for j in range(n_out):
            z[j] += factor * row[j]


@njit(**INNER)
def scaled(x, mean, variance, n, epsilon, out):
    """(x − mean)/√(variance + ε), unit by unit."""
    for j in range(n):
        out[j] = (x[j] - mean[j]) / np.sqrt(variance[j] + epsilon)


@njit(**INNER)
def evened(x, n, epsilon, out):
    """The same by the row's own moments."""
    mean, variance = number(0.0, x), number(0.0, x)
    for j in range(n):
        mean += x[j]
    mean /= number(n, x)
    for j in range(n):
        variance += (x[j] - mean) * (x[j] - mean)
    s = np.sqrt(variance / number(n, x) + epsilon)
    for j in range(n):
        out[j] = (x[j] - mean) / s


def rows_type(T):
    """The C signature of `predict_rows`."""
    return types.void(INTEGERS, FLOATS, types.CPointer(T), INTEGERS, I)


def predict_rows(layers, shapes, parameters, places, n):
    """The last layer's output, through the link if there is one, for n rows.

    `places` are the number of layers, and the addresses of the rows, of the output, of room for two wide rows, and of
    the moments that layers keep.
    """
    n_layers, n_in, wide = places[0], layers[N_IN], places[1]
    x, out, room = (
        numbers(places[2], parameters),
        numbers(places[3], parameters),
        numbers(places[4], parameters),
    )
    n_out = layers[(n_layers - 1) * RECORD + N_OUT]
    for i in range(n):
        a, w, into, free = shift(x, i * n_in), parameters, room, shift(room, wide)
        kept = numbers(places[5], parameters)
        for k in range(n_layers):
            record = shift(layers, k * RECORD)
            width, height = record[N_IN], record[N_OUT]
            if record[KIND] == DENSE:
                affine(a, w, width, height, into)
                w = shift(w, (width + 1) * height)
            elif record[KIND] == POINTWISE:
                call(record[STEP], (a, into, 1, width, width, number(shapes[k], parameters)))
            else:
                epsilon = number(shapes[k], parameters)
                if record[KIND] == LAYER_NORM:
                    evened(a, width, epsilon, into)
                else:
                    scaled(a, kept, shift(kept, width), width, epsilon, into)
                    kept = shift(kept, 2 * width)
                if record[KIND] != STANDARDIZE:
                    for j in range(width):
                        into[j] = w[j] * into[j] + w[width + j]
                    w = shift(w, 2 * width)
            a, into, free = into, free, into
        copy(shift(out, i * n_out), a, n_out)


class RowReader:
    """A network that predicts up to MOST rows: prepared once, it looks at nothing but the rows.

    Args:
        description: the network.
        parameters, buffers: its flat vector and the moments that layers keep, which are read at every call.
        link: whether the loss's link turns the output into a prediction.
    """

    most = MOST

    def __init__(
        self, description: Description, parameters: np.ndarray, link: bool, buffers: np.ndarray = NO_BUFFERS
    ) -> None:
        dtype, n_out = str(parameters.dtype), description.n_out
        specs = [s for s in description.layers if s.kind != base.DROPOUT]
        ends = [name for name in [description.output_link()] if link and name != "identity"]
        table = [
            (DENSE, s.n_in, s.n_out, 0)
            if s.kind == base.DENSE
            else (KINDS[s.kind], s.n_in, s.n_out, 0)
            if s.kind in KINDS
            else (POINTWISE, s.n_in, s.n_out, address_of("activate", s.name, dtype))
            for s in specs
        ] + [(POINTWISE, n_out, n_out, address_of("activate", name, dtype)) for name in ends]
        wide = max(max(row[N_IN], row[N_OUT]) for row in table)
        self.shape = (MOST, description.n_in)
        self.x, self.out = np.zeros(self.shape, dtype), np.zeros((MOST, n_out), dtype)
        self.held = [
            np.array(table, np.int64).reshape(-1), np.array([s.p for s in specs] + [0.0 for _ in ends]), parameters,
            self.x.reshape(-1), self.out.reshape(-1), np.zeros(2 * wide, dtype),
            buffers if buffers.size else np.zeros(1, dtype),
        ]  # fmt: skip
        x, out, room, moments = map(kept, self.held[3:])
        self.held.append(np.array([len(table), wide, x, out, room, moments], np.int64))
        self.arguments = [pointer(self.held[i]) for i in (0, 1, 2, -1)]
        self.run = entry(predict_rows, dtype, rows_type)

    @quiet
    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Predictions (rows, outputs) for at most MOST rows (rows, inputs)."""
        n = len(rows)
        self.x[:n] = rows
        self.run(*self.arguments, n)
        return self.out[:n].copy()
