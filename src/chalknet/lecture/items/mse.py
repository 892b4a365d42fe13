"""S12: the mean squared error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.chalk import explain
from chalknet.layers import loss as losses
from chalknet.lecture.items import example
from chalknet.lecture.items.worked import chosen, number, vector

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

KINDS: dict[str, tuple[Any, str]] = {
    "mean over all elements": (losses.MSE(), "S9, S12: mse_loss, cn.MSE()"),
    "sum": (losses.MSE(reduction="sum"), "S3, S6: (ŷ − y)² of one output"),
    "half the sum": (losses.HalfSquaredError(), "scikit-learn's MLPRegressor"),
}


def show(page: Page) -> None:
    """The loss and its derivative on the worked example, and three conventions side by side."""
    page.say(
        """mse_loss is the mean of the squared errors over all N elements, so its derivative by one prediction
        is 2(ŷ − y)/N: the 2 from the square, the 1/N from the mean. For o = [121.5, 62.5] and y = [1, 0], N
        is 2:"""
    )
    page.work(chosen(explain(example.network(), example.X, example.Y, learning_rate=1.0), "L", "dL/dz2"))
    page.run(
        """from chalknet.lecture import mse_loss, mse_loss_derivative

y, o = [[1, 0]], [[121.5, 62.5]]
print(mse_loss(y, o), mse_loss_derivative(y, o))
""",
        {},
    )
    page.heading("Three conventions")
    o, y = [[121.5, 62.5]], [[1.0, 0.0]]
    rows = [
        (name, number(loss.forward(o, y)), vector(loss.backward(o, y)[0]), where)
        for name, (loss, where) in KINDS.items()
    ]
    page.table(["squared errors", "loss", "derivative by o", "where"], rows, right=(1, 2))
    page.say(
        """(That the first and the third agree is due to N = 2.) All three have their minimum at the same
        weights. But their gradients differ by a factor, so the same α is a larger or smaller step: whoever
        compares numbers must first compare this."""
    )

    def draw() -> Figure:
        from chalknet.plots.canvas import new_figure

        fig = new_figure((10, 4.2))
        value, slope = fig.subplots(1, 2)
        a = np.linspace(-2, 4, 200)
        for name, (loss, _) in KINDS.items():
            pairs = [([[v, 1.0, 1.0, 1.0]], [[1.0, 1.0, 1.0, 1.0]]) for v in a]
            value.plot(a, [loss.forward(*pair) for pair in pairs], label=name)
            slope.plot(a, [loss.backward(*pair)[0, 0] for pair in pairs], label=name)
        value.set(xlabel="ŷ₁ (y₁ = 1; the other outputs are right)", ylabel="loss", title="loss")
        slope.set(xlabel="ŷ₁", ylabel="∂L/∂ŷ₁", title="derivative")
        for ax in (value, slope):
            ax.grid(True)
            ax.legend()
        return fig

    page.figure(draw, "The three conventions and their derivatives for one of four outputs.")
    page.next("Other losses for other tasks:", "chalknet lecture losses")
