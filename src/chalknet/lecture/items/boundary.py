"""S16: the decision boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet import layers
from chalknet.lecture.boundary import STEP, plot_decision_boundary
from chalknet.lecture.items.relu import moons
from chalknet.lecture.items.worked import number
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page


def show(page: Page) -> None:
    """Ask a trained network at every point of the slides' mesh."""
    X, y, Y = moons()
    net = Network(
        [layers.Dense(2, 10), layers.ReLU(), layers.Dense(10, 10), layers.ReLU(), layers.Dense(10, 2)],
        layers.MSE(), random_state=0,
    )  # fmt: skip
    net.fit(X, Y, optimizer=layers.SGD(0.1), epochs=200, batch_size=1, engine="numpy")
    low, high = X.min(axis=0) - 1, X.max(axis=0) + 1
    across, up = (np.arange(a, b, STEP) for a, b in zip(low, high, strict=True))
    page.say(
        f"""A 2-10-10-2 network with ReLU, trained on two moons (right for
        {int((net.predict(X).argmax(axis=1) == y).sum())} of {len(X)}). Its boundary has no formula that one
        could draw, so it is asked: at every point of a mesh of step {STEP} that reaches 1 beyond the data,
        {len(across)} × {len(up)} = {len(across) * len(up)} points. The larger output is the class."""
    )
    walk = np.column_stack([np.full(9, 0.0), np.linspace(-2, 2, 9)])
    outputs = net.predict(walk)
    page.heading("A walk upwards at x₁ = 0: where the larger output changes, there is the boundary")
    page.table(
        ["x₁", "x₂", "o₁", "o₂", "class"],
        [(*map(number, (*x, *o)), int(o.argmax())) for x, o in zip(walk, outputs, strict=True)],
        right=range(5),
    )
    page.say(
        """Every ReLU unit folds the plane along one line, so the boundary is made of straight pieces, with
        corners where it crosses a fold. The slides' function reads its network from globals; in
        chalknet.lecture it takes X, y and the layers."""
    )

    def draw() -> Figure:
        import matplotlib.pyplot as plt

        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((12, 5))
        left, right = fig.subplots(1, 2)
        plt.sca(left)
        plot_decision_boundary(X, y, net.layers)
        left.set_title("the slides' look: RdYlBu, 25 levels, alpha 0.8")
        plots.plot_decision_boundary(net, X, y, ax=right, response="classes").set_title("chalknet's own look")
        right.plot(walk[:, 0], walk[:, 1], "k.", ms=4)
        return fig

    page.figure(draw, "The boundary in the slides' look and in chalknet's, with the walk as dots.")
    page.next("Probabilities instead of hard classes:", "chalknet lecture softmax")
