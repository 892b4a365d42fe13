"""What a network answers and shows: predictions, on the engine that it was last trained on, and what it is made of."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from chalknet.engines import describe, select
from chalknet.engines.layered import Layered
from chalknet.engines.ready import Ready
from chalknet.exceptions import ParameterError
from chalknet.layers.config import whole
from chalknet.layers.dropout import Dropout
from chalknet.layers.loss import Loss
from chalknet.layers.optimizer import Optimizer
from chalknet.layers.summary import BATCH, picture, print_summary


class Predicting(Layered):
    """Layers that are asked."""

    loss: Loss | None
    optimizer: Optimizer | None
    loss_curve_: list[float]
    engine_: str
    _ready: Ready | None

    def predict(self, X: Any) -> np.ndarray:
        """Return what a user wants for X (rows, inputs): probabilities under ``SoftmaxCrossEntropy``, else ``forward``.

        The layers' kept values stay as they are.
        """
        name = self.engine_ if select.available() else "numpy"
        ready = self._ready
        if ready is None or not ready.holds(self.layers, self.loss, self._flat, name):
            self._check_whole()
            ready = self._ready = Ready(self.layers, self.loss, self._flat, self._buffers, name)
        if ready.takes(X):
            return ready.read(X)
        x = self.inputs_for(X)
        if ready.takes(x):
            return ready.read(x)
        return select.load(name).predict(ready.description, self._flat, x, True, self._buffers)

    def predict_samples(self, X: Any, n_samples: int = 100, random_state: Any = None) -> np.ndarray:
        """Return predictions with dropout on, as in training, n_samples times: (n_samples, rows, outputs).

        How far apart they lie tells how sure the network is (Monte-Carlo dropout: Gal and Ghahramani 2016,
        arXiv:1506.02142, section 4). Batch normalisation predicts as ever.

        Args:
            X: (rows, inputs), an array or CSR matrix.
            n_samples: how many networks to draw.
            random_state: None, a seed or a NumPy ``RandomState`` that the masks are drawn from.

        Raises ParameterError for a network without ``Dropout``, whose predictions are all the same.

        >>> import chalknet as cn
        >>> net = cn.Network([cn.Dense(2, 8), cn.ReLU(), cn.Dropout(0.5), cn.Dense(8, 1)], random_state=0)
        >>> net.predict_samples([[1.0, 2.0]], 50, random_state=0).shape
        (50, 1, 1)
        """
        if not any(isinstance(layer, Dropout) and layer.rate > 0.0 for layer in self.layers):
            raise ParameterError(
                "predict_samples needs a network with Dropout: without it all its predictions are the same."
            )
        n = whole("predict_samples", "n_samples", n_samples)
        seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
        d = describe.network(self.layers, self.loss)
        engine = select.load(self.engine_ if select.available() else "numpy")
        return engine.samples(d, self._flat, self.inputs_for(X), True, self._buffers, n, seed)

    def summary(self, batch_size: int = BATCH) -> None:
        """Print a table of the layers, their output sizes and parameters, and what memory they take.

        In training there are the gradient, what the last fit's optimizer keeps, and each layer's numbers for the
        ``batch_size`` rows of a batch.
        """
        chosen = self.optimizer
        slots, name = (0, "") if chosen is None else (len(chosen.row.slots), type(chosen).__name__)
        print_summary(self.layers, batch_size=batch_size, slots=slots, optimizer=name)

    def _repr_html_(self) -> str:
        """What a notebook shows: units and weights, and the learning curve."""
        told = f"<p><code>{escape(repr(self))}</code></p>"
        return told + picture(self.layers, self.loss_curve_)
