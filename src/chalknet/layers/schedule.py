"""Each schedule of the table as an object: how the learning rate changes with time.

The classes are made from the rows of ``maths.schedules``: a new row there is a new class here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from chalknet.exceptions import ParameterError
from chalknet.layers.config import Configured, build, describe
from chalknet.maths import schedules
from chalknet.maths.schedules import SCHEDULES
from chalknet.maths.schedules import Schedule as ScheduleRow


class Schedule(Configured):
    """How the learning rate changes with time: lr_now = rate(lr, clock)."""

    row: ClassVar[ScheduleRow]

    @property
    def h(self) -> tuple[float, ...]:
        """The parameters' values in the order of the row's ``hyper``, as its formula takes them."""
        return tuple(float(getattr(self, name)) for name in self.row.hyper)

    def rate(self, lr: float, step: float, total_steps: float, epoch: float, samples: float) -> float:
        """Return the learning rate of a step, from the clock at its start.

        Args:
            lr: the optimizer's learning rate.
            step: steps done before, of ``total_steps`` in the whole run.
            epoch: epochs done before.
            samples: samples seen when the epoch began.
        """
        clock = (float(step), float(total_steps), float(epoch), float(samples))
        return float(self.row.rate(lr, clock, self.h))


def _schedule(row: ScheduleRow) -> type[Schedule]:
    body: dict[str, Any] = {
        "__module__": __name__,
        "__qualname__": row.layer,
        "__doc__": describe(row.rate, "See ``Schedule``.", source=row.source),
        "name": row.name,
        "row": row,
        "defaults": dict(row.hyper),
    }
    return cast(type[Schedule], type(row.layer, (Schedule,), body))


CLASSES: dict[str, type[Schedule]] = {name: _schedule(row) for name, row in SCHEDULES.items()}
globals().update({cls.__name__: cls for cls in CLASSES.values()})


def find(name: str) -> type[Schedule]:
    """Return the class of a schedule by the name of its row; unknown names raise."""
    return CLASSES[schedules.get(name).name]


def from_config(config: Mapping[str, Any]) -> Schedule:
    """Make the schedule that ``to_config`` described.

    >>> from_config({"name": "constant"})
    Constant()
    """
    return build(config, find, "schedule")


def resolve(value: Any, owner: str = "schedule") -> Schedule:
    """Return a schedule for a schedule, its row's name or its description.

    Raises ``UnknownNameError`` for an unknown name and :class:`ParameterError` for anything else.
    """
    if isinstance(value, Schedule):
        return value
    if isinstance(value, str):
        return find(value)()
    if isinstance(value, Mapping):
        return from_config(value)
    raise ParameterError(
        f"{owner}: schedule must be one of {', '.join(CLASSES)} or an object, not {value!r}."
    )


def __getattr__(name: str) -> type[Schedule]:
    # Never reached for a class of the table; it tells type checkers what the names above are.
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
