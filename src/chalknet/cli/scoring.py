"""Rows held out, scores on them, and the two baselines that a network should beat."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

MOST_LINEAR_ROWS = (
    100_000  # the linear baseline learns from no more rows: it is there for comparison, not to wait for
)


def hold_out(target: np.ndarray, classes: bool, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into (training, held out), stratified: each class, or each range of the target, gives its share.

    Every class keeps at least one row for training. Both parts are in the rows' own order.

    >>> import numpy as np
    >>> train, held = hold_out(np.array(list("aaaaabbbbb")), True, 0.2, seed=0)
    >>> len(train), len(held)
    (8, 2)
    """
    import numpy as np

    rng = np.random.RandomState(seed)
    n = len(target)
    count = min(round(n * share), n - 1) if share > 0 else 0
    if share > 0 and count == 0 and n > 2:
        count = 1
    held: list[np.ndarray] = []
    if classes and count:
        _, codes, sizes = np.unique(target.astype(str), return_inverse=True, return_counts=True)
        wanted = np.minimum(sizes * (count / n), sizes - 1)
        take = np.floor(wanted).astype(int)
        order = np.argsort(-(wanted - take) - 1e-9 * rng.uniform(size=len(sizes)), kind="stable")
        for i in order:  # what rounding left over goes to the largest remainders
            take[i] += int(take.sum() < count and take[i] < sizes[i] - 1)
        held = [rng.permutation(np.flatnonzero(codes == i))[:k] for i, k in enumerate(take)]
    elif count:
        ranges = np.array_split(np.lexsort((rng.uniform(size=n), target)), count)
        held = [rng.permutation(rows)[:1] for rows in ranges]
    chosen = np.zeros(n, dtype=bool)
    if held:
        chosen[np.concatenate(held)] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def scores(model: Any, X: Any, truth: np.ndarray) -> dict[str, float]:
    """Scores of a fitted classifier (accuracy, log loss, macro F1) or regressor (MAE, RMSE, R2).

    Rows whose class the classifier does not know count as wrong, and are left out of the log loss.
    """
    import numpy as np
    from sklearn import metrics

    if hasattr(model, "classes_"):
        names = [str(c) for c in model.classes_]
        place = {name: i for i, name in enumerate(names)}
        true = np.array([place.get(str(label), len(names)) for label in truth.tolist()])
        guess = np.array([place[str(label)] for label in model.predict(X).tolist()])
        return {
            "accuracy": float(np.mean(guess == true)),
            "log loss": _log_loss(model.predict_proba(X), true) if has_probabilities(model) else np.nan,
            "macro F1": float(metrics.f1_score(true, guess, average="macro", zero_division=0.0)),
        }
    guess = model.predict(X)
    return {
        "MAE": float(metrics.mean_absolute_error(truth, guess)),
        "RMSE": float(metrics.root_mean_squared_error(truth, guess)),
        "R2": float(metrics.r2_score(truth, guess)) if len(truth) > 1 and np.ptp(truth) > 0 else np.nan,
    }


def has_probabilities(model: Any) -> bool:
    """Whether a classifier gives probabilities: one that learned from margins, as with the hinge loss, does not."""
    return hasattr(getattr(model, "estimator_", model), "predict_proba")


def _log_loss(chances: np.ndarray, true: np.ndarray) -> float:
    """Mean of -log of the true class's probability, over the rows whose class has one."""
    import numpy as np

    seen = true < chances.shape[1]
    sure = np.take_along_axis(chances[seen].astype(np.float64), true[seen][:, None], axis=1)
    return float(-np.mean(np.log(np.maximum(sure, np.finfo(np.float64).eps)))) if seen.any() else np.nan


def baselines(X: np.ndarray, target: np.ndarray, classes: bool, seed: int) -> dict[str, Any]:
    """A linear model and one that ignores the columns, fitted to the network's own preprocessed training rows."""
    import numpy as np
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    rows = np.arange(len(X))
    if len(rows) > MOST_LINEAR_ROWS:
        rows = np.sort(np.random.RandomState(seed).permutation(rows)[:MOST_LINEAR_ROWS])
    linear = LogisticRegression(max_iter=500) if classes else Ridge()
    plain = DummyClassifier(strategy="prior") if classes else DummyRegressor()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return {
            "linear model": linear.fit(X[rows], target[rows]),
            "most frequent class" if classes else "mean of the target": plain.fit(X, target),
        }
