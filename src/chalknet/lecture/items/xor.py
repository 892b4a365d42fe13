"""S7: XOR."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from chalknet import layers
from chalknet.chalk import explain
from chalknet.lecture.items import example
from chalknet.lecture.items.step import X, unit
from chalknet.lecture.items.worked import chosen, number, vector
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

XOR = np.array([0, 1, 1, 0])


def best_line() -> tuple[np.ndarray, float, int]:
    """w, b and the right answers of the best of all lines: with four points, these few stand for every one of them."""
    steps = np.arange(-2.0, 2.25, 0.5)
    tried = (((w1, w2), b) for w1, w2, b in product(steps, steps, steps))
    w, b = max(tried, key=lambda line: (right(*line), -abs(np.array(line[0])).sum() - abs(line[1]), line[0]))
    return np.array(w), float(b), right(w, b)


def right(w: tuple[float, float], b: float) -> int:
    """How many of the four answers of a line are right."""
    return int(((X @ np.array(w) + b >= 0) == XOR).sum())


def train(hidden: list[layers.Layer]) -> Network:
    """A network with that hidden layer, after 500 epochs of Adam on XOR."""
    net = Network([*hidden, layers.Dense(4, 1), layers.Sigmoid()], loss=layers.MSE(), random_state=1)
    return net.fit(X, XOR[:, None], optimizer=layers.Adam(0.05), epochs=500, batch_size=4, engine="numpy")


def show(page: Page) -> None:
    """The best line, the proof, the collapse of linear layers, and a network that can."""
    page.say("XOR answers 1 where exactly one of its two inputs is 1.")
    page.heading("The best line")
    w, b, score = best_line()
    line = unit(w, b)
    trace = explain(line, X, XOR[:, None], learning_rate=1.0)
    page.say(
        f"""Of all lines none gets more than {score} of the 4 points; one of the best has w = {vector(w)}, b =
        {number(b)}:"""
    )
    page.work(chosen(trace, "z1", "a1"))
    page.say(
        """Why no line can: [0, 0] must give b < 0; [1, 0] and [0, 1] must give w₁ + b ≥ 0 and w₂ + b ≥ 0. Add
        these two: w₁ + w₂ + 2b ≥ 0, so w₁ + w₂ + b ≥ −b > 0. But [1, 1] must give w₁ + w₂ + b < 0. No three
        numbers do both."""
    )
    page.heading("More layers alone do not help")
    collapse(page)
    linear = train([layers.Dense(2, 4)])
    page.say(
        f"""So two layers without an activation between them are one line again, however wide. Trained on XOR
        (with a sigmoid at the end) they stay at a loss of {number(linear.loss_curve_[-1])}, answering
        {vector(linear.predict(X)[:, 0], 2)}."""
    )
    page.heading("An activation between them does")
    net = train([layers.Dense(2, 4), layers.Tanh()])
    page.say(
        f"""With tanh behind the four hidden units the same training ends at a loss of
        {number(net.loss_curve_[-1])}, answering {vector(net.predict(X)[:, 0], 3)}. One of its updates, the
        first, for the sample x = [1, 0] with α = 0.5:"""
    )
    fresh = Network(
        [layers.Dense(2, 4), layers.Tanh(), layers.Dense(4, 1), layers.Sigmoid()],
        layers.MSE(),
        random_state=1,
    )
    page.work(explain(fresh, [X[2]], [[1.0]], learning_rate=0.5).steps)

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((14, 4.4))
        first, second, third = fig.subplots(1, 3)
        labels = XOR[:, None]
        for ax, model, title in (
            (first, line, f"the best line: {score} of 4"),
            (second, net, "tanh in between: 4 of 4"),
        ):
            plots.plot_decision_boundary(model, X, labels, ax=ax, response="value")
            ax.set(title=title, xlabel="x₁", ylabel="x₂")
        for name, curve in (("without activation", linear), ("tanh", net)):
            third.plot(np.arange(1, 501), curve.loss_curve_, label=name)
        third.set(xlabel="epoch", ylabel="loss", title="training on XOR")
        third.grid(True)
        third.legend()
        return fig

    page.figure(draw, "The best line, the network with a hidden layer, and the loss of both networks.")
    page.next(
        "The same sums for a network with four hidden units, one after another:", "chalknet lecture forward"
    )


def collapse(page: Page) -> None:
    """W1·W2 and b1·W2 + b2 are one layer with the same outputs, shown on the worked example."""
    W1, W2, ones = np.array(example.W1), np.array(example.W2), np.ones((1, 4))
    W, b = W1 @ W2, ones @ W2 + 1.0
    one = layers.Dense(2, 2)
    one.weights, one.biases = W, b
    page.say(
        """h = x·W1 + b1 and o = h·W2 + b2 together are o = x·(W1·W2) + (b1·W2 + b2): one layer. With the
        weights of the worked example (S9):"""
    )  # fmt: skip
    rows = [
        ("W1·W2", vector(W[0]), "first row"), ("", vector(W[1]), "second row"), ("b1·W2 + b2", vector(b[0]), ""),
    ]  # fmt: skip
    page.table(["", "", ""], rows)
    page.say("For x = [3, 5] that one layer gives what the two layers give, 121.5 and 62.5:")
    page.work(chosen(explain(Network([one], layers.MSE()), example.X, example.Y, learning_rate=1.0), "z1"))
