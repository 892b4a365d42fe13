"""S14 and S15: dying ReLU."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler

from chalknet import layers
from chalknet.chalk import explain
from chalknet.engines import select
from chalknet.lecture.activations import ActivationRelu
from chalknet.lecture.dense import Dense
from chalknet.lecture.items.blobs import data
from chalknet.lecture.items.loops import descend
from chalknet.lecture.items.worked import number
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

ALPHA, EPOCHS, SHORT, SEEDS = 0.1, 1000, 5, 10


def printed(seed: int) -> list[Any]:
    """The slides' network: 2-10-10-2 with ReLU behind every layer, the last one too."""
    np.random.seed(seed)
    return [Dense(2, 10), ActivationRelu(), Dense(10, 10), ActivationRelu(), Dense(10, 2), ActivationRelu()]


def moons() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two standardised moons, their classes, and these one-hot."""
    X, y = make_moons(n_samples=100, noise=0.1, random_state=42)
    return StandardScaler().fit_transform(X), y, np.eye(2)[y]


def dead_units(net: Network, X: np.ndarray) -> list[list[int]]:
    """In each ReLU layer the units, counted from 1, that are 0 for every row."""
    net.forward(X)
    return [(np.flatnonzero(~net.layers[k].output.any(axis=0)) + 1).tolist() for k in (1, 3, 5)]


def show(page: Page) -> None:
    """The slides' run, who died and why, and two networks that learn."""
    X, _, Y = data()
    page.say(
        f"""S15 puts ReLU behind every layer of a 2-10-10-2 network, the outputs too, and trains on the blobs
        with α = {ALPHA:g}. These are the losses of its first epochs (np.random.seed(0)):"""
    )
    dead = printed(0)
    began = time.perf_counter()
    losses = descend(dead, X, Y, alpha=ALPHA, epochs=SHORT)
    loop = (time.perf_counter() - began) / SHORT
    page.table(
        ["epoch", *map(str, range(1, SHORT + 1))], [("loss", *map(number, losses))], right=range(1, SHORT + 1)
    )
    ends = {
        name: [descend(printed(seed), A, B, alpha=ALPHA, epochs=SHORT)[-1] for seed in range(SEEDS)]
        for name, A, B in (("blobs", X, Y), ("moons", moons()[0], moons()[2]))
    }
    counts = {name: sum(end == 0.5 for end in each) for name, each in ends.items()}
    page.slip(
        "S15", "ReLU on the outputs with α = 0.1, as if it learned",
        f"""every output dies: the loss is exactly 0.5 after {SHORT} epochs for {counts['blobs']} of {SEEDS}
        seeds on the blobs and for {counts['moons']} of {SEEDS} on standardised moons, and stays there""",
    )  # fmt: skip
    page.heading("Who is dead")
    net = Network(list(dead), layers.MSE())
    for where, units in zip(("layer 1", "layer 2", "the outputs"), dead_units(net, X), strict=True):
        which = ", ".join(map(str, units)) or "none"
        page.say(
            f"In {where}, 0 for all 100 points: {which} ({len(units)} of {10 if where[0] == 'l' else 2})."
        )
    page.say(
        """The first steps overshoot and throw the biases far below 0. Then z < 0 for every point: ReLU gives
        0, its slope is 0, no gradient passes, and no step ever lifts the unit again. Outputs [0, 0] beside
        [1, 0] or [0, 1] have the loss (1 + 0)/2 = 0.5. What the trace remarks:"""
    )
    trace = explain(net, X, Y, learning_rate=ALPHA, style="matrix")
    page.say(*trace.remarks)
    page.say(
        f"""The gradient of every weight together, over these rows:
        {number(sum(np.abs(trace.array(f"dL/dW{n}")).sum() for n in (1, 2, 3)))}."""
    )
    page.heading("Two that learn")
    A, labels, B = moons()
    runs = {}
    engine = select.resolve("auto", len(A), 2 * 10 + 10 * 10 + 10 * 2, 1, EPOCHS)
    for name, between in (("ReLU", layers.ReLU), ("leaky ReLU", layers.LeakyReLU)):
        sizes = ((2, 10), (10, 10), (10, 2))
        parts = [part for m, n in sizes for part in (layers.Dense(m, n), between())]
        for epochs in (1, EPOCHS):  # what is compiled at first is not timed
            learner = Network(parts[:-1], layers.MSE(), random_state=42)
            began = time.perf_counter()
            learner.fit(A, B, optimizer=layers.SGD(ALPHA), epochs=epochs, batch_size=1, engine=engine)
        runs[name] = (learner, time.perf_counter() - began)
    page.say(
        f"""No ReLU on the outputs, standardised points (moons, which no line can split), first weights that
        fit the layer's size; the rest as on the slide: α = {ALPHA:g}, {EPOCHS} epochs, a step after every
        sample."""
    )
    page.table(
        ["hidden layers", "loss after 1 epoch", f"after {EPOCHS}", "right", "seconds"],
        [
            (
                name, number(each.loss_curve_[0]), number(each.loss_curve_[-1]),
                f"{100 * np.mean(each.predict(A).argmax(axis=1) == labels):.0f} %", f"{seconds:.2f}",
            )
            for name, (each, seconds) in runs.items()
        ],
        right=(1, 2, 3, 4),
    )  # fmt: skip
    learner, seconds = runs["ReLU"]
    page.say(
        f"""{EPOCHS} epochs of the slides' own loop take {loop * EPOCHS:.1f} s here; `fit` ran the same
        updates in {seconds:.2f} s on the {learner.engine_} engine, {loop * EPOCHS / seconds:.0f} times as
        fast."""
    )

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((15, 4.6))
        first, second, third = fig.subplots(1, 3)
        plots.activations(net, X, ax=first)
        first.set_title("as printed: all outputs 0")
        second.plot([1, EPOCHS], [0.5, 0.5], label="as printed")
        for name, (each, _) in runs.items():
            second.plot(np.arange(1, EPOCHS + 1), each.loss_curve_, label=name)
        second.set(xlabel="epoch", ylabel="loss", yscale="log", title="training")
        second.grid(True)
        second.legend()
        plots.plot_decision_boundary(learner, A, labels, ax=third, response="classes").set_title(
            "ReLU inside, none on the outputs"
        )
        return fig

    page.figure(
        draw, "Activations of the dead network, the losses, and the boundary of the network that learned."
    )
    page.next("How such a boundary is drawn:", "chalknet lecture boundary")
