"""S8 and S9: the forward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalknet.chalk import explain
from chalknet.lecture.items import example
from chalknet.lecture.items.worked import chosen, vector

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page


def show(page: Page) -> None:
    """Neuron by neuron, as matrices, and the loss."""
    net = example.network()
    node, matrix = (
        explain(net, example.X, example.Y, learning_rate=example.ALPHA, style=style)
        for style in ("node", "matrix")
    )
    page.say(
        """Two inputs, four hidden units, two outputs; x = [3, 5] and y = [1, 0]. The slides call the hidden
        units h and the outputs o. Here each layer's sums are z, with the layer's number above and the unit's
        below: h₃ is z⁽¹⁾₃, o₁ is z⁽²⁾₁, and the weight from the second input to the third hidden unit is
        w⁽¹⁾₂,₃."""
    )
    page.heading("Neuron by neuron (S8)")
    page.work(chosen(node, "z1", "z2"))
    page.heading("As matrices")
    page.say("All of a layer at once: (s × m)·(m × n) gives s × n, here 1×2 · 2×4 = 1×4 and 1×4 · 4×2 = 1×2.")
    page.work(chosen(matrix, "z1", "z2"))
    page.slip(
        "S8", "in the line h_temp = … the matrix has lost entries",
        "W1 whole, 2×4: [[w₁,₁, w₁,₂, w₁,₃, w₁,₄], [w₂,₁, w₂,₂, w₂,₃, w₂,₄]]",
    )  # fmt: skip
    page.slip("S8", "one and the same b is added to every h", "each unit has its own: b₁, b₂, b₃, b₄")
    page.slip("S9", "b2 = [1 1 1 1]", "two ones: there are two outputs, so b2 is 1×2")
    page.heading("The error (S9)")
    page.work(chosen(node, "L"))
    page.slip(
        "S9", "½·(121.5 − 1)² + (62.5 − 0)² = ½·14,520 + 3,906: read so, 11,166",
        "½·(14520.25 + 3906.25) = 9213.25: both squares stand inside the brackets",
    )  # fmt: skip

    def draw() -> Figure:
        from chalknet import plots

        return plots.network(net, sample=example.X[0]).figure

    hidden, out = (vector(node.array(name)[0]) for name in ("z1", "z2"))
    page.figure(draw, f"The network with h = {hidden} and o = {out} in its units.")
    page.next("Now back through the same network.", "chalknet lecture backward")
