"""``chalknet lecture``: the lecture's items, worked out with every number, a figure each; or all on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chalknet.cli.errors import Refused, nearest
from chalknet.cli.options import debug_option

if TYPE_CHECKING:
    from chalknet.cli.report import Report
    from chalknet.lecture.items import Item

ALL = "all"
PAGES = (".html", ".htm")


@click.command(name="lecture")
@click.argument("name", required=False)
@click.option(
    "--out",
    metavar="FILE",
    help="Where the figure goes (.png, .svg, .pdf), or a page with everything (.html).  "
    "[default: chalknet-lecture-NAME.png; lecture.html for all]",
)
@debug_option
@click.pass_obj
def command(remarks: list[str], name: str | None, out: str | None) -> None:
    """Work out an item of the lecture, with every number.

    NAME is one of the names that `chalknet lecture` lists, a slide such as S9, or all: one page with everything, its
    figures inside. The figure of a single item is written to the current folder; a second run replaces it.
    """
    from chalknet.cli.report import Report
    from chalknet.lecture.items import ITEMS, find

    if name is None:
        if out is not None:
            raise Refused("--out needs a NAME: one that `chalknet lecture` lists, or all")
        _list(Report())
        return
    item = find(name)
    if item is None and name != ALL:
        allowed = [*ITEMS, ALL]
        raise Refused(
            f"The lecture has no item {name!r}{nearest(name, allowed)}; choose one of {', '.join(allowed)}"
        )
    try:
        if item is None or (out is not None and Path(out).suffix.lower() in PAGES):
            _page([item] if item else list(ITEMS.values()), out or "lecture.html", remarks)
        else:
            _show(item, out, remarks)
    except ImportError as error:
        from chalknet.cli.tables import INSTALL

        raise Refused(f"{name!r} needs {error.name or error}: {INSTALL}") from error


def _list(report: Report) -> None:
    """One item a line, its name first."""
    from chalknet.lecture.items import ITEMS

    width = max(map(len, ITEMS))
    for item in ITEMS.values():
        report.show(f"{item.name:<{width}}  {', '.join(item.slides):<8} {item.title}")


def _pictures(remarks: list[str]) -> bool:
    """Whether figures can be drawn; a remark where they cannot."""
    from importlib.util import find_spec

    from chalknet.cli.tables import INSTALL

    if find_spec("matplotlib") is None:
        remarks.append(f"Figures are left out, for they need Matplotlib: {INSTALL}")
        return False
    import matplotlib as mpl

    mpl.use("agg")
    return True


def _show(item: Item, out: str | None, remarks: list[str]) -> None:
    """Print an item, and save its figure."""
    from chalknet.cli.evaluate import PICTURES, check_picture
    from chalknet.cli.lecture_text import Printer
    from chalknet.cli.paths import check_output
    from chalknet.cli.report import Report
    from chalknet.lecture.items.page import Page

    path = out or f"chalknet-lecture-{item.name}.png"
    if out is None:
        check_output(path, "the figure")
    else:
        if Path(out).suffix.lower() not in PICTURES:
            raise Refused(
                f"--out {out!r}: the name must end in one of {', '.join(PICTURES)}, or .html for a page"
            )
        check_picture(out, "--out", ())
    pictures = _pictures(remarks)
    printer = Printer(Report(), path)
    printer.line((f"{', '.join(item.slides)} · {item.title}", "bold"))
    item.show(Page(printer, pictures=pictures))


def _page(items: list[Item], out: str, remarks: list[str]) -> None:
    """Write items as one page."""
    from chalknet.cli.paths import check_output
    from chalknet.cli.report import Report, size
    from chalknet.files.atomic import write_atomically
    from chalknet.lecture.items import web

    if Path(out).suffix.lower() not in PAGES:
        raise Refused(f"--out {out!r}: the lecture as a page goes to a name that ends in .html")
    check_output(out, "--out")
    report = Report()

    def tell(item: Item) -> None:
        if report.is_terminal:
            report.show(f"  {item.name}")

    text = "".join(web.write(items, pictures=_pictures(remarks), begun=tell)).encode()
    write_atomically(Path(out), [text])
    count = f"{len(items)} items" if len(items) > 1 else f"The item {items[0].name}"
    report.show(f"{count} written to {out} ({size(len(text))}); open it in a browser.")
