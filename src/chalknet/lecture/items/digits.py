"""S21: images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from chalknet.estimators.classifier import MLPClassifier
from chalknet.lecture.items.loops import fitted
from chalknet.lecture.items.worked import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

SHOWN = 8


def show(page: Page) -> None:
    """8×8 digits: learned, scored, misread, and what the first layer looks for."""
    bunch = load_digits()
    X, y = bunch.data / 16.0, bunch.target
    train, test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
    model = MLPClassifier((32,), learning_rate_init=0.005, max_iter=60, alpha=0.01, random_state=0)
    fitted(model, train, y_train)
    page.say(
        f"""{len(X)} handwritten digits (Alpaydin and Kaynak 1998, from scikit-learn), each 8 × 8 pixels from
        0 to 1: 64 inputs, 32 hidden ReLU units, 10 outputs with softmax,
        {sum(w.size for w in (*model.coefs_, *model.intercepts_))} weights and biases. {len(test)} of the
        digits are held out."""
    )
    guess = model.predict(test)
    most = np.bincount(y_test).max()
    page.table(
        [f"{len(test)} held-out digits", "right"],
        [
            ("network", f"{100 * np.mean(guess == y_test):.1f} %"),
            ("always the same digit", f"{100 * most / len(y_test):.1f} %"),
        ],
        right=(1,),
    )
    wrong = np.flatnonzero(guess != y_test)
    chances = model.predict_proba(test)
    page.heading(f"The {len(wrong)} misread ones")
    page.pixels(
        test[wrong[:SHOWN]].reshape(-1, 8, 8), [(f"{y_test[i]} as {guess[i]}", False) for i in wrong[:SHOWN]]
    )
    page.table(
        ["true", "read as", "how sure", "chance it gave the truth"],
        [
            (y_test[i], guess[i], number(chances[i].max(), 3), number(chances[i, y_test[i]], 3))
            for i in wrong[:SHOWN]
        ],
        right=range(4),
    )
    page.say(
        """Each hidden unit has 64 weights, one a pixel: drawn as a picture, they show what the unit looks
        for. Ink where the picture is of one colour makes it answer, ink where it is of the other silences it."""
    )

    def draw() -> Figure:
        import matplotlib.pyplot as plt

        from chalknet import plots

        fig = plt.figure(figsize=(14, 7.4), layout="constrained")
        left, right = fig.subfigures(1, 2, width_ratios=[1.5, 1])
        plots.images(model, (8, 8), limit=32, fig=left)
        some = wrong[:12]
        plots.images(
            test[some],
            (8, 8),
            true=y_test[some].tolist(),
            predicted=guess[some].tolist(),
            cmap="gray_r",
            fig=right,
        )
        right.suptitle("misread digits")
        return fig

    page.figure(draw, "The weights of the 32 hidden units as pictures, and misread digits.")
    page.next("The same digits with a model file and scores beside two baselines:", "chalknet demo digits")
