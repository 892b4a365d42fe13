"""Load MODEL, and the columns that it needs from DATA."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan
from typing import Any

from chalknet.cli import tables
from chalknet.cli.errors import Refused, counted, some
from chalknet.estimators import persistence
from chalknet.files.model_file import read_state, write_state


@dataclass(frozen=True)
class Loaded:
    """A fitted estimator from a file, the name of its target and the columns it takes."""

    path: str
    estimator: Any
    target: str
    columns: tuple[str, ...]


def save(estimator: Any, target: str, path: str) -> None:
    """Write a fitted estimator to a file that `chalknet.load` reads, with its target's name beside it."""
    arrays, state = estimator.to_state()
    write_state(path, arrays, {"estimator": type(estimator).__name__, "state": state, "target": target})


def load(path: str) -> Loaded:
    """Read a model file.

    Raises:
        Refused: the model in it takes no table with named columns.
        ModelFileError: there is no such file, or it is no model file, or a damaged one.
    """
    estimator = persistence.load(path)
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        raise Refused(f"The model in {path!r} takes no table with named columns; use chalknet.load in Python")
    target = read_state(path, kind="model")[1].get("target")
    return Loaded(path, estimator, target or "prediction", tuple(str(name) for name in names))


def needed(
    loaded: Loaded, data: str, sep: str | None, encoding: str, *, also: str | None = None, parse: bool = False
) -> tables.Table:
    """Read DATA and keep the model's columns, and ``also`` where it is there.

    Cells stay as they are written, save for those of columns that the model takes for plain numbers (and of ``also``,
    if ``parse``), so that a column means what it meant in training.

    Raises:
        Refused: a column is missing.
    """
    kinds = {name: (kind, note) for name, kind, note in getattr(loaded.estimator, "columns_", [])}
    numbers = {name for name, (kind, note) in kinds.items() if kind == "number" and "written as" not in note}
    table = tables.read(
        data, sep, encoding, numbers={*numbers, *([also] if parse and also else [])} if kinds else None
    )
    absent = [name for name in loaded.columns if name not in table.frame.columns]
    if absent:
        raise Refused(
            f"{table.source} lacks {'the column' if len(absent) == 1 else 'the columns'} {some(absent)}, "
            f"which {loaded.path} was trained on; its columns are {some(table.frame.columns)}"
        )
    kept = [*loaded.columns, *([also] if also in table.frame.columns and also not in loaded.columns else [])]
    remarks = (*table.remarks, *strange_numbers(table.frame, sorted(numbers), table.source))
    return replace(table, frame=table.frame[kept], remarks=remarks)


def strange_numbers(frame: Any, names: Any, source: str) -> list[str]:
    """Remarks on text that stands where the model takes numbers."""
    from chalknet.estimators._text import MISSING_WORDS, to_number

    remarks = []
    for name in names:
        cells = frame[name]
        if cells.dtype.kind in "fb":
            continue
        words = [c for c in dict.fromkeys(cells.dropna()) if isinstance(c, str)]
        odd = [w for w in words if w.strip().lower() not in MISSING_WORDS and isnan(to_number(w))]
        if odd:
            what = f"{counted(int(cells.isin(odd).sum()), 'value')} without one counted as missing: {some(odd, 3)}"
            remarks.append(f"{source}: column {name!r} is taken for numbers; {what}")
    return remarks
