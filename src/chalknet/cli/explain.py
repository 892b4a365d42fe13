"""``chalknet explain``: one row's update as arithmetic, its gradients checked, or a learner's own numbers checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chalknet.cli.errors import Refused, some
from chalknet.cli.options import Number, Whole, table_options

if TYPE_CHECKING:
    from chalknet.cli.report import Report

FORMATS = {"text": ".txt", "latex": ".tex", "html": ".html", "json": ".json"}
_MOST_ROWS = 10**9


@click.command(name="explain")
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="DATA")
@click.option(
    "--row",
    required=True,
    type=Whole(0, _MOST_ROWS),
    metavar="I",
    help="Which row of DATA, counted from 0; its target must be there.",
)
@click.option(
    "--style",
    type=click.Choice(["node", "matrix"]),
    default="node",
    show_default=True,
    help="An equation for every number, or for every array.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="What is written.  [default: by the suffix of --out, else text]",
)
@click.option(
    "--learning-rate",
    type=Number(0.0),
    metavar="RATE",
    help="Plain gradient descent with this rate.  [default: the model's own optimizer]",
)
@click.option(
    "--check",
    is_flag=True,
    help="Compare the gradients with central differences; exit status 1 if they differ.",
)
@click.option(
    "--answers",
    metavar="FILE",
    help="Check the numbers in FILE (JSON, or CSV of symbol and value); exit status 1 if one is wrong.",
)
@click.option(
    "-o", "--out", default="-", show_default=True, metavar="FILE", help="Where it goes; - is standard output."
)
@table_options
@click.pass_obj
def command(remarks: list[str], /, **options: Any) -> None:
    """Show the update that MODEL would make for one row of DATA, every number as arithmetic.

    MODEL is a file that train wrote, DATA the raw table, as predict takes it, with the target. With --check or
    --answers the verdict is shown; the arithmetic too only if --format or --out is given.
    """
    import chalknet as cn
    from chalknet.chalk.answers import read_answers
    from chalknet.cli.models import load
    from chalknet.cli.paths import check_output
    from chalknet.cli.report import Report

    out, answers, form = options["out"], options["answers"], options["form"]
    if out != "-":
        inputs = (options["model"], options["data"], *([answers] if answers else []))
        check_output(out, "--out", inputs=inputs)
    loaded = load(options["model"])
    given = None if answers is None else read_answers(answers)
    X, y, found = _row(loaded, options)
    remarks += found
    model = loaded.estimator
    verdicts: list[Any] = []
    trace = None
    if given is not None or form or out != "-" or not options["check"]:
        trace = cn.explain(model, X, y, style=options["style"], learning_rate=options["learning_rate"])
    if options["check"]:
        verdicts.append(cn.check_gradients(model, X, y))
    if given is not None:
        verdicts.append(cn.check_work(trace, given))
    report = Report()
    if not verdicts or form or out != "-":
        by_suffix = (f for f, suffix in FORMATS.items() if Path(out).suffix.lower() == suffix)
        _write(trace, form or next(by_suffix, "text"), out, report)
    for verdict in verdicts:
        # where the arithmetic is on standard output in a format that programs read, the verdict must not disturb it
        if out == "-" and form not in (None, "text"):
            click.echo(str(verdict), err=True)
        else:
            report.show(verdict if hasattr(verdict, "__rich__") and report.is_terminal else str(verdict))
    if not all(verdicts):
        click.get_current_context().exit(1)


def _write(trace: Any, form: str, out: str, report: Report) -> None:
    """The trace to standard output or to a file."""
    from chalknet.files.atomic import write_atomically

    if form == "text" and out == "-" and report.is_terminal:
        report.show(trace)
        return
    text = {
        "text": trace.to_text,
        "latex": lambda: trace.to_latex(standalone=True),
        "html": trace.to_html,
        "json": lambda: trace.to_json() + "\n",
    }[form]()
    if out == "-":
        click.echo(text.rstrip("\n"))
    else:
        write_atomically(Path(out), [text.encode()])


def _row(loaded: Any, options: dict[str, Any]) -> tuple[Any, Any, list[str]]:
    """The row of the table that is to be explained, its target in the model's terms, and remarks on the table."""
    import numpy as np

    from chalknet.cli.models import needed
    from chalknet.cli.targets import match, parses

    classes = getattr(loaded.estimator, "classes_", None)
    table = needed(
        loaded,
        options["data"],
        options["sep"],
        options["encoding"],
        also=loaded.target,
        parse=parses(classes),
    )
    table.check_column(loaded.target, "the target")
    table.check_rows("explain")
    row, n = options["row"], len(table.frame)
    if row >= n:
        which = "only row 0" if n == 1 else f"rows 0 to {n - 1}"
        raise Refused(f"--row {row}: {table.source} has {which}")
    known, truth, _ = match(table, loaded.target, classes)
    if not known[row]:
        raise Refused(
            f"--row {row} of {table.source} has no usable value in column {loaded.target!r}; the loss needs one"
        )
    value = truth[int(known[:row].sum())]
    if classes is not None and value not in classes.tolist():
        raise Refused(
            f"--row {row} of {table.source} is of class {value!r}, which the model does not know; its classes are "
            f"{some(classes.tolist())}"
        )
    y = np.array([value], dtype=None if classes is None else classes.dtype)
    return table.frame.iloc[[row]].drop(columns=loaded.target), y, list(table.remarks)
