"""S6: one point, one weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalknet import layers
from chalknet.chalk import explain
from chalknet.lecture.items.worked import chosen, number
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.chalk.trace import Trace
    from chalknet.lecture.items.page import Page

X, Y, W, B = [[1.0]], [[1.0]], 3.0, 0.0
ALPHAS = {
    1.0: "as good as no α; it swings between 3 and −1 for ever",
    0.8: "it overshoots, and comes nearer each time",
    0.1: "it comes nearer from one side",
    1.1: "it is farther off each time: it diverges",
}
STEPS = 8


class Path(NamedTuple):
    """w and the loss before each step and after the last."""

    w: list[float]
    loss: list[float]


def unit(w: float, b: float = B) -> Network:
    """ŷ = w x + b with the squared error."""
    dense = layers.Dense(1, 1)
    dense.weights, dense.biases = [[w]], b
    return Network([dense], loss=layers.MSE())


def step(w: float, alpha: float, b: float = B) -> Trace:
    """One update from w and b."""
    return explain(unit(w, b), X, Y, learning_rate=alpha)


def descend(alpha: float) -> Path:
    """The slides' walk, on which only w moves."""
    w, path = W, Path([], [])
    for _ in range(STEPS + 1):
        trace = step(w, alpha)
        path.w.append(w)
        path.loss.append(trace.value("L"))
        w = trace.value("W1'[0,0]")
    return path


def show(page: Page) -> None:
    """The slides' numbers, four learning rates, and the bias."""
    page.say(
        """One point x = 1 with y = 1, one unit ŷ = w·x + b with w = 3 and b = 0. First the loss, its slope,
        and one step with the slope alone (as if α were 1):"""
    )
    first = step(W, 1.0)
    page.work(chosen(first, "z1", "L", "dL/dz1", "dL/dW1", "W1'"))
    page.slip("S6", "“the predicted value is 4”", f"it is {number(first.value('z1[0]'))}; 4 is the loss")
    page.slip(
        "S5", "gradient descent is “based on differential equations”", "on differential calculus: slopes"
    )
    page.say("From w = −1 the same step leads back to 3:")
    page.work(chosen(step(-1.0, 1.0), "z1", "L", "dL/dW1", "W1'"))
    page.heading("Four learning rates: w before the first step and after each")
    paths = {alpha: descend(alpha) for alpha in ALPHAS}
    page.table(
        ["step", *(f"α = {alpha:g}" for alpha in ALPHAS)],
        [(i, *(number(paths[alpha].w[i]) for alpha in ALPHAS)) for i in range(STEPS + 1)],
        right=range(5),
    )
    page.say(*(f"α = {alpha:g}: {what}." for alpha, what in ALPHAS.items()))
    page.say("With α = 0.8, step by step:")
    w = W
    for _ in range(3):
        trace = step(w, 0.8)
        page.work(chosen(trace, "dL/dW1", "W1'"))
        w = trace.value("W1'[0,0]")
    page.slip(
        "S6", "α is a value between 0 and 1",
        """that happens to be the limit here: a step multiplies the distance to w = 1 by 1 − 2α, so α below 1
        converges, 1 swings for ever, above 1 diverges. Elsewhere the limit is another: it is 2 divided by the
        loss's curvature.""",
    )  # fmt: skip
    page.heading("The bias moves in the same way")
    both = step(W, 0.1)
    page.say("Its slope is that of w with 1 in place of x. With α = 0.1, and both moving:")
    page.work(chosen(both, "dL/db1", "b1'", "W1'", "z1'", "L'"))
    page.say(
        """Two parameters move the prediction twice as far, so the limit for α halves: with both, α = 0.5
        swings for ever."""
    )

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((12, 8.4))
        loss = layers.MSE()
        for ax, (alpha, path) in zip(fig.subplots(2, 2).ravel(), paths.items(), strict=True):
            plots.descent(lambda v: loss.forward([[v * X[0][0] + B]], Y), path.w, ax=ax)
            ends = f"L = {path.loss[0]:g} → {path.loss[-1]:.3g}"
            ax.set_title(f"α = {alpha:g}: {ends} in {STEPS} steps")
        return fig

    page.figure(draw, "The loss over w, and the steps on it for four learning rates; 0 is the start.")
    page.next("What too large an α does to a whole network:", "chalknet lecture blobs")
