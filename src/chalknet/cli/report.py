"""What a command prints for people: tables and sentences on standard output, in colour where it is a terminal."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalknet.cli.errors import one_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

SMALL_IS_GOOD = ("log loss", "MAE", "RMSE")
_WIDE = 160  # columns of a line where there is no terminal: nothing is folded for a reader that is a program


class Report:
    """Prints to standard output; when its reader goes away it falls silent, and the work goes on."""

    def __init__(self) -> None:
        from rich.console import Console

        self._open = sys.stdout is not None
        probe = Console()
        width = probe.width if probe.is_terminal else _WIDE
        self.console: Console = _console(width)

    @property
    def is_terminal(self) -> bool:
        """Whether a person is looking."""
        return self._open and self.console.is_terminal

    def show(self, *parts: RenderableType) -> None:
        """Print rich's tables and texts, or plain strings, which are not read as markup."""
        if not self._open:
            return
        try:
            for part in parts:
                self.console.print(
                    part, markup=False, highlight=False, emoji=False, soft_wrap=isinstance(part, str)
                )
            sys.stdout.flush()
        except BrokenPipeError:
            from chalknet.cli.main import forget_output

            forget_output()
            self._open = False


def _console(width: int) -> Console:
    from rich.console import Console

    class Quiet(Console):
        """rich ends the process when the pipe is closed; here the command decides."""

        def on_broken_pipe(self) -> None:
            raise  # the BrokenPipeError that rich is handling  # noqa: PLE0704

    return Quiet(width=width)


def number(value: float) -> str:
    """A score, short enough to compare.

    >>> number(0.98551), number(49.5), number(1234.5678), number(-0.0001452), number(float("nan"))
    ('0.9855', '49.50', '1235', '-0.0001', '–')
    """
    if math.isnan(value):
        return "–"
    if 0 < value < 0.0005 or abs(value) >= 1e6:
        return f"{value:.4g}"
    return f"{value:.{4 if abs(value) < 10 else max(0, 3 - math.floor(math.log10(abs(value))))}f}"


def score_table(title: str, rows: Mapping[str, Mapping[str, float]]) -> RenderableType:
    """Scores, a model a row; the best of each column is bold."""
    names = list(next(iter(rows.values())))
    best = {n: (min if n in SMALL_IS_GOOD else max)(r[n] for r in rows.values()) for n in names}
    body = []
    for model, scores in rows.items():
        styles = ["bold green" if len(rows) > 1 and scores[n] == best[n] else "" for n in names]
        body.append([model, *((number(scores[n]), style) for n, style in zip(names, styles, strict=True))])
    return table([title, *names], body, right=range(1, len(names) + 1))


def column_table(columns: Sequence[tuple[str, str, str]], most: int) -> RenderableType:
    """What each column was taken for; of more than ``most`` the rest are counted."""
    body: list[list[Any]] = [
        [(one_line(name), "cyan"), (kind, "dim" if kind == "dropped" else ""), (one_line(note), "dim")]
        for name, kind, note in columns[:most]
    ]
    if len(columns) > most:
        kinds = [kind for _, kind, _ in columns[most:]]
        counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
        body.append([f"… {len(kinds)} more", "", (counted, "dim")])
    return table(["column", "taken for", ""], body)


def table(header: Sequence[str], body: Sequence[Sequence[Any]], right: Sequence[int] = ()) -> RenderableType:
    """A plain table; a cell is a string, or a string and its style."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for i, name in enumerate(header):
        made.add_column(Text(one_line(name)), justify="right" if i in right else "left", overflow="fold")
    for row in body:
        made.add_row(*(Text(*((cell,) if isinstance(cell, str) else cell)) for cell in row))
    return made


def size(bytes_: int) -> str:
    """A file's size.

    >>> size(512), size(14_300)
    ('512 bytes', '14.3 kB')
    """
    for unit, name in ((1e6, "MB"), (1e3, "kB")):
        if bytes_ >= unit:
            return f"{bytes_ / unit:.1f} {name}"
    return f"{bytes_} bytes"
