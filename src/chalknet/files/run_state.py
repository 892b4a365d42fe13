"""A run that is not over, in a file: everything that training changes, and what it was doing, so that it can go on.

The file is one of `model_file`'s, of the kind "checkpoint", with the names of arrays that model files have. Older ones
of the same run stand beside it, as ``path.1``, ``path.2`` and so on.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.engines import rules as r
from chalknet.engines.base import Description
from chalknet.engines.state import Data, State
from chalknet.exceptions import ModelFileError
from chalknet.files import training_state
from chalknet.files.model_file import read_state, write_state
from chalknet.maths import optimizers


def write(
    path: str | os.PathLike[str],
    state: State,
    description: Description,
    doing: dict[str, Any],
    keep: int,
    *,
    stopped: bool = False,
) -> None:
    """Write the state of a run; of those that are there `keep` − 1 stay. Until the new one is whole the old ones are.

    Args:
        path: of the newest; an existing file becomes ``path.1``.
        state: of a run between two calls of its engine.
        description: of the run.
        doing: what `task` says of it.
        keep: how many checkpoints there may be.
        stopped: whether a callback has ended the run.

    Raises ModelFileError where it cannot be written.
    """
    sizes, slots = description.learned, optimizers.get(description.optimizer).slots
    arrays, training = training_state.pack(state, sizes, slots)
    arrays |= training_state.cut("", state.parameters, sizes)
    arrays |= {
        "loss_curve": np.array(state.losses, float),
        "validation_scores": np.array(state.scores, float),
    }
    if state.buffers.size:
        arrays["moments"] = state.buffers
    document = {"training": training, "seed": str(state.seed), "stopped": bool(stopped), "doing": doing}
    newest = Path(path)
    for i in range(keep - 1, 0, -1):
        older = newest if i == 1 else Path(f"{newest}.{i - 1}")
        if older.exists():
            older.replace(f"{newest}.{i}")
    write_state(newest, arrays, document, kind="checkpoint")


def task(description: Description, data: Data, engine: str) -> dict[str, Any]:
    """What a run does: its network, options and engine, and a fingerprint of its data."""
    options = {f.name: repr(getattr(description, f.name)) for f in dataclasses.fields(description)}
    return {"options": options | {"engine": repr(engine)}, "data": fingerprint(data)}


def fingerprint(data: Data) -> str:
    """A number that changes with any of the rows, targets, weights and their division."""
    digest = hashlib.blake2b(digest_size=16)
    parts = [data.X, data.y, data.rows, data.weights, data.validation]
    if data.apart is not None:
        parts += [data.apart.X, data.apart.y, data.apart.weights]
    for part in parts:
        if part is None:
            digest.update(b"-")
            continue
        arrays = [part] if isinstance(part, np.ndarray) else [part.data, part.indices, part.indptr]
        for array in arrays:
            digest.update(f"{array.shape} {array.dtype.kind}".encode())
            digest.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
    return digest.hexdigest()


def restore(
    path: str | os.PathLike[str], state: State, description: Description, doing: dict[str, Any]
) -> int:
    """Bring a run that has just been prepared to where its checkpoint was written.

    The newest checkpoint that is whole is taken. Returns why the run had ended already, or RUNNING: see `rules`; a run
    that a callback stopped is FINISHED.

    Raises:
        ModelFileError: there is no whole checkpoint, or it is of other data, options or layers. The state is then as it
            was.
    """
    arrays, document = newest(path)
    sizes, slots = description.learned, optimizers.get(description.optimizer).slots
    try:
        _check(path, document["doing"], doing)
        flat = training_state.joined("", arrays, sizes, state.parameters.dtype)
        moments = arrays.get("moments", np.empty(0, state.buffers.dtype))
        if moments.shape != state.buffers.shape:
            raise ModelFileError(
                f"The checkpoint {os.fspath(path)!r} has other moments than the network's layers."
            )
        seed, stopped = int(document["seed"]), bool(document["stopped"])
        kept = training_state.unpack(arrays, document["training"], flat, moments, sizes, slots, seed)
        losses, scores = arrays["loss_curve"].tolist(), arrays["validation_scores"].tolist()
    except (KeyError, TypeError) as error:
        raise ModelFileError(f"The checkpoint {os.fspath(path)!r} lacks {error}.") from error
    state.parameters[...], state.buffers[...], state.slots[...] = flat, moments, kept.slots
    state.best, state.best_buffers, state.seed = kept.best, kept.best_buffers, seed
    state.counts[:], state.numbers[:] = kept.counts, kept.numbers
    state.losses[:], state.scores[:] = losses, scores
    return r.FINISHED if stopped else r.over(state.counts, description.rules())


def newest(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The newest checkpoint that can be read. Raises ModelFileError, for the newest, where there is none."""
    first: ModelFileError | None = None
    given = Path(path)
    folder = given.resolve().parent
    there = folder.iterdir() if folder.is_dir() else ()
    ages = [
        other.name.removeprefix(f"{given.name}.")
        for other in there
        if other.name.startswith(f"{given.name}.")
    ]
    candidates = [given, *(Path(f"{given}.{i}") for i in sorted(int(age) for age in ages if age.isdigit()))]
    for candidate in candidates:
        try:
            return read_state(candidate, kind="checkpoint")
        except ModelFileError as error:
            first = first or error
    raise ModelFileError(
        f"{str(first).rstrip('.')}; there is no other checkpoint beside it: leave resume out to begin anew."
    ) from first


def _check(path: Any, kept: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise ModelFileError where the checkpoint's run did something else."""
    for name, value in now["options"].items():
        was = kept["options"].get(name)
        if was != value:
            raise ModelFileError(
                f"The checkpoint {os.fspath(path)!r} is of a run with {name}={was}, but this one has {name}={value}: "
                "resume with the same parameters, or begin anew."
            )
    if kept["data"] != now["data"]:
        raise ModelFileError(
            f"The checkpoint {os.fspath(path)!r} is of a run on other data: resume with the very X, y and weights, or "
            "begin anew."
        )
