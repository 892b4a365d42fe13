"""Learn a binary or one-versus-all linear classifier with the engines' perceptron, as scikit-learn's SGD splits it up.

Draws from `random_state`, in scikit-learn's order, so that the same seed gives the same weights: two classes: one
draw that only its data set uses, the validation split, the seed of the shuffles; more classes: the split, a seed for
each class, and from each seed again one unused draw and the shuffles' seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed

from chalknet.engines.chalkboard_perceptron import Plan
from chalknet.engines.perceptron import Learned, Task, choose_engine, learn_unit

MAX_INT = np.iinfo(np.int32).max
SPARSE_INTERCEPT_DECAY = 0.01  # the intercept sees every row, a sparse feature few: damped, it does not swing
RESCALE_BELOW = {"float64": 1e-9, "float32": 1e-6}


def make_plan(options: dict[str, Any], dtype: np.dtype, is_sparse: bool, max_iter: int) -> Plan:
    """The numbers of a run, from an estimator's parameters."""
    penalty, eta, alpha = options["penalty"], float(options["eta0"]), float(options["alpha"])
    share = {"l1": 1.0, "elasticnet": float(options["l1_ratio"])}.get(penalty, 0.0)
    keep = dtype.type(max(0.0, 1.0 - (1.0 - share) * eta * alpha))
    return Plan(
        eta=eta,
        keep=float(keep),
        keep2=float(keep * keep),
        pull=share * eta * alpha,
        alpha=alpha,
        l1_ratio=share,
        decay=SPARSE_INTERCEPT_DECAY if is_sparse else 1.0,
        limit=RESCALE_BELOW[dtype.name],
        tol=-np.inf if options["tol"] is None else float(options["tol"]),
        patience=int(options["n_iter_no_change"]),
        max_iter=int(max_iter),
        smooth=options["activation"] == "sigmoid",
        shuffle=bool(options["shuffle"]),
        intercept=bool(options["fit_intercept"]),
        penalised=penalty is not None,
        shrinks=penalty in ("l2", "elasticnet"),
        truncates=penalty in ("l1", "elasticnet"),
        early=bool(options["early_stopping"]),
    )


def validation_rows(y: np.ndarray, sample_weight: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    """A mask of the rows kept for validation (none without early stopping), stratified by class.

    Raises:
        ValueError: too few rows for a split, or no weight on the rows kept.
    """
    mask = np.zeros(y.shape[0], dtype=bool)
    if not options["early_stopping"]:
        return mask
    fraction = options["validation_fraction"]
    splitter = StratifiedShuffleSplit(test_size=fraction, random_state=options["random_state"])
    try:
        _, chosen = next(splitter.split(np.zeros((y.shape[0], 1)), y))
    except ValueError as error:
        raise ValueError(
            f"early_stopping=True cannot keep validation_fraction={fraction!r} of {y.shape[0]} rows for validation: "
            f"{error} Give more rows, another validation_fraction, or early_stopping=False."
        ) from error
    if not np.any(sample_weight[chosen] > 0):
        raise ValueError(
            "The sample weights for validation set are all zero, consider using a different random state."
        )
    mask[chosen] = True
    return mask


def as_rows(X: Any) -> Any:
    """X as the engines take it: a C-ordered array, or the three arrays of a CSR matrix."""
    if not sparse.issparse(X):
        return np.ascontiguousarray(X)
    if not X.has_canonical_format:  # the same column twice in a row
        X = X.copy()
        X.sum_duplicates()
    return X.data, X.indices, X.indptr


def learn_classes(
    X: Any,
    y: np.ndarray,
    classes: np.ndarray,
    class_weight: np.ndarray,
    sample_weight: np.ndarray,
    coef: np.ndarray,
    intercept: np.ndarray,
    options: dict[str, Any],
    max_iter: int,
    engine: str,
) -> list[Learned]:
    """One unit where there are two classes, otherwise one for each class against all others.

    Args:
        X: dense or CSR (n, features), of the weights' dtype.
        y: labels (n,).
        class_weight: a weight for each class.
        coef: weights to start from, (1, features) or (classes, features); not changed.
        intercept: intercepts to start from, (1,) or (classes,).
        options: the estimator's parameters.
    """
    dtype, rows = coef.dtype, as_rows(X)
    plan = make_plan(options, dtype, isinstance(rows, tuple), max_iter)
    low = 0.0 if plan.smooth else -1.0

    def task(i: int, positive: np.ndarray, against: float, mask: np.ndarray, seed: int) -> Task:
        by_class = np.where(positive, dtype.type(class_weight[i]), dtype.type(against))
        return Task(
            rows=rows,
            y=np.where(positive, 1.0, low),
            weight=by_class * sample_weight,
            shares=sample_weight.astype(np.float64),
            held_out=mask,
            w=coef[i % coef.shape[0]],
            bias=float(intercept[i % coef.shape[0]]),
            seed=seed,
        )

    if len(classes) == 2:
        random = check_random_state(options["random_state"])
        random.randint(1, MAX_INT)
        positive = y == classes[1]
        mask = validation_rows(positive, sample_weight, options)
        # the one unit stands for the second class, and is coef's row 0
        one = task(1, positive, class_weight[0], mask, random.randint(MAX_INT))
        return [learn_unit(one, plan, engine, options["verbose"])]

    mask = validation_rows(y, sample_weight, options)
    seeds = check_random_state(options["random_state"]).randint(MAX_INT, size=len(classes))

    def learn(i: int) -> Learned:
        random = np.random.RandomState(seeds[i])
        random.randint(1, MAX_INT)
        each = task(i, y == classes[i], 1.0, mask, random.randint(MAX_INT))
        return learn_unit(each, plan, engine, options["verbose"])

    threads = Parallel(n_jobs=options["n_jobs"], verbose=options["verbose"], require="sharedmem")
    return list(threads(delayed(learn)(i) for i in range(len(classes))))


def decide_engine(engine: str, X: Any, n_classes: int, epochs: int, *, smooth: bool) -> str:
    """The engine for this X, see `choose_engine`."""
    features = X.nnz / X.shape[0] if sparse.issparse(X) else X.shape[1]
    units = 1 if n_classes == 2 else n_classes
    return choose_engine(engine, X.shape[0], features, units, epochs, smooth=smooth)


def mean_curve(units: list[Learned]) -> list[float]:
    """The units' objectives, averaged epoch by epoch; a unit that has stopped counts with its last."""
    n = max(unit.n_iter for unit in units)
    padded = [unit.curve + unit.curve[-1:] * (n - unit.n_iter) for unit in units]
    return [float(value) for value in np.mean(padded, axis=0)]
