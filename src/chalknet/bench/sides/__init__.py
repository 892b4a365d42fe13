"""The sides of a comparison, a module each: ``version()``, and ``prepare(work, data)`` which gives a `Job`.

Two of them are ours: `estimator` stands beside scikit-learn, `network` beside the libraries of layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from chalknet.bench.data import Outcome

OURS = {"sklearn": "estimator", "torch": "network", "jax": "network", "numpy": "network"}
TITLES = {
    "estimator": "chalknet's estimator",
    "network": "chalknet's Network",
    "sklearn": "scikit-learn",
    "torch": "PyTorch",
    "jax": "JAX",
    "numpy": "NumPy",
}


class UnavailableError(Exception):
    """A side that cannot do a work; the message says why."""


class Job(NamedTuple):
    """What is timed, and how its result is read when the clock has stopped."""

    run: Callable[[], Any]
    read: Callable[[Any], Outcome]


def repeated(times: int, call: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    """What makes a call so many times and gives its last result."""

    def run() -> Any:
        for _ in range(times - 1):
            call(*arguments)
        return call(*arguments)

    return run
