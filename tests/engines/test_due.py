"""When callbacks are due, and what a context tells them."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import chalknet as cn
from chalknet.callbacks import Callback, Context
from chalknet.engines import due
from chalknet.engines.fused.engine import FusedSession

X = np.random.default_rng(0).normal(size=(40, 2))
Y = X.sum(axis=1, keepdims=True)


class Diary(Callback):
    """Notes when it is called, and with what."""

    def __init__(self, every=1, stop_at=None):
        self.every, self.stop_at, self.epochs, self.notes, self.end = every, stop_at, [], [], None

    def on_epoch_end(self, context):
        self.epochs.append(context.epoch)
        self.notes.append((context.loss, context.validation_score, context.steps, context.learning_rate))
        if context.epoch == self.stop_at:
            context.stop()

    def on_fit_end(self, context):
        self.end = context.epoch, context.loss


def fitted(engine, *callbacks, epochs=10, optimizer=None, **options):
    net = cn.Network([cn.Dense(2, 3), cn.Tanh(), cn.Dense(3, 1)], cn.MSE(), random_state=0)
    options = {"batch_size": 16, "engine": engine} | options
    return net.fit(X, Y, optimizer=optimizer or cn.SGD(0.05), epochs=epochs, callbacks=callbacks, **options)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_each_is_called_after_its_own_number_of_epochs_and_after_the_last(engine):
    diaries = [Diary(1), Diary(3), Diary(4), Diary(100)]
    net = fitted(engine, *diaries)
    assert [d.epochs for d in diaries] == [list(range(1, 11)), [3, 6, 9, 10], [4, 8, 10], [10]]
    for d in diaries:
        assert [note[0] for note in d.notes] == [net.loss_curve_[epoch - 1] for epoch in d.epochs]
        assert d.end == (10, net.loss_curve_[-1])


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_where_one_stops_the_others_hear_of_the_last_epoch(engine):
    first, stopper = Diary(4), Diary(1, stop_at=6)
    fitted(engine, first, stopper)
    assert first.epochs == [4, 6] and stopper.epochs == [1, 2, 3, 4, 5, 6]


def test_the_compiled_engine_runs_the_epochs_between_in_one_call(monkeypatch):
    calls, run = [], FusedSession.run

    def counted(self, until):
        calls.append(until.epochs)
        return run(self, until)

    monkeypatch.setattr(FusedSession, "run", counted)
    fitted("numba", Diary(4), Diary(6), epochs=24)
    assert calls[:7] == [4, 2, 2, 4, 4, 2, 2] and sum(calls) == 24
    calls.clear()
    fitted("numba", Callback(), Diary("100s"), epochs=24)  # neither asks for an epoch of its own
    assert calls == [due.NEVER]


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_when_callbacks_are_due_does_not_change_a_bit(engine):
    plain = fitted(engine, epochs=13)
    watched = fitted(engine, Diary(2), Diary(5), Diary("0.001s"), epochs=13)
    np.testing.assert_array_equal(watched.parameters, plain.parameters)
    assert watched.loss_curve_ == plain.loss_curve_


def test_by_time_it_is_called_at_the_first_occasion_and_after_the_last_epoch(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(due.time, "monotonic", lambda: clock[0])

    class Slow(Diary):
        def on_epoch_end(self, context):
            clock[0] += 1.0
            super().on_epoch_end(context)

    seldom = Diary("3.5s")
    fitted("numpy", Slow(), seldom)
    assert seldom.epochs == [1, 5, 9, 10]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators_and_fit_many_keep_to_it(solver):
    def make(diary):
        sizes = {"hidden_layer_sizes": (4,), "max_iter": 7, "tol": 0.0}
        return cn.MLPRegressor(solver=solver, random_state=0, engine="numba", callbacks=diary, **sizes)

    alone, beside = Diary(3), [Diary(3), Diary(2)]
    make(alone).fit(X, Y.ravel())
    cn.fit_many([make(d) for d in beside], X, Y.ravel())
    assert alone.epochs == beside[0].epochs == [3, 6, 7] and beside[1].epochs == [2, 4, 6, 7]
    assert alone.notes == beside[0].notes
    if solver == "lbfgs":
        assert alone.notes[-1][3] is None and alone.notes[-1][2] == 7


def test_the_last_epoch_before_a_time_limit_is_told():
    late = Diary(10**6)
    with pytest.warns(ConvergenceWarning, match="max_time"):
        net = fitted("numba", late, epochs=10**8, max_time=0.05)
    assert late.epochs == [len(net.loss_curve_)]


@pytest.mark.parametrize("every", [0, -3, 2.5, True, "soon", "0s", "5", "3 epochs", None])
def test_another_every_is_refused(every):
    with pytest.raises(cn.ParameterError, match=r"^Diary: every must be a whole number of epochs"):
        fitted("numpy", Diary(every))


class Look(Diary):
    def on_fit_begin(self, context):
        self.before = [w.copy() for w in context.weights], context.losses, context.steps

    def on_epoch_end(self, context):
        super().on_epoch_end(context)
        self.context, self.losses = context, context.losses
        self.same = all(
            w is layer.weights for w, layer in zip(context.weights, context.estimator.dense, strict=True)
        )


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_context_holds_views_of_the_weights_and_the_losses_of_this_run(engine):
    look = Look(every=5)
    net = fitted(engine, epochs=3)
    net.fit(X, Y, epochs=7, batch_size=16, engine=engine, callbacks=[look])
    assert [w.shape for w in look.before[0]] == [(2, 3), (3, 1)] and look.before[1:] == ([], 0)
    assert not np.array_equal(look.before[0][0], net.layers[0].weights)
    assert look.same and [b.shape for b in look.context.biases] == [(3,), (1,)]
    assert np.shares_memory(look.context.biases[0], net.parameters)
    assert look.losses == net.loss_curve_[3:] and look.context.validation_scores == []
    assert [note[2] for note in look.notes] == [15, 21]  # three steps an epoch


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_context_tells_validation_scores(engine):
    look = Look(every=4)
    net = fitted(engine, look, epochs=6, X_val=X[:5], y_val=Y[:5])
    scores = look.context.validation_scores
    assert len(scores) == 6 and [-s for s in scores] == net.validation_losses_
    assert [note[1] for note in look.notes] == [scores[3], scores[5]]


class Rates(Callback):
    def on_fit_begin(self, context):
        self.rates = [context.learning_rate]

    def on_epoch_end(self, context):
        self.rates.append(context.learning_rate)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize(
    "schedule", [cn.Exponential(0.5), cn.InvScaling(), cn.Cosine(warmup=0.0), cn.Constant()]
)
def test_the_learning_rate_is_that_of_the_next_update(engine, schedule):
    """One batch an epoch under plain descent: the rate is how far the weights go, by the gradient's length."""
    rates, path = Rates(), cn.callbacks.Recorder()
    net = fitted(engine, rates, path, optimizer=cn.SGD(0.1, schedule=schedule), epochs=6, batch_size=40)
    slope = net.objective(X, Y)
    moved = path.path_[1:] - path.path_[:-1]
    used = [
        -np.vdot(step, g := slope(w)[1]) / np.vdot(g, g)
        for step, w in zip(moved, path.path_[:-1], strict=True)
    ]
    np.testing.assert_allclose(rates.rates[:6], used, rtol=1e-9)


def test_a_bare_context_knows_nothing_more():
    context = Context(epoch=2, loss=0.5)
    assert context.weights == context.biases == context.losses == context.validation_scores == []
    assert context.steps == 0 and context.learning_rate is None and context.metrics == {}


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_updates_are_counted_within_epochs_too(engine):
    heard = []

    class Hears(cn.Callback):
        every = "7 steps"

        def on_epoch_end(self, context):
            heard.append((context.steps, context.epoch))

    X = np.random.default_rng(0).normal(size=(100, 2))
    net = cn.Network([cn.Dense(2, 1)], loss=cn.MSE(), random_state=0)
    plain = copy.deepcopy(net).fit(X, X[:, :1], epochs=5, batch_size=25, engine=engine)
    net.fit(X, X[:, :1], epochs=5, batch_size=25, engine=engine, callbacks=[Hears()])
    assert heard == [(7, 1), (14, 3), (20, 5)]  # every seventh of the 20, and the last
    np.testing.assert_array_equal(net.parameters, plain.parameters)
