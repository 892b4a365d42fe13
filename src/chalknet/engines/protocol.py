"""What both engines can do: they implement `Engine`, and nothing above knows which one it is."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np

from chalknet.engines.base import NO_BUFFERS, Description
from chalknet.engines.state import Data, State, Until


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

    def samples(
        self,
        description: Description,
        parameters: np.ndarray,
        X: Any,
        link: bool,
        buffers: np.ndarray,
        n: int,
        seed: int,
    ) -> np.ndarray:
        """The same with dropout on, n times over (n, rows, out).

        The masks are those of a training with this seed, whose epochs are the samples and whose rows are X's.
        """
        ...
