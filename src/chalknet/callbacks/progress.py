"""A live progress bar with losses, for terminals and notebooks (drawn by rich)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalknet.callbacks.base import Callback, Context

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


class ProgressBar(Callback):
    """Shows epochs, loss, validation score and the time left while ``fit`` runs.

    In a terminal the bar is drawn on standard error, so that standard output stays clean; in a notebook below the
    cell. Where standard error is neither (a file, a pipe), nothing is shown.

    Args:
        description: what the line begins with.
        console: rich console to draw on; None chooses as described.
        transient: whether the bar disappears at the end.

    >>> bar = ProgressBar()
    >>> for call in (bar.on_fit_begin, bar.on_epoch_end, bar.on_fit_end):
    ...     call(Context(max_iter=1, epoch=1, loss=0.5))  # nothing is shown here: no terminal
    """

    every: int | str = "0.05s"  # an epoch can take microseconds, and drawing it must not slow it down

    def __init__(
        self, description: str = "training", *, console: Console | None = None, transient: bool = False
    ) -> None:
        self.description = description
        self.console = console
        self.transient = transient

    def __getstate__(self) -> dict[str, Any]:
        """The settings alone: a bar that is being drawn holds threads and cannot be copied or stored."""
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def on_fit_begin(self, context: Context) -> None:
        """Draw an empty bar, if there is a place to draw."""
        self._progress = self._make()
        if self._progress is not None:
            total = context.max_iter or None  # None: rich shows that work goes on, without an end in sight
            # Before the first epoch, the compiled engine may have to be compiled
            self._task = self._progress.add_task(f"{self.description} begins", total=total, numbers="")
            self._progress.start()

    def on_epoch_end(self, context: Context) -> None:
        """Move the bar; due at most twenty times a second."""
        self._show(context)

    def on_fit_end(self, context: Context) -> None:
        """Show the last numbers and let go of the terminal."""
        if self._progress is None:
            return
        self._show(context)
        if context.epoch < context.max_iter:  # ended early: the bar is full, not broken off
            self._progress.update(self._task, total=max(context.epoch, 1))
        self._progress.stop()
        self._progress = None

    def _show(self, context: Context) -> None:
        if self._progress is not None:
            self._progress.update(
                self._task, description=self.description, completed=context.epoch, numbers=_numbers(context)
            )

    def _make(self) -> Progress | None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = self.console
        if console is None:
            here = Console()
            console = here if here.is_jupyter else Console(stderr=True)
        if not (console.is_terminal or console.is_jupyter):
            return None
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TextColumn("epochs"),
            TextColumn("{task.fields[numbers]}", style="cyan"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=self.transient,
        )


def _numbers(context: Context) -> str:
    """The losses in few characters, such as ``loss 0.0421  validation 0.987``."""
    parts = []
    if context.loss is not None:
        parts.append(f"loss {context.loss:.4g}")
    if context.validation_score is not None:
        parts.append(f"validation {context.validation_score:.4g}")
    parts += [f"{name} {value:.4g}" for name, value in context.metrics.items() if value == value]
    return "  ".join(parts)
