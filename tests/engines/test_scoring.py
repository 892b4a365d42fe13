"""Validation scores are scikit-learn's, on both engines."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from chalknet.engines import rules as r
from chalknet.engines.select import load
from chalknet.engines.state import Data, Until

pytestmark = pytest.mark.unjitted
BOTH = ("numpy", "numba")


def scored(engines, engine, description, data):
    """The score after one epoch, and the output for the validation rows from the same parameters."""
    state = engines.start(description)
    load(engine).session(description, state, data).run(Until(1, 1e6))
    output = load(engine).predict(description, state.parameters, data.X[data.validation], link=False)
    return state.scores[0], output


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("engine", BOTH)
def test_accuracy_of_classes(engines, engine, labels, weights):
    description = engines.description(
        (5, 9, "relu", 4), "softmax_cross_entropy", score=r.ARGMAX, watch=r.VALIDATION
    )
    data = engines.data(description, n=300, labels=labels, weights=weights, validation=150)
    got, output = scored(engines, engine, description, data)
    y = data.y[data.validation]
    w = None if data.weights is None else data.weights[data.validation]
    truth = y if labels else y.argmax(axis=1)
    assert got == pytest.approx(accuracy_score(truth, output.argmax(axis=1), sample_weight=w), rel=1e-12)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("loss", ["binary_cross_entropy_logits", "binary_cross_entropy", "squared_error"])
@pytest.mark.parametrize("n_out", [1, 3])
@pytest.mark.parametrize("engine", BOTH)
def test_accuracy_of_yes_and_no(engines, engine, n_out, loss, weights):
    end = ("sigmoid",) if loss == "binary_cross_entropy" else ()
    threshold = 0.0 if loss.endswith("logits") else 0.5
    description = engines.description(
        (5, 9, "relu", n_out, *end), loss, score=r.THRESHOLD, threshold=threshold, watch=r.VALIDATION
    )
    data = engines.data(description, n=300, weights=weights, validation=150)
    data.y = np.random.default_rng(1).integers(0, 2, data.y.shape).astype(float)
    got, output = scored(engines, engine, description, data)
    w = None if data.weights is None else data.weights[data.validation]
    want = accuracy_score(
        data.y[data.validation].astype(int), (output > threshold).astype(int), sample_weight=w
    )
    assert got == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize(("loss", "link"), [("squared_error", lambda z: z), ("poisson_log", np.exp)])
@pytest.mark.parametrize("engine", BOTH)
def test_r2(engines, engine, loss, link, weights):
    description = engines.description((5, 9, "relu", 3), loss, score=r.R2, watch=r.VALIDATION)
    data = engines.data(description, n=300, weights=weights, validation=150)
    got, output = scored(engines, engine, description, data)
    w = None if data.weights is None else data.weights[data.validation]
    want = r2_score(data.y[data.validation], link(output), sample_weight=w)
    assert got == pytest.approx(want, rel=1e-10)


@pytest.mark.parametrize("engine", BOTH)
def test_r2_of_constant_targets(engines, engine):
    description = engines.description((2, 2), score=r.R2, watch=r.VALIDATION, batch_size=4)
    X = np.zeros((8, 2))
    y = np.column_stack([np.full(8, 3.0), np.arange(8.0)])
    data = Data(X, y, np.arange(4), None, np.arange(4, 8))
    got, output = scored(engines, engine, description, data)
    assert got == pytest.approx(r2_score(y[4:], output), rel=1e-12)


@pytest.mark.parametrize("engine", BOTH)
def test_the_negative_loss(engines, engine):
    description = engines.description((5, 9, "relu", 3), score=r.NEGATIVE_LOSS, watch=r.VALIDATION)
    data = engines.data(description, n=300, weights=True, validation=150)
    got, output = scored(engines, engine, description, data)
    errors = ((output - data.y[data.validation]) ** 2).mean(axis=1)
    assert got == pytest.approx(-np.average(errors, weights=data.weights[data.validation]), rel=1e-12)


def run_with(engines, engine, score, *, row, n_validation=5):
    """Score validation rows of which one is `row`."""
    description = engines.description((2, 3), score=score, watch=r.VALIDATION)
    X = np.random.default_rng(0).normal(size=(20, 2))
    X[19] = row
    y = np.random.default_rng(1).normal(size=(20, 3))
    data = Data(X, y, np.arange(15), None, np.arange(20 - n_validation, 20))
    return engines.train(engine, description, data, until=Until(1, 1e6))[1].scores[0]


@pytest.mark.parametrize("row", [np.nan, np.inf])
@pytest.mark.parametrize("score", [r.ARGMAX, r.THRESHOLD, r.R2])
@pytest.mark.parametrize("engine", BOTH)
def test_a_prediction_that_is_not_finite_has_no_score(engines, engine, score, row):
    assert np.isnan(run_with(engines, engine, score, row=row))


@pytest.mark.parametrize("engine", BOTH)
def test_one_row_has_no_r2_as_in_scikit_learn(engines, engine):
    assert np.isnan(run_with(engines, engine, r.R2, row=1.0, n_validation=1))


@pytest.mark.parametrize("score", [r.ARGMAX, r.THRESHOLD, r.R2, r.NEGATIVE_LOSS])
@pytest.mark.parametrize("engine", BOTH)
def test_validation_rows_without_weight_have_no_score(engines, engine, score):
    description = engines.description((2, 3), score=score, watch=r.VALIDATION)
    data = engines.data(description, validation=9)
    data.weights = np.ones(40)
    data.weights[data.validation] = 0.0
    assert np.isnan(engines.train(engine, description, data)[1].scores[0])
