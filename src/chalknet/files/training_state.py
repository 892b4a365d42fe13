"""How far a network's training has come, as named arrays and JSON, and back: so that a loaded model goes on exactly.

Tensors: ``optimizer.{slot}.layers.{i}.weight`` and ``.bias`` for each slot of the optimizer, and ``best.layers.{i}.…``
where validation rows were watched (and ``best.moments``, (2 units,), where layers keep some); shapes are those of the
layers. The document holds the counters of
``engines.rules``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chalknet.engines import rules as r
from chalknet.engines.base import slices
from chalknet.engines.state import State
from chalknet.exceptions import ModelFileError

Sizes = Sequence[tuple[int, int]]  # of each layer that learns: the shape of its weights


def pack(state: State, sizes: Sizes, slots: Sequence[str]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """A state's arrays and a document that JSON can hold; `slots` are the names of its optimizer's."""
    vectors = {f"optimizer.{name}": vector for name, vector in zip(slots, state.slots, strict=True)}
    if state.best is not None:
        vectors["best"] = state.best
    arrays: dict[str, np.ndarray] = {}
    for name, vector in vectors.items():
        arrays |= cut(name, vector, sizes)
    if state.best_buffers.size:
        arrays["best.moments"] = state.best_buffers.copy()
    document = {
        "counts": [int(n) for n in state.counts],
        "numbers": [float(n) for n in state.numbers],
        "best": state.best is not None,
    }
    return arrays, document


def names(sizes: Sizes, slots: Sequence[str], document: Mapping[str, Any], *, keeps: bool) -> set[str]:
    """The arrays that `unpack` reads; `keeps`: layers keep moments."""
    vectors = [*(f"optimizer.{name}" for name in slots), *(["best"] if document["best"] else [])]
    kept = {"best.moments"} if document["best"] and keeps else set[str]()
    return {key for name in vectors for key, _, _ in _places(name, sizes)} | kept


def unpack(
    arrays: Mapping[str, np.ndarray],
    document: Mapping[str, Any],
    parameters: np.ndarray,
    buffers: np.ndarray,
    sizes: Sizes,
    slots: Sequence[str],
    seed: int,
) -> State:
    """The state that `pack` wrote, of the network with these (flat) parameters and moments.

    Raises:
        ModelFileError: an array or counter is missing, or not of the shape or type that the layers ask for.
    """
    counts, numbers = document["counts"], document["numbers"]
    whole = all(isinstance(n, int) and n >= 0 for n in counts)
    if len(counts) != r.N_COUNTS or not whole or len(numbers) != r.N_NUMBERS:
        raise ModelFileError(f"The counters of the training, {counts} and {numbers}, are not this version's.")

    def vector(name: str) -> np.ndarray:
        return joined(name, arrays, sizes, parameters.dtype)

    best_buffers = np.empty(0, buffers.dtype)
    if document["best"] and buffers.size:
        best_buffers = arrays["best.moments"].astype(buffers.dtype)
        if best_buffers.shape != buffers.shape:
            raise ModelFileError(
                f"The array 'best.moments' has shape {best_buffers.shape}, but the layers ask for {buffers.shape}."
            )
    kept = [vector(f"optimizer.{name}") for name in slots]
    return State(
        parameters,
        np.array(kept) if kept else np.empty((0, parameters.size), parameters.dtype),
        seed,
        np.array(counts, np.int64),
        np.array(numbers, np.float64),
        vector("best") if document["best"] else None,
        buffers,
        best_buffers,
    )


def cut(name: str, vector: np.ndarray, sizes: Sizes) -> dict[str, np.ndarray]:
    """A flat vector as the layers' arrays, under their names behind `name`."""
    return {key: vector[place].reshape(shape).copy() for key, place, shape in _places(name, sizes)}


def joined(name: str, arrays: Mapping[str, np.ndarray], sizes: Sizes, dtype: Any) -> np.ndarray:
    """The flat vector that `cut` took apart.

    Raises ModelFileError for an array of another shape or type, KeyError for one that is missing.
    """
    flat = np.empty(sum((n_in + 1) * n_out for n_in, n_out in sizes), dtype)
    for key, place, shape in _places(name, sizes):
        given = arrays[key]
        if given.shape != shape or given.dtype != dtype:
            raise ModelFileError(
                f"The array {key!r} is {given.dtype} of shape {given.shape}, but its layer asks for {dtype} of {shape}."
            )
        flat[place] = given.ravel()
    return flat


def _places(name: str, sizes: Sizes) -> Iterator[tuple[str, slice, tuple[int, ...]]]:
    """The arrays into which a flat vector is cut: name, place and shape of each."""
    for i, ((n_in, n_out), (weights, biases)) in enumerate(zip(sizes, slices(tuple(sizes)), strict=True)):
        layer = f"{name}.layers.{i}".lstrip(".")
        yield f"{layer}.weight", weights, (n_in, n_out)
        yield f"{layer}.bias", biases, (n_out,)
