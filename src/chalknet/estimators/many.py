"""`fit_many`: fit a whole population of estimators over shared data, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from sklearn import get_config

from chalknet.estimators import _build, _fitting
from chalknet.estimators._base import BaseMLP
from chalknet.estimators._members import Member, train
from chalknet.estimators._shared import Shared
from chalknet.estimators._sklearn import check_parameters
from chalknet.estimators.classifier import MLPClassifier
from chalknet.estimators.regressor import MLPRegressor
from chalknet.exceptions import ParameterError

E = TypeVar("E", bound=BaseMLP)
KINDS = (MLPClassifier, MLPRegressor)


def fit_many(estimators: Iterable[E], X: Any, y: Any, sample_weight: Any = None) -> list[E]:
    """Fit many ``MLPClassifier`` or ``MLPRegressor`` objects on the same data, side by side and in place.

    Each ends with exactly the weights, curves and warnings that its own ``fit(X, y, sample_weight)`` gives; they may
    differ in any parameter. X and y are checked and converted once and held once. Estimators on the compiled engine
    are advanced in groups, one compiled call a group and about 0.1 s, by one thread a core; the others are fitted in
    turn. Callbacks are called in the thread that called this function.

    Args:
        estimators: (k,) estimators, all classifiers or all regressors, each given once.
        X: (n_samples, n_features) array, DataFrame or sparse matrix.
        y: (n_samples,) or (n_samples, n_outputs) labels or numbers.
        sample_weight: (n_samples,) weights of the rows in the loss, None for equal ones.

    Returns the fitted estimators as a list.

    Parameters, and data, that cannot be used are refused before anything is fitted, and every estimator stays as it
    was. When the training of one fails (it diverges, its callback raises), the others are fitted to their end, and
    then its error is raised, with a note on which estimators failed. Ctrl-C stops all with one warning; each keeps
    what it has learned.

    Raises:
        ParameterError: no estimators, one of them twice, classifiers with regressors, or another type: ``Perceptron``
            and the tabular estimators have only their own ``fit``.
        DataError: as in ``fit``.

    >>> import numpy as np
    >>> import chalknet as cn
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> y = (X[:, 0] * X[:, 1] > 0).astype(int)
    >>> rates = (0.001, 0.01, 0.1)
    >>> models = [cn.MLPClassifier((16,), learning_rate_init=rate, random_state=0, tol=0.01) for rate in rates]
    >>> scores = [model.score(X, y) for model in cn.fit_many(models, X, y)]
    >>> [score > 0.9 for score in scores]
    [False, False, True]
    """
    chosen = _checked(estimators)
    members = _prepared(chosen, Shared(X, y, sample_weight))
    try:
        train(members)
    except KeyboardInterrupt:
        ended = sum(m.ended for m in members)
        begun = sum(m.begun and not m.ended for m in members)
        _fitting.warn_user(
            f"{_fitting.INTERRUPTED} Of {len(members)} estimators {ended} are trained to their end and {begun} in "
            "part; the others have their first weights."
        )
    for member in members:
        member.finish()
    _raise(members)
    return chosen


def _checked(estimators: Iterable[E]) -> list[E]:
    """The estimators as a list. Raises ParameterError for what cannot be fitted together."""
    if not isinstance(estimators, Iterable):
        raise ParameterError(
            f"fit_many takes a list of estimators, but was given {estimators!r}: put it into a list, or use its fit."
        )
    chosen = list(estimators)
    if not chosen:
        raise ParameterError("fit_many was given no estimators: the list must hold at least one.")
    for i, est in enumerate(chosen):
        if not isinstance(est, KINDS) or type(est).fit is not BaseMLP.fit:
            what = type(est).__name__ if not isinstance(est, type) else f"class {est.__name__} itself"
            raise ParameterError(
                f"fit_many takes MLPClassifier or MLPRegressor objects, but estimators[{i}] is a {what}: use its own "
                "fit."
            )
        if est.n_estimators != 1:
            raise ParameterError(
                f"fit_many takes single networks, but estimators[{i}] has n_estimators={est.n_estimators!r}: its own "
                "fit trains them side by side."
            )
    first = {id(est): i for i, est in reversed(list(enumerate(chosen)))}
    kind = next(k for k in KINDS if isinstance(chosen[0], k))
    for i, est in enumerate(chosen):
        if first[id(est)] != i:
            raise ParameterError(
                f"estimators[{i}] is the same object as estimators[{first[id(est)]}]: make a copy of it by "
                "sklearn.base.clone."
            )
        if not isinstance(est, kind):
            raise ParameterError(
                f"estimators[0] is a {type(chosen[0]).__name__} and estimators[{i}] a {type(est).__name__}: fit "
                "classifiers and regressors in calls of their own."
            )
    return chosen


def _prepared(chosen: list[E], shared: Shared) -> list[Member]:
    """All that comes before the first step, in order; where one cannot be prepared, all stay as they were."""
    before = [est.__dict__.copy() for est in chosen]
    try:
        if not get_config()["skip_parameter_validation"]:
            _check_parameters(chosen)
        return [Member(est, est._prepare(partial(shared.take, est), incremental=False)) for est in chosen]
    except BaseException:
        for est, attributes in zip(chosen, before, strict=True):
            est.__dict__.clear()
            est.__dict__.update(attributes)
        raise


def _check_parameters(chosen: list[E]) -> None:
    """What scikit-learn checks of parameters, each value once."""
    seen: set[Any] = set()
    for est in chosen:
        kind: Any = type(est)
        new = {}
        for name in _build.parameters_of(kind):
            value = getattr(est, name)
            with suppress(TypeError):  # a list, which has no hash
                key = (kind, name, type(value), value)
                if key in seen:
                    continue
                seen.add(key)
            new[name] = value
        check_parameters(est._parameter_constraints, new, caller_name=kind.__name__)


def _raise(members: list[Member]) -> None:
    """The first failure, with a note on where it was."""
    failed = {i: m.error for i, m in enumerate(members) if m.error is not None}
    if not failed:
        return
    first, *others = failed
    error = failed[first]
    also = "".join(f", and so did estimators[{i}]: {failed[i]}" for i in others)
    error.add_note(f"This was estimators[{first}] of fit_many{also}. The others are fitted.")
    raise error
