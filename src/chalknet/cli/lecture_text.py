"""The parts of a lecture's item as a terminal shows them, each as soon as it is there."""

from __future__ import annotations

import textwrap
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from rich.text import Text as RichText

from chalknet.chalk.writers import text
from chalknet.cli import terminal_art as art
from chalknet.cli.evaluate import save_picture
from chalknet.cli.report import table
from chalknet.lecture.items.layout import blocks, document
from chalknet.lecture.items.page import (
    Heading,
    Listing,
    Part,
    Picture,
    Pixels,
    Slip,
    Table,
    Text,
    Try,
    Worked,
)

if TYPE_CHECKING:
    from chalknet.cli.report import Report

WIDEST = 100  # characters of a line of prose or arithmetic


class Printer:
    """Prints parts, and saves the figure under ``path``."""

    def __init__(self, report: Report, path: str) -> None:
        self.report, self.path = report, path
        self.width = min(report.console.width, WIDEST)

    def __call__(self, part: Part) -> None:
        """Print a part."""
        self.show(part)

    def line(self, *spans: tuple[str, str]) -> None:
        """One line of styled pieces, which is not folded."""
        if self.report.is_terminal:
            self.report.show(RichText.assemble(*spans, no_wrap=True))
        else:
            self.report.show("".join(piece for piece, _ in spans).rstrip())

    def prose(self, words: str, style: str = "", *, first: str = "", hanging: int = 0) -> None:
        """Words, wrapped at blanks."""
        for line in textwrap.wrap(
            words, self.width, initial_indent=first, subsequent_indent=" " * (len(first) + hanging)
        ):
            self.line((line, style))

    @singledispatchmethod
    def show(self, part: Any) -> None:
        """Print a part of any kind."""
        raise TypeError(f"no part of an item: {part!r}")

    @show.register
    def _(self, part: Text) -> None:
        self.line(("", ""))
        self.prose(part.text)

    @show.register
    def _(self, part: Heading) -> None:
        self.line(("", ""))
        self.line((part.text, "bold cyan"))
        self.line(("─" * min(len(part.text), self.width), "cyan"))

    @show.register
    def _(self, part: Worked) -> None:
        self.line(("", ""))
        if part.label:
            self.prose(part.label, "dim")
        doc = document(part)
        for block in blocks(part):
            for line in text.write_block(block, doc, self.width):
                self.line(*line)

    @show.register
    def _(self, part: Table) -> None:
        self.report.show(table(part.header, part.rows, part.right))

    @show.register
    def _(self, part: Listing) -> None:
        self.line(("", ""))
        for line in part.source.splitlines():
            self.line(("  │ ", "dim"), (line, "blue"))
        for line in part.output.splitlines():
            self.line((f"  {line}", ""))

    @show.register
    def _(self, part: Slip) -> None:
        self.line(("", ""))
        self.prose(f"✗ {part.where}, the slide: {part.says}", "red", first="  ", hanging=2)
        self.prose(f"✓ right: {part.right}", "green", first="  ", hanging=2)

    @show.register
    def _(self, part: Pixels) -> None:
        if self.report.is_terminal:
            self.report.show("", *art.images(part.pixels, part.captions, self.report.console))

    @show.register
    def _(self, part: Picture) -> None:
        save_picture(part.figure, self.path)
        self.line(("", ""))
        self.prose(f"Figure written to {self.path}: {part.caption}", "dim")

    @show.register
    def _(self, part: Try) -> None:
        self.line(("", ""))
        self.prose(f"Try next. {part.text}", "bold")
        self.line((f"  {part.command}", ""))
