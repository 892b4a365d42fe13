"""``chalknet exercise``: a sheet to work by hand, or its solution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from chalknet.cli.errors import Refused
from chalknet.cli.options import Name, Sizes, Whole, debug_option

FORMATS = {"text": ".txt", "latex": ".tex", "html": ".html"}


def activations() -> list[str]:
    """Names that --activation takes."""
    from chalknet.maths.activations import ACTIVATIONS, ALIASES

    return [*ACTIVATIONS, *ALIASES]


def losses() -> list[str]:
    """Names that --loss takes."""
    from chalknet.maths.losses import ALIASES, LOSSES

    return [*LOSSES, *ALIASES]


@click.command(name="exercise")
@click.option(
    "--layers",
    type=Sizes(),
    default="2,4,2",
    show_default=True,
    metavar="2,4,2",
    help="Inputs, then the units of each layer.",
)
@click.option(
    "--activation",
    type=Name(activations),
    default="relu",
    show_default=True,
    metavar="NAME",
    help="Behind every layer but the last; ? lists all names.",
)
@click.option(
    "--loss",
    type=Name(losses),
    default="mse",
    show_default=True,
    metavar="NAME",
    help="At the end; ? lists all names.",
)
@click.option(
    "--seed",
    type=Whole(0, 2**32 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Another number, another sheet; the same number, the same sheet.",
)
@click.option("--answers", is_flag=True, help="Write the worked solution instead of the sheet.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="What is written.  [default: by the suffix of --out, else text]",
)
@click.option(
    "-o", "--out", default="-", show_default=True, metavar="FILE", help="Where it goes; - is standard output."
)
@debug_option
def command(**options: Any) -> None:
    """Make a sheet to work by hand: a small network, one sample, one update, with friendly numbers.

    The solution of the sheet comes with --answers and the same other options.
    """
    import chalknet as cn
    from chalknet.cli.paths import check_output
    from chalknet.files.atomic import write_atomically

    out, layers = options["out"], options["layers"]
    if len(layers) < 2:
        raise Refused(
            f"--layers {layers[0]} has no layer; give the inputs and the units of each layer, such as 2,4,2"
        )
    if out != "-":
        check_output(out, "--out")
    form = options["form"] or next(
        (f for f, suffix in FORMATS.items() if Path(out).suffix.lower() == suffix), "text"
    )
    made = cn.exercise(
        layers=layers, activation=options["activation"], loss=options["loss"], seed=options["seed"]
    )
    text = {"text": made.to_text, "latex": made.to_latex, "html": made.to_html}[form](
        answers=options["answers"]
    )
    if out == "-":
        click.echo(text.rstrip("\n"))
    else:
        write_atomically(Path(out), [text.encode()])
