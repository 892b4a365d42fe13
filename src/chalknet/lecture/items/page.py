"""What an item of the lecture is made of: paragraphs, worked lines, tables, listings, slips, a figure, a thing to try.

An item is a function ``show(page)`` that hands its parts to a `Page` one after the other. Who made the page decides
what becomes of them: a terminal prints each at once, the HTML page collects them all.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, NamedTuple

from chalknet.chalk.trace import Step

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Heading(NamedTuple):
    """The title of what follows."""

    text: str


class Worked(NamedTuple):
    """Lines of worked arithmetic, as a trace has them, with results to so many decimals."""

    steps: tuple[Step, ...]
    decimals: int
    label: str = ""


class Table(NamedTuple):
    """Numbers side by side; columns in ``right`` are aligned to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...]


class Listing(NamedTuple):
    """Python that was run, and what it printed."""

    source: str
    output: str


class Slip(NamedTuple):
    """An error of the slides: where, what stands there, and what is right."""

    where: str
    says: str
    right: str


class Pixels(NamedTuple):
    """Small grey images for a terminal, (n, height, width) from 0 to 1; each caption with whether it is right."""

    pixels: Any
    captions: tuple[tuple[str, bool], ...]


class Picture(NamedTuple):
    """The item's figure, and what is to be seen on it."""

    figure: Figure
    caption: str


class Try(NamedTuple):
    """One thing to try next: a sentence and a command or a line of Python."""

    text: str
    command: str


Part = Text | Heading | Worked | Table | Listing | Slip | Pixels | Picture | Try


class Page:
    """Takes an item's parts.

    Args:
        receive: called with each part as it comes.
        pictures: whether figures are drawn; without Matplotlib they cannot be.
    """

    def __init__(self, receive: Callable[[Part], None], *, pictures: bool = True) -> None:
        self.receive, self.pictures = receive, pictures

    def say(self, *paragraphs: str) -> None:
        """Add paragraphs; line breaks in them are not kept."""
        for paragraph in paragraphs:
            self.receive(Text(" ".join(paragraph.split())))

    def heading(self, text: str) -> None:
        """Add the title of what follows."""
        self.receive(Heading(text))

    def work(self, steps: Iterable[Step], decimals: int = 4, label: str = "") -> None:
        """Add worked lines, with results to so many decimals (those of the trace they come from), under a label."""
        self.receive(Worked(tuple(steps), decimals, label))

    def table(
        self, header: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[int] = ()
    ) -> None:
        """Add a table; cells are printed by ``str``."""
        body = tuple(tuple(str(cell) for cell in row) for row in rows)
        self.receive(Table(tuple(header), body, tuple(right)))

    def run(self, source: str, space: dict[str, Any]) -> None:
        """Run Python in a namespace and add it with what it printed: what is shown is what was run."""
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(source, space)  # noqa: S102 - an item's own listing
        self.receive(Listing(source.strip(), printed.getvalue().rstrip()))

    def slip(self, where: str, says: str, right: str) -> None:
        """Add an error of the slides beside what is right."""
        self.receive(Slip(where, " ".join(says.split()), " ".join(right.split())))

    def pixels(self, pixels: Any, captions: Iterable[tuple[str, bool]]) -> None:
        """Add small images, which only a terminal shows: on paper they are a part of the figure."""
        self.receive(Pixels(pixels, tuple(captions)))

    def figure(self, draw: Callable[[], Figure], caption: str) -> None:
        """Draw the item's figure in the library's light look, if figures are wanted."""
        if not self.pictures:
            return
        import matplotlib as mpl

        from chalknet.plots.style import LOOKS, SIZES

        with mpl.rc_context({**LOOKS["light"].rc(), **SIZES}):
            self.receive(Picture(draw(), " ".join(caption.split())))

    def next(self, text: str, command: str) -> None:
        """End with one thing to try."""
        self.receive(Try(" ".join(text.split()), command))
