"""What a demo draws: in the terminal, and in a picture file."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.text import Text

from chalknet.cli import terminal_art as art
from chalknet.cli.fitting import Fitted
from chalknet.plots.regions import side_of
from chalknet.plots.table import read_column

if TYPE_CHECKING:
    from rich.console import Console

_RANKED = 5  # columns, the best alone, of which every pair is tried
_TRIED = 200  # rows that a pair is tried on
_BACKGROUND = 24  # rows whose other columns an answer is averaged over


class OverTwo:
    """A fitted model as a model of two of its columns: its answers averaged over real values of all others.

    (Partial dependence: J. H. Friedman, "Greedy function approximation", Annals of Statistics 29 (2001), 1189-1232.)
    """

    def __init__(self, model: Any, X: pd.DataFrame) -> None:
        self.model = model
        self.background = X.sample(min(_BACKGROUND, len(X)), random_state=0)
        if hasattr(model, "classes_"):
            self.classes_ = model.classes_
            self.predict_proba = self._probabilities

    def _average(self, answer: Any, columns: pd.DataFrame) -> np.ndarray:
        k = len(self.background)
        X = self.background.loc[self.background.index.repeat(len(columns))].reset_index(drop=True)
        for name in columns:
            X[name] = np.tile(columns[name].to_numpy(), k)
        out = np.asarray(answer(X))
        return out.reshape(k, len(columns), *out.shape[1:]).mean(axis=0)

    def _probabilities(self, columns: pd.DataFrame) -> np.ndarray:
        return self._average(self.model.predict_proba, columns)

    def predict(self, columns: pd.DataFrame) -> np.ndarray:
        """The likeliest class on average, or the average number."""
        if hasattr(self, "classes_"):
            return self.classes_[np.argmax(self._probabilities(columns), axis=1)]
        return self._average(self.model.predict, columns)


def is_images(fitted: Fitted) -> bool:
    """Whether the columns are the pixels of small images (the digits)."""
    return fitted.X.shape[1] == 64 and all(name.startswith("pixel_") for name in fitted.X.columns)


def best_pair(fitted: Fitted) -> list[str]:
    """The two numeric columns that tell the most: of which `OverTwo`'s answers come closest to the truth.

    Columns are ranked alone first, and only pairs of the best few are tried.
    """
    rows = np.random.RandomState(0).permutation(len(fitted.X))[:_TRIED]
    numeric = [name for name, kind, _ in fitted.model.columns_ if kind == "number"]
    sample, truth = fitted.X.iloc[rows], fitted.target.values[rows]
    over = OverTwo(fitted.model, fitted.X)

    def score(names: Iterable[str]) -> float:
        guess = over.predict(sample[list(names)])
        classes = fitted.target.task == "classification"
        return float(np.mean(guess == truth) if classes else -np.mean((guess - truth) ** 2))

    best = sorted(numeric, key=lambda name: -score((name,)))[:_RANKED]
    return list(max(combinations(best, 2), key=score))


def draw(fitted: Fitted, pair: list[str], console: Console) -> list[Any]:
    """The learning curve, and images or a map of two columns, as lines for the terminal."""
    model = fitted.model
    curve = art.learning_curve(model.loss_curve_, getattr(model, "validation_scores_", None), console)
    if is_images(fitted):
        title = "Held-out images and what the network reads in them"
        return ["Learning curve", *curve, "", title, *_images(fitted, console)]
    columns = [read_column(name, fitted.X[name]) for name in pair]
    across, up = (side_of(c, n) for c, n in zip(columns, (min(console.width - 4, 64), 36), strict=True))
    xs, ys = np.meshgrid(across.places, up.places[::-1])
    plane = pd.DataFrame({pair[0]: xs.ravel(), pair[1]: ys.ravel()})
    answers = OverTwo(model, fitted.X).predict(plane).reshape(xs.shape)
    places = np.column_stack(
        [(side.column.values - side.low) / (side.high - side.low) for side in (across, up)]
    )
    known = np.isfinite(places).all(axis=1)
    truth = fitted.target.values[known]
    title = f"What the network answers over {pair[0]} and {pair[1]}, averaged over the other columns"
    lines = ["Learning curve", *curve, "", Text(title)]  # a Text is broken between words
    axes = (pair[0], pair[1])
    if fitted.target.task == "regression":
        return [*lines, *art.number_map(answers, places[known], truth, fitted.target.name, axes, console)]
    number = {label: i for i, label in enumerate(model.classes_.tolist())}
    regions, points = (
        np.array([number[label] for label in labels.ravel().tolist()]) for labels in (answers, truth)
    )
    names = [str(label) for label in model.classes_]
    return [*lines, *art.decision_map(regions.reshape(xs.shape), places[known], points, names, axes, console)]


def _images(fitted: Fitted, console: Console) -> list[Any]:
    """Eight held-out images, mistakes first: they are what one learns from."""
    held = fitted.X.iloc[fitted.held]
    guess, truth = fitted.model.predict(held), fitted.target.values[fitted.held]
    first = np.argsort(guess == truth, kind="stable")[:8]
    right = [bool(guess[i] == truth[i]) for i in first]
    captions = [
        (f"{guess[i]}" if ok else f"{guess[i]} not {truth[i]}", ok)
        for i, ok in zip(first, right, strict=True)
    ]
    pixels = held.to_numpy(dtype=float)[first].reshape(len(first), 8, 8)
    return art.images(pixels / pixels.max(), captions, console)


def picture(fitted: Fitted, pair: list[str], title: str) -> Any:
    """A figure of three: the learning curve, how predictions and truth agree on held-out rows, and a map or images."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    from chalknet import plots

    held, truth = fitted.X.iloc[fitted.held], fitted.target.values[fitted.held]
    guess = fitted.model.predict(held)
    figure = plt.figure(figsize=(16, 5), layout="constrained")
    figure.suptitle(title)
    left, middle, right = figure.subfigures(1, 3)
    plots.learning_curve(fitted.model, ax=left.subplots()).set_title("Learning curve")
    ax = middle.subplots()
    if fitted.target.task == "regression":
        plots.predicted(truth, guess, ax=ax)
    else:
        names = [str(label) for label in fitted.model.classes_]
        plots.confusion([str(t) for t in truth], [str(g) for g in guess], labels=names, ax=ax)
    ax.set_title(f"{len(held)} held-out rows")
    if is_images(fitted):
        plots.images(held.to_numpy(dtype=float), (8, 8), true=truth, predicted=guess, limit=24, fig=right)
    else:
        over = OverTwo(fitted.model, fitted.X)
        ax, y = right.subplots(), fitted.target.values
        plots.plot_decision_boundary(over, fitted.X[pair], y, ax=ax, resolution=96)
        ax.set_title("The network, averaged over the other columns")
    return figure
