"""Activation layers: one class for each row of the tables, right derivatives, copies and descriptions."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest

import chalknet.layers as package
from chalknet.exceptions import ParameterError, ShapeError, UnknownNameError
from chalknet.layers import activation, catalog
from chalknet.layers.activation import CLASSES, ELU, LeakyReLU, ReLU, Softmax
from chalknet.layers.dense import Dense
from chalknet.layers.dropout import Dropout
from chalknet.layers.loss import MSE
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.rows import ROW_ACTIVATIONS

Z = np.array([[-3.2, -1.1, -0.3, 0.4, 1.7, 3.6], [0.2, -2.4, 5.1, -7.7, 6.3, 0.9]])


def test_every_row_has_its_class():
    assert set(CLASSES) == set(ACTIVATIONS) | set(ROW_ACTIVATIONS)
    for name, cls in CLASSES.items():
        assert cls.name == name
        assert getattr(package, cls.__name__) is getattr(activation, cls.__name__) is cls
        assert cls.__doc__ and "See ``" in cls.__doc__


@pytest.mark.parametrize("name", CLASSES)
def test_copies_descriptions_and_repr(name):
    layer = CLASSES[name]()
    layer.forward(Z)
    for other in (
        copy.deepcopy(layer),
        pickle.loads(pickle.dumps(layer)),
        catalog.from_config(layer.to_config()),
    ):
        assert type(other) is type(layer) and other == layer and hash(other) == hash(layer)
    assert repr(layer) == f"{type(layer).__name__}()"


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_backward_is_the_central_difference(name, dtype):
    layer = CLASSES[name]()
    d = np.random.RandomState(0).normal(size=Z.shape)
    out = layer.forward(Z.astype(dtype))
    assert out is layer.output and out.dtype == dtype
    got = layer.backward(d.astype(dtype))
    assert got is layer.dinputs and got.dtype == dtype and got.shape == Z.shape
    h = 1e-6
    want = np.empty_like(Z)
    for i in np.ndindex(Z.shape):
        step = np.zeros_like(Z)
        step[i] = h
        want[i] = (d * (layer.forward(Z + step) - layer.forward(Z - step))).sum() / (2 * h)
    np.testing.assert_allclose(got, want, rtol=1e-3 if dtype == np.float32 else 1e-5, atol=2e-6)


def test_gradient_through_a_stack():
    rng = np.random.RandomState(1)
    x, y, loss = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), MSE()
    drop = Dropout(0.4)
    mask = (rng.random_sample((5, 4)) < 0.6) / 0.6
    drop.mask_source = lambda shape: mask
    layers = [
        Dense(3, 4, random_state=2),
        ELU(0.7),
        drop,
        Dense(4, 3, random_state=3),
        Softmax(),
        Dense(3, 2),
    ]

    def total():
        a = x
        for layer in layers:
            a = layer.forward(a, training=True)
        return loss.forward(a, y), a

    d = loss.backward(total()[1], y)
    for layer in reversed(layers):
        d = layer.backward(d)
    for layer in (layers[0], layers[3], layers[5]):
        for values, gradient in ((layer.weights, layer.dweights), (layer.biases, layer.dbiases)):
            for i in np.ndindex(values.shape):
                old, h = values[i], 1e-6
                values[i] = old + h
                up = total()[0]
                values[i] = old - h
                down = total()[0]
                values[i] = old
                assert gradient[i] == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-9)


def test_shape_parameter_by_position_name_and_later():
    layer = LeakyReLU(0.2)
    assert layer == LeakyReLU(slope=0.2) != LeakyReLU() and layer != ReLU()
    assert (layer.name, layer.p, layer.slope, repr(layer)) == ("leaky_relu", 0.2, 0.2, "LeakyReLU(slope=0.2)")
    np.testing.assert_allclose(layer.forward([-1, 0, 2]), [-0.2, 0, 2])
    np.testing.assert_array_equal(layer.backward([1, 1, 1]), [0.2, 0.2, 1])
    layer.slope = 0.5
    assert layer.p == 0.5 and layer.to_config() == {"name": "leaky_relu", "slope": 0.5}
    assert str(inspect.signature(LeakyReLU)) == "(slope=0.01)"
    assert ReLU().p == 0.0 == Softmax().p
    assert ReLU().forward(np.array([-1, 2])).dtype == np.float64


def test_any_shape_for_numbers_two_axes_for_rows():
    assert ReLU().forward(3.0).shape == ()
    assert ReLU().forward(np.zeros((2, 3, 4))).shape == (2, 3, 4)
    with pytest.raises(ShapeError, match=r"Softmax takes inputs of shape \(batch, n\), but was given \(3,\)"):
        Softmax().forward([1, 2, 3])


def test_wrong_parameters_get_a_sentence():
    with pytest.raises(TypeError, match=r"LeakyReLU takes slope: .*slop"):
        LeakyReLU(slop=0.2)
    with pytest.raises(TypeError, match="ReLU takes no parameters"):
        ReLU(0.1)
    for bad in (-1, 0, float("nan"), float("inf"), "1", True, None):
        with pytest.raises(ParameterError, match="ELU: alpha must be a number finite and above 0"):
            ELU(bad)
    layer = ELU()
    with pytest.raises(ParameterError, match="alpha"):
        layer.alpha = -1
    with pytest.raises(UnknownNameError, match="relu6"):
        activation.find("relu7")
    assert activation.find("logistic").__name__ == "Sigmoid"
    for config in (None, {}, {"name": 3}, {"name": "relu", "slope": 1}):
        with pytest.raises(ParameterError, match=r"describ|description"):
            catalog.from_config(config)
    with pytest.raises(AttributeError, match="Nothing"):
        activation.Nothing  # noqa: B018
    for name in ("Nothing", "nothing", "_nothing"):
        with pytest.raises(AttributeError, match="othing"):
            getattr(package, name)
