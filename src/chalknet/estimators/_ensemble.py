"""`n_estimators` networks in one estimator: fitted side by side, each from a seed of its own, and asked together.

The estimator itself holds the first network and is trained as it would be alone; the others are estimators of their
own, kept in `_others`.
"""

from __future__ import annotations

import copy
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

from chalknet.estimators import _build, _fitting, _validation
from chalknet.estimators._members import Member, train
from chalknet.estimators._shared import OF_X, OF_Y
from chalknet.exceptions import ParameterError
from chalknet.layers.config import whole
from chalknet.layers.dropout import Dropout

if TYPE_CHECKING:
    from chalknet.estimators._base import BaseMLP

OWN: dict[str, Any] = {"n_estimators": 1, "callbacks": None, "verbose": False}  # parameters of the others


def others_of(est: Any) -> list[Any]:
    """The estimators behind all networks but the first."""
    return vars(est).get("_others", [])


def members_of(est: BaseMLP) -> list[Any]:
    """All members as estimators of one network each; the first shares its network with `est`."""
    first = copy.copy(est)
    first.__dict__.pop("_others", None)
    first.n_estimators = 1
    return [first, *others_of(est)]


def seeds(random_state: Any, n: int) -> list[Any]:
    """A random state for each of n others; those of a whole number are always the same, however many there are."""
    if random_state is None:
        return [None] * n
    random = check_random_state(random_state)
    return [int(random.randint(np.iinfo(np.int32).max)) for _ in range(n)]


def gather(est: Any, first: bool) -> list[Any]:
    """The others, with the parameters of `est`: those there are, where the fit goes on, and new ones."""
    n = int(est.n_estimators) - 1
    kept = [] if first else others_of(est)[:n]
    drawn = seeds(est.random_state, n if isinstance(est.random_state, (int, np.integer)) else n - len(kept))
    found = [*kept, *(type(est)(random_state=seed) for seed in drawn[len(drawn) - (n - len(kept)) :])]
    kind: Any = type(est)
    names = [name for name in _build.parameters_of(kind) if name != "random_state"]
    for other in found:
        for name in names:
            setattr(other, name, OWN.get(name, getattr(est, name)))
    return found


def drawn(est: Any, X: Any, n_samples: int, random_state: Any) -> np.ndarray:
    """What each of many networks puts out for X (networks, rows, outputs): drawn by dropout, or the members.

    Raises ParameterError where there is a single network without dropout.
    """
    networks = [member.network_ for member in (est, *others_of(est))]
    if not any(isinstance(layer, Dropout) for layer in networks[0].layers):
        if len(networks) == 1:
            raise ParameterError(
                "predict_samples needs networks that differ: fit with dropout above 0, or with n_estimators above 1."
            )
        return np.stack([network.predict(X) for network in networks])
    n, k = whole("predict_samples", "n_samples", n_samples), len(networks)
    random = check_random_state(random_state)
    out = np.empty((n, X.shape[0], est.n_outputs_), networks[0].dtype)
    for i, network in enumerate(networks[:n]):
        out[i::k] = network.predict_samples(X, len(range(i, n, k)), random)
    return out


def fit(
    est: Any, X: Any, y: Any, sample_weight: Any, *, incremental: bool, own: tuple[Any, Any, Any]
) -> None:
    """Fit all members on the same data, in compiled calls that advance several of them."""
    begun = time.perf_counter()
    taken: list[Any] = []
    anew: list[bool] = []

    def take(first: bool) -> Any:
        anew.append(first)
        rows, targets, weights = est._take(X, y, sample_weight, incremental, first)
        taken.append((_fitting.rows_of(rows), targets, weights))  # in the engines' form once for all
        return taken[0]

    data = est._prepare(take, incremental)
    apart = None if est._by_lbfgs() else _validation.rows_apart(est, data[0], *own)
    ends = None if est.max_time is None else begun + est.max_time
    members = [Member(est, data, incremental=incremental, apart=apart, ends=ends)]
    est._others = others = gather(est, anew[0])
    for other in others:
        for name in (*OF_X, *OF_Y):
            if name in vars(est):
                setattr(other, name, copy.deepcopy(vars(est)[name]))
        rows = other._prepare(lambda first: taken[0], incremental)
        members.append(Member(other, rows, incremental=incremental, apart=apart, ends=ends))
    try:
        train(members)
    except KeyboardInterrupt:
        est._others = [m.est for m in members[1:] if m.begun]
        _fitting.warn_user(
            f"{_fitting.INTERRUPTED} {1 + len(est._others)} of {len(members)} networks have begun to learn and are "
            "kept."
        )
    finish(members)


def finish(members: list[Member]) -> None:
    """Write down what was learned; what several networks warn of is said once. Raises the first failure."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for member in members:
            member.finish()
    for category, message in dict.fromkeys((w.category, str(w.message)) for w in said):
        _fitting.warn_user(message, category)
    failed = [m.error for m in members if m.error is not None]
    if failed:
        raise failed[0]
