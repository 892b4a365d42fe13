"""Do 90 % intervals hold 90 % of new values? Ways to make them on held-out rows of three sets, for docs/uncertainty.md.

    python benchmarks/intervals.py            # write the page's table from benchmarks/results/intervals.json
    python benchmarks/intervals.py --run      # fit and count first (a minute or two), then write

Two sets are measured (diabetes, of scikit-learn; the bodies of penguins, of this package), one is made so that its
noise grows with a column that the mean does not depend on. Each way is fitted on a random 70 % of the rows and asked
for the other 30 %, SPLITS times over; classes come from the same three sets, "is y above its median". Every number
follows from the seeds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))  # also where a test loads this file by its path
import chalknet as cn
from chalknet.bench import machine, report
from write_page import fill

ROOT = Path(__file__).parents[1]
PAGE, RESULTS = ROOT / "docs" / "uncertainty.md", ROOT / "benchmarks" / "results" / "intervals.json"
SPLITS, COVERAGE, DRAWS, BINS = 10, 0.9, 100, 10
COMMON: dict[str, Any] = {
    "hidden_layer_sizes": (64,), "standardize": True, "learning_rate_init": 0.003, "batch_size": 32, "max_iter": 300,
    "early_stopping": True, "n_iter_no_change": 20,
}  # fmt: skip
LEVELS = (0.05, 0.5, 0.95)


def diabetes() -> tuple[np.ndarray, np.ndarray]:
    """442 patients, 10 columns: how the disease went on."""
    from sklearn.datasets import load_diabetes

    return load_diabetes(return_X_y=True)


def penguins() -> tuple[np.ndarray, np.ndarray]:
    """342 penguins: body mass from bill and flipper, and from which species they are."""
    table = cn.data.load("penguins").table.dropna(subset=["bill_length_mm", "body_mass_g"])
    species = table["species"].to_numpy()[:, None] == np.unique(table["species"])
    sizes = table[["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]].to_numpy(float)
    return np.hstack([sizes, species.astype(float)]), table["body_mass_g"].to_numpy(float)


def friedman() -> tuple[np.ndarray, np.ndarray]:
    """2000 made rows, 10 columns: Friedman's first function, with noise of 0.5 + 2 x₆."""
    from sklearn.datasets import make_friedman1

    X, y = make_friedman1(2000, random_state=0)
    return X, y + (0.5 + 2.0 * X[:, 5]) * np.random.default_rng(0).standard_normal(len(y))


SETS: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
    "diabetes": diabetes, "penguins": penguins, "friedman": friedman,
}  # fmt: skip
# way -> (loss, options, networks drawn by dropout)
WAYS: dict[str, tuple[Any, dict[str, Any], int]] = {
    "one network, all rows, no stopping": ("gaussian", {"early_stopping": False}, 0),
    "one network": ("gaussian", {}, 0),
    "5 networks": ("gaussian", {"n_estimators": 5}, 0),
    "Monte-Carlo dropout": ("gaussian", {"dropout": 0.05}, DRAWS),
    "5 networks, Monte-Carlo dropout": ("gaussian", {"n_estimators": 5, "dropout": 0.05}, DRAWS),
    "one network, quantiles": (cn.Quantile(q=LEVELS), {}, 0),
    "5 networks, quantiles": (cn.Quantile(q=LEVELS), {"n_estimators": 5}, 0),
}
# way -> (options, networks drawn by dropout), for classes
CLASSIFIED: dict[str, tuple[dict[str, Any], int]] = {
    "one network, all rows, no stopping": ({"early_stopping": False}, 0),
    "one network": ({}, 0),
    "5 networks": ({"n_estimators": 5}, 0),
    "Monte-Carlo dropout": ({"dropout": 0.2}, DRAWS),
    "5 networks, smoothed labels": ({"n_estimators": 5, "label_smoothing": 0.1}, 0),
}


def split(X: np.ndarray, y: np.ndarray, seed: int) -> list[np.ndarray]:
    """Training and held-out rows, and their targets."""
    from sklearn.model_selection import train_test_split

    return train_test_split(X, y, test_size=0.3, random_state=seed)


