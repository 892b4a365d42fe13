"""Draw each figure of chalknet.plots from real data into a folder.

    python examples/figures.py FOLDER [STYLE]

STYLE is light (the default), dark or lecture.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import chalknet as cn
from chalknet import plots
from chalknet.callbacks import Recorder
from chalknet.data import load


@cache
def iris() -> tuple[Any, Any, Any]:
    """Four measurements of 150 irises, by their names, and a network that tells the species."""
    data = load_iris(as_frame=True)
    y = data.target_names[data.target]
    model = make_pipeline(
        StandardScaler(), cn.MLPClassifier(hidden_layer_sizes=(6,), max_iter=1500, random_state=0)
    )
    return model.fit(data.data, y), data.data, y


@cache
def moons() -> tuple[Any, Any, Any]:
    """Two half moons, the picture that every lecture shows."""
    X, y = make_moons(300, noise=0.2, random_state=0)
    model = cn.MLPClassifier(
        hidden_layer_sizes=(16, 16), learning_rate_init=0.01, max_iter=1000, random_state=0
    )
    return model.fit(X, y), X, y


@cache
def penguins() -> tuple[Any, Any, Any]:
    """Penguins, numbers with gaps and categories: a network, and the rows that it has not seen."""
    data = load("penguins")
    numbers = [c for c in data.X.columns if data.X[c].dtype.kind == "f"]
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), ["island", "sex"]),
    )
    model = make_pipeline(
        prepare,
        cn.MLPClassifier(hidden_layer_sizes=(16,), learning_rate_init=0.01, max_iter=800, random_state=0),
    )
    X, X_test, y, y_test = train_test_split(data.X, data.y, test_size=0.4, stratify=data.y, random_state=0)
    return model.fit(X, y), X_test, y_test


@cache
def diabetes() -> tuple[Any, Any, Any]:
    """How diabetes progressed within a year, from ten measurements."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    network = cn.MLPRegressor(
        hidden_layer_sizes=(16,), learning_rate_init=0.01, alpha=3.0, max_iter=1000, random_state=0
    )
    return make_pipeline(StandardScaler(), network).fit(X, y), X, y


@cache
def digits() -> tuple[Any, Any, Any]:
    """Handwritten digits: the network, and the pictures and labels that it has not seen."""
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16, y, stratify=y, random_state=0)
    model = cn.MLPClassifier(
        hidden_layer_sizes=(32,), early_stopping=True, max_iter=300, learning_rate_init=0.003, random_state=0
    )
    return model.fit(X_train, y_train), X_test, y_test


def misread(style: str) -> Any:
    """The digits that were read wrong, then right ones."""
    model, X, y = digits()
    answer = model.predict(X)
    order = np.argsort(answer == y, kind="stable")
    return plots.images(X[order], true=y[order], predicted=answer[order], cmap="gray_r", style=style)


def swings(rate: float, style: str) -> Any:
    """The lecture's descent on L(w) = (w x - y)² at x = 1, y = 1, from w = 3."""
    w = [3.0]
    for _ in range(8):
        w.append(w[-1] - rate * 2 * (w[-1] - 1.0))
    return plots.descent(lambda v: (v - 1.0) ** 2, w, style=style)


def descent_in_a_plane(style: str) -> Any:
    """Descent for the slopes of two standardised measurements of diabetes."""
    X, y = load_diabetes(return_X_y=True)
    X, y = StandardScaler().fit_transform(X[:, [2, 3]]), (y - y.mean()) / y.std()
    w, path = np.array([-1.0, 1.2]), []
    for _ in range(20):
        path.append(w)
        w = w - 0.15 * 2 * X.T @ (X @ w - y) / len(y)
    return plots.descent(
        lambda v: np.mean((X @ v - y) ** 2), path, names=("body-mass index", "blood pressure"), style=style
    )


def descent_in_a_slice(style: str) -> Any:
    """Descent for all ten slopes: the slice in which most of the path lies."""
    X, y = load_diabetes(return_X_y=True)
    X, y = StandardScaler().fit_transform(X), (y - y.mean()) / y.std()
    w, path = np.random.RandomState(0).randn(10), []
    for _ in range(60):
        path.append(w)
        w = w - 0.05 * 2 * X.T @ (X @ w - y) / len(y)
    return plots.descent(lambda v: np.mean((X @ v - y) ** 2), path, style=style)


@cache
def watched() -> tuple[Any, Any, Any, Recorder]:
    """Two half moons, and a network whose weights were recorded every five epochs."""
    X, y = make_moons(300, noise=0.2, random_state=0)
    recorder = Recorder(every=5)
    model = cn.MLPClassifier(
        hidden_layer_sizes=(16, 16),
        learning_rate_init=0.01,
        max_iter=1000,
        random_state=0,
        callbacks=[recorder],
    )
    return model.fit(X, y), X, y, recorder


