"""Each optimizer of the table as an object: ``SGD(0.1, momentum=0.9)``, ``Adam()``, ...

They hold the choice and its numbers; the engines do the steps. All classes but ``SGD``, which stands for three rows,
are made from the rows of ``maths.optimizers``: a new row there is a new class here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from chalknet.exceptions import ParameterError
from chalknet.layers import schedule as schedules
from chalknet.layers.config import Configured, build, describe
from chalknet.maths import optimizers
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.optimizers import Optimizer as OptimizerRow


class Optimizer(Configured):
    """A rule that turns gradients into steps, with its learning rate and the schedule of that rate."""

    learning_rate: float
    schedule: schedules.Schedule

    @property
    def row(self) -> OptimizerRow:
        """The row of ``maths.optimizers`` whose formulas do the steps."""
        return OPTIMIZERS[self.name]

    @property
    def h(self) -> tuple[float, ...]:
        """The values of the row's ``hyper`` in its order, as its formulas take them."""
        return tuple(float(getattr(self, name)) for name in self.row.hyper)

    def _check(self, name: str, value: Any) -> Any:
        if name == "schedule":
            return schedules.resolve(value, type(self).__name__)
        return super()._check(name, value)


class SGD(Optimizer):
    """Gradient descent, with or without momentum: w <- w - lr * dL/dw.

    With momentum, v <- momentum * v - lr * dL/dw and w <- w + v; Nesterov's form looks ahead along v:
    w <- w + momentum * v - lr * dL/dw. Batch, mini-batch and stochastic descent are this with three batch sizes.

    >>> SGD(0.1).row.name, SGD(0.1, momentum=0.9).row.name, SGD(0.1, momentum=0.9, nesterov=True).row.name
    ('sgd', 'momentum', 'nesterov')
    """

    name = "sgd"
    defaults: ClassVar = {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "schedule": "constant"}
    momentum: float
    nesterov: bool

    @property
    def row(self) -> OptimizerRow:
        """The row "sgd", "momentum" or "nesterov"."""
        return OPTIMIZERS["sgd" if self.momentum == 0.0 else "nesterov" if self.nesterov else "momentum"]

    def _check(self, name: str, value: Any) -> Any:
        if name == "nesterov":
            if value not in (True, False):
                raise ParameterError(f"SGD: nesterov must be True or False, but was given {value!r}.")
            return bool(value)
        return super()._check(name, value)


def _optimizer(row: OptimizerRow) -> type[Optimizer]:
    body: dict[str, Any] = {
        "__module__": __name__,
        "__qualname__": row.layer,
        "__doc__": describe(row.step, "See ``Optimizer``.", source=row.source),
        "name": row.name,
        "defaults": {"learning_rate": row.lr, **row.hyper, "schedule": "constant"},
    }
    return cast(type[Optimizer], type(row.layer, (Optimizer,), body))


CLASSES: dict[str, type[Optimizer]] = {"sgd": SGD} | {
    name: _optimizer(row) for name, row in OPTIMIZERS.items() if row.layer != SGD.__name__
}
globals().update({cls.__name__: cls for cls in CLASSES.values()})


def find(name: str) -> Callable[..., Optimizer]:
    """Return what makes the optimizer of a row's name: its class, or for "momentum" and "nesterov" a set-up ``SGD``.

    >>> find("nesterov")(learning_rate=0.1)
    SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
    """
    row = optimizers.get(name)
    if row.name in CLASSES:
        return CLASSES[row.name]
    return lambda **given: SGD(
        **{**row.hyper, "nesterov": row.name == "nesterov", "learning_rate": row.lr, **given}
    )


def from_config(config: Mapping[str, Any]) -> Optimizer:
    """Make the optimizer that ``to_config`` described.

    >>> from_config({"name": "adam", "learning_rate": 0.01, "schedule": {"name": "constant"}})
    Adam(learning_rate=0.01)
    """
    return build(config, find, "optimizer")


def __getattr__(name: str) -> type[Optimizer]:
    # Never reached for a class of the table; it tells type checkers what the names above are.
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
