"""When callbacks are due: each after so many epochs or seconds, and every one after the last epoch."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, TypeVar

from chalknet.exceptions import ParameterError

M = TypeVar("M", bound=Callable[..., Any])
NEVER = 1 << 30  # more epochs than a call of an engine is ever given
_TIME = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*s\s*")


def idle(method: M) -> M:
    """Mark a method that does nothing, and need not be called."""
    method.idle = True  # type: ignore[attr-defined]
    return method


def pace(owner: str, every: Any) -> tuple[int, float]:
    """`every` as (epochs, seconds), of which the other is 0.

    Raises ParameterError for anything but a whole number from 1, or seconds as in "30s".

    >>> pace("Recorder", 5), pace("Recorder", "0.5s")
    ((5, 0.0), (0, 0.5))
    """
    if isinstance(every, Integral) and not isinstance(every, bool) and int(every) >= 1:
        return int(every), 0.0
    if isinstance(every, str) and (found := _TIME.fullmatch(every)) and float(found[1]) > 0:
        return 0, float(found[1])
    raise ParameterError(
        f'{owner}: every must be a whole number of epochs of at least 1, or seconds such as "30s", but was given '
        f"{every!r}."
    )


class Due:
    """One callback, and when it is called again.

    `epochs`: after each multiple of so many; `seconds`: at the first occasion after so many.
    """

    def __init__(self, callback: Any) -> None:
        self.call = callback.on_epoch_end
        self.epochs, self.seconds = pace(type(callback).__name__, getattr(callback, "every", 1))
        self.next = 0.0
        self.told = 0


class Calls:
    """The callbacks of a run, called when they are due; `bring_up_to_date` comes before the first of an epoch."""

    def __init__(
        self,
        callbacks: Sequence[Any],
        context: Any,
        bring_up_to_date: Callable[[int], None],
    ) -> None:
        self.context, self.bring_up_to_date = context, bring_up_to_date
        self.dues = [Due(c) for c in callbacks if not getattr(c.on_epoch_end, "idle", False)]
        self.epochs = sorted({due.epochs for due in self.dues if due.epochs})

    def left(self, done: int) -> int:
        """Epochs until the next callback that counts them is due."""
        if self.epochs[:1] == [1]:
            return 1
        return min((n - done % n for n in self.epochs), default=NEVER)

    def __call__(self, done: int) -> bool:
        """Call those that are due after `done` epochs; tells whether one of them wants to stop."""
        fresh = True
        for due in self.dues:
            if due.epochs:
                if done % due.epochs:
                    continue
            elif (now := time.monotonic()) < due.next:
                continue
            else:
                due.next = now + due.seconds
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
