"""fit_many: each estimator ends with the weights, curves and warnings of its own fit; failures, Ctrl-C, refusals."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning

import chalknet as cn
from chalknet.callbacks import Callback
from chalknet.estimators import _shared
from chalknet.exceptions import DataError, DivergenceWarning, ParameterError

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
TWO = Y > 0
NUMBERS = np.column_stack([X[:, 0] * X[:, 1], np.sin(X[:, 2])])
SEVERAL = make_multilabel_classification(150, 4, n_classes=3, random_state=0)
VARIETY: tuple[dict[str, Any], ...] = (
    {},
    {"learning_rate_init": 0.1, "alpha": 0.01},
    {"hidden_layer_sizes": (3, 5), "activation": ["tanh", "gelu"], "dropout": 0.3},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.01, "n_iter_no_change": 2},
    {"solver": "adamw", "early_stopping": True, "n_iter_no_change": 2, "max_iter": 60},
    {"solver": "lbfgs", "max_iter": 5},
    {"engine": "numpy", "early_stopping": True},
    {"engine": "auto", "max_iter": 200, "tol": 0.01},
    {"dtype": "float32", "batch_size": 1, "max_iter": 3},
    {"dtype": "float32", "shuffle": False, "batch_size": 500},
)
FITTED = (
    "loss_curve_", "n_iter_", "t_", "loss_", "best_loss_", "validation_scores_", "best_validation_score_", "engine_",
    "n_features_in_", "n_outputs_", "n_layers_", "out_activation_",
)  # fmt: skip


def varied(kind: Any, **options: Any) -> list[Any]:
    base = {"hidden_layer_sizes": (8,), "max_iter": 12, "engine": "numba", **options}
    return [kind(**{**base, "random_state": i, **changes}) for i, changes in enumerate(VARIETY)]


def alone(estimators: list[Any], *data: Any, **options: Any) -> tuple[list[Any], list[str]]:
    """Copies, each fitted by its own fit, and the warnings of all."""
    return _warned(lambda: [clone(est).fit(*data, **options) for est in estimators])


def together(estimators: list[Any], *data: Any, **options: Any) -> tuple[list[Any], list[str]]:
    return _warned(lambda: cn.fit_many([clone(est) for est in estimators], *data, **options))


def _warned(fits: Any) -> tuple[list[Any], list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = fits()
    return fitted, sorted(f"{w.category.__name__}: {w.message}" for w in caught)


def assert_same(ours: Any, theirs: Any) -> None:
    assert type(ours) is type(theirs)
    assert sorted(vars(ours)) == sorted(vars(theirs))
    for a, b in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    for name in FITTED:
        assert getattr(ours, name, None) == getattr(theirs, name, None), name
    for name in ("classes_", "feature_names_in_"):
        if hasattr(theirs, name):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert ours.network_.parameters is not theirs.network_.parameters
    assert ours.coefs_[0] is ours.network_.dense[0].weights


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize(
    ("kind", "x", "y"),
    [
        (cn.MLPClassifier, X, TWO),
        (cn.MLPClassifier, X, np.array(["a", "b", "c"])[Y]),
        (cn.MLPClassifier, *SEVERAL),
        (cn.MLPRegressor, X, NUMBERS),
        (cn.MLPRegressor, sparse.csc_matrix(X * (np.abs(X) > 0.5)), NUMBERS[:, 0]),
    ],
    ids=["two", "three", "labels", "numbers", "sparse"],
)
def test_each_ends_as_its_own_fit_ends(
    kind: Any, x: Any, y: Any, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHALKNET_NUM_THREADS", threads)
    weights = np.random.default_rng(0).integers(1, 4, 150)
    estimators = varied(kind)
    ours, told = together(estimators, x, y, sample_weight=weights)
    theirs, warned = alone(estimators, x, y, sample_weight=weights)
    for a, b in zip(ours, theirs, strict=True):
        assert_same(a, b)
    assert told == warned
    assert any(text.startswith("ConvergenceWarning") for text in told)


def test_losses_and_class_weights_may_differ() -> None:
    options = [{"class_weight": w} for w in (None, "balanced", {0: 3.0, 1: 1.0, 2: 1.0}, None)]
    options += [{"loss": "focal"}, {"loss": "squared_hinge"}, {"loss": "auto", "class_weight": "balanced"}]
    estimators = [cn.MLPClassifier((4,), max_iter=3, random_state=0, engine="numba", **o) for o in options]
    for a, b in zip(together(estimators, X, Y)[0], alone(estimators, X, Y)[0], strict=True):
        assert_same(a, b)


def test_a_table_leaves_its_names_and_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame(X, columns=list("abcd"))
    estimators = varied(cn.MLPClassifier, max_iter=2)
    theirs, _ = alone(estimators, table, Y)
    reads = []
    read = cn.MLPClassifier._read
    monkeypatch.setattr(
        cn.MLPClassifier, "_read", lambda self, x, *a, **k: reads.append(type(x)) or read(self, x, *a, **k)
    )
    ours, _ = together(estimators, table, Y)
    for a, b in zip(ours, theirs, strict=True):
        assert_same(a, b)
    assert len(reads) == 2  # once as float64 and once as float32


def test_data_of_the_right_type_are_not_copied() -> None:
    shared = _shared.Shared(X, Y, None)
    taken = [shared.take(cn.MLPClassifier(dtype=dtype), first=True) for dtype in ("auto", "float64")]
    assert all(np.shares_memory(x, X) for x, _, _ in taken)
    single = [
        shared.take(cn.MLPClassifier(dtype="float32", loss=loss), first=True) for loss in ("auto", "focal")
    ]
    assert single[0][0] is single[1][0]
    assert single[0][1] is shared.take(cn.MLPClassifier(dtype="float32"), first=True)[1]


@pytest.mark.filterwarnings("ignore:Got `batch_size` less than 1")
def test_warm_starts_go_on() -> None:
    estimators = varied(cn.MLPClassifier, warm_start=True)
    for est in estimators[::2]:
        est.set_params(warm_start=False)
    ours, theirs = [clone(e) for e in estimators], [clone(e) for e in estimators]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(2):
            cn.fit_many(ours, X, Y)
            for est in theirs:
                est.fit(X, Y)
        ours[1].coefs_[0][0, 0] = theirs[1].coefs_[0][0, 0] = 3.0
        table = pd.DataFrame(X, columns=list("abcd"))
        ours, theirs = ours[:2], theirs[:2]
        with pytest.warns(UserWarning, match="fitted without feature names"):
            cn.fit_many(ours, table, Y)
        with pytest.warns(UserWarning, match="fitted without feature names"):
            theirs[1].fit(table, Y)
        theirs[0].fit(table, Y)
    for a, b in zip(ours, theirs, strict=True):
        assert_same(a, b)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_shared_random_state_is_drawn_from_in_the_lists_order() -> None:
    def population() -> list[Any]:
        random = np.random.RandomState(3)
        options = [{}, {"solver": "lbfgs"}, {"engine": "numpy"}, {"hidden_layer_sizes": (40,)}]
        base = {"hidden_layer_sizes": (4,), "max_iter": 3, "engine": "numba"}
        return [cn.MLPRegressor(**{**base, **o}, random_state=random) for o in options]

    for a, b in zip(
        cn.fit_many(population(), X, NUMBERS), [e.fit(X, NUMBERS) for e in population()], strict=True
    ):
        assert_same(a, b)


class Diary(Callback):
    """Writes down what it is told, and may raise or stop."""

    def __init__(self, act: Any = None) -> None:
        self.act = act
        self.lines: list[Any] = []
        self.threads: set[int] = set()

    def on_fit_begin(self, context: Any) -> None:
        self.lines.append("begin")

    def on_epoch_end(self, context: Any) -> None:
        self.lines.append((context.epoch, context.loss, context.validation_score))
        self.threads.add(threading.get_ident())
        if self.act is not None and context.epoch == 3:
            self.act(context)

    def on_fit_end(self, context: Any) -> None:
        self.lines.append("end")


def raising(error: Any) -> Any:
    def act(context: Any) -> None:
        raise error

    return act


@pytest.mark.filterwarnings("ignore:Got `batch_size` less than 1")
def test_callbacks_hear_what_they_would_hear_alone() -> None:
    acts = [None, lambda context: context.stop(), None, None, None, None, None, None, None, None]
    ours, theirs = varied(cn.MLPClassifier), varied(cn.MLPClassifier)
    for pair in zip(ours, theirs, acts, strict=True):
        for est in pair[:2]:
            est.callbacks = [Diary(pair[2])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert cn.fit_many(ours, X, Y) == ours
        for a, b in zip(ours, theirs, strict=True):
            b.fit(X, Y)
            assert_same(a, b)
            assert a.callbacks[0].lines == b.callbacks[0].lines
            assert a.callbacks[0].threads <= {threading.get_ident()}
    assert ours[1].n_iter_ == 3


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:.*scale_target:chalknet.exceptions.DataHint")
def test_one_that_diverges_is_told_of_when_the_others_are_fitted() -> None:
    x = X * 1e30
    estimators = [
        cn.MLPRegressor(
            hidden_layer_sizes=(4,),
            solver=s,
            max_iter=5,
            random_state=0,
            engine="numba",
            learning_rate_init=rate,
        )
        for s, rate in (("adam", 0.001), ("sgd", 1e30), ("adam", 0.01), ("sgd", 1e30))
    ]
    with pytest.raises(DataError, match="non-finite parameter weights") as caught:
        cn.fit_many(estimators, X, NUMBERS * 1e10)
    assert caught.value.__notes__[0].startswith(
        "This was estimators[1] of fit_many, and so did estimators[3]: Solver"
    )
    assert caught.value.__notes__[0].endswith("The others are fitted.")
    for i in (0, 2):
        assert_same(estimators[i], clone(estimators[i]).fit(X, NUMBERS * 1e10))
    stopped = cn.MLPRegressor(
        hidden_layer_sizes=(4,),
        solver="sgd",
        early_stopping=True,
        learning_rate_init=1e30,
        random_state=0,
        engine="numba",
    )
    with pytest.warns(DivergenceWarning):
        cn.fit_many([stopped], x, NUMBERS)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_callback_that_raises_stops_its_own_run_only(engine: str) -> None:
    diaries = [Diary(), Diary(raising(RuntimeError("no more"))), Diary()]
    estimators = [
        cn.MLPClassifier((4,), max_iter=6, random_state=i, engine=engine, callbacks=[d])
        for i, d in enumerate(diaries)
    ]
    with pytest.raises(RuntimeError, match="no more") as caught:
        cn.fit_many(estimators, X, Y)
    assert caught.value.__notes__ == ["This was estimators[1] of fit_many. The others are fitted."]
    assert [est.n_iter_ for est in estimators] == [6, 0, 6]
    assert [d.lines[-1] for d in diaries] == ["end"] * 3
    for hook in ("on_fit_begin", "on_fit_end"):
        diary = Diary()
        setattr(diary, hook, raising(RuntimeError(hook)))
        estimators[0].callbacks = [diary]
        with pytest.raises(RuntimeError, match=hook):
            cn.fit_many([clone(est) for est in estimators[:1]] + estimators[2:], X, Y)


def test_a_warning_that_is_an_error_is_an_error_of_one() -> None:
    estimators = [cn.MLPClassifier((4,), max_iter=n, tol=0.5, random_state=0) for n in (100, 2)]
    with pytest.raises(
        ConvergenceWarning, match=r"Maximum iterations \(2\)"
    ):  # as pytest is told to take warnings
        cn.fit_many(estimators, X, Y)
    assert estimators[1].n_iter_ == 2
    assert 0 < estimators[0].n_iter_ < 100


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_ctrl_c_in_a_callback_stops_all_and_keeps_what_was_learned(engine: str) -> None:
    diaries = [Diary(raising(KeyboardInterrupt)), Diary()]
    estimators: list[Any] = [
        cn.MLPClassifier((4,), max_iter=2000, tol=0.0, random_state=i, engine=engine, callbacks=[d])
        for i, d in enumerate(diaries)
    ]
    estimators.append(cn.MLPClassifier((4,), solver="lbfgs", random_state=0))
    with pytest.warns(UserWarning, match="interrupted by user. Of 3 estimators 0 are trained to their end"):
        cn.fit_many(estimators, X, Y)
    assert estimators[0].n_iter_ == 3
    assert [d.lines[-1] for d in diaries if d.lines] == ["end"] * sum(bool(d.lines) for d in diaries)
    assert estimators[2].predict(X).shape == (150,)
    np.testing.assert_array_equal(estimators[0].coefs_[0], estimators[0].network_.dense[0].weights)


def test_ctrl_c_under_lbfgs_stops_all_with_one_warning() -> None:
    first = cn.MLPClassifier(
        (4,), solver="lbfgs", random_state=0, callbacks=[Diary(raising(KeyboardInterrupt))]
    )
    second = cn.MLPClassifier((4,), solver="lbfgs", random_state=0)
    with pytest.warns(
        UserWarning, match="Of 2 estimators 0 are trained to their end and 1 in part"
    ) as caught:
        cn.fit_many([first, second], X, Y)
    assert len(caught) == 1
    assert (first.n_iter_, second.n_iter_) == (3, 0)
    with pytest.warns(UserWarning, match="interrupted by user"):
        clone(first).fit(X, Y)


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does")
@pytest.mark.parametrize("threads", ["1", "2"])
def test_ctrl_c_from_outside_is_served_soon(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHALKNET_NUM_THREADS", threads)
    options: dict[str, Any] = {"max_iter": 10**6, "tol": 0.0, "n_iter_no_change": 10**6, "engine": "numba"}
    estimators = [cn.MLPRegressor(hidden_layer_sizes=(64,), random_state=i, **options) for i in range(5)]
    with pytest.warns(ConvergenceWarning):  # compiled by now
        cn.fit_many([clone(estimators[0]).set_params(max_iter=1)], X, NUMBERS)
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begin = time.perf_counter()
    with pytest.warns(UserWarning, match="Of 5 estimators 0 are trained to their end and [1-5] in part"):
        cn.fit_many(estimators, X, NUMBERS)
    assert time.perf_counter() - begin < 15.0
    begun = [est for est in estimators if est.n_iter_ > 0]
    assert 1 <= len(begun) <= (2 if threads == "1" else 5)  # as far as they came
    for est in begun:
        assert len(est.loss_curve_) == est.n_iter_
        again = cn.MLPRegressor(
            hidden_layer_sizes=(64,), random_state=est.random_state, **{**options, "max_iter": est.n_iter_}
        )
        with pytest.warns(ConvergenceWarning):
            again.fit(X, NUMBERS)
        np.testing.assert_array_equal(again.loss_curve_, est.loss_curve_)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "fit_many was given no estimators"),
        (cn.MLPClassifier(), r"takes a list of estimators, but was given MLPClassifier\(\)"),
        ([cn.MLPClassifier(), cn.Perceptron()], r"estimators\[1\] is a Perceptron: use its own fit"),
        ([cn.TabularClassifier()], r"estimators\[0\] is a TabularClassifier"),
        ([cn.MLPClassifier], r"estimators\[0\] is a class MLPClassifier itself"),
        ([cn.MLPClassifier(), cn.MLPRegressor()], r"a MLPClassifier and estimators\[1\] a MLPRegressor"),
    ],
)
def test_what_cannot_be_fitted_together_is_refused(given: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        cn.fit_many(given, X, Y)


def test_the_same_object_twice_is_refused() -> None:
    est = cn.MLPClassifier()
    with pytest.raises(ParameterError, match=r"estimators\[2\] is the same object as estimators\[0\]"):
        cn.fit_many([est, cn.MLPClassifier(), est], X, Y)


@pytest.mark.parametrize(
    ("odd", "x", "words"),
    [
        ({"alpha": -1}, X, "The 'alpha' parameter of MLPClassifier must be"),
        ({"activation": ["relu", "tanh"]}, X, "names 2 values"),
        ({}, np.where(X > 2, np.nan, X), "contains NaN"),
    ],
)
def test_bad_input_is_refused_before_anything_is_fitted(odd: dict[str, Any], x: Any, words: str) -> None:
    fitted = cn.MLPClassifier((4,), max_iter=500, tol=0.01, random_state=0).fit(X, Y)
    weights, curve = [w.copy() for w in fitted.coefs_], list(fitted.loss_curve_)
    fresh = cn.MLPClassifier((4,), **odd)
    with pytest.raises(ValueError, match=words):
        cn.fit_many([fitted, fresh], x, Y)
    assert not hasattr(fresh, "coefs_")
    assert fitted.loss_curve_ == curve
    for a, b in zip(fitted.coefs_, weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_only_one_cannot_do_is_raised_after_the_others() -> None:
    odd = cn.MLPClassifier((4,), early_stopping=True, validation_fraction=0.001, random_state=0)
    dropping = cn.MLPClassifier((4,), solver="lbfgs", dropout=0.5)
    good = cn.MLPClassifier((4,), max_iter=500, tol=0.01, random_state=0)
    with pytest.raises(DataError, match="validation set is too small") as caught:
        cn.fit_many([odd, dropping, good], X, Y)
    assert "dropout needs a stochastic solver" in caught.value.__notes__[0]
    assert_same(good, clone(good).fit(X, Y))


def test_parameters_are_not_checked_where_scikit_learn_is_told_not_to() -> None:
    import sklearn

    with sklearn.config_context(skip_parameter_validation=True):
        (est,) = cn.fit_many(
            [cn.MLPClassifier((4,), max_iter=500, tol=np.float64(0.01), validation_fraction=2)], X, Y
        )
    assert est.n_iter_ < 500
