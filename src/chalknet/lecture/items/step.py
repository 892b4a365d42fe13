"""S2: the perceptron with a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet import layers
from chalknet.chalk import explain
from chalknet.estimators.perceptron import Perceptron
from chalknet.lecture.items.worked import chosen, number
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
AND = np.array([0, 0, 0, 1])


def unit(w: np.ndarray, b: float) -> Network:
    """A unit with a step behind it, so that its sums can be worked out."""
    dense = layers.Dense(len(w), 1)
    dense.weights, dense.biases = w.reshape(-1, 1), b
    return Network([dense, layers.Step()], loss=layers.MSE())


def show(page: Page) -> None:
    """Logical AND, learned and worked out."""
    page.say(
        """A perceptron is one unit. It weighs each input, adds a bias, and answers 1 where the sum z is at
        least 0, else 0."""
    )
    page.slip(
        "S2", "z = x₁w₁, + x₂w₁, + … + xₙw₁ + b: w₁ at every input, and a comma after it",
        "z = x₁w₁ + x₂w₂ + … + xₙwₙ + b: a weight for each input",
    )  # fmt: skip
    page.heading("Logical AND")
    page.say(
        """Rosenblatt's rule: go through the samples; where the answer is wrong, add the sample to w (or take
        it away) and 1 to b (or take it away). Where a line can do it, this ends."""
    )
    rows = []
    model = Perceptron(shuffle=False)
    for epoch in range(1, 21):
        model.partial_fit(X, AND, classes=[0, 1])
        w, b = model.coef_[0], float(model.intercept_[0])
        wrong = int((unit(w, b).predict(X)[:, 0] != AND).sum())
        rows.append((epoch, number(w[0]), number(w[1]), number(b), wrong))
        if not wrong:
            break
    page.table(["epoch", "w₁", "w₂", "b", "of 4 wrong"], rows, right=range(5))
    begun = Perceptron(shuffle=False).partial_fit(X, AND, classes=[0, 1])
    page.say(
        """One of these updates by hand: with the weights after the first epoch x = [0, 1] is answered with 1, and y
        is 0. The error ŷ − y is taken back, times the input:"""
    )
    page.work(
        chosen(explain(begun, X[1:2], AND[1:2]), "z1", "a1", "dL/dz1", "dL/dW1", "dL/db1", "W1'", "b1'")
    )
    page.say("The four sums with the last of these weights, and the step behind each:")
    trace = explain(unit(w, b), X, AND[:, None], learning_rate=1.0)
    page.work(chosen(trace, "z1", "a1"))
    page.say(
        """The step has slope 0 everywhere, so gradient descent gets nothing from it; that is why the slides
        go on with the sigmoid."""
    )

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((10.5, 4.4))
        left, right = fig.subplots(1, 2)
        plots.activation("step", ax=left)
        plots.plot_decision_boundary(model, X, AND, ax=right).set(
            title="AND: one line is enough", xlabel="x₁", ylabel="x₂"
        )
        return fig

    page.figure(draw, "The step function, and the line that the perceptron found for AND.")
    page.next(
        "OR is as easy: change AND to OR in Python. Then look at the one that no line can do.",
        "chalknet lecture xor",
    )
