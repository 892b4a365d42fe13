"""What figures need to know of a model: its name, its layers' weights, its units' names and their values for some rows.

Read are scikit-learn's multilayer perceptrons and chalknet's estimators (``coefs_`` and ``intercepts_``), linear
models (``coef_`` and ``intercept_``: one layer), networks (``layers``), and what wraps them: pipelines, searches and
the tabular estimators.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np

from chalknet.estimators._objective import Objective, objective
from chalknet.exceptions import NotFittedError
from chalknet.maths import activations


class Stage(NamedTuple):
    """A layer of weights with what follows it."""

    weights: np.ndarray  # (n_in, n_out)
    biases: np.ndarray  # (n_out,)
    activation: str  # "" where none follows


class Reading(NamedTuple):
    """A model taken apart."""

    name: str  # of the model's class
    stages: list[Stage]
    inputs: list[str]  # names of the network's inputs
    outputs: list[str]  # names of its outputs
    core: Any  # the model that holds the weights
    transform: tuple[Any, ...]  # the transformers before it, in their order


def read(model: Any) -> Reading:
    """Take a fitted model apart.

    Raises:
        NotFittedError: the model has no weights yet.
        TypeError: it is no kind of model that holds layers of weights.
    """
    core, transform = unwrap(model)
    if hasattr(core, "coefs_"):
        stages = _stages_of_perceptron(core)
    elif hasattr(core, "layers"):
        stages = _stages_of_network(core)
    elif hasattr(core, "coef_"):
        weights = np.atleast_2d(core.coef_).T
        biases = np.asarray(core.intercept_, dtype=float)
        stages = [Stage(weights, np.broadcast_to(biases, weights.shape[1]), "")]
    elif hasattr(core, "fit"):
        raise NotFittedError(f"this {type(core).__name__} has no weights yet; call fit before drawing them")
    else:
        raise TypeError(
            f"cannot find layers of weights in {type(core).__name__}; pass a network or a fitted estimator"
        )
    return Reading(
        model_name(model),
        stages,
        _inputs(core, transform, len(stages[0].weights)),
        _outputs(core, stages),
        core,
        transform,
    )


def model_name(model: Any) -> str:
    """Class name of the model at the heart of pipelines and searches.

    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> model_name(make_pipeline(Ridge()))
    'Ridge'
    """
    while True:
        if hasattr(model, "steps"):
            model = model.steps[-1][1]
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            return type(model).__name__


def unwrap(model: Any) -> tuple[Any, tuple[Any, ...]]:
    """The model that holds the weights, and the transformers that its rows pass before it."""
    transform: list[Any] = []
    while True:
        if hasattr(model, "steps"):
            transform += [step for _, step in model.steps[:-1] if step not in (None, "passthrough")]
            model = model.steps[-1][1]
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "preprocessor_") and hasattr(model, "estimator_"):  # the tabular estimators
            transform.append(model.preprocessor_)
            model = model.estimator_
        else:
            return model, tuple(transform)


def objective_of(model: Any, X: Any, y: Any, sample_weight: Any = None) -> Objective:
    """What a model minimises on rows as its ``fit`` takes them, also at the end of a pipeline or search."""
    while True:
        if hasattr(model, "steps"):
            X = model[:-1].transform(X) if len(model.steps) > 1 else X
            model = model.steps[-1][1]
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            return objective(model, X, y, sample_weight)


def values(reading: Reading, X: Any) -> list[np.ndarray]:
    """What each column of units holds for rows of X: the inputs, then each stage's activations, (m, units) each.

    The last are what ``predict`` or ``predict_proba`` is made from.

    >>> from sklearn.neural_network import MLPRegressor
    >>> model = MLPRegressor(hidden_layer_sizes=(3,)).partial_fit([[0.0], [1.0]], [0.0, 1.0])
    >>> [a.shape for a in values(read(model), [[0.5]])]
    [(1, 1), (1, 3), (1, 1)]
    """
    for step in reading.transform:
        X = step.transform(X)
    a = np.asarray(X.toarray() if hasattr(X, "toarray") else X, dtype=float)
    if hasattr(reading.core, "layers"):
        return [a, *_network_values(reading.core, a)]
    found = [a]
    for stage in reading.stages:
        found.append(activate(stage.activation, found[-1] @ stage.weights + stage.biases))
    return found


def activate(name: str, z: np.ndarray) -> np.ndarray:
    """a = f(z) by the activation's name, row activations included; no name leaves z as it is."""
    from chalknet.maths import rows

    if not name:
        return z
    if name in rows.ROW_ACTIVATIONS:
        return rows.ROW_ACTIVATIONS[name].f(z)
    row = activations.get(name)
    return row.f(z, row.p)


def _stages_of_perceptron(core: Any) -> list[Stage]:
    hidden = core.activation
    count = len(core.coefs_)
    names = [hidden] * (count - 1) if isinstance(hidden, str) else list(hidden)
    names.append(getattr(core, "out_activation_", ""))
    pairs = zip(core.coefs_, core.intercepts_, names, strict=True)
    return [Stage(np.asarray(w), np.ravel(b), "" if name == "identity" else name) for w, b, name in pairs]


def _stages_of_network(net: Any) -> list[Stage]:
    stages: list[Stage] = []
    for layer in net.layers:
        if hasattr(layer, "weights"):
            stages.append(Stage(np.asarray(layer.weights), np.ravel(layer.biases), ""))
        elif stages and _is_activation(layer):
            stages[-1] = stages[-1]._replace(activation=layer.name)
    if not stages:
        raise TypeError("this network has no layer with weights; add a Dense before drawing it")
    return stages


def _is_activation(layer: Any) -> bool:
    from chalknet.maths import rows

    name = getattr(layer, "name", "")
    return name != "identity" and (name in activations.ACTIVATIONS or name in rows.ROW_ACTIVATIONS)


def _network_values(net: Any, a: np.ndarray) -> list[np.ndarray]:
    """Each stage's last output, from a copy, so that the reader's own layers keep what they remember."""
    predicted = np.asarray(net.predict(a))
    net = deepcopy(net)
    net.forward(a)
    found: list[np.ndarray] = []
    for layer in net.layers:
        a = layer.output
        if hasattr(layer, "weights"):
            found.append(a)
        elif found:
            found[-1] = a
    return [*found[:-1], predicted.reshape(len(predicted), -1)]


def _inputs(core: Any, transform: tuple[Any, ...], count: int) -> list[str]:
    names = getattr(core, "feature_names_in_", None)
    if names is None and transform and hasattr(transform[-1], "get_feature_names_out"):
        try:
            names = transform[-1].get_feature_names_out()
        except (AttributeError, ValueError):  # a transformer inside it cannot name its columns
            names = None
    if names is None or len(names) != count:
        return [f"$x_{{{i + 1}}}$" for i in range(count)]
    return [str(n).rpartition("__")[2] or str(n) for n in names]


def _outputs(core: Any, stages: list[Stage]) -> list[str]:
    count = stages[-1].weights.shape[1]
    classes = getattr(core, "classes_", None)
    if isinstance(classes, np.ndarray) and len(classes) == count:
        return [str(c) for c in classes]
    if isinstance(classes, np.ndarray) and count == 1 and len(classes) == 2:
        return [str(classes[1])]
    return [f"$ŷ_{{{i + 1}}}$" for i in range(count)]
