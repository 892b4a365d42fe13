"""S9 and S10: the loss, every gradient, one step, and the loss after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet.chalk import explain
from chalknet.lecture.items import example
from chalknet.lecture.items.worked import chosen, number, vector

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page


STEP = """
net.forward(x)
net.backward(y)
for layer in net.layers:
    layer.weights -= 0.001 * layer.dweights
    layer.biases -= 0.001 * layer.dbiases
o = net.forward(x)
print(o, net.loss.forward(o, y))
"""
DIGITS = 5  # decimals, as many as the slides' outputs after the step have


def show(page: Page) -> None:
    """The worked example from the output back to the first weight."""
    net = example.network()
    node, matrix = (
        explain(net, example.X, example.Y, learning_rate=example.ALPHA, style=style, precision=DIGITS)
        for style in ("node", "matrix")
    )
    page.say(
        """The network of S9: x = [3, 5], y = [1, 0], all biases 1. The slides' h is z⁽¹⁾ here, their o is
        z⁽²⁾. The forward pass and the loss (worked out in `chalknet lecture forward`):"""
    )
    page.work(chosen(node, "z1", "z2", "L"), DIGITS)
    page.slip("S9", "½·14,520 + 3,906", "½·(14520.25 + 3906.25) = 9213.25: the brackets are missing")
    page.heading("From the loss to the outputs")
    page.work(chosen(node, "dL/dz2"), DIGITS)
    page.say(
        """The 2 comes from the square, the ½ from the mean over two outputs; here they cancel. The slides now
        go on with [121.5, 62.5] in three places. That is o itself; what goes back is o − y:"""
    )
    page.slip("S10, ∂L/∂W2", "h·[121.5, 62.5]", "h·[120.5, 62.5]; the matrix printed beside it is right")
    page.slip("S10, ∂L/∂b2", "[121.5, 62.5]·[1, 1] = [121.5, 62.5]", "[120.5, 62.5]")
    page.slip("S10, ∂L/∂h", "[121.5, 62.5]·W2ᵀ", "[120.5, 62.5]·W2ᵀ")
    page.heading("Layer 2: weights and biases")
    page.work(chosen(node, "dL/dW2", "dL/db2"), DIGITS)
    page.work(chosen(matrix, "dL/dW2", "dL/db2"), DIGITS)
    page.slip(
        "S10", "the whole 4×2 matrix is labelled ∂L/∂w₁,₁, and beside it stands ∂o₁/∂w₁,₂ = h₂",
        "the matrix is ∂L/∂W2; ∂o₁/∂w₂,₁ = h₂ (the weight from unit 2 to output 1)",
    )  # fmt: skip
    page.heading("Back to the hidden units, with the old W2")
    page.work(chosen(node, "dL/dz1"), DIGITS)
    page.work(chosen(matrix, "dL/dz1"), DIGITS)
    page.heading("Layer 1: weights and biases")
    page.work(chosen(node, "dL/dW1", "dL/db1"), DIGITS)
    page.work(chosen(matrix, "dL/dW1", "dL/db1"), DIGITS)
    page.slip(
        "S10, the listing", "its last print shows layer 2's biases a second time",
        f"layer 1's: {vector(node.array('dL/db1')[0])}",
    )  # fmt: skip
    page.heading(f"One step with α = {example.ALPHA:g}")
    page.work(chosen(node, "W1'", "b1'", "W2'", "b2'"), DIGITS)
    page.work(chosen(matrix, "W1'", "b1'", "W2'", "b2'"), DIGITS)
    page.heading("Forward again")
    page.work(chosen(node, "z1'", "z2'", "L'"), DIGITS)
    before, after = node.value("L"), node.value("L'")
    page.say(
        f"""The loss fell from {number(before)} to {number(after)}: it learns. The same step by the layers
        themselves:"""
    )
    page.run(STEP, {"net": example.network(), "x": example.X, "y": example.Y})

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((12, 4.6))
        left, right = fig.subplots(1, 2, width_ratios=[1.3, 1])
        plots.network(net, sample=example.X[0], ax=left)
        alphas = np.linspace(0, 0.002, 41)
        losses = [before]
        for alpha in alphas[1:]:
            step = explain(net, example.X, example.Y, learning_rate=float(alpha), style="matrix")
            losses.append(step.value("L'"))
        right.plot(1000 * alphas, losses)
        right.plot(1000 * example.ALPHA, after, "o")
        right.annotate("the slides' step", (1000 * example.ALPHA, after), (0, 30), textcoords="offset points",
                       ha="center", arrowprops={"arrowstyle": "->"})  # fmt: skip
        right.set(xlabel="1000·α", ylabel="loss after one step", yscale="log", title="One step, by its α")
        right.grid(True)
        return fig

    page.figure(draw, "The network before the step, and the loss after one step for several α.")
    page.next(
        "See the same calculation as matrices do it.",
        "chalknet lecture dense",
    )
