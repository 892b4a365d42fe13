"""Fit a network to a table and score it beside the baselines: the part that ``train`` and ``demo`` share."""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from chalknet.callbacks import Callback, Context, EarlyStopping, ProgressBar
from chalknet.cli import scoring
from chalknet.cli.errors import Refused, counted
from chalknet.cli.report import Report, column_table, score_table
from chalknet.engines.select import in_a_process_of_its_own
from chalknet.estimators._fitting import NOT_FINITE
from chalknet.estimators.classifier import CLASSIFICATION
from chalknet.estimators.regressor import REGRESSION
from chalknet.estimators.tabular import TabularClassifier, TabularRegressor
from chalknet.exceptions import DataError, DataHint

if TYPE_CHECKING:
    from chalknet.cli.targets import Target

# option of the command line -> parameter of the estimators; what is not given keeps the estimator's own default
_PARAMETERS = {
    "epochs": "max_iter",
    "hidden": "hidden_layer_sizes",
    "activation": "activation",
    "loss": "loss",
    "learning_rate": "learning_rate_init",
    "batch_size": "batch_size",
}


PATIENCE = 25  # epochs in which the training loss must fall


class _Progress(Callback):
    """A memory of where the run stood when it ended, and an ear for Ctrl-C."""

    def __init__(self, pressed: list[bool]) -> None:
        self.epoch, self.pressed = 0, pressed

    def on_epoch_end(self, context: Context) -> None:
        self.epoch = context.epoch
        if self.pressed:  # in code that Python calls back and that cannot raise: the exception was lost
            context.stop()


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator, the rows it learned from and those held out, by position in ``X`` and ``target.values``."""

    model: Any
    X: pd.DataFrame
    target: Target
    learned: np.ndarray
    held: np.ndarray
    stopped_early: bool = False
    interrupted: int | None = None

    @property
    def scored(self) -> np.ndarray:
        """Rows to score: those held out, or where there are none those it learned from."""
        return self.held if len(self.held) else self.learned


def fit(X: pd.DataFrame, target: Target, options: Mapping[str, Any], *, val: float, seed: int) -> Fitted:
    """Hold rows out, and fit to the others; Ctrl-C ends the fit, and ``interrupted`` counts the epochs until then.

    The rows held out are for the scores alone, and none are set aside within the fit: with a learning rate that falls
    to nothing, the best epoch by validation rows was measured to be worse than the last one learned from all rows.
    The run ends early where the training loss has stopped falling.
    """
    learned, held = scoring.hold_out(target.values, target.task == "classification", val, seed)
    given = {
        parameter: options[name] for name, parameter in _PARAMETERS.items() if options.get(name) is not None
    }
    make = TabularClassifier if target.task == "classification" else TabularRegressor
    _check_loss(given, target.task)
    pressed: list[bool] = []
    progress, stopping, bar = _Progress(pressed), EarlyStopping(PATIENCE), ProgressBar(transient=True)
    model = make(random_state=seed, callbacks=[progress, stopping, bar], **given)
    y = pd.Series(target.values[learned], name=target.name)
    warnings.simplefilter("always", DataHint)  # heard by the command's own catch_warnings, whatever -W says
    with _noticing_ctrl_c(pressed), in_a_process_of_its_own():
        try:
            model.fit(X.iloc[learned], y)
        except DataError as error:
            if not str(error).startswith(NOT_FINITE):
                raise
            raise Refused("The weights grew beyond all bounds; give a smaller --learning-rate") from error
    model.callbacks = None  # no part of what was learned
    early = stopping.stopped_epoch_ is not None
    return Fitted(model, X, target, learned, held, early, progress.epoch if pressed else None)


def _check_loss(given: dict[str, Any], task: str) -> None:
    """Refuse a loss that is none of the task's, naming those that are; "auto" leaves the choice to the estimator."""
    allowed = ["auto", *(CLASSIFICATION if task == "classification" else REGRESSION)]
    if given.get("loss", "auto") not in allowed:
        raise Refused(f"--loss {given['loss']!r} is not for {task}; choose one of {', '.join(allowed)}")
    if given.get("loss") == "auto":
        del given["loss"]


@contextmanager
def _noticing_ctrl_c(pressed: list[bool]) -> Iterator[None]:
    """Remember Ctrl-C, which a fit may take for "enough": it then ends in peace with what it has learned."""

    def notice(number: int, frame: Any) -> None:
        pressed.append(True)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = signal.signal(signal.SIGINT, notice)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def show(fitted: Fitted, report: Report, *, most_columns: int = 40) -> None:
    """Print what the columns were taken for, how the training went, and the scores beside the baselines'."""
    model, target = fitted.model, fitted.target
    report.show(column_table(model.columns_, most_columns), *_story(fitted))
    rows = fitted.scored
    classes = target.task == "classification"
    truth = target.values[rows]
    table = {"network": scoring.scores(model, fitted.X.iloc[rows], truth)}
    numbers = model.preprocessor_.transform(fitted.X)
    rivals = scoring.baselines(numbers[fitted.learned], target.values[fitted.learned], classes, seed=0)
    for name, rival in rivals.items():
        table[name] = scoring.scores(rival, numbers[rows], truth)
    report.show(score_table(f"{len(rows)} {'held-out' if len(fitted.held) else 'training'} rows", table))


def _story(fitted: Fitted) -> list[str]:
    """What was used for what, in sentences."""
    model = fitted.model
    n, kept = len(fitted.learned), len(fitted.held)
    epochs = counted(model.n_iter_, "epoch")
    story = [f"Learned from {counted(n, 'row')} in {epochs}, final loss {model.loss_:.4g}."]
    if fitted.stopped_early:
        story.append(f"Stopped early, for the training loss had not fallen for {PATIENCE} epochs.")
    if kept:
        story.append(
            f"{kept} other rows were held out{_how(fitted.target)}; the scores below are on them alone."
        )
    else:
        story.append(
            "No rows were held out: the scores below are on rows the network has seen, and flatter it."
        )
    return story


def _how(target: Target) -> str:
    return (
        ", each class in proportion"
        if target.task == "classification"
        else ", from the whole range of the target"
    )
