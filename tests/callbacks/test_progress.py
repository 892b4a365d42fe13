"""The progress bar: what it shows, where it stays silent, and that it survives copying."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
from rich.console import Console

from chalknet.callbacks import Callback, Context, ProgressBar


def _run(bar: Callback, epochs: int, max_iter: int, score: float | None = None) -> Context:
    context = Context(max_iter=max_iter)
    bar.on_fit_begin(context)
    for epoch in range(1, epochs + 1):
        context.epoch, context.loss, context.validation_score = epoch, 1 / epoch, score
        bar.on_epoch_end(context)
    bar.on_fit_end(context)
    return context


@pytest.mark.parametrize(("epochs", "shown"), [(8, "8/8"), (5, "5/5")])
def test_terminal_shows_epochs_and_losses(epochs: int, shown: str) -> None:
    """The last line holds the last numbers; a run that stopped early has a full bar."""
    out = io.StringIO()
    _run(ProgressBar(console=Console(file=out, force_terminal=True, width=100)), epochs, 8, score=0.75)
    last = out.getvalue().rsplit("\r", 1)[-1]
    assert shown in last
    assert f"loss {1 / epochs:.4g}" in last
    assert "validation 0.75" in last


def test_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A file or pipe gets not one byte."""
    _run(ProgressBar(), 3, 3)
    assert capsys.readouterr() == ("", "")


def test_unknown_length_and_no_epoch() -> None:
    """Neither a missing ``max_iter`` nor a run without epochs breaks the bar."""
    out = io.StringIO()
    _run(ProgressBar("fitting", console=Console(file=out, force_terminal=True)), 0, 0)
    assert "fitting" in out.getvalue()


def test_can_be_copied_and_pickled_while_drawing() -> None:
    """scikit-learn clones parameters and joblib pickles them."""
    bar = ProgressBar("x", transient=True)
    bar.on_fit_begin(Context(max_iter=2))
    for other in (copy.deepcopy(bar), pickle.loads(pickle.dumps(bar))):
        assert (other.description, other.transient) == ("x", True)
        _run(other, 2, 2)


def test_callback_does_nothing_by_default() -> None:
    """The base class may be used as it is, and a run is stopped only by ``stop``."""
    context = _run(Callback(), 2, 2)
    assert not context.stopping
    context.stop()
    assert context.stopping
