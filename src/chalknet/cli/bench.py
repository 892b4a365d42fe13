"""``chalknet bench``: the same run here and in other libraries, checked first, then timed in turns."""

from __future__ import annotations

import json
from typing import Any

import click

from chalknet.bench.works import TABLES, WORKS
from chalknet.cli.errors import Refused, nearest
from chalknet.cli.options import Number, Whole, debug_option


class Peers(click.ParamType):
    """Comma-separated names of libraries."""

    name = "peers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Parse ``value``, or refuse it listing the libraries."""
        from chalknet.bench.works import PEERS

        if isinstance(value, tuple):
            return value
        names = [part.strip().lower() for part in value.split(",") if part.strip()]
        for name in names:
            if name not in PEERS:
                self.fail(f"{name!r} is not one of {', '.join(PEERS)}{nearest(name, PEERS)}.", param, ctx)
        return tuple(peer for peer in PEERS if peer in names)


_EPILOG = "\b\n" + "\n".join(
    f"{name:<9} {title}"
    for name, title in [*((w.name, f"{w.architecture}: {w.title}") for w in WORKS.values()), *TABLES.items()]
)


@click.command(name="bench", epilog=_EPILOG)
@click.argument("works", nargs=-1, metavar="[WORK]...")
@click.option(
    "--against",
    type=Peers(),
    default="sklearn,torch,jax,numpy",
    show_default=True,
    metavar="NAMES",
    help="Libraries to stand beside, of those installed.",
)
@click.option(
    "--threads",
    type=Whole(1, 1024),
    default=1,
    show_default=True,
    metavar="N",
    help="Threads, and cores, of every side.",
)
@click.option(
    "--repeats", type=Whole(3, 1000), default=3, show_default=True, metavar="N", help="Turns of each side."
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    default="float32",
    show_default=True,
    help="Numbers that networks are trained in.",
)
@click.option(
    "--scale",
    type=Number(0),
    default=1.0,
    show_default=True,
    metavar="X",
    help="Multiplies epochs: 0.1 is a tenth of each work.",
)
@click.option(
    "--shuffle",
    is_flag=True,
    help="Pass the rows in a new order each epoch, the same on every side; peers get the orders ready-made.",
)
@click.option("--json", "document_path", metavar="FILE", help="Write every number that was measured.")
@click.option("--plot", metavar="FILE", help="Draw the ratios into a picture (.png, .svg, .pdf).")
@debug_option
@click.pass_obj
def command(remarks: list[str], /, **asked: Any) -> None:
    """Run networks here and in other libraries, and tell how many times faster which is.

    WORK is one of the names below, a beginning such as W3 for several, or nothing for all (a quarter of an hour).
    From the same weights, over the same rows in the same order, both sides must end at the same loss; where they
    don't, no ratio is given.
    """
    from chalknet.bench import report
    from chalknet.bench.compare import Settings
    from chalknet.bench.run import run
    from chalknet.cli.report import Report, table
    from chalknet.files.atomic import write_atomically

    names = _names(asked["works"])
    _check_files(asked)
    settings = Settings(asked["threads"], asked["repeats"], asked["dtype"], asked["scale"], asked["shuffle"])
    terminal = Report()
    if terminal.is_terminal:
        with terminal.console.status("") as status:
            document = run(names, asked["against"], settings, status.update)
    else:
        document = run(names, asked["against"], settings)
    tables = [report.comparison(document), report.works(document)] if document["works"] else []
    for each in (*tables, *report.extras(document)):
        if each.rows:
            terminal.show(each.title, table(each.header, each.rows, each.right))
    terminal.show(*report.conditions(document))
    remarks += report.refusals(document)
    if asked["document_path"]:
        write_atomically(asked["document_path"], [(json.dumps(document, indent=1) + "\n").encode()])
        terminal.show(f"Numbers written to {asked['document_path']}.")
    if asked["plot"]:
        _draw(document, asked["plot"])
        terminal.show(f"Picture written to {asked['plot']}.")


def _names(given: tuple[str, ...]) -> list[str]:
    from chalknet.bench.works import NAMES, find

    names: list[str] = []
    for name in given:
        found = find(name)
        if not found:
            raise Refused(
                f"There is no work {name!r}{nearest(name, NAMES)}; choose among {', '.join(NAMES)}, or W2, W3, W5"
            )
        names += found
    return list(dict.fromkeys(names)) or list(NAMES)


def _check_files(asked: dict[str, Any]) -> None:
    from chalknet.cli.evaluate import check_picture
    from chalknet.cli.paths import check_output

    if asked["document_path"]:
        check_output(asked["document_path"], "--json")
    if asked["plot"]:
        check_picture(asked["plot"], "--plot", (asked["document_path"] or "-",))


def _draw(document: dict[str, Any], path: str) -> None:
    import matplotlib as mpl

    from chalknet.bench.figure import draw
    from chalknet.cli.evaluate import save_picture

    mpl.use("agg")
    save_picture(draw(document), path)
