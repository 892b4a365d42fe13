"""Rows held out and scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.svm import LinearSVC

from chalknet.cli import scoring


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.floats(0, 0.99), st.integers(0, 9))
def test_classes_are_held_out_in_proportion(labels, share, seed):
    target = np.array(labels)
    train, held = scoring.hold_out(target, True, share, seed)
    assert sorted([*train, *held]) == list(range(len(target)))
    assert set(target[train]) == set(labels)  # every class can be learned
    for label in set(labels):
        there = (target == label).sum()
        assert (target[held] == label).sum() <= max(np.ceil(there * share) + 1, 1)
    assert len(held) <= max(round(len(target) * share), 1)
    again = scoring.hold_out(target, True, share, seed)
    assert np.array_equal(train, again[0])


@given(st.integers(1, 60), st.floats(0, 0.99))
def test_numbers_are_held_out_over_their_range(n, share):
    train, held = scoring.hold_out(np.arange(n) * 1.0, False, share, 0)
    assert len(train) + len(held) == n and len(train) >= 1
    if share == 0 or n == 1:
        assert len(held) == 0
    if 5 <= len(held) < n / 2:
        assert held.min() < n / 2 < held.max()


def test_scores_are_scikit_learns():
    X, y = np.zeros((6, 1)), np.array(["a", "a", "a", "b", "b", "c"])
    model = DummyClassifier(strategy="prior").fit(X, y)
    found = scoring.scores(model, X, y)
    assert found["accuracy"] == 0.5
    assert found["log loss"] == pytest.approx(metrics.log_loss(y, model.predict_proba(X)))
    assert found["macro F1"] == pytest.approx(metrics.f1_score(y, model.predict(X), average="macro"))
    numbers = np.arange(6.0)
    found = scoring.scores(DummyRegressor().fit(X, numbers), X, numbers)
    assert found == pytest.approx({"MAE": 1.5, "RMSE": np.std(numbers), "R2": 0.0})


def test_unknown_classes_count_as_wrong():
    model = DummyClassifier().fit([[0], [0], [0]], ["a", "a", "b"])
    found = scoring.scores(model, [[0], [0]], np.array(["a", "z"], dtype=object))
    assert found["accuracy"] == 0.5
    assert found["log loss"] == pytest.approx(-np.log(2 / 3))
    assert np.isnan(scoring.scores(model, [[0]], np.array(["z"], dtype=object))["log loss"])


def test_scores_that_do_not_exist_are_nan():
    svm = LinearSVC().fit([[0.0], [1.0]], ["a", "b"])
    assert np.isnan(scoring.scores(svm, [[0.0]], np.array(["a"], dtype=object))["log loss"])
    assert np.isnan(scoring.scores(DummyRegressor().fit([[0]], [1.0]), [[0]], np.array([1.0]))["R2"])


def test_the_linear_baseline_learns_from_no_more_rows_than_it_should(monkeypatch):
    monkeypatch.setattr(scoring, "MOST_LINEAR_ROWS", 10)
    X = np.random.RandomState(0).randn(50, 2)
    rivals = scoring.baselines(X, X[:, 0], False, seed=0)
    assert list(rivals) == ["linear model", "mean of the target"]
    assert rivals["linear model"].coef_[0] == pytest.approx(1, abs=0.3)
