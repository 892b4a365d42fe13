"""What a model says about rows, in the one form that a figure can colour: classes, probabilities or a number.

Any object with ``predict`` is understood: scikit-learn's classifiers and regressors, pipelines and searches around
them, chalknet's own, and networks, whose outputs are read with the targets beside them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chalknet.exceptions import ParameterError, ShapeError, UnknownNameError

RESPONSES = ("auto", "classes", "proba", "value")


class Targets(NamedTuple):
    """y, read: the classes and each row's position among them, or numbers."""

    values: np.ndarray  # (m,): positions among classes as integers, or floats
    classes: np.ndarray | None  # None: numbers


class Answer(NamedTuple):
    """A model's answers for some rows.

    ``kind`` is "classes" (``values`` (m,) are positions among the classes), "proba" (``values`` (m, classes), rows
    summing to 1) or "value" (``values`` (m,) are numbers).
    """

    kind: str
    values: np.ndarray


def read_targets(model: Any, y: Any) -> Targets:
    """Tell class labels from numbers, and find the classes.

    A regressor has numbers and a classifier has classes. Where the model does not say, one-hot rows, labels that
    are not numbers, and whole numbers of few kinds are classes.

    Raises:
        ShapeError: y has several columns that are not one-hot.
    """
    y = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    known = getattr(model, "classes_", None)
    kind = model_kind(model)
    if y.ndim == 2:
        if kind == "regressor" or not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
            raise ShapeError(
                f"y has {y.shape[1]} columns, but one answer is drawn at each place; "
                "pass one column, y[:, k], or one-hot rows"
            )
        return Targets(y.argmax(axis=1), np.arange(y.shape[1]))
    if kind == "regressor" or (kind is None and not _looks_like_labels(y)):
        return Targets(y.astype(float), None)
    if isinstance(known, np.ndarray):
        classes = np.concatenate([known, np.setdiff1d(y.astype(known.dtype), known)])
    elif kind is None and y.dtype.kind in "fiu" and y.min() >= 0:
        classes = np.arange(int(y.max()) + 1)  # a network's labels are the numbers of its outputs
    else:
        classes = np.unique(y.astype(str) if y.dtype == object else y)
    return Targets(_positions(y, classes), classes)


def respond(model: Any, X: Any, targets: Targets, response: str) -> Answer:
    """The model's answer for each row of X.

    Args:
        model: any object with ``predict``.
        X: rows as the model takes them.
        targets: as ``read_targets`` gives them.
        response: ``"proba"``, ``"classes"``, ``"value"``, or ``"auto"``: probabilities where the model gives them,
            else classes, and numbers from a regressor.

    Raises:
        UnknownNameError: there is no such response.
        ParameterError: the model gives no probabilities.
        ShapeError: its outputs do not fit the classes, or are several numbers a row.
    """
    if response not in RESPONSES:
        raise UnknownNameError(
            f"unknown response {response!r}; allowed are {', '.join(map(repr, RESPONSES))}"
        )
    if targets.classes is None or response == "value":
        return Answer("value", _one_column(np.asarray(model.predict(X), dtype=float)))
    if model_kind(model) == "classifier":
        if response != "classes" and hasattr(model, "predict_proba"):
            return Answer("proba", np.asarray(model.predict_proba(X), dtype=float))
        raw = np.asarray(model.predict(X))
        if raw.ndim == 2 and hasattr(model, "predict_proba"):  # fitted on one-hot rows
            return Answer("classes", np.asarray(model.predict_proba(X)).argmax(axis=1))
        answer = Answer("classes", _positions(raw.ravel(), targets.classes))
    else:
        answer = _from_outputs(np.asarray(model.predict(X)), targets.classes, response)
    if response == "proba" and answer.kind != "proba":
        raise ParameterError(f"{type(model).__name__} gives no probabilities; use response='classes'")
    return answer


def model_kind(model: Any) -> str | None:
    """``"classifier"``, ``"regressor"``, or None where the model does not say (a network)."""
    from sklearn.base import is_classifier, is_regressor

    if hasattr(model, "classes_"):
        return "classifier"
    if not hasattr(model, "__sklearn_tags__"):
        return getattr(model, "_estimator_type", None)
    return "classifier" if is_classifier(model) else "regressor" if is_regressor(model) else None


def _from_outputs(out: np.ndarray, classes: np.ndarray, response: str) -> Answer:
    """Read a network's outputs: one column is one class's share, or several compete for the largest."""
    if out.dtype.kind not in "fiu":
        return Answer("classes", _positions(out.ravel(), classes))
    out = out.reshape(len(out), -1).astype(float)
    finite = out[np.isfinite(out).all(axis=1)]
    inside = bool(((finite >= 0) & (finite <= 1)).all())
    if out.shape[1] == 1:
        if len(classes) > 2:
            raise ShapeError(
                f"the model has one output, and y has {len(classes)} classes; one output can tell two apart"
            )
        middle = 0.0 if classes[0] == -1 else 0.5  # targets -1 and 1 meet at 0 (hinge), 0 and 1 at a half
        if inside and middle and response != "classes":
            return Answer("proba", np.hstack([1 - out, out]))
        return Answer("classes", (out[:, 0] >= middle).astype(int))
    if out.shape[1] < len(classes):
        raise ShapeError(f"the model has {out.shape[1]} outputs, and y has {len(classes)} classes")
    if inside and response != "classes" and np.allclose(finite.sum(axis=1), 1, atol=1e-4):
        return Answer("proba", out)
    return Answer("classes", out.argmax(axis=1))


def _positions(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    place = {c: i for i, c in enumerate(classes.tolist())}
    return np.array([place[v] for v in labels.astype(classes.dtype).tolist()], dtype=int)


def _one_column(out: np.ndarray) -> np.ndarray:
    if out.ndim == 2 and out.shape[1] != 1:
        raise ShapeError(
            f"the model has {out.shape[1]} outputs; a figure of one answer a place needs a model with one"
        )
    return out.ravel()


def _looks_like_labels(y: np.ndarray) -> bool:
    if y.dtype.kind not in "fiu":
        return True
    kinds = np.unique(y)
    return bool((kinds == np.rint(kinds)).all()) and len(kinds) <= min(20, max(2, len(y) // 2))
