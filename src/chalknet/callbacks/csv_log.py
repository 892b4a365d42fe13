"""Keep a run's numbers in a file that any program of tables reads."""

from __future__ import annotations

import csv
import os
import time
import warnings
from pathlib import Path
from typing import Any, TextIO

from chalknet.callbacks.base import Callback, Context
from chalknet.engines.due import pace
from chalknet.exceptions import DataHint, ParameterError

COLUMNS = ("epoch", "loss", "validation_score", "learning_rate", "seconds")


class CSVLog(Callback):
    """Writes a line of CSV after each epoch: loss, validation score, next learning rate, seconds since the start.

    What callbacks before it in the list have put into ``context.metrics`` (`Metrics` does) stands in columns of its
    own. Every line is on the disk at once, so the file can be watched while it grows.

    Args:
        path: of the file. One that is there already is not touched, unless this object wrote it in an earlier run.
        append: write below what an earlier run has left in the file, whose columns must be the same.
        every: epochs, or seconds as in "0.5s", between two lines.

    Raises:
        ParameterError: at the begin of a fit, before anything is learned: the file is there, or has other columns.
        OSError: the file cannot be written.

    >>> import pathlib, tempfile
    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(1, 1, random_state=0)], loss=cn.MSE())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = cn.CSVLog(f"{folder}/run.csv")
    ...     _ = net.fit([[1.0]], [[1.0]], epochs=2, callbacks=[log])
    ...     print(pathlib.Path(folder, "run.csv").read_text().split()[0])
    epoch,loss,validation_score,learning_rate,seconds
    """

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False, every: int | str = 1) -> None:
        self.path, self.append, self.every = os.fspath(path), bool(append), every
        pace("CSVLog", every)
        self._own = False  # whether this object wrote the file
        self._file: TextIO | None = None

    def __repr__(self) -> str:
        return f"CSVLog({self.path!r}" + (", append=True)" if self.append else ")")

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_file": None}

    def on_fit_begin(self, context: Context) -> None:
        """Open the file and write the header, or check the one that is there."""
        path, columns = Path(self.path), [*COLUMNS, *context.metrics]
        there = path.exists() and path.stat().st_size > 0
        if there and self.append:
            with path.open(newline="", encoding="utf-8") as file:
                found = next(csv.reader(file), [])
            if found != columns:
                raise ParameterError(
                    f"CSVLog: {self.path!r} has the columns {', '.join(found)}, but this run has {', '.join(columns)}: "
                    "write to another file."
                )
        elif there and not self._own:
            raise ParameterError(
                f"CSVLog: {self.path!r} is there already: use append=True to write below it, or another path."
            )
        self._file = path.open("a" if self.append else "w", newline="", encoding="utf-8")
        self._own = True
        self._columns, self._start = columns, time.perf_counter()
        self._left_out: list[str] = []
        if not (there and self.append):
            self._write(columns)

    def on_epoch_end(self, context: Context) -> None:
        """Write a line."""
        late = [name for name in context.metrics if name not in self._columns and name not in self._left_out]
        if late:
            self._left_out += late
            warnings.warn(
                f"CSVLog has no column for {', '.join(late)}: put it behind what measures that in the list.",
                DataHint,
                stacklevel=2,
            )
        rate, seconds = context.learning_rate, time.perf_counter() - self._start
        numbers = [context.epoch, context.loss, context.validation_score, rate, round(seconds, 6)]
        more = (context.metrics.get(name) for name in self._columns[len(COLUMNS) :])
        self._write(["" if value is None or value != value else value for value in (*numbers, *more)])

    def on_fit_end(self, context: Context) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, row: list[Any]) -> None:
        if self._file is not None:
            csv.writer(self._file, lineterminator="\n").writerow(row)
            self._file.flush()