def vanishing(style: str) -> Any:
    """Eight sigmoid layers in a row: hardly any gradient reaches the first."""
    _, X, y = moons()
    layers = [layer for n_in in (2, *[10] * 7) for layer in (cn.Dense(n_in, 10), cn.Sigmoid())]
    net = cn.Network([*layers, cn.Dense(10, 1)], loss=cn.MSE(), random_state=0)
    return plots.gradient_flow(net, X, y[:, None], style=style)


def batch_sizes(style: str) -> Any:
    """Batch, mini-batch and stochastic descent on the same data from the same weights."""
    _, X, y = moons()
    models = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 60 epochs are what is compared
        for size in (300, 32, 1):
            model = cn.MLPClassifier(
                hidden_layer_sizes=(8,), solver="sgd", batch_size=size, max_iter=60, tol=0, random_state=0
            )
            models[f"batches of {size}"] = model.fit(X, y)
    return plots.learning_curve(models, style=style)


def rates(style: str) -> Any:
    """Which learning rate for digits? Too low, right and too high, in a hundred steps."""
    _, X, y = digits()
    model = cn.MLPClassifier(hidden_layer_sizes=(32,), random_state=0)
    return plots.learning_rate_range(model, X, y).plot(style=style)


def worked_example(style: str) -> Any:
    """The lecture's worked example: x = [3, 5] through two layers to [121.5, 62.5]."""
    net = cn.Network([cn.Dense(2, 4), cn.Dense(4, 2)], loss=cn.MSE())
    net.layers[0].weights[...] = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    net.layers[1].weights[...] = [[1, 2], [0.5, 0.5], [3, 1], [2, 1]]
    net.layers[0].biases[...] = net.layers[1].biases[...] = 1
    return plots.network(net, sample=[3, 5], style=style)


def boundary(data: Callable[[], Any], **options: Any) -> Callable[[str], Any]:
    """A decision boundary of that model and data."""
    return lambda style: plots.plot_decision_boundary(*data(), style=style, **options)


FIGURES: dict[str, Callable[[str], Any]] = {
    "boundary_two_classes": boundary(moons),
    "boundary_hard": boundary(moons, response="classes"),
    "boundary_classes": boundary(iris, features=("petal length (cm)", "petal width (cm)")),
    "boundary_categories": boundary(penguins, features=("island", "bill_length_mm")),
    "boundary_gaps": boundary(penguins, features=("flipper_length_mm", "bill_length_mm")),
    "surface": boundary(diabetes, features=("bmi", "s5")),
    "curve": lambda style: plots.regression(*diabetes(), features="bmi", style=style),
    "learning": lambda style: plots.learning_curve(digits()[0], style=style),
    "learning_loss": lambda style: plots.learning_curve(iris()[0], style=style),
    "batch_sizes": batch_sizes,
    "learning_rates": rates,
    "confusion": lambda style: plots.confusion(
        penguins()[2], penguins()[0].predict(penguins()[1]), style=style
    ),
    "confusion_digits": lambda style: plots.confusion(
        digits()[2], digits()[0].predict(digits()[1]), style=style
    ),
    "predicted": lambda style: plots.predicted(
        diabetes()[2], diabetes()[0].predict(diabetes()[1]), style=style
    ),
    "network_worked": worked_example,
    "network": lambda style: plots.network(iris()[0], sample=iris()[1].iloc[:1], style=style),
    "network_large": lambda style: plots.network(digits()[0], style=style),
    "weights": lambda style: plots.weights(digits()[0], style=style),
    "activations": lambda style: plots.activations(digits()[0], digits()[1], style=style),
    "first_layer": lambda style: plots.images(digits()[0], (8, 8), style=style),
    "digits": misread,
    "activation_relu": lambda style: plots.activation("relu", style=style),
    "activation_gelu": lambda style: plots.activation("gelu", style=style),
    "activation_softmax": lambda style: plots.activation("softmax", style=style),
    "descent_swings": lambda style: swings(1.0, style),
    "descent_settles": lambda style: swings(0.8, style),
    "descent_plane": descent_in_a_plane,
    "descent_slice": descent_in_a_slice,
    "gradient_flow": lambda style: plots.gradient_flow(*moons(), style=style),
    "gradient_flow_vanishing": vanishing,
    "loss_slice": lambda style: plots.loss_slice(*moons(), style=style),
    "loss_path": lambda style: plots.loss_slice(*watched(), style=style),
}
ANIMATIONS: dict[str, Callable[[Path, str], Path]] = {
    "training": lambda file, style: plots.animation(*watched(), file, frames=20, style=style),
}


def main(folder: str, style: str = "light") -> None:
    """Draw all figures into the folder, which is made where it is missing."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        print(plots.save(draw(style), Path(folder) / f"{name}.png"))
    for name, write in ANIMATIONS.items():
        print(write(Path(folder) / f"{name}.gif", style))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
