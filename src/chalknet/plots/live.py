"""A picture of the losses that is drawn while a model learns."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

from chalknet.callbacks.base import Callback, Context
from chalknet.engines.due import pace
from chalknet.exceptions import ParameterError
from chalknet.files.atomic import write_atomically
from chalknet.plots.curves import learning_curve


class LivePlot(Callback):
    r"""Draws the loss (and the validation score) of every epoch so far, again and again while ``fit`` runs.

    In a notebook the picture stands below the cell; in a script it has a window, where Matplotlib has one to draw in;
    with a `path` it is a file, which is always whole. The last epoch is always drawn.

    Args:
        path: a file (".png", ".svg", ".pdf") to draw into instead.
        every: seconds as in "0.5s", or epochs, between two pictures.
        style: "light", "dark" or "lecture", as for the other figures.

    Raises:
        ParameterError: at the begin of a fit: without a path there must be a notebook or a window.

    >>> import pathlib, tempfile
    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(1, 1, random_state=0)], loss=cn.MSE())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = net.fit([[1.0]], [[1.0]], callbacks=[cn.LivePlot(f"{folder}/run.png")])
    ...     print(pathlib.Path(folder, "run.png").read_bytes()[:4])
    b'\x89PNG'
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        every: int | str = "0.5s",
        style: str | None = None,
    ) -> None:
        self.path, self.every, self.style = None if path is None else os.fspath(path), every, style
        pace("LivePlot", every)
        self._forget()

    def _forget(self) -> None:
        self._ax: Any = None
        self._handle: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """The settings alone: a figure belongs to its process."""
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget()

    def on_fit_begin(self, context: Context) -> None:
        """Look for a place to draw."""
        import matplotlib.pyplot as plt

        self._forget()
        self._notebook = self.path is None and "IPython" in sys.modules and _in_notebook()
        window = plt.get_backend().lower() in {name.lower() for name in _interactive()}
        if self.path is None and not self._notebook and not window:
            raise ParameterError(
                "LivePlot needs a notebook or a window to draw in, and there is none here: give it a path, as in "
                'LivePlot("run.png").'
            )
        if self.path is None and not self._notebook:
            _, self._ax = plt.subplots()
            plt.show(block=False)

    def on_epoch_end(self, context: Context) -> None:
        """Draw anew."""
        import matplotlib.pyplot as plt

        if not context.losses:
            return
        if self._ax is None:
            self._ax = plt.figure().add_subplot()
        figure = self._ax.figure
        figure.clear()
        self._ax = learning_curve(_Run(context), ax=figure.add_subplot(), style=self.style)
        self._ax.set_title(f"epoch {context.epoch} of {context.max_iter}" if context.max_iter else "")
        if self.path is not None:
            kind = Path(self.path).suffix.lstrip(".") or "png"
            drawn = io.BytesIO()
            figure.savefig(drawn, format=kind, dpi=150)
            write_atomically(self.path, [drawn.getvalue()])
        elif self._notebook:
            self._show(figure)
        else:
            figure.canvas.draw_idle()
            figure.canvas.flush_events()

    def on_fit_end(self, context: Context) -> None:
        """Let go of the picture; a window stays open."""
        import matplotlib.pyplot as plt

        if self._ax is not None and (self.path is not None or self._notebook):
            plt.close(self._ax.figure)
        self._forget()

    def _show(self, figure: Any) -> None:
        from IPython.display import display  # type: ignore[import-not-found]

        if self._handle is None:
            self._handle = display(figure, display_id=True)
        else:
            self._handle.update(figure)


class _Run:
    """A run in progress, as `learning_curve` takes a fitted model."""

    def __init__(self, context: Context) -> None:
        self.loss_curve_ = context.losses
        self.validation_scores_ = context.validation_scores or None


def _interactive() -> list[str]:
    from matplotlib.backends import BackendFilter, backend_registry

    return backend_registry.list_builtin(BackendFilter.INTERACTIVE)


def _in_notebook() -> bool:
    from IPython import get_ipython  # type: ignore[import-not-found]

    shell: Any = get_ipython()
    return shell is not None and hasattr(shell, "kernel")
