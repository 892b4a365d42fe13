"""Works by scikit-learn's contract: one text for its estimators and for ours, which keep it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from chalknet.bench.data import SEED, Data, Outcome, Weights, judge, judge_probabilities
from chalknet.bench.sides import Job, UnavailableError, repeated
from chalknet.bench.works import GRID, LBFGS, MANY, PREDICT, TRAIN, Work

ALPHAS, RATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 3.0, 10.0), (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)


class Count:
    """The least that a callback can do: it counts epochs."""

    epochs = 0

    def on_fit_begin(self, context: Any) -> None:
        """Begin at 0."""
        self.epochs = 0

    def on_epoch_end(self, context: Any) -> None:
        """One more."""
        self.epochs += 1

    def on_fit_end(self, context: Any) -> None:
        """Nothing more to do."""


def make(work: Work, library: Any, seed: int = SEED, **more: Any) -> Any:
    """The estimator: no penalty, no shuffling, no early end."""
    options: dict[str, Any] = {
        "hidden_layer_sizes": work.sizes[1:-1],
        "activation": work.activation,
        "solver": work.optimizer,
        "alpha": 0.0,
        "batch_size": min(work.batch, work.rows),
        "learning_rate_init": work.learning_rate,
        "max_iter": work.epochs,
        "shuffle": False,
        "random_state": seed,
        "tol": 0.0,
        "n_iter_no_change": work.epochs + 1,
        "momentum": 0.0,
        "nesterovs_momentum": False,
        **more,
    }
    return (library.MLPRegressor if work.loss == "squared" else library.MLPClassifier)(**options)


def weights_of(estimator: Any) -> Weights:
    """Its weights and biases, a pair a layer."""
    return list(zip(estimator.coefs_, estimator.intercepts_, strict=True))


def quietly(fit: Callable[[], Any]) -> Callable[[], Any]:
    """Without the warning that the epochs ran out, which is what is asked for."""

    def run() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return fit()

    return run


def prepare(work: Work, data: Data, library: Any) -> Job:
    """A job by the estimators of a library."""
    kinds = {TRAIN: _train, PREDICT: _predict, MANY: _many, LBFGS: _lbfgs, GRID: _grid}
    if work.kind not in kinds:
        raise UnavailableError("its estimators have no call for this")
    return kinds[work.kind](work, data, library)


def _train(work: Work, data: Data, library: Any) -> Job:
    if work.shuffle and work.batch < work.rows:
        raise UnavailableError("an estimator is not given its orders; run it without --shuffle")
    more = dict(work.options)
    weight = more.pop("sample_weight", None)
    also = {} if weight is None else {"sample_weight": np.linspace(0.5, 1.5, work.rows)}
    if "callbacks" in more:
        more["callbacks"] = [Count()]
    return Job(
        quietly(lambda: make(work, library, **more).fit(data.X, data.y, **also)),
        lambda estimator: judge(work, data, [weights_of(estimator)]),
    )


def _predict(work: Work, data: Data, library: Any) -> Job:
    few = replace(work, rows=200, batch=200, epochs=1)
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((few.rows, work.sizes[0])).astype(work.dtype)
    y = np.arange(few.rows) % max(2, work.sizes[-1])
    estimator = quietly(lambda: make(few, library, **dict(work.options)).fit(X, y))()
    estimator.coefs_ = [w for w, _ in data.first[0]]
    estimator.intercepts_ = [b for _, b in data.first[0]]

    return Job(
        repeated(work.calls, estimator.predict_proba, data.X), lambda p: judge_probabilities(work, data, p)
    )


def _many(work: Work, data: Data, library: Any) -> Job:
    def run() -> list[Any]:
        return [make(work, library, SEED + i).fit(data.X, data.y) for i in range(work.members)]

    return Job(quietly(run), lambda fitted: judge(work, data, [weights_of(one) for one in fitted]))


def _lbfgs(work: Work, data: Data, library: Any) -> Job:
    return Job(
        quietly(lambda: make(work, library, solver="lbfgs", tol=1e-12).fit(data.X, data.y)),
        lambda estimator: judge(work, data, [weights_of(estimator)]),
    )


def _grid(work: Work, data: Data, library: Any) -> Job:
    """40 points of penalty and learning rate, 5 folds, all else as scikit-learn has it, shuffling left out."""
    from sklearn.model_selection import GridSearchCV

    points = {"alpha": list(ALPHAS), "learning_rate_init": list(RATES)}

    def run() -> np.ndarray:
        model = library.MLPClassifier(
            work.sizes[1:-1], max_iter=work.epochs, shuffle=False, random_state=SEED
        )
        search = GridSearchCV(model, points, cv=5, n_jobs=work.cores, refit=False)
        return search.fit(data.X, data.y).cv_results_["mean_test_score"]

    return Job(quietly(run), lambda scores: Outcome(float(1.0 - scores.mean()), scores))
