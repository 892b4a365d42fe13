"""How a trace shows itself: `print`, rich, notebooks, and the methods that write it as text, LaTeX, Markdown, HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.chalk import names

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from chalknet.chalk.trace import Trace
    from chalknet.chalk.why import Why
    from chalknet.chalk.writers.document import Document

LIMIT = 24


class Display:
    """The writers as methods; `limit` is how many equations of one array are shown, None shows everything."""

    _builder: Any
    _documents: dict[int | None, Document]

    @property
    def documents(self: Any) -> dict[int | None, Document]:
        """The documents made so far, by their limit."""
        if "_documents" not in self.__dict__:
            self._documents = {}
        return self._documents

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Every array by name, given and calculated."""
        return self._builder.values

    @property
    def slots(self) -> dict[str, np.ndarray]:
        """What the optimizer had kept for each parameter before the first update."""
        return {
            name: value for name, value in self.arrays.items()
            if names.parse(name).slot and not names.parse(name).primes
        }  # fmt: skip

    def to_text(self: Any, *, width: int = 80, limit: int | None = LIMIT) -> str:
        """Unicode text for a terminal, so many columns wide."""
        from chalknet.chalk.writers import document, text

        return text.plain(text.write(document.document(self, limit), width))

    def __str__(self) -> str:
        return self.to_text()

    def __rich_console__(self: Any, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        from chalknet.chalk.writers import document, text

        for line in text.write(document.document(self, LIMIT), max(40, min(options.max_width, 100))):
            yield Text.assemble(*line, no_wrap=True)
