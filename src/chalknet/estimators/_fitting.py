"""Fitting an estimator's network step by step, on either engine."""

from __future__ import annotations

import copy
import math
import sys
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedShuffleSplit

from chalknet.engines import describe, select
from chalknet.engines import random as counters
from chalknet.engines import rules as r
from chalknet.engines.base import Description
from chalknet.engines.context import called_back
from chalknet.engines.drive import TIMED_OUT, drive
from chalknet.engines.due import Calls
from chalknet.engines.state import Apart, Data, State
from chalknet.estimators import _build, _tasks
from chalknet.exceptions import DataError, DivergenceWarning, ParameterError
from chalknet.files import run_state

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
    "preprocessed."
)

INTERRUPTED = "Training interrupted by user."


def listening(est: Any) -> list[Any]:
    """The callbacks of a fit: those of `callbacks`, and what tells scikit-learn's own."""
    own = vars(est).get(_tasks.HEARS)
    return [*_build.listeners(est.callbacks), *([own] if own else [])]


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called the library, however deep inside it this is."""
    level, frame = 1, sys._getframe(1)  # `inspect.stack` reads source files
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("chalknet.", "sklearn.")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level + 1)


def rows_of(X: Any) -> Any:
    """X as engines take it: a C-ordered array or CSR."""
    return X.tocsr() if sparse.issparse(X) else np.ascontiguousarray(X)


def batch_size(given: Any, n: int, *, warn: bool = True) -> int:
    """`batch_size` in rows; more than there are is clipped with scikit-learn's warning."""
    if isinstance(given, str):
        return min(200, n)
    if given > n and warn:
        warn_user("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped")
    return min(int(given), n)


def divide(est: Any, seed: int, y: np.ndarray, n: int, apart: Apart | None) -> tuple[np.ndarray, np.ndarray]:
    """Training and validation rows; stratified by class. The same for every fit of a warm start."""
    if not est.early_stopping or apart is not None:
        return np.arange(n), np.empty(0, np.int64)
    size = math.ceil(est.validation_fraction * n)
    groups = est._strata(y)
    if groups is not None and est.n_outputs_ == 1:
        refuse_lone(groups, size, est.classes_)
    if size < 2 or n - size < 1:
        raise DataError(
            f"The validation set is too small. Increase 'validation_fraction' or the size of your dataset: "
            f"{est.validation_fraction:g} of {n} rows leave {size} of at least 2 for validation."
        )
    return counters.split(seed, n, size, groups)


@dataclass
class Run:
    """One fit step by step: what an engine is given, and who is told of it."""

    est: Any
    description: Description
    state: State
    data: Data
    incremental: bool
    teller: Teller | None
    over: int = r.RUNNING  # why it had ended already, where it was resumed

    def called_back(self) -> AbstractContextManager[Calls | None]:
        """Callbacks and `verbose`, as `drive` takes them."""
        listeners = [*listening(self.est), *([self.teller] if self.teller else [])]
        d = self.description
        return called_back(listeners, self.est, self.state, d.max_epochs, d, self.data)


def refuse_lone(yes: np.ndarray, size: int, classes: np.ndarray) -> None:
    """Raise DataError, in scikit-learn's words and more, where one of two classes has a single row."""
    numbers, members = np.unique(yes, return_counts=True)
    if len(numbers) < 2 or members.min() > 1:
        return
    lone = classes.tolist()[int(members[1] == 1)]
    try:
        next(StratifiedShuffleSplit(1, test_size=size).split(yes, (yes > 0)[:, None]))
    except ValueError as error:
        raise DataError(
            f"{str(error).rstrip('.')}. Only one row is of class {lone!r}: it cannot be both learned from and "
            "validated with; give more rows of it, or use early_stopping=False."
        ) from error


def stochastic(run: Run) -> None:
    """Train until a stop rule ends it, and write down what was learned."""
    session = select.load(run.est.engine_).session(run.description, run.state, run.data)
    try:
        with run.called_back() as each:
            reason = run.over or drive(session, run.state, each=each, seconds=run.est.max_time)
    except KeyboardInterrupt:
        warn_user(INTERRUPTED)
        reason = r.RUNNING
    finish(run, reason)


def plan(
    est: Any,
    X: Any,
    y: np.ndarray,
    weights: np.ndarray | None,
    incremental: bool,
    apart: Apart | None = None,
    resume: Any = None,
) -> Run:
    """Set aside validation rows, describe the training, and take up the state to go on from.

    One epoch (incremental), or as many as the stop rules allow; `apart` are validation rows that are none of X;
    `resume` is the path of a checkpoint to go on from.
    """
    if incremental and est.early_stopping:
        raise ParameterError("partial_fit does not support early_stopping=True")
    net = est.network_
    scored = est.early_stopping or apart is not None
    if scored != (est.validation_scores_ is not None):  # switched since the last fit
        begin_scores(est, scored)
    train, validation = divide(est, net.seed, y, X.shape[0], apart)
    batch = batch_size(est.batch_size, train.size)
    optimizer = _build.make_optimizer(est)
    watch, score = est._scoring()
    score = score if scored else r.NO_SCORE
    _, loss, report, _ = est._goal()
    d = describe.training(
        describe.network(net.layers, net.loss),
        optimizer,
        **_build.limits_of(est),
        batch_size=batch,
        shuffle=bool(est.shuffle),
        max_epochs=1 if incremental else int(est.max_iter),
        tol=float(est.tol),
        patience=float(est.n_iter_no_change),
        watch=watch,
        score=score,
        report=report,
        threshold=_build.says_yes(loss.row, linked=False),
    )
    state = start(est, d, optimizer)
    if weights is not None and validation.size and not weights[validation].any():
        raise DataError(
            "Every validation row has sample_weight 0, so nothing tells when to stop: give some of them weight, or use "
            "early_stopping=False."
        )
    settled = describe.settle(net.loss, y, net.layers, net.dtype)
    data = Data(rows_of(X), settled, train, weights, validation, apart)
    run = Run(est, d, state, data, incremental, Teller(est, state) if est.verbose else None)
    if resume is not None:
        run.over = run_state.restore(resume, state, d, run_state.task(d, data, est.engine_))
        net.seed = state.seed
    return run


