"""S17: softmax and the map of probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler

from chalknet import layers
from chalknet.chalk import explain
from chalknet.lecture.items.worked import chosen, number, vector
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.chalk.trace import Trace
    from chalknet.lecture.items.page import Page

LOGITS = [2.0, 1.0, -1.0]


def softmax_of(z: list[float]) -> Trace:
    """A trace in which the last layer's sums are z."""
    same = layers.Dense(len(z), len(z))
    same.weights, same.biases = np.eye(len(z)), 0.0
    return explain(Network([same], layers.SoftmaxCrossEntropy()), [z], [0], learning_rate=1.0)


def show(page: Page) -> None:
    """The formula by hand, what it does not notice, and a map over the plane."""
    page.say(
        """Softmax turns a row of outputs (logits) into probabilities: each e to the power z, divided by the
        sum of them all."""
    )
    page.heading(f"z = {vector(LOGITS)} by hand")
    trace = softmax_of(LOGITS)
    page.work(chosen(trace, "a1"))
    p = trace.array("a1")[0]
    page.say(f"Together {' + '.join(map(number, p))} = {number(p.sum())}.")
    page.slip(
        "S14, softmax", "eˣⁱ in the sum below the line",
        f"""eˣʲ, summed over all j. With eˣⁱ in it every class would get 1/{len(LOGITS)} =
        {number(1 / len(LOGITS))}, whatever the logits.""",
    )  # fmt: skip
    moved = softmax_of([z + 100 for z in LOGITS]).array("a1")[0]
    page.say(
        f"""Adding 100 to every logit changes nothing: {vector(moved)}. That is why the largest may be taken
        off first, so that no e to a power overflows; see `chalknet lecture cross-entropy`."""
    )
    page.heading("Three clouds of points")
    X, y = make_blobs(n_samples=150, centers=3, cluster_std=1.6, random_state=3)
    X = StandardScaler().fit_transform(X)
    net = Network(
        [layers.Dense(2, 10), layers.ReLU(), layers.Dense(10, 3)],
        layers.SoftmaxCrossEntropy(),
        random_state=0,
    )
    net.fit(X, y, optimizer=layers.Adam(0.01), epochs=100, batch_size=10, engine="numpy")
    chances = net.predict(X)
    places = [int(chances.max(axis=1).argmax()), int(chances.max(axis=1).argmin())]
    page.table(
        ["point", "logits", "probabilities", "class"],
        [(vector(X[i], 2), vector(net.forward(X[[i]])[0], 2), vector(chances[i]), int(y[i])) for i in places],
    )
    page.say(
        f"""The first is the point that the network is surest of, the second the one it doubts most. {
            int((chances.argmax(axis=1) == y).sum())
        } of {
            len(X)
        } are right. Between the clouds the probabilities pass smoothly; hard classes would only show a
        line."""
    )

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((12, 5))
        left, right = fig.subplots(1, 2)
        plots.activation("softmax", ax=left)
        plots.plot_decision_boundary(net, X, y, ax=right).set_title("probabilities of three classes")
        return fig

    page.figure(draw, "Softmax of two logits with its slope, and the map of probabilities.")
    page.next("Which loss goes with it?", "chalknet lecture cross-entropy")
