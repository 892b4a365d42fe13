"""``chalknet predict``: one prediction for each row of a raw table, as CSV."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from chalknet.cli.errors import Refused
from chalknet.cli.options import table_options

if TYPE_CHECKING:
    import pandas as pd


@click.command(name="predict")
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA")
@click.option("--proba", is_flag=True, help="Add each class's probability, in columns proba_CLASS.")
@click.option(
    "-o", "--out", default="-", show_default=True, metavar="OUT", help="CSV to write; - is standard output."
)
@table_options
@click.pass_obj
def command(
    remarks: list[str], model: str, data: str, proba: bool, out: str, sep: str | None, encoding: str
) -> None:
    """Predict the target of each row of DATA with MODEL, a file that train wrote.

    DATA is a CSV, TSV or Parquet file (the first two also as .gz), or - for standard input. Columns are found by
    name; others, and the target, are ignored.
    """
    from chalknet.cli.models import load, needed
    from chalknet.cli.paths import check_output
    from chalknet.cli.scoring import has_probabilities

    if out == "-" and sys.stdout is None:
        raise Refused("Standard output is closed; give -o FILE")
    if out != "-":
        check_output(out, "-o", inputs=(model, data))
    loaded = load(model)
    if proba and not hasattr(loaded.estimator, "classes_"):
        raise Refused(f"--proba needs a classifier, but {model!r} predicts the number {loaded.target!r}")
    if proba and not has_probabilities(loaded.estimator):
        raise Refused(f"--proba needs probabilities, and {model!r} was trained with a loss that gives none")
    table = needed(loaded, data, sep, encoding)
    remarks += table.remarks
    text = _predictions(loaded, table.frame, proba).to_csv(index=False, lineterminator="\n")
    result = text.encode("utf-8", "backslashreplace")
    if out == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()
    else:
        from chalknet.files.atomic import write_atomically

        write_atomically(out, [result])


def _predictions(loaded: Any, frame: pd.DataFrame, proba: bool) -> pd.DataFrame:
    """The table of predictions, a row for each row of ``frame``."""
    import pandas as pd

    estimator = loaded.estimator
    if frame.empty:  # a header alone: estimators ask for a row
        names = [loaded.target, *(f"proba_{c}" for c in estimator.classes_)] if proba else [loaded.target]
        return pd.DataFrame(columns=names)
    columns = {loaded.target: estimator.predict(frame)}
    if proba:
        chances = estimator.predict_proba(frame)
        columns |= {f"proba_{c}": chances[:, i] for i, c in enumerate(estimator.classes_)}
    return pd.DataFrame(columns)
