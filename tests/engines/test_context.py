"""Callbacks that raise: what reaches the caller, who is still called, and what the model is afterwards."""

from __future__ import annotations

import numpy as np
import pytest

import chalknet as cn

X = np.random.default_rng(0).normal(size=(30, 2))
Y = X.sum(axis=1, keepdims=True)


class Raises:
    """Raises its exception at one of the calls; notes all of them."""

    def __init__(self, where="", error=None):
        self.where, self.error, self.calls = where, error, []

    def __getattr__(self, name):
        if not name.startswith("on_"):
            raise AttributeError(name)

        def call(context):
            self.calls.append((name, context.epoch))
            if name == self.where:
                raise self.error

        return call


@pytest.fixture(params=["numpy", "numba"])
def fit(request):
    """Fit three epochs of a small network with callbacks."""

    def run(*callbacks):
        net = cn.Network([cn.Dense(2, 1)], cn.MSE(), random_state=0)
        run.net = net
        net.fit(X, Y, epochs=3, callbacks=callbacks, engine=request.param)

    return run


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyboardInterrupt()])
def test_an_exception_reaches_the_caller_as_it_is_and_everyone_is_ended(fit, error):
    callbacks = Raises("on_epoch_end", error), Raises("on_fit_end", ValueError("later")), Raises()
    with pytest.raises(type(error)) as raised:
        fit(*callbacks)
    assert raised.value is error
    assert [each.calls[-1] for each in callbacks] == [("on_fit_end", 1)] * 3
    assert len(fit.net.loss_curve_) == 1  # what was learned until then is kept ...
    other = cn.Network([cn.Dense(2, 1)], cn.MSE(), random_state=0).fit(X, Y, epochs=2, engine=fit.net.engine_)
    fit.net.fit(X, Y, epochs=1, engine=fit.net.engine_)  # ... and learning goes on from there
    np.testing.assert_array_equal(fit.net.parameters, other.parameters)


def test_who_did_not_begin_is_not_ended(fit):
    callbacks = Raises(), Raises("on_fit_begin", RuntimeError("mine")), Raises()
    with pytest.raises(RuntimeError, match="mine"):
        fit(*callbacks)
    assert [[name for name, _ in each.calls] for each in callbacks] == [
        ["on_fit_begin", "on_fit_end"],
        ["on_fit_begin"],
        [],
    ]


def test_of_two_that_raise_at_the_end_the_first_is_heard(fit):
    first, second = RuntimeError("first"), RuntimeError("second")
    callbacks = Raises("on_fit_end", first), Raises("on_fit_end", second), Raises()
    try:
        raise KeyError("handled by whoever calls fit")
    except KeyError:
        with pytest.raises(RuntimeError) as raised:
            fit(*callbacks)
    assert raised.value is first
    assert callbacks[2].calls[-1] == ("on_fit_end", 3)


def test_an_estimator_keeps_what_it_had_learned():
    model = cn.MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0, engine="numpy")
    model.callbacks = [Raises("on_epoch_end", RuntimeError("mine"))]
    with pytest.raises(RuntimeError, match="mine"):
        model.fit(X, Y.ravel())
    one = cn.MLPRegressor(hidden_layer_sizes=(4,), max_iter=1, random_state=0, engine="numpy")
    one.partial_fit(X, Y.ravel())
    np.testing.assert_array_equal(model.coefs_[0], one.coefs_[0])
