"""S13: the slides' training on 100 points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler

from chalknet import layers
from chalknet.chalk import explain
from chalknet.lecture.dense import Dense
from chalknet.lecture.items.loops import descend
from chalknet.lecture.items.worked import chosen, number
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

EPOCHS, SEEDS = 10, 30


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The slides' points, their classes, and these one-hot."""
    X, y = make_blobs(n_samples=100, centers=2, n_features=2, random_state=42)
    return X, y, np.eye(2)[y]


def linear(seed: int) -> list[Dense]:
    """The slides' 2-4-2 network without activations, its weights drawn after that seed."""
    np.random.seed(seed)
    return [Dense(2, 4), Dense(4, 2)]


def show(page: Page) -> None:
    """As printed, why it fails, and two cures."""
    X, y, Y = data()
    scaled = StandardScaler().fit_transform(X)
    page.say(
        f"""100 points in two clouds (make_blobs, random_state=42), one-hot classes, a 2-4-2 network without
        activations, updates after every sample with α = 0.01, {EPOCHS} epochs."""
    )
    page.slip(
        "S13", "OneHotEncoder(sparse=False)", "OneHotEncoder(sparse_output=False), since scikit-learn 1.2"
    )
    runs = {
        "as printed, α = 0.01": descend(linear(0), X, Y, alpha=0.01, epochs=EPOCHS),
        "X standardised, α = 0.01": descend(linear(0), scaled, Y, alpha=0.01, epochs=EPOCHS),
        "X as it is, α = 0.0005": descend(linear(0), X, Y, alpha=0.0005, epochs=EPOCHS),
    }
    page.heading("Mean loss of each epoch (weights drawn after np.random.seed(0))")
    page.table(
        ["epoch", "as printed", "standardised", "α = 0.0005"],
        [
            (i + 1, *(f"{run[i]:.3g}" if i < len(run) else "lost" for run in runs.values()))
            for i in range(EPOCHS)
        ],
        right=range(4),
    )
    growing = linear(0)
    first = [descend(growing, X[i : i + 1], Y[i : i + 1], alpha=0.01, epochs=1)[0] for i in range(8)]
    page.say("As printed the loss is lost within the first epoch. Its first samples:")
    page.table(["sample", "loss"], [(i, f"{v:.3g}") for i, v in enumerate(first, 1)], right=(0, 1))
    ends = [descend(linear(seed), X, Y, alpha=0.01, epochs=EPOCHS)[-1] for seed in range(SEEDS)]
    lost = sum(not np.isfinite(end) for end in ends)
    page.slip(
        "S13", "raw points with α = 0.01, as if it learned",
        f"""it overflows within {EPOCHS} epochs for {lost} of the seeds 0 to {SEEDS - 1}; standardise X, or
        take α = 0.0005""",
    )  # fmt: skip
    page.heading("Why")
    i = int(np.abs(X).sum(axis=1).argmax())
    trace = explain(Network(list(linear(0)), layers.MSE()), X[i : i + 1], Y[i : i + 1], learning_rate=0.01)
    page.say(
        f"""The points lie as far as {number(np.abs(X).max(), 1)} from 0, and every gradient of layer 1 has x
        as a factor. One single step for the point x = [{number(X[i, 0], 2)}, {number(X[i, 1], 2)}]:"""
    )
    page.work(chosen(trace, "z2", "L", "z2'", "L'"))
    before, after = trace.value("L"), trace.value("L'")
    page.say(
        f"""That one step throws the loss from {number(before)} to {number(after)}. What the trace itself
        remarks:""",
        *trace.remarks,
    )
    page.say(
        """Standardising (mean 0, deviation 1 for each feature) brings x down to about 1; a smaller α takes
        shorter steps."""
    )
    learned = linear(0)
    descend(learned, scaled, Y, alpha=0.01, epochs=EPOCHS)

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((14.5, 4.6))
        lost_run, left, right = fig.subplots(1, 3)
        lost_run.plot(np.arange(1, 9), first, marker="o")
        lost_run.set(
            xlabel="sample of the first epoch", ylabel="loss", yscale="log", title="as printed, α = 0.01"
        )
        for name, run in list(runs.items())[1:]:
            left.plot(np.arange(1, EPOCHS + 1), run, marker="o", label=name)
        left.set(xlabel="epoch", ylabel="mean loss", yscale="log", title="the two cures, from the same start")
        left.legend()
        for ax in (lost_run, left):
            ax.grid(True)
        net = Network(list(learned), layers.MSE())
        plots.plot_decision_boundary(net, scaled, y, ax=right, response="classes").set_title(
            "standardised points, after 10 epochs"
        )
        return fig

    page.figure(
        draw,
        """The loss running away as printed, the loss with either cure, and the line that the standardised run
        found.""",
    )
    page.next("A network with ReLU on the same points fails in another way.", "chalknet lecture relu")
