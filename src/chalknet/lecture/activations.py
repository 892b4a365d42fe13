"""The lecture's activations (S14, S15), as layers without weights."""

from __future__ import annotations

from chalknet.layers.activation import ElementActivation
from chalknet.maths.activations import ACTIVATIONS

RELU = ACTIVATIONS["relu"]
SIGMOID = ACTIVATIONS["sigmoid"]


class ActivationRelu(ElementActivation):
    """Rectified linear units: output = max(0, inputs); dinputs = dvalues where inputs > 0, else 0.

    At exactly 0 the derivative is 0 by convention, as in the slide's listing (its formula says "x ≥ 1" for x ≥ 0).

    >>> relu = ActivationRelu()
    >>> relu.forward([[-2.0, 0.0, 3.0]])
    array([[0., 0., 3.]])
    >>> relu.backward([[1.0, 1.0, 1.0]])
    array([[0., 0., 1.]])
    """

    name = RELU.name
    row = RELU


class ActivationSig(ElementActivation):
    """Sigmoid units: output = 1 / (1 + exp(-inputs)); dinputs = dvalues * output * (1 - output).

    Computed in forms that neither overflow nor cancel, so the slide's numbers come out to about 1e-16.

    >>> sig = ActivationSig()
    >>> sig.forward([[0.0]])
    array([[0.5]])
    >>> sig.backward([[1.0]])
    array([[0.25]])
    """

    name = SIGMOID.name
    row = SIGMOID
