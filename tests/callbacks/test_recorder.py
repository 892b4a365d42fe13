from __future__ import annotations

import numpy as np
import pytest

import chalknet as cn
from chalknet.callbacks import Context, Recorder

X, Y = np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]])


def trained(recorder, epochs, engine="numpy"):
    net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE(), random_state=0)
    start = net.parameters.copy()
    net.fit(X, Y, optimizer=cn.SGD(0.1), epochs=epochs, batch_size=2, callbacks=[recorder], engine=engine)
    return net, start


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_every_epoch_from_the_first_weights_to_the_last(engine):
    recorder = Recorder()
    net, start = trained(recorder, 4, engine)
    assert recorder.epochs_ == [0, 1, 2, 3, 4] and recorder.losses_ == [None, *net.loss_curve_]
    assert recorder.path_.shape == (5, 2)
    assert np.array_equal(recorder.path_[0], start) and np.array_equal(recorder.path_[-1], net.parameters)
    assert np.isclose(
        net.evaluate(X, Y), ((X @ recorder.path_[-1][:1, None] + recorder.path_[-1][1] - Y) ** 2).mean()
    )


def test_every_third_epoch_and_the_last_one_in_any_case():
    recorder = Recorder(every=3)
    net, _ = trained(recorder, 7)
    assert recorder.epochs_ == [0, 3, 6, 7] and np.array_equal(recorder.path_[-1], net.parameters)


def test_a_long_run_is_thinned_evenly():
    recorder = Recorder(most=5)
    net, _ = trained(recorder, 50)
    assert recorder.epochs_ == [0, 16, 32, 48, 50]
    assert recorder.losses_[1:] == [net.loss_curve_[e - 1] for e in (16, 32, 48, 50)]
    assert len(recorder.path_) == 5


def test_another_fit_is_another_recording():
    recorder = Recorder(most=2)
    trained(recorder, 9)
    trained(recorder, 1)
    assert recorder.epochs_ == [0, 1]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_estimators_network_is_recorded():
    recorder = Recorder()
    model = cn.MLPRegressor(hidden_layer_sizes=(2,), max_iter=2, engine="numpy", callbacks=[recorder]).fit(
        X, Y.ravel()
    )
    assert np.array_equal(recorder.path_[-1], model.network_.parameters)


def test_a_run_that_ends_before_its_first_epoch():
    recorder, net = Recorder(), cn.Network([cn.Dense(1, 1)])
    context = Context(estimator=net)
    recorder.on_fit_begin(context)
    recorder.on_fit_end(context)
    assert recorder.epochs_ == [0]


@pytest.mark.parametrize("wrong", [{"every": 0}, {"every": 1.5}, {"most": 1}])
def test_numbers_out_of_range(wrong):
    with pytest.raises(cn.ParameterError, match="must be a whole number of at least"):
        Recorder(**wrong)
