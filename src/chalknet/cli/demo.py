"""``chalknet demo``: train on bundled real data and show what was learned, in under a minute and without a file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chalknet.cli.errors import Refused, nearest
from chalknet.cli.options import debug_option

if TYPE_CHECKING:
    from chalknet.cli.report import Report

FIRST = "penguins"  # what the plain command runs: categories, gaps and three classes, in 344 rows


@click.command(name="demo")
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="Name the demos and exit.")
@debug_option
@click.pass_obj
def command(remarks: list[str], name: str | None, listing: bool) -> None:
    """Train on real data that comes along, and show what was learned.

    NAME is penguins (the default), iris, wine, diabetes or digits. The model, a picture and the rows held out are
    written to the current folder as chalknet-demo-NAME.chalk, .png and .csv; a second run replaces them.
    """
    from chalknet import data
    from chalknet.cli.report import Report

    names = sorted(data.NAMES, key=lambda each: each != FIRST)
    name = name or FIRST
    if name not in names:
        raise Refused(f"There is no demo {name!r}{nearest(name, names)}; choose one of {', '.join(names)}")
    report = Report()
    if listing:
        from chalknet.cli.report import table

        report.show(table(["demo", "", "what is to be learned"], [_entry(data.load(each)) for each in names]))
        report.show("Run one with `chalknet demo NAME`.")
        return
    _run(data.load(name), [each for each in names if each != name], report, remarks)


def _entry(dataset: Any) -> list[Any]:
    rows, columns = dataset.table.shape
    return [(dataset.name, "bold cyan"), (f"{rows} × {columns}", "dim"), dataset.title.partition(": ")[2]]


def _run(dataset: Any, others: list[str], report: Report, remarks: list[str]) -> None:
    """Fit, show, and write the three files."""
    from rich.text import Text

    from chalknet.cli import fitting, tables
    from chalknet.cli.demo_pictures import best_pair, draw, is_images, picture
    from chalknet.cli.evaluate import check_picture, save_picture
    from chalknet.cli.models import save
    from chalknet.cli.paths import check_output
    from chalknet.cli.targets import choose

    began = time.perf_counter()
    stem = f"chalknet-demo-{dataset.name}"
    model_file, picture_file, rows_file = (f"{stem}{suffix}" for suffix in (".chalk", ".png", ".csv"))
    for path in (model_file, rows_file):
        check_output(path, "the demo's file")
    check_picture(picture_file, "the demo's file", ())
    report.show(Text(dataset.title, "bold"), Text(f"{dataset.source}. {dataset.licence}.", "dim"))
    table = tables.of_frame(dataset.table, dataset.name)
    target = choose(table, dataset.target, dataset.task)
    remarks += target.remarks
    X = table.frame[target.known].drop(columns=target.name).reset_index(drop=True)
    fitted = fitting.fit(X, target, {}, val=0.2, seed=0)
    fitting.show(fitted, report, most_columns=12)
    save(fitted.model, target.name, model_file)
    pair = [] if is_images(fitted) else best_pair(fitted)
    if report.is_terminal:
        report.show(*draw(fitted, pair, report.console))
    save_picture(picture(fitted, pair, dataset.title), picture_file)
    _write_rows(dataset.table[target.known].iloc[fitted.held], rows_file)
    report.show("", f"Done in {time.perf_counter() - began:.1f} s. Written to this folder:")
    for path, what in (
        (model_file, "the model"),
        (picture_file, "a picture"),
        (rows_file, "the rows held out"),
    ):
        report.show(f"  {path:<30} {what}")
    report.show("", "Try next:")
    report.show(
        f"  chalknet predict {model_file} {rows_file}{' --proba' * (dataset.task == 'classification')}"
    )
    report.show(f"  chalknet evaluate {model_file} {rows_file} --plot evaluation.png")
    report.show(f"  chalknet demo {others[0]}   (or {', '.join(others[1:])})")
    report.show("  chalknet train YOUR.csv --target COLUMN")


def _write_rows(rows: Any, path: str) -> None:
    from chalknet.files.atomic import write_atomically

    write_atomically(Path(path), [rows.to_csv(index=False, lineterminator="\n").encode()])
