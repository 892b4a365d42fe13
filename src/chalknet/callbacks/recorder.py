"""Keep the weights that a run passes through, for figures of its path."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.callbacks.base import Callback, Context
from chalknet.layers.config import whole


class Recorder(Callback):
    """Keeps all weights and biases before the first epoch and after every few epochs.

    ``plots.animation`` and ``plots.loss_slice`` draw what it kept. Where more than `most` would be kept, every second
    one is dropped, and from then on half as many are added: a long run is recorded evenly, in bounded memory.

    Args:
        every: epochs between two records, at least 1.
        most: the most records kept, at least 2; the last weights are kept besides.

    Attributes:
        epochs_: the epochs of the records; 0 is before the first.
        losses_: the training loss of each of these epochs, None for 0.
        path_: the records, (records, parameters): for each layer of weights its weights row by row, then its biases.

    >>> import chalknet as cn
    >>> net = cn.Network([cn.Dense(1, 1)], loss=cn.MSE())
    >>> net.parameters = [3.0, 0.0]
    >>> recorder = cn.callbacks.Recorder()
    >>> _ = net.fit([[1.0]], [[1.0]], optimizer=cn.SGD(0.1), epochs=2, callbacks=[recorder])
    >>> recorder.epochs_, recorder.path_[:, 0]
    ([0, 1, 2], array([3.  , 2.6 , 2.36]))
    """

    every: int

    def __init__(self, every: int = 1, *, most: int = 200) -> None:
        self.every = whole("Recorder", "every", every)
        self.most = whole("Recorder", "most", most, 2)
        self._forget()

    def _forget(self) -> None:
        self.epochs_: list[int] = []
        self.losses_: list[float | None] = []
        self._records: list[np.ndarray] = []
        self._stride = self.every

    @property
    def path_(self) -> np.ndarray:
        """The records, (records, parameters)."""
        return np.array(self._records)

    def on_fit_begin(self, context: Context) -> None:
        """Forget the last run and keep the weights it begins with."""
        self._forget()
        self._keep(context)

    def on_epoch_end(self, context: Context) -> None:
        """Keep the weights, if it is time; make room, if there is none."""
        if context.epoch % self._stride:
            return
        self._keep(context)
        while len(self._records) > self.most:
            self._stride *= 2
            kept = [i for i, epoch in enumerate(self.epochs_) if epoch % self._stride == 0]
            self.epochs_ = [self.epochs_[i] for i in kept]
            self.losses_ = [self.losses_[i] for i in kept]
            self._records = [self._records[i] for i in kept]

    def on_fit_end(self, context: Context) -> None:
        """Keep the last weights in any case."""
        if self.epochs_[-1] != context.epoch:
            self._keep(context)

    def _keep(self, context: Context) -> None:
        model: Any = context.estimator
        self.epochs_.append(context.epoch)
        self.losses_.append(context.loss)
        self._records.append(getattr(model, "network_", model).parameters.copy())
