"""``chalknet evaluate``: scores of a model on rows whose target is known, and a picture of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np

from chalknet.cli.errors import Refused
from chalknet.cli.options import table_options

PICTURES = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp", ".eps", ".ps", ".tif", ".tiff")
_MOST_CLASSES = 30  # rows of the table of classes


@click.command(name="evaluate")
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA")
@click.option(
    "--plot", metavar="FILE", help="Picture to write: a confusion matrix, or predicted against true numbers."
)
@table_options
@click.pass_obj
def command(
    remarks: list[str], model: str, data: str, plot: str | None, sep: str | None, encoding: str
) -> None:
    """Score MODEL, a file that train wrote, on the rows of DATA whose target is known.

    DATA is a CSV, TSV or Parquet file (the first two also as .gz), or - for standard input.
    """
    from chalknet.cli.models import load, needed
    from chalknet.cli.targets import match, parses

    if plot is not None:
        check_picture(plot, "--plot", (model, data))
    loaded = load(model)
    classes = getattr(loaded.estimator, "classes_", None)
    table = needed(loaded, data, sep, encoding, also=loaded.target, parse=parses(classes))
    known, truth, found = match(table, loaded.target, classes)
    remarks += [*table.remarks, *found]
    X = table.frame[known].reset_index(drop=True)
    drawn = None if plot is None else _draw(loaded.estimator, X, truth)
    _report(loaded, table.source, X, truth)
    if plot is not None:
        save_picture(drawn, plot)
        click.echo(f"Picture written to {plot}.")


def _report(loaded: Any, source: str, X: Any, truth: np.ndarray) -> None:
    """Print the scores, and for a classifier those of each class."""
    from chalknet.cli import scoring
    from chalknet.cli.report import Report, number, score_table, table

    report = Report()
    estimator = loaded.estimator
    report.show(f"{source}: {len(X)} rows with {loaded.target}")
    report.show(score_table(f"{len(X)} rows", {"network": scoring.scores(estimator, X, truth)}))
    if not hasattr(estimator, "classes_"):
        return
    from sklearn.metrics import precision_recall_fscore_support

    names = list(dict.fromkeys([*map(str, estimator.classes_), *map(str, truth)]))
    guess = [str(label) for label in estimator.predict(X)]
    columns = precision_recall_fscore_support([str(t) for t in truth], guess, labels=names, zero_division=0.0)
    rows = [
        [name, *map(number, scores), str(count)] for name, *scores, count in zip(names, *columns, strict=True)
    ]
    if len(rows) > _MOST_CLASSES:
        rows = [*rows[:_MOST_CLASSES], [f"… {len(rows) - _MOST_CLASSES} more", "", "", "", ""]]
    report.show(table([loaded.target, "precision", "recall", "F1", "rows"], rows, right=range(1, 5)))


def _draw(estimator: Any, X: Any, truth: np.ndarray) -> Any:
    """Axes with the confusion matrix, or with predicted against true numbers."""
    import matplotlib as mpl

    mpl.use("agg")
    from chalknet import plots

    guess = estimator.predict(X)
    if hasattr(estimator, "classes_"):
        names = list(dict.fromkeys([*map(str, estimator.classes_), *map(str, truth)]))
        return plots.confusion([str(t) for t in truth], [str(g) for g in guess], labels=names)
    return plots.predicted(truth, guess)


def check_picture(path: str, option: str, inputs: tuple[str, ...]) -> None:
    """Refuse a picture's file before the work begins: its folder, its suffix, or that Matplotlib is not there."""
    from importlib.util import find_spec

    from chalknet.cli.paths import check_output
    from chalknet.cli.tables import INSTALL

    check_output(path, option, inputs=inputs)
    if Path(path).suffix.lower() not in PICTURES:
        raise Refused(f"{option} {path!r}: the name must end in one of {', '.join(PICTURES)}")
    if find_spec("matplotlib") is None:
        raise Refused(f"{option} needs Matplotlib: {INSTALL}")


def save_picture(drawn: Any, path: str) -> None:
    """Write a picture whole or not at all."""
    from chalknet import plots
    from chalknet.files.atomic import write_atomically

    with tempfile.TemporaryDirectory() as folder:
        picture = plots.save(drawn, Path(folder) / f"picture{Path(path).suffix}")
        write_atomically(path, [picture.read_bytes()])
