"""S5: how many samples one update sees."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chalknet import layers
from chalknet.lecture.items.worked import number, vector
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

ROWS, EPOCHS, ALPHA = 256, 20, 0.02
SIZES = {ROWS: "batch", 64: "mini-batch", 32: "mini-batch", 16: "mini-batch", 1: "stochastic"}
START = (-1.5, 2.5)  # w and b before any update


class Run(NamedTuple):
    """One descent: the weights after each update, and at the end of each epoch the loss and the seconds so far."""

    path: np.ndarray
    losses: np.ndarray
    seconds: np.ndarray


def unit(w: float, b: float) -> Network:
    """ŷ = w x + b with the mean squared error."""
    dense = layers.Dense(1, 1)
    dense.weights, dense.biases = [[w]], b
    return Network([dense], loss=layers.MSE())


def descend(X: np.ndarray, Y: np.ndarray, size: int) -> Run:
    """The slides' loop with batches of that size, in an order that every size shares."""
    net, rng = unit(*START), np.random.RandomState(0)
    path, losses, seconds, spent = [net.parameters.copy()], [net.evaluate(X, Y)], [0.0], 0.0
    for _ in range(EPOCHS):
        order = rng.permutation(len(X))
        began = time.perf_counter()
        for i in range(0, len(X), size):
            rows = order[i : i + size]
            net.forward(X[rows])
            net.backward(Y[rows])
            for layer in net.dense:
                layer.weights -= ALPHA * layer.dweights
                layer.biases -= ALPHA * layer.dbiases
            path.append(net.parameters.copy())
        spent += time.perf_counter() - began
        seconds.append(spent)
        losses.append(net.evaluate(X, Y))
    return Run(np.array(path), np.array(losses), np.array(seconds))


def show(page: Page) -> None:
    """Five batch sizes, from the same weights."""
    rng = np.random.RandomState(0)
    X = rng.randn(ROWS, 1)
    Y = 2 * X - 1 + 0.8 * rng.randn(ROWS, 1)
    page.say(
        f"""Gradient descent can look at all samples before each update (batch), at some (mini-batch), or at
        one (stochastic). Here are {ROWS} points along y = 2x − 1 with noise, and one unit ŷ = w·x + b that
        begins far off, at w = {number(START[0])} and b = {number(START[1])}. Every run has the same start,
        the same α = {ALPHA:g} and the same {EPOCHS} epochs; only the batch size differs, and
        with it the number of updates in an epoch."""
    )
    # all three runs of a size take the same path; the quickest was disturbed least
    runs = {
        size: min((descend(X, Y, size) for _ in range(3)), key=lambda run: run.seconds[-1]) for size in SIZES
    }
    best = float(np.sum(np.linalg.lstsq(np.hstack([X, np.ones_like(X)]), Y, rcond=None)[1])) / ROWS
    rows = [
        (
            f"{size} ({name})", -(-ROWS // size), number(runs[size].losses[1], 3), number(runs[size].losses[-1], 3),
            vector(runs[size].path[-1], 3), f"{1000 * runs[size].seconds[-1]:.0f}",
        )
        for size, name in SIZES.items()
    ]  # fmt: skip
    page.table(
        ["batch size", "updates", "loss after 1", f"after {EPOCHS}", "[w, b] at end", "ms"],
        rows, right=range(1, 6),
    )  # fmt: skip
    page.say(
        f"""No line does better than {number(best)} on these points. Small batches make more updates an epoch,
        so they arrive after fewer epochs; but each update sees a noisy gradient, so they never quite rest,
        and many small updates take longer than few large ones. Mini-batches are the usual middle."""
    )

    def draw() -> Figure:
        from chalknet.plots.canvas import new_figure

        fig = new_figure((15, 4.8))
        surface, epochs, clock = fig.subplots(1, 3)
        loss = layers.MSE()
        draw_surface(surface, lambda w, b: loss.forward(w * X + b, Y), runs)
        for ax, label in ((epochs, "epoch"), (clock, "seconds")):
            for size, run in runs.items():
                across = np.arange(EPOCHS + 1) if ax is epochs else run.seconds
                ax.plot(across, run.losses, marker=".", label=f"batch size {size}")
            ax.axhline(best, color="gray", lw=1, ls=":")
            ax.set(xlabel=label, ylabel="loss over all points", yscale="log", title=f"loss against {label}")
            ax.grid(True)
        clock.set_xscale("log")
        epochs.set_xticks(range(0, EPOCHS + 1, 5))
        epochs.legend()
        return fig

    page.figure(
        draw,
        "Paths from the same start on the loss surface; the loss against epochs; the same loss against time.",
    )
    page.next("What if α is too large?", "chalknet lecture descent")


def draw_surface(ax: Axes, loss: Any, runs: dict[int, Run]) -> None:
    """The loss over w and b, and each run's path on it."""
    from chalknet.plots.style import look

    chosen = look(None, ax)
    w, b = np.linspace(-2, 3, 50), np.linspace(-2, 3, 50)
    height = np.array([[loss(x, y) for x in w] for y in b])
    ax.contour(w, b, height, levels=np.linspace(0.8, 5, 12) ** 2, colors=[chosen.muted], linewidths=0.6)
    for i, (size, run) in enumerate(runs.items()):
        steps = run.path[: 1 + ROWS * 2] if size == 1 else run.path
        ax.plot(steps[:, 0], steps[:, 1], lw=1.2, marker="." if size >= 64 else None, color=chosen.colour(i))
    ax.plot(*START, "s", color=chosen.ink)
    ax.set(xlabel="w", ylabel="b", title="paths on the loss surface")
