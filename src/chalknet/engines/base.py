"""What an engine is given and what it keeps: the description of a network and its training, the data, the state.

Both engines implement `Engine`. A *description* is immutable and holds names and numbers only; a *state* is the
arrays that training changes; *data* are the rows. Nothing above an engine knows which one it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

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
    loss_p: float = 0.0
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


@dataclass
class Apart:
    """Rows of their own that are scored and not trained on; of the same form as those of `Data`."""

    X: Any
    y: np.ndarray
    weights: np.ndarray | None = None


@dataclass
class Data:
    """Rows to learn from. X is dense C-ordered (n, in) or CSR, `y` is (n, out) targets or (n,) class numbers.

    `rows` and `validation` number the rows that are trained on and scored: X is never copied for a split.
    """

    X: Any
    y: np.ndarray
    rows: np.ndarray
    weights: np.ndarray | None = None
    validation: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    apart: Apart | None = None  # the rows that are scored, where they are none of X

    def scored(self) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """The rows that are scored: X, y and their weights."""
        if self.apart is not None:
            return self.apart.X, self.apart.y, self.apart.weights
        i = self.validation
        return self.X[i], self.y[i], None if self.weights is None else self.weights[i]


@dataclass
class State:
    """Everything that training changes."""

    parameters: np.ndarray  # flat
    slots: np.ndarray  # (slots of the optimizer, parameters)
    seed: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros(r.N_COUNTS, np.int64))
    numbers: np.ndarray = field(default_factory=lambda: np.array([0.0, 0.0, np.inf, -np.inf]))
    best: np.ndarray | None = None  # the parameters of the best validation score
    buffers: np.ndarray = field(default_factory=lambda: NO_BUFFERS)  # means and variances that layers keep
    best_buffers: np.ndarray = field(default_factory=lambda: NO_BUFFERS)
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    @classmethod
    def start(
        cls,
        parameters: np.ndarray,
        description: Description,
        seed: int = 0,
        buffers: np.ndarray = NO_BUFFERS,
    ) -> State:
        """The state before the first update."""
        row = optimizers.get(description.optimizer)
        slots = np.zeros((len(row.slots), parameters.size), parameters.dtype)
        state = cls(parameters, slots, int(seed), buffers=buffers)
        state.numbers[r.RATE] = description.learning_rate
        state.watch_best(description.watch == r.VALIDATION)
        return state

    def watch_best(self, wanted: bool) -> None:
        """Keep the present numbers as the best so far, or none."""
        self.best = self.parameters.copy() if wanted else None
        self.best_buffers = self.buffers.copy() if wanted else NO_BUFFERS

    def keep_best(self) -> None:
        """The present numbers are the best so far."""
        if self.best is not None:
            self.best[:], self.best_buffers[:] = self.parameters, self.buffers

    def restore_best(self) -> None:
        """Go back to the best numbers, if they were kept."""
        if self.best is not None:
            self.parameters[...], self.buffers[...] = self.best, self.best_buffers

    def begin_fit(self) -> None:
        """Start counting the epochs of a new call of `fit` on the same optimizer state."""
        self.counts[r.DONE] = self.counts[r.FIT_STEP] = self.counts[r.BATCH] = 0
        self.numbers[r.TOTAL] = 0.0


@dataclass(frozen=True)
class Until:
    """How far one call of an engine may go: epochs, and about how many seconds."""

    epochs: int
    seconds: float = 0.1


class Session(Protocol):
    """A run in progress: buffers that live as long as the run."""

    def run(self, until: Until) -> int:
        """Train on; returns why it came back (`rules.RUNNING` …). State is up to date when it does."""
        ...


class Crew(Protocol):
    """Those who train several sessions of one engine; left as a context, no session is being trained any more."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def hungry(self) -> bool:
        """Tell whether another session would be begun soon."""
        ...

    def start(self, session: Session, epochs: int) -> None:
        """Have a session trained on, by at most so many epochs and for about as long as a call of its own `run`."""
        ...

    def wait(self) -> list[tuple[Session, int]]:
        """Sessions that came back, at least one, and why, as `run` returns it; their states are up to date."""
        ...


class InTurn:
    """The crew of an engine that holds Python's lock: one session at a time, to its end."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Session, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing runs outside of `wait`."""

    def hungry(self) -> bool:
        """Tell whether nothing is left to do."""
        return not self.waiting

    def start(self, session: Session, epochs: int) -> None:
        """Have a session trained on."""
        self.waiting.append((session, epochs))

    def wait(self) -> list[tuple[Session, int]]:
        """Train the session that came last."""
        session, epochs = self.waiting.pop()
        return [(session, session.run(Until(epochs)))]


class Reader(Protocol):
    """A network that is ready to predict; the vector of its parameters is read anew in every call."""

    most: int  # rows that it takes at a time

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Predictions (rows, outputs) for rows (rows, inputs)."""
        ...


class Slope(Protocol):
    """An objective over rows that were given once, at any parameters."""

    def __call__(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """The objective's value, and its gradient as a flat vector of its own."""
        ...


class Engine(Protocol):
    """What `chalkboard` and `fused` both are."""

    name: str

    def crew(self, threads: int) -> Crew:
        """Prepare to train several sessions, on up to so many threads; no bit of any depends on it."""
        ...

    def session(self, description: Description, state: State, data: Data) -> Session:
        """Prepare a run."""
        ...

    def slope(self, description: Description, data: Data, buffers: np.ndarray = NO_BUFFERS) -> Slope:
        """Prepare the objective over the data's rows and its gradient, of the network as it predicts."""
        ...

    def reader(
        self, description: Description, parameters: np.ndarray, buffers: np.ndarray = NO_BUFFERS
    ) -> Reader:
        """Prepare predictions of a few rows, through the loss's link."""
        ...

    def predict(
        self,
        description: Description,
        parameters: np.ndarray,
        X: Any,
        link: bool,
        buffers: np.ndarray = NO_BUFFERS,
    ) -> np.ndarray:
        """The last layer's output (n, out); with `link`, through the loss's link."""
        ...


def check_names(description: Description) -> None:
    """Raise UnknownNameError for a name that no table has."""
    for spec in description.layers:
        if spec.kind == ACTIVATION and spec.name not in rows.ROW_ACTIVATIONS:
            activations.get(spec.name)
    losses.get(description.loss)
    optimizers.get(description.optimizer)
    schedules.get(description.schedule)
