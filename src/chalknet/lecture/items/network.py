"""S1: what a neural network is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalknet.lecture.items import example

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page


def show(page: Page) -> None:
    """The example's network: its table of layers, its numbers counted, and a drawing."""
    net = example.network()
    page.say(
        """A network is a row of layers. Each unit of a layer takes all numbers of the layer before,
        multiplies each by a weight of its own, adds them up together with a bias, and passes the result on.
        Training changes the weights and biases; the rest stays.""",
        """This one has two inputs, four units in the middle (hidden) and two outputs; the slides use it from
        S8 on.""",
    )
    page.run("net.summary()", {"net": net})
    (n_in, n_hidden), n_out = net.dense[0].weights.shape, net.dense[1].n_out
    page.say(
        f"""Counted by hand: {n_in}·{n_hidden} weights and {n_hidden} biases, then {n_hidden}·{n_out} weights
        and {n_out} biases, which makes {n_in * n_hidden} + {n_hidden} + {n_hidden * n_out} + {n_out} =
        {net.parameters.size}."""
    )

    def draw() -> Figure:
        from chalknet import plots

        return plots.network(net, sample=example.X[0]).figure

    page.figure(draw, "The network with its weights, and in each unit its value for the sample x = [3, 5].")
    page.next("Where do the numbers in the units come from?", "chalknet lecture forward")
