"""``chalknet train``: a table in, a model file out, and a table of scores beside two baselines."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chalknet.cli.errors import Refused, counted
from chalknet.cli.options import Name, Number, Sizes, Whole, table_options

if TYPE_CHECKING:
    from chalknet.cli.tables import Table
    from chalknet.cli.targets import Target


def _activations() -> list[str]:
    from chalknet.maths.activations import ACTIVATIONS

    return list(ACTIVATIONS)


def _activation_aliases() -> dict[str, str]:
    from chalknet.maths.activations import ALIASES

    return ALIASES


def _losses() -> list[str]:
    from chalknet.maths.losses import LOSSES

    return ["auto", *LOSSES]


def _loss_aliases() -> dict[str, str]:
    from chalknet.maths.losses import ALIASES

    return ALIASES


@click.command(name="train")
@click.argument("data")
@click.option("--target", required=True, metavar="NAME", help="Column to predict.")
@click.option("--out", default="model.chalk", show_default=True, metavar="FILE", help="Where the model goes.")
@click.option(
    "--task",
    type=click.Choice(["auto", "classification", "regression"]),
    default="auto",
    show_default=True,
    help="What to learn: classes or a number; auto decides from the target.",
)
@click.option(
    "--epochs", type=Whole(1, 10**9), metavar="N", help="At most so many passes over the training rows."
)
@click.option("--hidden", type=Sizes(), metavar="64,32", help="Neurons of each hidden layer.")
@click.option(
    "--activation",
    type=Name(_activations, _activation_aliases),
    metavar="NAME",
    help="Of the hidden layers; ? lists all names.",
)
@click.option(
    "--loss", type=Name(_losses, _loss_aliases), metavar="NAME", help="What to minimise; ? lists all names."
)
@click.option("--learning-rate", type=Number(0.0), metavar="RATE", help="Learning rate at the start.")
@click.option("--batch-size", type=Whole(1, 10**9), metavar="N", help="Rows of one step.")
@click.option(
    "--val",
    type=Number(0.0, 1.0, closed=True),
    default=0.2,
    show_default=True,
    metavar="SHARE",
    help="Share of the rows that is held out for the scores; 0: none.",
)
@click.option(
    "--seed",
    type=Whole(0, 2**32 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Of everything random.",
)
@table_options
@click.option("--force", is_flag=True, help="Overwrite the file that --out names.")
@click.pass_obj
def command(remarks: list[str], /, **options: Any) -> None:
    """Train a network on DATA and write it to a file.

    DATA is a CSV, TSV or Parquet file (the first two also as .gz), or - for standard input. Numbers are scaled,
    categories encoded and gaps filled; all of it is kept in the model, which takes raw tables.
    """
    from chalknet.cli import tables
    from chalknet.cli.paths import check_output
    from chalknet.cli.targets import choose

    check_output(options["out"], "--out", inputs=(options["data"],), force=options["force"])
    table = tables.read(options["data"], options["sep"], options["encoding"])
    target = choose(table, options["target"], options["task"])
    remarks += [*table.remarks, *target.remarks]
    _train(table, target, options)


def _train(table: Table, target: Target, options: dict[str, Any]) -> None:
    """Fit, score, save and report."""
    from chalknet.cli import fitting
    from chalknet.cli.models import save
    from chalknet.cli.report import Report, size

    X = table.frame[target.known].drop(columns=target.name).reset_index(drop=True)
    if not X.shape[1]:
        raise Refused(f"{table.source} has no column beside {target.name!r}; there is nothing to learn from")
    report = Report()
    classes = f", {len(target.classes)} classes" if target.task == "classification" else ""
    report.show(
        f"{table.source}: {counted(len(X), 'row')}, {counted(X.shape[1], 'column')} beside the target"
    )
    report.show(f"{target.name}: {target.task}{classes} ({target.because})")
    fitted = fitting.fit(X, target, options, val=options["val"], seed=options["seed"])
    out = options["out"]
    if fitted.interrupted is not None:
        if fitted.interrupted == 0:
            raise KeyboardInterrupt
        save(fitted.model, target.name, out)
        epochs = counted(fitted.interrupted, "epoch")
        raise KeyboardInterrupt(f"Interrupted after {epochs}; what was learned until then is in {out}")
    try:
        fitting.show(fitted, report)
    except KeyboardInterrupt:
        save(fitted.model, target.name, out)
        raise KeyboardInterrupt(f"Interrupted before the scores were done; the model is in {out}") from None
    save(fitted.model, target.name, out)
    report.show(f"Model written to {out} ({size(Path(out).stat().st_size)}).", "", "What to do next:")
    data = "NEW.csv" if options["data"] == "-" else options["data"]
    report.show(f"  chalknet predict {shlex.quote(out)} NEW.csv -o predictions.csv")
    report.show(f"  chalknet evaluate {shlex.quote(out)} {shlex.quote(data)} --plot evaluation.png")
