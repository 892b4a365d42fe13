"""S3: the sigmoid perceptron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler

from chalknet import layers
from chalknet.chalk import explain
from chalknet.lecture.items.worked import chosen, number
from chalknet.lecture.perceptron import Perceptron
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

ALPHA = 0.5


def show(page: Page) -> None:
    """One update by hand, then the slides' class on 100 points."""
    page.say(
        """With a sigmoid in place of the step the answer is a number between 0 and 1, and it changes a little
        whenever w changes a little. So the error (ŷ − y)² has a slope, and descent can follow it."""
    )
    page.heading("One update by hand")
    dense = layers.Dense(2, 1)
    dense.weights, dense.biases = [[0.5], [-1.0]], 0.0
    net = Network([dense, layers.Sigmoid()], loss=layers.MSE())
    page.say(f"x = [2, 1], y = 0, w = [0.5, −1], b = 0, α = {ALPHA:g}:")
    trace = explain(net, [[2.0, 1.0]], [[0.0]], learning_rate=ALPHA)
    page.work(
        chosen(trace, "z1", "a1", "L", "dL/da1", "dL/dz1", "dL/dW1", "dL/db1", "W1'", "b1'", "a1'", "L'")
    )
    a, slope = trace.value("a1[0]"), trace.value("dL/da1[0]")
    page.slip(
        "S6, the gradient with a sigmoid",
        f"""2·(ŷ − y)·sig(z)*1−sig(z)·x without brackets. Read as it stands, for w₁ it is
        {number(slope)}·{number(a)}·1 − {number(a)}·2 = {number(slope * a - a * 2)}: the wrong way.""",
        f"""2·(ŷ − y)·sig(z)·(1 − sig(z))·x, here {number(trace.value("dL/dW1[0,0]"))} (the listing on S3 has
        it right)""",
    )
    page.slip("S6", "z = w,x + b", "z = w·x + b")
    page.heading("The slides' class on 100 points")
    X, y = make_blobs(n_samples=100, centers=2, n_features=2, random_state=42)
    X = StandardScaler().fit_transform(X)
    space: dict[str, Any] = {"X": X, "y": y}
    page.run(
        """import numpy as np
from chalknet.lecture import Perceptron

np.random.seed(0)
unit = Perceptron(ninputs=2, epochs=10, alpha=0.1)
unit.fit(X, y)
print("right:", (unit.predict(X) == y).mean())
""",
        space,
    )
    unit: Perceptron = space["unit"]
    page.say(
        f"""Its line is {number(unit.weights[0])}·x₁ + {number(unit.weights[1])}·x₂ +
        {number(float(unit.bias))} = 0: there ŷ is exactly 0.5, the threshold. Mind the name: alpha is the
        learning rate here, and the L2 penalty in scikit-learn."""
    )

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((13.5, 4.2))
        first, second, third = fig.subplots(1, 3)
        plots.activation("sigmoid", ax=first)
        curve = np.array(unit.loss_history)
        second.plot(np.arange(1, len(curve) + 1), curve, marker="o")
        second.set(xlabel="epoch", ylabel="mean squared error", title="loss_history")
        second.grid(True)
        plots.plot_decision_boundary(Unit(unit), X, y, ax=third).set_title("ŷ over the plane")
        return fig

    page.figure(
        draw, "The sigmoid with its slope, the error of each epoch, and ŷ over the plane with its line."
    )
    page.next("Turn and shift that line yourself.", "chalknet lecture line")


class Unit:
    """The lecture's perceptron with the method that a map of probabilities asks for."""

    classes_ = np.array([0, 1])

    def __init__(self, unit: Perceptron) -> None:
        self.unit, self.predict = unit, unit.predict

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of class 0 and of class 1, (m, 2)."""
        a = self.unit.forward(X)
        return np.column_stack([1 - a, a])
