"""A network: layers in a row, a loss, and one flat vector that holds all their weights and biases."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from chalknet.engines import describe, select
from chalknet.engines import rules as r
from chalknet.engines.context import called_back
from chalknet.engines.drive import TIMED_OUT, drive
from chalknet.engines.match import check_loss
from chalknet.engines.predicting import Predicting
from chalknet.engines.protocol import Slope
from chalknet.engines.state import Data, State
from chalknet.exceptions import DivergenceWarning, ParameterError
from chalknet.files import network_state, run_state
from chalknet.layers.base import Layer
from chalknet.layers.config import ABOVE_ZERO, number, whole
from chalknet.layers.loss import Loss
from chalknet.layers.optimizer import SGD, Optimizer

OBJECTIVE_CALLS = 200  # by which "auto" chooses for an objective that is called again and again


class Network(Predicting):
    """Layers in a row, trained by backpropagation.

    Args:
        layers: ``Dense`` layers, activations and ``Dropout``, in the order in which values pass through them.
        loss: a loss object such as ``cn.MSE()``; needed for ``backward`` and ``fit``.
        random_state: None, a seed or a NumPy ``RandomState``. When given, the weights of every ``Dense`` that were
            not assigned are drawn again from it; shuffling and dropout follow from it too.

    A ``Dense`` lives in one network alone, the last that was made with it. ``fit`` refuses a loss that has no meaning
    for the last layer's outputs.

    Attributes:
        parameters: all weights and biases in one flat vector: for each ``Dense`` its weights row by row, then its
            biases. The layers' arrays are views of it: changing one changes the other.
        loss_curve_: the mean loss of each epoch so far, as met while training (each batch before its update).
        validation_losses_: the loss of ``X_val`` and ``y_val`` after each epoch in which ``fit`` was given them.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(2, 4), cn.Dense(4, 2)], loss=cn.MSE())
    >>> net.layers[0].weights = [[0.5, 1, 7, 3], [1, 2, 1, 0.5]]
    >>> net.layers[1].weights = [[1, 2], [0.5, 0.5], [3, 1], [2, 1]]
    >>> net.layers[0].biases = net.layers[1].biases = 1
    >>> net.forward([[3, 5]])
    array([[121.5,  62.5]])
    >>> _ = net.backward([[1, 0]])
    >>> net.layers[1].dbiases
    array([[120.5,  62.5]])
    """

    def __init__(self, layers: Iterable[Layer], loss: Loss | None = None, random_state: Any = None) -> None:
        self._layers = tuple(layers)
        if loss is not None and not isinstance(loss, Loss):
            raise ParameterError(
                f"Network: loss must be a loss object such as MSE(), but was given {loss!r}."
            )
        self.loss = loss
        self.optimizer: Optimizer | None = None
        self.loss_curve_: list[float] = []
        self.validation_losses_: list[float] = []
        describe.check(self._layers)
        rng = check_random_state(random_state)
        if random_state is not None:
            for layer in self.dense:
                if not layer.assigned:
                    layer.draw(rng)
        self.seed = int(rng.randint(np.iinfo(np.int32).max))
        self.training_state: State | None = None
        self.options_: dict[str, Any] = {}  # penalties and clipping of the last fit
        self.engine_ = "numpy"
        self._ready = None
        self._bind()

    def backward(self, y: Any, sample_weight: Any = None) -> np.ndarray:
        """Pass the loss's derivative for targets y back through all layers, after ``forward``.

        Each layer then has ``dinputs``, each ``Dense`` also ``dweights`` and ``dbiases``; the derivative of the
        loss by the output is in ``loss.dinputs``. Returns dL/d(inputs) (rows, inputs).

        A sigmoid or softmax before its cross-entropy goes back in one step, ŷ - y, which stays right where the
        two steps divide by zero.
        """
        objective = self._objective()
        output = self.layers[-1].output
        if output is None:
            raise ParameterError(
                "Network.backward needs a forward pass first: call forward(X), then backward(y)."
            )
        d = objective.backward(output, y, sample_weight)
        rest = self.layers
        joint = describe.joint_loss(self.layers, objective)
        if joint is not None:
            d = joint.backward(self.layers[-1].inputs, y, sample_weight)
            self.layers[-1].dinputs = d
            rest = self.layers[:-1]
        for layer in reversed(rest):
            d = layer.backward(d)
        return d

    def objective(
        self,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        l1: float = 0.0,
        l2: float = 0.0,
        engine: str = "auto",
    ) -> Slope:
        """Return a function of a flat vector of parameters: the loss over X and y with its gradient, both exact.

        For optimizers of other libraries, and for looking at the surface of the loss. The function keeps X and y; the
        network is left as it is. Dropout is on only in ``fit``.

        Args:
            X: (rows, inputs), an array or CSR matrix.
            y: (rows, outputs), or (rows,) integer labels.
            sample_weight: (rows,) weights of the rows in the loss.
            l1, l2: penalties as in ``fit``.
            engine: "numpy", "numba", or "auto": as for 200 passes over X.

        >>> import chalknet as cn
        >>> net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE(), random_state=0)
        >>> f = net.objective([[1.0]], [[1.0]])
        >>> f([3.0, 0.0])
        (4.0, array([4., 4.]))
        """
        x = self.inputs_for(X)
        y = describe.targets(self._objective(), y, self.layers, x.shape[0], self.dtype)
        w = describe.weights(sample_weight, x.shape[0], self.dtype)
        d = describe.training(describe.network(self.layers, self.loss), SGD(), l1=l1, l2=l2)
        name = select.resolve(engine, x.shape[0], self._flat.size, x.shape[0], OBJECTIVE_CALLS)
        return select.load(name).slope(d, Data(x, y, np.arange(x.shape[0]), w), self._buffers)

    def evaluate(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the loss of X (rows, inputs) against targets y, without dropout and without training."""
        x = self.inputs_for(X)
        engine = select.load("numpy")
        description = describe.network(self.layers, self.loss)
        output = engine.predict(description, self._flat, x, False, self._buffers)
        return self._objective().forward(output, y, sample_weight)

    def fit(
        self,
        X: Any,
        Y: Any,
        *,
        optimizer: Optimizer | None = None,
        epochs: int = 10,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        l1: float = 0.0,
        l2: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        max_norm: float | None = None,
        max_time: float | None = None,
        X_val: Any = None,
        y_val: Any = None,
        engine: str = "auto",
        callbacks: Sequence[Any] = (),
        resume: Any = None,
    ) -> Network:
        """Train on X (rows, inputs), an array or CSR matrix, and Y (rows, outputs) or integer labels (rows,).

        Args:
            optimizer: an optimizer object. None goes on with the last one, and at first is ``SGD()``. The same
                optimizer goes on with its momentum and step count; another one starts anew.
            epochs: how often all rows are passed.
            batch_size: rows in one update: 1 is stochastic, all rows batch gradient descent.
            shuffle: pass the rows in a new order each epoch (counter-based, so a seed gives the same order always).
            sample_weight: (rows,) weights of the rows in the loss.
            l1, l2: penalties l1 |w| + l2 w²/2 on the weights (not biases), divided by the batch's weight.
            clip_norm, clip_value: limits of the gradient's length, and of its elements.
            max_norm: the most that a unit's incoming weights may be long after an update.
            max_time: seconds after which the training ends with what it has, and a warning.
            X_val, y_val: rows that are not trained on: their loss after each epoch goes into ``validation_losses_``.
            engine: "numpy", "numba", or "auto": by the size of the work alone. Kept as ``engine_``.
            callbacks: objects with ``on_fit_begin``, ``on_epoch_end``, ``on_fit_end``.
            resume: the path of a ``Checkpoint`` of this very run, to go on from where that was written.

        Returns the network. Training that turns non-finite is stopped at once with a ``DivergenceWarning``.

        >>> import chalknet as cn
        >>> net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE(), random_state=0)
        >>> net.layers[0].weights, net.layers[0].biases = [[3.0]], 0.0
        >>> net.fit([[1.0]], [[1.0]], optimizer=cn.SGD(0.1), epochs=1, batch_size=1).loss_curve_
        [4.0]
        """
        check_loss(self.layers, self._objective())
        x = self.inputs_for(X)
        y = describe.targets(self._objective(), Y, self.layers, x.shape[0], self.dtype)
        w = describe.weights(sample_weight, x.shape[0], self.dtype)
        chosen = optimizer if optimizer is not None else (self.optimizer or SGD())
        if not isinstance(chosen, Optimizer):
            raise ParameterError(
                f"Network.fit: optimizer must be an object such as SGD(0.1), but was given {chosen!r}."
            )
        options: dict[str, Any] = {"l1": l1, "l2": l2, "clip_norm": clip_norm, "clip_value": clip_value}
        options["max_norm"] = max_norm
        limit = None if max_time is None else number("Network.fit", "max_time", max_time, ABOVE_ZERO)
        held_out = describe.held_out(self, X_val, y_val, x, y)
        training = describe.training(
            describe.network(self.layers, self.loss),
            chosen,
            batch_size=whole("Network.fit", "batch_size", batch_size),
            max_epochs=whole("Network.fit", "epochs", epochs),
            shuffle=bool(shuffle),
            score=r.NO_SCORE if held_out is None else r.NEGATIVE_LOSS,
            **options,
        )
        name = select.resolve(engine, x.shape[0], self._flat.size, batch_size, epochs)
        data, over = Data(x, y, np.arange(x.shape[0]), w, apart=held_out), r.RUNNING
        state = self.training_state
        if state is None or chosen != self.optimizer or resume is not None:
            state = State.start(self._flat, training, self.seed, self._buffers)
        if resume is not None:  # refused before anything of the network has changed
            over = run_state.restore(resume, state, training, run_state.task(training, data, name))
            self.loss_curve_[:], self.seed = state.losses, state.seed
        else:
            state.begin_fit()
            state.scores = []
        chosen = copy.copy(chosen)  # what the caller changes in his object later is another optimizer
        self.engine_, self.optimizer, self.options_, self.training_state = name, chosen, options, state
        state.losses = self.loss_curve_
        session = select.load(self.engine_).session(training, state, data)
        try:
            with called_back(callbacks, self, state, epochs, training, data) as each:
                reason = over or drive(session, state, each=each, seconds=limit)
        finally:
            self.validation_losses_ += [-score for score in state.scores]
        if reason == TIMED_OUT:
            warnings.warn(
                f"Stopped by max_time={max_time:g} seconds after {int(state.counts[r.DONE])} of {epochs} epochs.",
                ConvergenceWarning,
                stacklevel=2,
            )
        if reason == r.DIVERGED:
            warnings.warn(
                f"Training turned non-finite in epoch {len(state.losses)} and was stopped: use a smaller learning "
                f"rate than {chosen.learning_rate:g}, or standardise the inputs.",
                DivergenceWarning,
                stacklevel=2,
            )
        return self

    def to_state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the network as (arrays, a document that JSON can hold); ``from_state`` makes it again."""
        return network_state.pack(self)

    @classmethod
    def from_state(cls, arrays: dict[str, np.ndarray], document: dict[str, Any]) -> Network:
        """Make the network that ``to_state`` described; its training goes on where it was."""
        return network_state.unpack(cls, arrays, document)

    def _objective(self) -> Loss:
        if self.loss is None:
            raise ParameterError("This network has no loss: give one, as in Network(layers, loss=MSE()).")
        return self.loss

    def __repr__(self) -> str:
        inside = ", ".join(map(repr, self.layers))
        return f"Network([{inside}]" + ("" if self.loss is None else f", loss={self.loss!r}") + ")"
