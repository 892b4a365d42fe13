"""S14: vanishing gradients."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler

from chalknet import layers
from chalknet.chalk import explain
from chalknet.lecture.items.worked import number
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

DEPTH, WIDTH, EPOCHS = 10, 10, 60
KINDS: dict[str, tuple[Any, str]] = {  # an activation, and the first weights that suit it
    "sigmoid": (layers.Sigmoid, "glorot_uniform"),
    "tanh": (layers.Tanh, "glorot_uniform"),
    "relu": (layers.ReLU, "he_normal"),
}


def build(kind: str) -> Network:
    """Ten hidden layers with that activation, two outputs."""
    activation, first = KINDS[kind]
    sizes = [2] + [WIDTH] * DEPTH
    hidden = [
        layer for m, n in pairwise(sizes) for layer in (layers.Dense(m, n, initializer=first), activation())
    ]
    return Network([*hidden, layers.Dense(WIDTH, 2)], layers.SoftmaxCrossEntropy(), random_state=0)


def gradients(net: Network, X: np.ndarray, y: np.ndarray) -> list[float]:
    """The mean size of ∂L/∂z in each hidden layer."""
    net.forward(X)
    net.backward(y)
    return [float(np.abs(layer.dinputs).mean()) for layer in net.layers[1::2]]


def show(page: Page) -> None:
    """Gradients by layer, then the same networks trained."""
    X, y = make_moons(200, noise=0.1, random_state=0)
    X = StandardScaler().fit_transform(X)
    page.say(
        f"""Going back through a layer multiplies the gradient by the activation's slope and by the weights.
        Sigmoid's slope is at most 1/4, so after {DEPTH} layers at most (1/4)¹⁰ = {number(0.25**DEPTH)} of it
        is left, times the weights. Here are networks of {DEPTH} hidden layers with {WIDTH} units each, on two
        moons, before any training."""
    )
    before = {kind: gradients(build(kind), X, y) for kind in KINDS}
    page.heading("Mean size of ∂L/∂z, layer by layer")
    page.table(
        ["layer", *KINDS],
        [(n + 1, *(f"{before[kind][n]:.2e}" for kind in KINDS)) for n in range(DEPTH)],
        right=range(4),
    )
    share = {kind: f"{before[kind][0] / before[kind][-1]:.1g}" for kind in KINDS}
    page.say(
        f"""Of the gradient in layer {DEPTH}, layer 1 gets {share["sigmoid"]} with sigmoid, {share["tanh"]}
        with tanh and {share["relu"]} with ReLU (whose first weights are He's, made for it). What the trace
        remarks on sigmoid:"""
    )
    page.say(*explain(build("sigmoid"), X[:8], y[:8], learning_rate=0.1, style="matrix").remarks)
    page.heading(f"Trained for {EPOCHS} epochs by the same plain descent")
    nets = {kind: build(kind) for kind in KINDS}
    for net in nets.values():
        net.fit(X, y, optimizer=layers.SGD(0.1), epochs=EPOCHS, batch_size=10, engine="numpy")
    page.table(
        ["", "loss after the first epoch", "after the last", "right"],
        [
            (
                kind, number(net.loss_curve_[0]), number(net.loss_curve_[-1]),
                f"{100 * np.mean(net.predict(X).argmax(axis=1) == y):.0f} %",
            )
            for kind, net in nets.items()
        ],
        right=(1, 2, 3),
    )  # fmt: skip
    page.say("The sigmoid network is not wrong, it stands still: log 2 = 0.6931 is the loss of a coin.")

    def draw() -> Figure:
        from chalknet.plots.canvas import new_figure

        fig = new_figure((11, 4.6))
        left, right = fig.subplots(1, 2)
        for marker, kind in zip("os^", KINDS, strict=True):
            left.plot(np.arange(1, DEPTH + 1), before[kind], marker=marker, label=kind)
            right.plot(np.arange(1, EPOCHS + 1), nets[kind].loss_curve_, label=kind)
        left.set(xlabel="layer", ylabel="mean size of ∂L/∂z", yscale="log", title="before training")
        right.set(xlabel="epoch", ylabel="loss", title="training")
        for ax in (left, right):
            ax.grid(True)
            ax.legend()
        return fig

    page.figure(draw, "The gradient by layer before training, and the loss while training.")
    page.next("ReLU has a trouble of its own.", "chalknet lecture relu")
