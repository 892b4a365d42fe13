"""Our estimators, by the very calls that scikit-learn's get; and `fit_many`, which it lacks."""

from __future__ import annotations

from typing import Any

from chalknet.bench.data import SEED, Data, judge
from chalknet.bench.sides import Job, UnavailableError, contract
from chalknet.bench.works import MANY, Work


def version() -> str:
    """Of this library."""
    from chalknet import __version__

    return __version__


def prepare(work: Work, data: Data) -> Job:
    """A job by our estimators."""
    from chalknet import estimators

    if work.kind == MANY and dict(work.options).get("side_by_side", True):
        return _side_by_side(work, data, estimators)
    return contract.prepare(work, data, estimators)


def _side_by_side(work: Work, data: Data, library: Any) -> Job:
    fit_many = getattr(library, "fit_many", None)
    if fit_many is None:
        raise UnavailableError("this version has no fit_many")

    def run() -> list[Any]:
        members = [contract.make(work, library, SEED + i) for i in range(work.members)]
        return list(fit_many(members, data.X, data.y))

    return Job(
        contract.quietly(run),
        lambda fitted: judge(work, data, [contract.weights_of(one) for one in fitted]),
    )
