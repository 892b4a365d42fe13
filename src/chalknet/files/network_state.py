"""A network as named arrays and a document that JSON can hold, and back."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from chalknet.exceptions import ModelFileError
from chalknet.files import layer_numbers, training_state
from chalknet.layers import catalog, loss, optimizer

N = TypeVar("N")


def pack(net: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The network's arrays, and its layers, loss, optimizer and how far its training has come."""
    arrays = layer_numbers.pack(net.learned, net.keeping)
    arrays["loss_curve"] = np.array(net.loss_curve_, np.float64)
    if net.validation_losses_:
        arrays["validation_losses"] = np.array(net.validation_losses_, np.float64)
    document = {
        "layers": [layer.to_config() for layer in net.layers],
        "loss": None if net.loss is None else net.loss.to_config(),
        "optimizer": None if net.optimizer is None else net.optimizer.to_config(),
        "engine": net.engine_,
        "seed": net.seed,
    }
    if net.training_state is not None and net.optimizer is not None:
        shapes, slots = [layer.weights.shape for layer in net.learned], net.optimizer.row.slots
        kept, document["training"] = training_state.pack(net.training_state, shapes, slots)
        arrays |= kept
    return arrays, document


def unpack(cls: type[N], arrays: dict[str, np.ndarray], document: dict[str, Any]) -> N:
    """The network, an object of `cls`, that `pack` described; its training goes on where it was.

    Raises:
        KeyError: an array or a part of the document is missing.
        ModelFileError: there is an array that no such network has, or one that does not fit its layer.
    """
    objective, chosen = document["loss"], document["optimizer"]
    layers = [catalog.from_config(c) for c in document["layers"]]
    net: Any = cls(layers, None if objective is None else loss.from_config(objective))  # type: ignore[call-arg]
    known = {"loss_curve", "validation_losses"} | layer_numbers.unpack(arrays, net.learned, net.keeping)
    net.optimizer = None if chosen is None else optimizer.from_config(chosen)
    net.loss_curve_ = arrays["loss_curve"].tolist()
    net.validation_losses_ = arrays.get("validation_losses", np.empty(0)).tolist()
    net.engine_, net.seed = document["engine"], int(document["seed"])
    training = document.get("training")  # None in older files: the optimizer starts anew
    if training is not None and net.optimizer is not None:
        shapes, slots = [layer.weights.shape for layer in net.learned], net.optimizer.row.slots
        net.training_state = training_state.unpack(
            arrays, training, net.parameters, net.buffers, shapes, slots, net.seed
        )
        net.training_state.losses = net.loss_curve_
        known |= training_state.names(shapes, slots, training, keeps=net.buffers.size > 0)
    if unknown := sorted(set(arrays) - known):
        raise ModelFileError(f"The file holds an array {unknown[0]!r} that no such network has.")
    return net
