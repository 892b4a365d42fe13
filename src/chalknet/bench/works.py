"""What is run: small and medium networks of the kinds that people train, each in names and numbers.

A work says everything that fixes a result: sizes, formulas, rows, batches, epochs, learning rate, seed. Both sides
start from the same weights, pass the same rows in the same order, and make the same updates.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

PEERS = ("sklearn", "torch", "jax", "numpy")
TRAIN, PREDICT, MANY, GRADIENT, LBFGS, GRID = "train", "predict", "many", "gradient", "lbfgs", "grid"


@dataclass(frozen=True)
class Work:
    """One piece of work. `loss` is "softmax", "logistic" (one output, two classes) or "squared" (halved, summed)."""

    name: str
    title: str
    kind: str
    sizes: tuple[int, ...]
    rows: int
    epochs: int = 1
    batch: int = 1
    activation: str = "relu"
    loss: str = "softmax"
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    calls: int = 1  # of a short call, how many are timed together
    members: int = 1  # networks side by side
    dtype: str = "float32"
    shuffle: bool = False  # each epoch in an order of its own, the same one on every side
    cores: int = 0  # cores that the work needs; 0: as many as there are threads
    peers: tuple[str, ...] = PEERS
    allowed: float = 0.02  # relative difference of the losses at the end
    options: tuple[tuple[str, Any], ...] = ()  # of our side's constructor or fit, for the table of options

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Work:
        """The work again."""
        options = tuple((name, value) for name, value in values["options"])
        return cls(
            **{**values, "sizes": tuple(values["sizes"]), "peers": tuple(values["peers"]), "options": options}
        )

    def for_peer(self, peer: str) -> Work:
        """The same beside scikit-learn, whose classifier has one logistic output for two classes."""
        if peer == "sklearn" and self.loss == "softmax" and self.sizes[-1] == 2:
            return replace(self, sizes=(*self.sizes[:-1], 1), loss="logistic")
        return self

    def short(self) -> Work:
        """A few updates of the same, for the check that must be sharp: before rounding has grown."""
        if self.batch >= self.rows:
            return replace(self, epochs=min(3, self.epochs))
        return replace(self, epochs=1, rows=min(self.rows, self.batch * 5 // 2 if self.batch > 1 else 20))

    def scaled(self, scale: float) -> Work:
        """The same with fewer epochs (or rows, where there are none)."""
        if self.kind in (PREDICT, GRADIENT, GRID):
            return replace(self, rows=max(1, round(self.rows * scale)) if self.rows > 1000 else self.rows)
        return replace(self, epochs=max(1, round(self.epochs * scale)))

    @property
    def architecture(self) -> str:
        """Sizes as people write them.

        >>> WORKS["W1"].architecture
        '2-10-10-2'
        """
        return "-".join(map(str, self.sizes))

    @property
    def weights(self) -> int:
        """How many weights, biases not counted."""
        return sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    @property
    def flops(self) -> float:
        """Multiplications and additions of the matrix products alone, in one run; 0 where they are not known."""
        if self.kind == PREDICT:
            return 2.0 * self.weights * self.rows * self.calls
        if self.kind in (TRAIN, MANY, GRADIENT):
            first = self.sizes[0] * self.sizes[1]  # nobody needs the derivative by the inputs
            each = 6.0 * self.weights - 2.0 * first
            return each * self.rows * self.epochs * self.calls * self.members
        return 0.0


_LIST = (
    Work("W1", "one row at a time, SGD", TRAIN, (2, 10, 10, 2), 100, 1000, 1, loss="squared", optimizer="sgd",
         learning_rate=0.01, allowed=0.05),
    Work("W2b32", "small table, batch 32", TRAIN, (20, 100, 2), 10_000, 10, 32),
    Work("W2b200", "small table, batch 200", TRAIN, (20, 100, 2), 10_000, 10, 200),
    Work("W3small", "pictures, batch 128", TRAIN, (784, 128, 64, 10), 20_000, 2, 128, allowed=0.05),
    Work("W3large", "pictures, wide layers", TRAIN, (784, 512, 512, 10), 20_000, 2, 128, allowed=0.05),
    Work("W4", "full batch, tanh", TRAIN, (4, 32, 16, 4), 150, 10_000, 150, activation="tanh", allowed=0.1),
    Work("W5bulk", "predict a million rows", PREDICT, (20, 100, 100, 2), 1_000_000, allowed=1e-4),
    Work("W5row", "predict one row", PREDICT, (20, 100, 100, 2), 1, calls=500, allowed=1e-4),
    Work("W6", "SimpleChains' example, 1000 steps", TRAIN, (4, 32, 16, 4), 10_000, 1000, 10_000,
         activation="tanh"),
    Work("W7", "64 networks side by side", MANY, (20, 64, 1), 5_000, 10, 64, loss="logistic", members=64,
         peers=("sklearn", "torch", "jax")),
    Work("gradient", "loss and gradient, one call", GRADIENT, (24, 8, 2), 200, batch=200, activation="tanh",
         loss="squared", calls=2000, peers=("torch", "jax", "numpy"), allowed=1e-4),
    Work("lbfgs", "W2's data by L-BFGS, 50 iterations", LBFGS, (20, 100, 1), 10_000, 50, 10_000, loss="logistic",
         dtype="float64", peers=("sklearn",)),
    Work("grid", "GridSearchCV, 200 fits of 500 rows", GRID, (20, 100, 1), 500, 200, 200, loss="logistic",
         cores=2, peers=("sklearn",), allowed=0.02),
)  # fmt: skip
WORKS = {work.name: work for work in _LIST}
# What is measured in other ways than two sides in turns: name -> title
TABLES = {
    "import": "import time",
    "first": "a new process, up to the end of its first fit",
    "memory": "memory of a fit",
    "options": "options against the plain run",
}
NAMES = (*WORKS, *TABLES)


def find(name: str) -> tuple[str, ...]:
    """The works that a name means, itself or a beginning of several; empty for none.

    >>> find("w2"), find("W3small"), find("W9")
    (('W2b32', 'W2b200'), ('W3small',), ())
    """
    low = name.lower()
    exact = tuple(known for known in NAMES if known.lower() == low)
    if exact or len(low) < 2:
        return exact
    return tuple(known for known in NAMES if low[0] == "w" and known.lower().startswith(low))
