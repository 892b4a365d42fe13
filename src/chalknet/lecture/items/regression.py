"""S20: regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chalknet import layers
from chalknet.chalk import explain
from chalknet.estimators.regressor import MLPRegressor
from chalknet.lecture.items.loops import fitted
from chalknet.lecture.items.worked import chosen, number
from chalknet.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

LOSSES = {"squared error": layers.MSE(), "absolute error": layers.MAE(), "Huber": layers.Huber(0.3)}
SHARES = (0.1, 0.5, 0.8)


def curve(loss: Any, x: np.ndarray, y: np.ndarray) -> Network:
    """A network with two hidden layers, fitted with that loss."""
    outputs = y.reshape(len(y), -1)
    net = Network(
        [
            layers.Dense(1, 32), layers.Tanh(), layers.Dense(32, 32), layers.Tanh(),
            layers.Dense(32, outputs.shape[1]),
        ],
        loss, random_state=0,
    )  # fmt: skip
    return net.fit(x, outputs, optimizer=layers.Adam(0.01), epochs=300, batch_size=30, engine="numpy")


def noisy() -> tuple[np.ndarray, np.ndarray]:
    """150 points along a wave, every tenth of them far off."""
    rng = np.random.RandomState(0)
    x = np.sort(rng.uniform(-3, 3, 150))
    y = np.sin(1.5 * x) + 0.15 * rng.randn(150)
    y[::10] += 3.0
    return x[:, None], y


def show(page: Page) -> None:
    """One output without an activation, several losses on a curve, several outputs, and real data."""
    page.say(
        """For a number the last layer has one unit (or one for each number wanted) and no activation, so the
        answer can be anything; the loss is one for numbers. Everything before it is the same. One update of
        the smallest such network:"""
    )
    net = Network([layers.Dense(1, 2), layers.ReLU(), layers.Dense(2, 1)], layers.MSE())
    net.dense[0].weights, net.dense[0].biases = [[1.0, -0.5]], 0.5
    net.dense[1].weights, net.dense[1].biases = [[2.0], [1.0]], 0.0
    trace = explain(net, [[2.0]], [[3.5]], learning_rate=0.01)
    page.work(chosen(trace, "z1", "a1", "z2", "L", "dL/dz2", "dL/dW2", "W2'", "z2'", "L'"))
    page.heading("The loss decides what the curve follows")
    x, y = noisy()
    truth = np.sin(1.5 * x[:, 0])
    models = {name: curve(loss, x, y) for name, loss in LOSSES.items()}
    page.say(
        """150 points along sin(1.5 x), every tenth of them lifted by 3. How far each curve is from the wave
        itself:"""
    )
    page.table(
        ["loss", "mean distance from the wave"],
        [(name, number(np.abs(model.predict(x)[:, 0] - truth).mean())) for name, model in models.items()],
        right=(1,),
    )
    page.say("Squared error is drawn towards the far points, absolute error and Huber hardly notice them.")
    band = {q: curve(layers.Quantile(q), x, y) for q in SHARES}
    below = {q: float(np.mean(y <= model.predict(x)[:, 0])) for q, model in band.items()}
    page.say(
        f"""The quantile loss gives a curve below which a chosen share of the points lies: asked for
        {", ".join(f"{100 * q:g} %" for q in band)}, found
        {", ".join(f"{100 * share:.0f} %" for share in below.values())}."""
    )
    page.heading("Several numbers at once")
    both = curve(layers.MSE(), x, np.column_stack([np.sin(1.5 * x[:, 0]), np.cos(1.5 * x[:, 0])]))
    answers = both.predict([[1.0]])[0]
    page.say(
        f"""Two output units learn sin and cos of 1.5 x together. At x = 1: {number(answers[0])} and
        {number(answers[1])} (true: {number(np.sin(1.5))} and {number(np.cos(1.5))})."""
    )
    page.heading("Real numbers: how far diabetes has progressed after a year")
    A, b = load_diabetes(return_X_y=True, scaled=False)
    train, test, b_train, b_test = train_test_split(A, b, random_state=0)
    rivals = {
        "network": make_pipeline(
            StandardScaler(),
            MLPRegressor(hidden_layer_sizes=(32,), alpha=30.0, learning_rate_init=0.01, max_iter=150, random_state=0,
                         engine="numpy"),
        ),
        "linear model": make_pipeline(StandardScaler(), Ridge()),
        "mean of the target": DummyRegressor(),
    }  # fmt: skip
    scores = []
    for name, model in rivals.items():
        guess = fitted(model, train, b_train).predict(test)
        scores.append(
            (name, number(mean_absolute_error(b_test, guess), 1), number(r2_score(b_test, guess), 3))
        )
    page.table([f"{len(test)} held-out people", "mean absolute error", "R²"], scores, right=(1, 2))
    page.say("With 331 people to learn from, a straight line is hard to beat: always look at it, too.")

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((15, 4.6))
        first, second, third = fig.subplots(1, 3)
        places = np.linspace(-3, 3, 300)[:, None]
        for ax, curves, label in ((first, models, "{}"), (second, band, "{:.0%} below")):
            ax.scatter(x, y, s=12, color="gray", alpha=0.6)
            for name, model in curves.items():
                ax.plot(places, model.predict(places), label=label.format(name))
            ax.set(xlabel="x", ylabel="y")
            ax.grid(True)
            ax.legend()
        first.set_title("three losses")
        second.set_title("three quantiles")
        plots.predicted(b_test, rivals["network"].predict(test), ax=third)
        return fig

    page.figure(
        draw,
        "Three losses and three quantiles on the curve; true and predicted numbers of the held-out people.",
    )
    page.next(
        "Your own table with a number to predict:",
        "chalknet train YOUR.csv --target COLUMN --task regression",
    )
