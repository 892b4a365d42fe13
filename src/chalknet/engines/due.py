"""When callbacks are due: each after so many epochs, seconds or updates, and every one after the last epoch."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, NamedTuple, TypeVar

from chalknet.exceptions import ParameterError

M = TypeVar("M", bound=Callable[..., Any])
NEVER = 1 << 30  # more epochs than a call of an engine is ever given
_TIME = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*s\s*")
_STEPS = re.compile(r"\s*(\d+)\s*steps?\s*")


def idle(method: M) -> M:
    """Mark a method that does nothing, and need not be called."""
    method.idle = True  # type: ignore[attr-defined]
    return method


class Pace(NamedTuple):
    """How often something is due: after so many epochs, seconds or updates; the other two are 0."""

    epochs: int = 0
    seconds: float = 0.0
    steps: int = 0


def pace(owner: str, every: Any) -> Pace:
    """`every` as numbers.

    Raises ParameterError for anything but a whole number from 1, seconds as in "30s" or updates as in "500 steps".

    >>> pace("Recorder", 5).epochs, pace("Recorder", "0.5s").seconds, pace("Recorder", "500 steps").steps
    (5, 0.5, 500)
    """
    if isinstance(every, Integral) and not isinstance(every, bool) and int(every) >= 1:
        return Pace(epochs=int(every))
    if isinstance(every, str):
        if (found := _TIME.fullmatch(every)) and float(found[1]) > 0:
            return Pace(seconds=float(found[1]))
        if (found := _STEPS.fullmatch(every)) and int(found[1]) > 0:
            return Pace(steps=int(found[1]))
    raise ParameterError(
        f'{owner}: every must be a whole number of epochs of at least 1, seconds such as "30s" or updates such as '
        f'"500 steps", but was given {every!r}.'
    )


class Due:
    """One callback, and when it is called again.

    `epochs`, `steps`: after each multiple of so many; `seconds`: at the first occasion after so many.
    """

    def __init__(self, callback: Any, step: int) -> None:
        self.call = callback.on_epoch_end
        self.epochs, self.seconds, self.steps = pace(type(callback).__name__, getattr(callback, "every", 1))
        self.next = 0.0
        self.told = 0
        self.next_step = self.after(step)

    def after(self, step: int) -> int:
        """The next update that is counted for, after so many of them."""
        return step + self.steps - step % self.steps if self.steps else NEVER

    def now(self, done: int, step: int) -> bool:
        """Whether it is time, after `done` epochs and `step` updates; then the next time is settled."""
        if self.epochs:
            return done > self.told and done % self.epochs == 0
        if self.steps:
            due = step >= self.next_step
            self.next_step = self.after(step) if due else self.next_step
            return due
        clock = time.monotonic()
        if done == self.told or clock < self.next:
            return False
        self.next = clock + self.seconds
        return True


class Calls:
    """The callbacks of a run, called when they are due; `bring_up_to_date` comes before the first of an epoch."""

    def __init__(
        self,
        callbacks: Sequence[Any],
        context: Any,
        bring_up_to_date: Callable[[int], None],
    ) -> None:
        self.context, self.bring_up_to_date = context, bring_up_to_date
        step = self.step()
        self.dues = [Due(c, step) for c in callbacks if not getattr(c.on_epoch_end, "idle", False)]
        self.epochs = sorted({due.epochs for due in self.dues if due.epochs})

    def step(self) -> int:
        """Updates so far in this run."""
        return int(self.context.steps)

    def left(self, done: int) -> int:
        """Epochs until the next callback that counts them is due."""
        if self.epochs[:1] == [1]:
            return 1
        return min((n - done % n for n in self.epochs), default=NEVER)

    def steps_left(self) -> int:
        """Updates until the next callback that counts them is due."""
        nearest = min((due.next_step for due in self.dues), default=NEVER)
        return NEVER if nearest == NEVER else max(1, nearest - self.step())

    def pressing(self) -> bool:
        """Whether a callback that counts updates is due, though no epoch may have ended."""
        return any(due.steps and self.step() >= due.next_step for due in self.dues)

    def __call__(self, done: int) -> bool:
        """Call those that are due after `done` epochs; tells whether one of them wants to stop."""
        fresh, step = True, self.step()
        for due in self.dues:
            if not due.now(done, step):
                continue
            if fresh:
                self.bring_up_to_date(done)
                fresh = False
            due.told = done
            due.call(self.context)
        return bool(self.context.stopping)

    def rest(self, done: int) -> None:
        """Call those that were not told of the last epoch."""
        late = [due for due in self.dues if due.told < done]
        if late:
            self.bring_up_to_date(done)
        for due in late:
            due.told = done
            due.call(self.context)
