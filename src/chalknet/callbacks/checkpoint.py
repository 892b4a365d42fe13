"""Keep a run in a file while it goes on, so that it can be taken up again after a crash."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from chalknet.callbacks.base import Callback, Context
from chalknet.engines.due import pace
from chalknet.exceptions import ParameterError
from chalknet.files import run_state
from chalknet.layers.config import whole


class Checkpoint(Callback):
    """Writes all that training changes to a file, again and again: weights, optimizer, counters, curves.

    ``fit(X, y, resume=path)`` of the same model on the same data takes the run up where the file was written, and ends
    with the very weights of a run that was never interrupted. The file is always whole: the new one takes the old
    one's place only when it is on the disk, and older ones stay as ``path.1`` and so on. A file that cannot be read
    is passed over for the next older one.

    Args:
        path: of the newest checkpoint, used as given.
        every: epochs (1, 10, …), seconds ("30s") or updates ("500 steps", within an epoch too) between two of them; the
            end of a run is always written.
        keep: how many there are at most.

    Raises:
        ParameterError: a number out of range; at the begin of a fit: a solver without steps ("lbfgs"), or several
            networks (``n_estimators`` above 1).
        ModelFileError: the file cannot be written.

    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> import chalknet as cn
    >>> X, Y = np.eye(4), np.eye(4)[:, :1]
    >>> def network():
    ...     return cn.Network([cn.Dense(4, 3), cn.Tanh(), cn.Dense(3, 1)], loss=cn.MSE(), random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "run.checkpoint")
    ...     whole = network().fit(X, Y, epochs=5, callbacks=[cn.Checkpoint(path)])
    ...     again = network().fit(X, Y, epochs=5, resume=path)  # it was over: the same weights
    >>> bool((whole.parameters == again.parameters).all())
    True
    """

    def __init__(self, path: str | os.PathLike[str], every: int | str = 1, keep: int = 2) -> None:
        self.path, self.every, self.keep = os.fspath(path), every, whole("Checkpoint", "keep", keep)
        pace("Checkpoint", every)
        self._doing: dict[str, Any] = {}
        self._written: tuple[int, bool] | None = (
            None  # after which update, and whether the run was stopped there
        )

    def __repr__(self) -> str:
        return f"Checkpoint({self.path!r}, every={self.every!r}, keep={self.keep})"

    def on_fit_begin(self, context: Context) -> None:
        """See what the run does."""
        progress, model = context.progress, context.estimator
        if progress is None or progress.description is None or progress.data is None:
            raise ParameterError(
                'Checkpoint needs a solver that learns in steps: use solver="adam", not "lbfgs".'
            )
        if getattr(model, "n_estimators", 1) != 1:
            raise ParameterError(
                f"Checkpoint keeps a single network, but n_estimators={model.n_estimators}: fit them one by one."
            )
        self._written = None
        self._doing = run_state.task(progress.description, progress.data, model.engine_)

    def on_epoch_end(self, context: Context) -> None:
        """Write."""
        self._write(context)

    def on_fit_end(self, context: Context) -> None:
        """Write how it ended."""
        if self._doing:
            self._write(context)
            self._doing = {}

    def _write(self, context: Context) -> None:
        now = context.steps, context.stopping
        progress = context.progress
        if progress is None or progress.description is None or now == self._written:
            return  # it stands there already
        if np.isfinite(progress.state.parameters).all():  # nobody goes on from a run that has diverged
            run_state.write(
                self.path,
                progress.state,
                progress.description,
                self._doing,
                self.keep,
                stopped=context.stopping,
            )
            self._written = now
