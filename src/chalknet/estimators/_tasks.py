"""scikit-learn's own callbacks (from 1.9 on): a fit is a task for them, and each of its epochs is one within it.

``set_callbacks`` of an estimator, or of the search or pipeline around it, registers them. With an older scikit-learn,
or where none are registered, nothing of this runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeVar

from chalknet.engines.due import idle

if TYPE_CHECKING:
    from chalknet.engines.context import Context

    class CallbackSupport:
        """``set_callbacks`` and what belongs to it."""

    F = TypeVar("F")

    def with_callbacks(method: F) -> F:
        """Let callbacks clear up after a fit."""
        return method

else:
    try:
        from sklearn.callback import CallbackSupportMixin as CallbackSupport
        from sklearn.callback import with_callbacks
    except ImportError:

        def with_callbacks(method: Any) -> Any:
            """scikit-learn before 1.9 has no callbacks."""
            return method

        class CallbackSupport:
            """scikit-learn before 1.9 has no callbacks."""


HEARS = "_epoch_tasks"  # the attribute under which a fit in progress keeps its `Epochs`


class Epochs:
    """A callback of ours that makes a task of each epoch."""

    every = 1

    def __init__(self, estimator: Any, task: Any, given: dict[str, Any]) -> None:
        self.estimator, self.task, self.given = estimator, task, given

    @idle
    def on_fit_begin(self, context: Context) -> None:
        """The fit's own task has begun already."""

    def on_epoch_end(self, context: Context) -> None:
        """Tell of one more epoch, and stop where a callback wants to."""
        epoch = self.task.subcontext(task_name="epoch")
        epoch.call_on_fit_task_begin(estimator=self.estimator, **self.given)
        if epoch.call_on_fit_task_end(
            estimator=self.estimator, **self.given, reconstruction_attributes=lambda: self.as_it_is(context)
        ):
            context.stop()

    @idle
    def on_fit_end(self, context: Context) -> None:
        """The fit's own task ends later."""

    def as_it_is(self, context: Context) -> dict[str, Any]:
        """What makes a copy of the estimator one that was fitted for so many epochs."""
        network = deepcopy(self.estimator.network_)
        return {
            "network_": network, "n_iter_": context.epoch, "loss_": context.loss, "loss_curve_": network.loss_curve_,
            "coefs_": [layer.weights for layer in network.dense],
            "intercepts_": [layer.biases[0] for layer in network.dense],
        }  # fmt: skip


def registered(est: Any) -> bool:
    """Whether callbacks are to hear of the estimator's fit."""
    return "_skl_callbacks" in vars(est) or "_parent_callback_ctx" in vars(est)


@contextmanager
def inner_fit(est: Any, inner: Any, X: Any, y: Any) -> Iterator[None]:
    """Let the callbacks of an estimator hear of the fit of another one inside it."""
    if not registered(est):
        yield
        return
    task = est._init_callback_context(max_subtasks=1)
    given = {"X": X, "y": y, "metadata": None}
    task.call_on_fit_task_begin(estimator=est, **given)
    with task.subcontext(task_name="network").propagate_callback_context(inner):
        yield
    task.call_on_fit_task_end(estimator=est, **given, reconstruction_attributes=dict)


@contextmanager
def fit_task(est: Any, X: Any, y: Any, sample_weight: Any, epochs: int = 0) -> Iterator[None]:
    """Let scikit-learn's callbacks hear of a fit; `epochs`: of how many tasks it is made at most, 0 of none."""
    if not registered(est):
        yield
        return
    known = vars(est)
    task = est._init_callback_context(max_subtasks=epochs)
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    given = {"X": X, "y": y, "metadata": metadata}
    task.call_on_fit_task_begin(estimator=est, **given)
    if epochs and known.get("_skl_callbacks"):
        known[HEARS] = Epochs(est, task, given)
    try:
        yield
    finally:
        known.pop(HEARS, None)
    task.call_on_fit_task_end(estimator=est, **given, reconstruction_attributes=dict)
