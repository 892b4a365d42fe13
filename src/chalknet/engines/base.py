"""What an engine is told: the description of a network and its training, which is immutable, names and numbers only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chalknet.engines import rules as r
from chalknet.maths import activations, losses, optimizers, rows, schedules

DENSE, ACTIVATION, DROPOUT = "dense", "activation", "dropout"
BATCH_NORM, LAYER_NORM, STANDARDIZE = "batch_norm", "layer_norm", "standardize"
SCALED = (BATCH_NORM, LAYER_NORM)  # normalisations whose result is scaled and shifted by learned numbers
KEEPING = (BATCH_NORM, STANDARDIZE)  # layers that keep a mean and a variance of each unit
NO_BUFFERS = np.empty(0)  # of a network without such layers


@dataclass(frozen=True)
class LayerSpec:
    """A layer: a dense one has sizes, an activation a shape parameter, a dropout a rate, and so on."""

    kind: str
    n_in: int
    n_out: int
    name: str = ""  # of the activation
    p: float = 0.0  # the activation's shape parameter, the dropout's rate, a normalisation's epsilon
    momentum: float = 0.0  # of a batch normalisation's running numbers

    @property
    def learned(self) -> tuple[int, int] | None:
        """The shape of the layer's weights, whose last axis is that of its biases; None where it learns nothing."""
        if self.kind == DENSE:
            return self.n_in, self.n_out
        return (1, self.n_out) if self.kind in SCALED else None


@dataclass(frozen=True)
class Description:
    """A network and how it is trained, in names and numbers.

    `reduction` is the loss's ("mean", "mean_rows", "sum"); `report` multiplies the data's part of the loss where a
    front end reports it in another convention than the one it minimises.
    """

    layers: tuple[LayerSpec, ...]
    loss: str
    loss_p: float | tuple[float, ...] = 0.0  # several: levels, see `layers.loss`
    reduction: str = "mean"
    dtype: str = "float64"
    optimizer: str = "sgd"
    hyper: tuple[float, ...] = ()
    learning_rate: float = 0.01
    schedule: str = "constant"
    schedule_hyper: tuple[float, ...] = ()
    batch_size: int = 1
    shuffle: bool = True
    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float = 0.0  # 0: no clipping
    clip_value: float = 0.0
    max_norm: float = 0.0  # the most that a unit's incoming weights may be long, 0: no limit
    max_epochs: int = 1
    tol: float = 0.0
    patience: float = np.inf
    watch: float = r.NOTHING
    score: int = r.NO_SCORE
    report: float = 1.0
    threshold: float = 0.5  # an output above it says yes, where outputs are yes or no

    @property
    def n_in(self) -> int:
        """Columns of X."""
        return self.layers[0].n_in

    @property
    def n_out(self) -> int:
        """Units of the last layer."""
        return self.layers[-1].n_out

    @property
    def dense(self) -> tuple[tuple[int, int], ...]:
        """The sizes (in, out) of the dense layers."""
        return tuple((s.n_in, s.n_out) for s in self.layers if s.kind == DENSE)

    @property
    def learned(self) -> tuple[tuple[int, int], ...]:
        """The shapes of the weights of all layers that learn, normalisations' (1, units) included."""
        return tuple(shape for shape in (s.learned for s in self.layers) if shape is not None)

    @property
    def n_parameters(self) -> int:
        """Length of the flat vector: for each layer that learns its weights, row by row, then its biases."""
        return sum((i + 1) * o for i, o in self.learned)

    @property
    def mixes_rows(self) -> bool:
        """Whether in training a row's output depends on the batch's other rows."""
        return any(s.kind == BATCH_NORM for s in self.layers)

    def fused(self) -> Description:
        """The same network with its last activation taken into the loss, where the pair has a safe joint form."""
        last = self.layers[-1]
        row = losses.get(self.loss)
        if row.fused is None or last.kind != ACTIVATION or len(self.layers) == 1 or row.fused[0] != last.name:
            return self
        threshold = 0.0 if last.name == "sigmoid" else self.threshold  # sigmoid(0) = 0.5
        return replace(self, layers=self.layers[:-1], loss=row.fused[1], threshold=threshold)

    def rules(self) -> np.ndarray:
        """The stop rules as an array, see `engines.rules`."""
        out = np.zeros(r.N_RULES)
        out[r.TOL], out[r.PATIENCE], out[r.MAX_EPOCHS], out[r.WATCH] = (
            self.tol,
            self.patience,
            self.max_epochs,
            self.watch,
        )
        out[r.ADAPTIVE] = float(self.schedule == "adaptive")
        out[r.FACTOR], out[r.FLOOR] = 5.0, 1e-6
        return out

    def hypers(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The optimizer's constants for weights and for biases (which decoupled decay leaves alone)."""
        row = optimizers.get(self.optimizer)
        if row.decay is None:
            return self.hyper, self.hyper
        bias = tuple(0.0 if name == row.decay else v for name, v in zip(row.hyper, self.hyper, strict=True))
        return self.hyper, bias

    def output_link(self) -> str:
        """The activation that turns the last layer's output into a prediction ("identity": none)."""
        return losses.get(self.loss).link


def slices(learned: tuple[tuple[int, int], ...]) -> list[tuple[slice, slice]]:
    """Where each layer's weights and biases lie in the flat vector, given the shapes of the weights."""
    out, at = [], 0
    for n_in, n_out in learned:
        mid = at + n_in * n_out
        out.append((slice(at, mid), slice(mid, mid + n_out)))
        at = mid + n_out
    return out


def places(description: Description) -> list[tuple[LayerSpec, slice, slice]]:
    """The layers that learn, and where their weights and biases lie in the flat vector."""
    specs = [s for s in description.layers if s.learned is not None]
    return [(s, *pair) for s, pair in zip(specs, slices(description.learned), strict=True)]


def check_names(description: Description) -> None:
    """Raise UnknownNameError for a name that no table has."""
    for spec in description.layers:
        if spec.kind == ACTIVATION and spec.name not in rows.ROW_ACTIVATIONS:
            activations.get(spec.name)
    losses.get(description.loss)
    optimizers.get(description.optimizer)
    schedules.get(description.schedule)
