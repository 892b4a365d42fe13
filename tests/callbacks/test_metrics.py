"""Metrics on rows of one's own while a model learns."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score, make_scorer

import chalknet as cn
from chalknet.exceptions import ParameterError

X = np.random.default_rng(0).normal(size=(80, 2))
Y = (X[:, 0] > X[:, 1]).astype(int)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def fitted(scoring, **more):
    measured = cn.Metrics(X[::2], Y[::2], scoring, **more)
    model = cn.MLPClassifier((4,), max_iter=6, learning_rate_init=0.05, random_state=0, callbacks=measured)
    return measured, model.fit(X[1::2], Y[1::2])


@pytest.mark.parametrize(
    ("scoring", "names"),
    [
        (None, ["score"]),
        ("accuracy", ["accuracy"]),
        (["accuracy", "neg_log_loss"], ["accuracy", "neg_log_loss"]),
        ({"right": "accuracy", "half": lambda m, X, y: 0.5}, ["right", "half"]),
        (make_scorer(accuracy_score), ["score"]),
    ],
)
def test_scorers_as_scikit_learn_knows_them(scoring, names):
    measured, model = fitted(scoring)
    assert list(measured.history_) == names and measured.epochs_ == [1, 2, 3, 4, 5, 6]
    assert measured.history_[names[0]][-1] == model.score(X[::2], Y[::2])
    assert all(len(values) == 6 for values in measured.history_.values())


def test_clones_share_the_rows():
    measured, model = fitted("accuracy")
    copied = clone(model).callbacks
    assert copied is not measured and copied.X is measured.X and copied.history_ == {}


def test_every_second_epoch_with_a_prefix():
    measured, _ = fitted("accuracy", every=4, prefix="test_")
    assert measured.epochs_ == [4, 6] and list(measured.history_) == ["test_accuracy"]


def test_numbers_are_those_of_the_weights_after_the_epoch():
    measured, _ = fitted("neg_log_loss")
    for epoch, value in zip(measured.epochs_, measured.history_["neg_log_loss"], strict=True):
        until = cn.MLPClassifier((4,), max_iter=epoch, learning_rate_init=0.05, random_state=0).fit(
            X[1::2], Y[1::2]
        )
        proba = until.predict_proba(X[::2])[np.arange(40), Y[::2]]
        assert value == pytest.approx(np.log(proba).mean())


def test_a_network_is_scored_by_functions():
    net = cn.Network([cn.Dense(2, 1)], loss=cn.MSE(), random_state=0)
    measured = cn.Metrics(X, Y[:, None], lambda net, X, y: net.evaluate(X, y))
    net.fit(X, Y[:, None], epochs=3, callbacks=[measured])
    assert measured.history_["<lambda>"][-1] == net.evaluate(X, Y[:, None])
    with pytest.raises(
        ParameterError, match=r"a Network is scored by a function .* but scoring is 'accuracy'"
    ):
        net.fit(X, Y[:, None], callbacks=[cn.Metrics(X, Y, "accuracy")])


def test_unknown_names_are_refused_before_anything_is_learned():
    with pytest.raises(
        ParameterError, match=r"scoring must be a metric of scikit-learn .* but was given 'acuracy'"
    ):
        fitted("acuracy")
    with pytest.raises(ParameterError, match="Metrics: every must be"):
        cn.Metrics(X, Y, every="soon")
