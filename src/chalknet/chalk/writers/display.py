"""How a trace shows itself: `print`, rich, notebooks, and the methods that write it as text, LaTeX, Markdown, HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from chalknet.chalk.why import Why
    from chalknet.chalk.writers.document import Document

LIMIT = 24


class Display:
    """The writers, as methods of every trace; `limit` is how many equations of one array are shown, None shows all."""

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
    def constants(self: Any) -> dict[str, float]:
        """The numbers that the updates use beside the arrays: the learning rate, the optimizer's own."""
        from chalknet.chalk.writers import code

        return code.constants(self, self.groups, {})

    def to_text(self: Any, *, width: int = 80, limit: int | None = LIMIT) -> str:
        """Unicode text for a terminal, so many columns wide."""
        from chalknet.chalk.writers import document, text

        return text.plain(text.write(document.document(self, limit), width))

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self: Any) -> str:
        from chalknet.chalk.writers import about

        return f"<Trace in {self.style} style: {about.title(self.book)}>"

    def __rich_console__(self: Any, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        from chalknet.chalk.writers import document, text

        for line in text.write(document.document(self, LIMIT), max(40, min(options.max_width, 100))):
            yield Text.assemble(*line, no_wrap=True)

    def to_latex(self: Any, standalone: bool = False, *, limit: int | None = LIMIT) -> str:
        """LaTeX for amsmath; with standalone a whole document that stock packages compile."""
        from chalknet.chalk.writers import document, latex

        body = latex.write(document.document(self, limit))
        return latex.standalone(body) if standalone else body

    def to_markdown(self: Any, *, limit: int | None = LIMIT) -> str:
        """GitHub-flavoured Markdown with its mathematics between $$."""
        from chalknet.chalk.writers import document, markdown

        return markdown.write(document.document(self, limit))

    def to_html(self: Any, *, limit: int | None = LIMIT) -> str:
        """One self-contained page with MathML, for screens of any width and for paper."""
        from chalknet.chalk.writers import document, html

        return html.write(document.document(self, limit))

    def to_code(self: Any) -> str:
        """The calculation as one NumPy program: run, it holds every array under its name (`W1_1` for W1')."""
        from chalknet.chalk.writers import code

        return code.program(self)

    def why(self: Any, symbol: str) -> Why:
        """The chain rule for one number: every path from it to the loss, with the value of each factor.

        Args:
            symbol: a parameter such as "W1[0,2]" or "b2[1]", or anything that has a gradient, such as "z1[2]".

        Raises ParameterError (a ValueError) where the calculation has no gradient by that symbol.
        """
        from chalknet.chalk.why import why

        return why(self, symbol)

    def _repr_latex_(self: Any) -> str:
        from chalknet.chalk.writers import document, markdown

        return markdown.notebook(document.document(self, LIMIT))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/latex": self._repr_latex_()}
