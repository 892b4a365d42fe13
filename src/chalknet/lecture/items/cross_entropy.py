"""S19: softmax and cross-entropy in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet import layers
from chalknet.chalk import explain
from chalknet.lecture.items.worked import chosen
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

MEAN = """
import numpy as np
import chalknet as cn
from chalknet import lecture

z, y = np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([[1, 0], [1, 0]])
slide, right = lecture.SoftmaxCrossEntropy(), cn.SoftmaxCrossEntropy()
print("loss", slide.forward(z, y).round(6), round(right.forward(z, y), 6))
print("the slide's gradient")
print(slide.backward(y).round(4))
print("the loss's own")
print(right.backward(z, y).round(4))
"""
FAR = """
z, y = np.array([[1000.0, 0.0]]), np.array([[0, 1]])
print("slide's", slide.forward(z, y).round(4), " right", right.forward(z, y))
"""


def show(page: Page) -> None:
    """The long way through softmax's derivatives, the short one, the 1/N, and logits far apart."""
    dense = layers.Dense(2, 3)
    dense.weights, dense.biases = [[1.0, 0.0, -1.0], [0.5, 1.0, 0.0]], 0.0
    net = Network([dense], layers.SoftmaxCrossEntropy())
    trace = explain(net, [[1.0, 2.0]], [0], learning_rate=0.5, jacobian=True)
    page.say(
        """By itself softmax's derivative is a whole matrix: each output depends on every logit. Together with
        cross-entropy all of it melts down to ŷ − y. A layer of three outputs, x = [1, 2], the true class is
        the first:"""
    )
    page.work(chosen(trace, "z1", "a1", "L"))
    page.heading("The long way: through the loss, then through softmax")
    page.work(
        chosen(
            trace, "dL/da1", *sorted({s.symbol.partition("[")[0] for s in trace.steps if s.symbol[0] == "j"})
        )
    )
    page.heading("The short way: ŷ − y")
    page.work(chosen(trace, "dL/dz1"))
    page.heading("Where the 1/N belongs")
    space: dict[str, object] = {}
    page.run(MEAN, space)
    page.slip(
        "S19", "backward returns ŷ − y, though forward averaged the loss over the N rows",
        """(ŷ − y)/N. With one row at a time, as the slides train, both are the same; with N rows the slide's
        is N times too long""",
    )  # fmt: skip
    page.heading("Logits far apart")
    page.run(FAR, space)
    page.say(
        """The slide clips ŷ to 1e-7, so no mistake costs more than 16.1181. chalknet never forms ŷ for the
        loss: log Σ e^z is computed with the largest z taken off, and the loss is right at any distance."""
    )

    def draw() -> Figure:
        from chalknet.plots.canvas import new_figure

        fig = new_figure((11, 4.4))
        left, right = fig.subplots(1, 2)
        z = np.linspace(-30, 30, 301)
        pairs = np.column_stack([z, np.zeros_like(z)])
        loss = layers.SoftmaxCrossEntropy()
        exact = [loss.forward(pair[None], [0]) for pair in pairs]
        slope = [loss.backward(pair[None], [0])[0, 0] for pair in pairs]
        left.plot(z, exact, label="exact")
        left.plot(z, np.minimum(exact, -np.log(1e-7)), ls="--", label="clipped, as on the slide")
        right.plot(z, slope)
        left.set(xlabel="z₁ of the true class (z₂ = 0)", ylabel="loss", title="loss")
        right.set(xlabel="z₁", ylabel="∂L/∂z₁ = ŷ₁ − y₁", title="derivative")
        left.legend()
        for ax in (left, right):
            ax.grid(True)
        return fig

    page.figure(draw, "The loss over the true class's logit, exact and clipped, and its derivative.")
    page.next(
        "The same loss on real classes: which species is this penguin?",
        "chalknet lecture tables",
    )
