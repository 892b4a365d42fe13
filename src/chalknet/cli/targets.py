"""The column to be predicted: which task it asks for, which rows know it, and its values as labels or numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING, Any

from chalknet.cli.errors import Refused, counted, some
from chalknet.cli.tables import Table

if TYPE_CHECKING:
    import numpy as np

LARGEST = 1e150  # scores square the errors
MOST_CLASSES = 20  # whole numbers with more distinct values than this are quantities, not classes


@dataclass(frozen=True)
class Target:
    """A target column: ``values`` holds only the rows that ``known`` marks."""

    name: str
    task: str
    known: np.ndarray
    values: np.ndarray
    because: str
    remarks: list[str] = field(default_factory=list)

    @property
    def classes(self) -> list[Any]:
        """Distinct labels in order."""
        import numpy as np

        return list(np.unique(self.values))


def choose(table: Table, name: str, task: str) -> Target:
    """Read the target column; ``task`` is ``auto``, ``classification`` or ``regression``.

    Whole numbers with at most 20 distinct values, each twice or more on average, are taken for classes; so are any
    two. Every other number is a quantity, all text a class.

    Raises:
        Refused: the column is not there, or there is nothing in it to learn.
    """
    import numpy as np

    from chalknet.estimators._text import to_number

    table.check_column(name, "--target")
    table.check_rows("learn from")
    cells = table.frame[name]
    known, numbers, remarks = _known(table, name)
    labels = cells.to_numpy()[known] if numbers is None else numbers[known]
    n, distinct = len(labels), len(set(labels.tolist()))
    if task == "regression" and numbers is None:
        odd = next(v for v in labels.tolist() if isinstance(v, bool) or isnan(to_number(v)))
        raise Refused(f"--task regression needs numbers, but column {name!r} of {table.source} holds {odd!r}")
    if task == "auto":
        task, because = _guess(labels, n, distinct, numbers is not None)
    else:
        because = "as asked for"
    if distinct == 1:
        only = (
            f"one class, {_label(labels[0])!r}" if task == "classification" else f"one value, {labels[0]:g}"
        )
        raise Refused(
            f"Column {name!r} of {table.source} has {only} in {counted(n, 'row')}; there is nothing to learn"
        )
    if task == "regression" and np.abs(labels).max() > LARGEST:
        largest = labels[np.argmax(np.abs(labels))]
        raise Refused(
            f"Column {name!r} of {table.source} holds {largest:g}, whose square no number can hold; divide the column"
        )
    if task == "regression":
        return Target(name, task, known, labels.astype(np.float64), because, remarks)
    if distinct == n > 2:
        where = f"column {name!r} of {table.source}"
        raise Refused(f"No value of {where} occurs twice in {n} rows, so none can be learned as a class")
    values = as_labels(labels)
    found, counts = np.unique(values, return_counts=True)
    if counts.min() == 1:
        alone = some(found[counts == 1].tolist())
        remarks.append(f"{table.source}: one row only of class {alone}; it is learned from, never held out")
    return Target(name, task, known, values, because, remarks)


def _known(table: Table, name: str) -> tuple[np.ndarray, np.ndarray | None, list[str]]:
    """Which rows have a target, the column as numbers if it is of numbers, and remarks on rows left out."""
    import numpy as np

    from chalknet.estimators._table import read_column
    from chalknet.estimators._text import date_style, number_style

    raw = read_column(table.frame[name], name)
    texts = [str(value) for value in raw.values]
    if raw.sort == "time" or (texts and date_style(texts)):
        raise Refused(
            f"Column {name!r} of {table.source} holds dates; a target is text, yes or no, or numbers"
        )
    # Numbers may be written with a decimal comma, and "?" or the like may stand for a missing one.
    style = number_style(texts, np.ones(len(texts)), share=1.0)
    numbers = raw.numbers(style[0] if style else "plain") if style or raw.sort == "number" else None
    without = raw.missing() if numbers is None else np.isnan(numbers)
    infinite = np.zeros_like(without) if numbers is None else np.isinf(numbers)
    remarks = [
        f"{table.source}: {counted(int(rows.sum()), 'row')} {what} {name!r} left out"
        for rows, what in ((without, "without"), (infinite, "with an infinite"))
        if rows.any()
    ]
    known = ~(without | infinite)
    if not known.any():
        where = f"Column {name!r} of {table.source}"
        raise Refused(f"{where} has no usable value in any row; there is nothing to learn")
    return known, numbers, remarks


def _guess(labels: np.ndarray, n: int, distinct: int, numeric: bool) -> tuple[str, str]:
    """The task that a column asks for, and why."""
    import numpy as np

    if not numeric:
        return "classification", "it holds text" if isinstance(labels[0], str) else "it holds yes and no"
    if not np.array_equal(labels, np.round(labels)):
        return "regression", "it holds numbers"
    because = f"it holds {distinct} distinct whole numbers"
    if distinct == 2 or (distinct <= MOST_CLASSES and 2 * distinct <= n):
        return "classification", f"{because}; --task regression takes them for quantities"
    return "regression", f"{because}; --task classification takes them for classes"


def as_labels(values: np.ndarray) -> np.ndarray:
    """Values as class labels: whole numbers as int64, truth values as bool, all else as text.

    >>> import numpy as np
    >>> as_labels(np.array([1.0, 2.0])).tolist(), as_labels(np.array([0.5, 1.0])).tolist()
    ([1, 2], ['0.5', '1'])
    """
    import numpy as np

    if all(isinstance(value, (bool, np.bool_)) for value in values.tolist()):
        return values.astype(bool)
    if (
        values.dtype.kind == "f"
        and np.array_equal(values, np.round(values))
        and np.abs(values).max(initial=0) < 2**63
    ):
        return values.astype(np.int64)
    return np.array([_label(value) for value in values.tolist()], dtype=object)


def _label(value: Any) -> str:
    """One value as the text of its label."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def parses(classes: np.ndarray | None) -> bool:
    """Whether a target column of numbers should be read as numbers, not as text, to be compared with ``classes``."""
    from chalknet.estimators._text import to_number

    return classes is None or all(to_number(_label(c)) == to_number(_label(c)) for c in classes.tolist())


def match(table: Table, name: str, classes: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The target of another table in a fitted model's terms: which rows have one, their values, and remarks.

    ``classes`` are the model's; None means that it predicts numbers. A class that the model does not know stays as it
    is written.

    Raises:
        Refused: the column is not there, or no row of it can be used.
    """
    import numpy as np

    table.check_column(name, "the target")
    table.check_rows("score")
    cells = table.frame[name]
    known, numbers, remarks = _known(table, name)
    if classes is None:
        if numbers is None:
            what = f"holds {cells.to_numpy()[known][0]!r}, but the model predicts numbers"
            raise Refused(f"Column {name!r} of {table.source} {what}")
        return known, numbers[known].astype(np.float64), remarks
    by_name = {_label(c): c for c in classes.tolist()}
    values = cells.to_numpy() if numbers is None or not parses(classes) else numbers
    labels = [by_name.get(_label(value), _label(value)) for value in values[known].tolist()]
    strange = [label for label in labels if _label(label) not in by_name]
    if strange:
        which = some(dict.fromkeys(strange))
        what = f"{counted(len(strange), 'row')} with a class that the model does not know ({which}) count as wrong"
        remarks.append(f"{table.source}: {what}")
    truth = np.empty(len(labels), dtype=object)
    truth[:] = labels
    return known, truth, remarks
