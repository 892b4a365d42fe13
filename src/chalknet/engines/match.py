"""Does the loss suit the last layer? Probabilities where it takes probabilities, and nothing applied twice."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

from chalknet.exceptions import DataHint, ParameterError
from chalknet.layers import activation as activations
from chalknet.layers import loss as losses
from chalknet.layers.activation import ActivationLayer
from chalknet.layers.base import Layer
from chalknet.layers.dropout import Dropout
from chalknet.layers.loss import Loss
from chalknet.maths.losses import LOSSES
from chalknet.maths.table import REALS

SQUEEZED = ("softmax", "sigmoid")  # what gives probabilities: never logits


def check_loss(layers: Sequence[Layer], loss: Loss) -> None:
    """Refuse a loss that has no meaning for what the last layer gives; hint at one that is meant for another layer.

    Raises ParameterError in one sentence that names the layer to add or to leave out.
    """
    last = next(layer for layer in reversed(layers) if not isinstance(layer, Dropout))
    name, row = type(loss).__name__, loss.row
    given = range_of(last)
    if row.link != "identity":
        _check_logits(name, loss, last, given)
    elif not (row.domain[0] <= given[0] and given[1] <= row.domain[1]):
        takes = "probabilities from 0 to 1" if row.domain[1] == 1.0 else "rates of at least 0"
        pair = activations.find(row.pair).__name__
        place = (
            f"put {pair}() in its place" if isinstance(last, ActivationLayer) else f"add {pair}() after it"
        )
        other = (
            f", or use {losses.find(row.fused[1]).__name__}(), which takes any number" if row.fused else ""
        )
        raise ParameterError(
            f"{name} takes {takes}, but the last layer, {last!r}, gives {_words(given)}: {place}{other}."
        )
    elif row.pair == "softmax" and getattr(last, "name", "") != "softmax":
        warnings.warn(
            f"{name} takes probabilities that sum to 1 in each row, but each output of {last!r} is one by itself: "
            "use Softmax(), or BinaryCrossEntropy() where several classes may be true at once.",
            DataHint,
            stacklevel=3,
        )


def _check_logits(name: str, loss: Loss, last: Layer, given: tuple[float, float]) -> None:
    """For a loss that applies the link itself."""
    link = loss.row.link
    if isinstance(last, ActivationLayer) and last.name in (*SQUEEZED, link):
        pairs = (row for row in LOSSES.values() if row.fused == (last.name, loss.row.name))
        other = next((f", or use {row.layer}() with it" for row in pairs), "")
        raise ParameterError(
            f"{name} takes any number and applies {link} itself, but the last layer is {last!r}: "
            f"leave that layer out{other}."
        )
    if given != REALS:
        warnings.warn(
            f"{name} takes any number and applies {link} itself, but the last layer, {last!r}, gives {_words(given)} "
            "alone, so that some answers cannot be reached: end with a Dense.",
            DataHint,
            stacklevel=4,
        )


def range_of(layer: Layer) -> tuple[float, float]:
    """The least and the greatest number that a layer gives."""
    if not isinstance(layer, ActivationLayer):
        return REALS
    return layer.row.low, layer.row.high


def _words(given: tuple[float, float]) -> str:
    low, high = given
    if given == REALS:
        return "any number"
    if high == math.inf:
        return f"numbers from {low:.3g} on"
    return f"numbers up to {high:.3g}" if low == -math.inf else f"numbers from {low:.3g} to {high:.3g}"
