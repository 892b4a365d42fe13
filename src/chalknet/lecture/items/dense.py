"""S11: the class Dense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

SETTING = """
import numpy as np
from chalknet.lecture import Dense, mse_loss, mse_loss_derivative

hidden, out = Dense(2, 4), Dense(4, 2)
hidden.weights = np.array([[0.5, 1, 7, 3], [1, 2, 1, 0.5]])
out.weights = np.array([[1, 2], [0.5, 0.5], [3, 1], [2, 1]])
x, y = np.array([[3, 5]]), np.array([[1, 0]])
print("biases begin as", hidden.biases)
"""
FORWARD = """
o = out.forward(hidden.forward(x))
print("h   ", hidden.output)
print("o   ", o)
print("loss", mse_loss(y, o))
"""
BACKWARD = """
out.backward(mse_loss_derivative(y, o))
hidden.backward(out.dinputs)
for name, layer in (("layer 2", out), ("layer 1", hidden)):
    print(name, "dweights")
    print(layer.dweights)
    print(name, "dbiases", layer.dbiases)
"""
UPDATE = """
for layer in (hidden, out):
    layer.weights -= 0.001 * layer.dweights
    layer.biases -= 0.001 * layer.dbiases
o = out.forward(hidden.forward(x))
print("o   ", o)
print("loss", mse_loss(y, o))
"""


def show(page: Page) -> None:
    """The slides' listing, piece by piece."""
    page.say(
        """A layer keeps what it needs to go back: forward stores its inputs; backward takes the slope of the
        loss by its output (dvalues) and leaves three slopes: by its weights (inputsᵀ·dvalues), by its biases
        (the sum over the rows) and by its inputs (dvalues·Wᵀ), which is the dvalues of the layer before. The
        weights are drawn from a normal distribution, the biases begin at 1."""
    )
    space: dict[str, Any] = {}
    for title, source in (
        ("The example of S9", SETTING), ("Forward", FORWARD), ("Backward", BACKWARD), ("One step", UPDATE),
    ):  # fmt: skip
        page.heading(title)
        page.run(source, space)
    page.slip("S10, the listing", "its last print repeats layer 2's biases", "layer 1's dbiases, as above")

    def draw() -> Figure:
        from chalknet.plots.canvas import new_figure
        from chalknet.plots.style import look

        fig = new_figure((10, 4.2))
        chosen = look(None, fig)
        panels = [
            ("layer 1: ∂L/∂W1 (2×4)", space["hidden"].dweights),
            ("layer 2: ∂L/∂W2 (4×2)", space["out"].dweights),
        ]
        for ax, (title, values) in zip(fig.subplots(1, 2), panels, strict=True):
            ax.imshow(values, cmap=chosen.sequential_map(), vmin=0, vmax=1.6 * values.max())
            for (i, j), value in [
                ((i, j), values[i, j]) for i in range(len(values)) for j in range(len(values[0]))
            ]:
                ax.text(j, i, f"{value:g}", ha="center", va="center")
            ax.set(title=title, xticks=[], yticks=[], xlabel="units", ylabel="inputs")
        return fig

    page.figure(draw, "The gradients of both weight matrices before the step.")
    page.next("The same numbers with the arithmetic of each:", "chalknet lecture backward")