def intervals(way: str, X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, float]:
    """One fit: how many of the held-out values lie in their intervals, how wide these are, and R² or D²."""
    loss, options, draws = WAYS[way]
    train, test, y_train, y_test = split(X, y, seed)
    model = cn.MLPRegressor(loss, scale_target=True, random_state=seed, **{**COMMON, **options})
    model.fit(train, y_train)
    low, high = model.predict_interval(test, COVERAGE, n_samples=draws, random_state=seed).T
    inside = (low <= y_test) & (y_test <= high)
    return {"coverage": float(inside.mean()), "width": float((high - low).mean() / y.std())}


def classes(way: str, X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, float]:
    """One fit: accuracy, and how far probabilities are from shares (the expected calibration error)."""
    options, draws = CLASSIFIED[way]
    train, test, y_train, y_test = split(X, (y > np.median(y)).astype(int), seed)
    model = cn.MLPClassifier(random_state=seed, **{**COMMON, **options}).fit(train, y_train)
    proba = model.predict_samples(test, draws, seed).mean(axis=0) if draws else model.predict_proba(test)
    return {"accuracy": float((proba.argmax(axis=1) == y_test).mean()), "error": calibration(proba, y_test)}


def calibration(proba: np.ndarray, y: np.ndarray) -> float:
    """Rows in BINS bins of how sure the answer is: the mean of |share of right answers - mean probability|.

    Source: Guo, Pleiss, Sun and Weinberger 2017, arXiv:1706.04599, equation 3.
    """
    sure, right = proba.max(axis=1), proba.argmax(axis=1) == y
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(right[place == b].mean() - sure[place == b].mean()) * (place == b).mean() for b in set(place)]
    return float(sum(gaps))


def measure() -> dict[str, Any]:
    """All ways on all sets: the document that is kept."""
    found: dict[str, Any] = {"machine": machine.describe(), "splits": SPLITS, "intervals": {}, "classes": {}}
    for name, make in SETS.items():
        X, y = make()
        for kind, ways, one in (("intervals", WAYS, intervals), ("classes", CLASSIFIED, classes)):
            for way in ways:
                print(f"{name}: {way}", flush=True)
                found[kind].setdefault(way, {})[name] = [one(way, X, y, seed) for seed in range(SPLITS)]
    return found


def mean(runs: list[dict[str, float]], what: str) -> float:
    """The mean of one number over the splits."""
    return statistics.mean(run[what] for run in runs)


def tables(document: dict[str, Any]) -> dict[str, str]:
    """What stands between the page's markers: coverage and width, accuracy and calibration."""
    covered, sure = [], []
    for way, sets in document["intervals"].items():
        covered.append(
            [way, *(f"{100 * mean(sets[s], 'coverage'):.1f} %, {mean(sets[s], 'width'):.2f}" for s in SETS)]
        )
    for way, sets in document["classes"].items():
        sure.append(
            [way, *(f"{100 * mean(sets[s], 'accuracy'):.1f} %, {mean(sets[s], 'error'):.3f}" for s in SETS)]
        )
    about = document["machine"]
    told = f"*{machine.sentence(about)}; means over {document['splits']} random splits.*"
    columns = tuple(range(1, len(SETS) + 1))
    return {
        "intervals": report.markdown(report.Table("Intervals", ["way", *SETS], covered, columns))
        + f"\n\n{told}",
        "classes": report.markdown(report.Table("Classes", ["way", *SETS], sure, columns)) + f"\n\n{told}",
    }


def main() -> None:
    """Fit and count, if asked, print the tables and write the page."""
    parser = argparse.ArgumentParser(description="Tables of docs/uncertainty.md.")
    parser.add_argument("--run", action="store_true", help="fit and count first")
    if parser.parse_args().run:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            RESULTS.write_text(json.dumps(measure(), indent=1) + "\n", "utf-8")
    made = tables(json.loads(RESULTS.read_text("utf-8")))
    PAGE.write_text(fill(PAGE.read_text("utf-8"), made, PAGE.name), "utf-8")
    print("\n\n".join(made.values()))


if __name__ == "__main__":
    main()
