"""Dropout: scaled masks while training, nothing otherwise."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from chalknet.exceptions import ParameterError, ShapeError
from chalknet.layers.catalog import from_config
from chalknet.layers.dropout import Dropout

X = np.ones((200, 50), np.float32)


def test_training_drops_and_scales():
    layer = Dropout(0.2, random_state=0)
    out = layer.forward(X, training=True)
    assert out.dtype == np.float32
    assert set(np.unique(out)) == {np.float32(0), np.float32(1 / 0.8)}
    assert abs((out == 0).mean() - 0.2) < 0.02 and abs(out.mean() - 1) < 0.02
    np.testing.assert_array_equal(layer.backward(3 * X), 3 * layer.mask)
    again = Dropout(0.2, random_state=0)
    np.testing.assert_array_equal(again.forward(X, training=True), out)
    assert (again.forward(X, training=True) != out).any()
    layer.forget()
    assert layer.mask is layer.output is None


@pytest.mark.parametrize(("rate", "training"), [(0.5, False), (0, True)])
def test_nothing_happens_otherwise(rate, training):
    layer = Dropout(rate)
    np.testing.assert_array_equal(layer.forward(X, training=training), X)
    np.testing.assert_array_equal(layer.backward(2 * X), 2 * X)
    assert layer.mask is None


def test_masks_from_outside_are_used_and_not_copied_along():
    layer = Dropout(0.5)
    layer.mask_source = lambda shape: np.full(shape, 2.0)
    np.testing.assert_array_equal(layer.forward(X, training=True), 2 * X)
    assert pickle.loads(pickle.dumps(layer)).mask_source is None


def test_description_and_errors():
    assert repr(from_config(Dropout(0.3).to_config())) == "Dropout(0.3)"
    for rate in (1, -0.1, "a", float("nan")):
        with pytest.raises(ParameterError, match=r"Dropout: rate must be a number in \[0, 1\)"):
            Dropout(rate)
    with pytest.raises(ShapeError, match="forward first"):
        Dropout().backward(X)