def begin_scores(est: Any, scored: bool) -> None:
    """The fitted attributes that tell the best so far, before there is any."""
    est.validation_scores_ = [] if scored else None
    est.best_validation_score_ = -np.inf if scored else None
    est.best_loss_ = None if est.early_stopping else np.inf


def start(est: Any, d: Description, optimizer: Any) -> State:
    """The state to go on from: the last one, unless the weights were assigned since or the optimizer is another."""
    net = est.network_
    kept: State | None = net.training_state
    untouched = kept is not None and np.array_equal(net.parameters, est._last, equal_nan=True)
    if kept is not None and untouched and net.optimizer == optimizer:
        state = kept
        if (d.watch == r.VALIDATION) != (kept.best is not None):  # early_stopping was switched
            state.watch_best(d.watch == r.VALIDATION)
            state.counts[r.STALE], state.numbers[r.BEST_SCORE] = 0, -np.inf
    else:
        state = State.start(net.parameters, d, net.seed, net.buffers)
        state.counts[r.SAMPLES] = est.t_
        if kept is not None:
            state.counts[r.EPOCH] = kept.counts[r.EPOCH]
            state.counts[r.STALE] = kept.counts[r.STALE]
            state.numbers[r.BEST_LOSS], state.numbers[r.BEST_SCORE] = (
                kept.numbers[r.BEST_LOSS],
                kept.numbers[r.BEST_SCORE],
            )
    net.training_state, net.optimizer = state, copy.copy(optimizer)  # later changes make it another one
    state.begin_fit()
    state.losses = est.loss_curve_
    state.scores = est.validation_scores_ if est.validation_scores_ is not None else []
    return state


def finish(run: Run, reason: int) -> None:
    """Write down what was learned, warn where scikit-learn does, and keep the best weights."""
    est, state = run.est, run.state
    est.n_iter_ = int(state.counts[r.DONE])
    est.t_ = int(state.counts[r.SAMPLES])
    est.loss_ = state.losses[-1] if state.losses else np.nan  # stopped within the first epoch
    if est.early_stopping:
        est.best_validation_score_ = float(state.numbers[r.BEST_SCORE])
        state.restore_best()
    else:
        est.best_loss_ = float(state.numbers[r.BEST_LOSS])
        if state.scores:
            est.best_validation_score_ = float(np.nanmax([-np.inf, *state.scores]))
    est.network_.loss_curve_ = est.loss_curve_
    est._last = state.parameters.copy()
    if run.teller and reason == r.CONVERGED:
        run.teller.converged()
    if not np.isfinite(state.parameters).all() or (reason == r.DIVERGED and not est.early_stopping):
        raise DataError(f"{NOT_FINITE} {est._remedy}")
    if reason == r.DIVERGED:
        warn_user(
            f"Training turned non-finite in iteration {len(state.losses)} and was stopped; the best weights until then "
            f"are kept. {est._remedy}",
            DivergenceWarning,
        )
    if not run.incremental and reason != r.DIVERGED:
        est._hint(run.data.y, run.data.weights)
    if reason == r.FINISHED and not run.incremental and not est._planned:
        warn_user(
            f"Stochastic Optimizer: Maximum iterations ({est.max_iter}) reached and the optimization hasn't "
            "converged yet.",
            ConvergenceWarning,
        )
    if reason == TIMED_OUT:
        warn_user(out_of_time(est), ConvergenceWarning)


def out_of_time(est: Any) -> str:
    """What is said of a fit that `max_time` has ended."""
    done = "1 iteration" if est.n_iter_ == 1 else f"{est.n_iter_} iterations"
    return (
        f"Stopped by max_time={est.max_time:g} seconds after {done}, before the optimization has converged."
    )


class Teller:
    """`verbose`: prints what scikit-learn prints, epoch by epoch."""

    def __init__(self, est: Any, state: State) -> None:
        self.est, self.state = est, state
        self.rate = float(state.numbers[r.RATE])

    def on_fit_begin(self, context: Any) -> None:
        """Nothing to tell yet."""

    def on_epoch_end(self, context: Any) -> None:
        """The loss, the validation score, and a learning rate that was lowered."""
        print(f"Iteration {context.epoch}, loss = {context.loss:.8f}")
        if context.validation_score is not None:
            print(f"Validation score: {context.validation_score:f}")
        rate = float(self.state.numbers[r.RATE])
        if rate != self.rate:
            self.rate = rate
            print(f"{self._why()} Setting learning rate to {rate:f}")

    def on_fit_end(self, context: Any) -> None:
        """Nothing more to tell."""

    def converged(self) -> None:
        """Why the run ended."""
        small = " Learning rate too small." if getattr(self.est, "learning_rate", "") == "adaptive" else ""
        print(f"{self._why()}{small} Stopping.")

    def _why(self) -> str:
        what = "Validation score" if self.est.early_stopping else "Training loss"
        return (
            f"{what} did not improve more than tol={self.est.tol:f} "
            f"for {self.est.n_iter_no_change} consecutive epochs."
        )
