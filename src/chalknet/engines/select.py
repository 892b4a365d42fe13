"""Which engine: asked for by name, or chosen by the size of the work alone: a seed gives the same bits always."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec

from chalknet.engines.protocol import Engine
from chalknet.exceptions import EngineUnavailableError, ParameterError

ENGINES = ("auto", "numpy", "numba")
# NumPy's time for one training step is about 100 µs plus what its arithmetic costs: 6 operations a weight and row at
# some 5 GF/s in small matrices, and what a row costs by itself: its place in a new order, gathering, activations.
STEP_SECONDS = 100e-6
ROW_SECONDS = 0.2e-6
WEIGHT_SECONDS = 1.2e-9
# A fit that would take NumPy longer is worth the fused engine's start; in a process that starts for one fit alone, that
# includes importing Numba (measured: 0.5 s).
LIMIT_SECONDS = 0.05
PROCESS_SECONDS = 1.0
_limit = ContextVar("limit", default=LIMIT_SECONDS)
_hinted = False


@contextmanager
def in_a_process_of_its_own() -> Iterator[None]:
    """Within, "auto" goes by PROCESS_SECONDS: a command's process ends with its one fit, and starts for it alone.

    >>> work = {"n_rows": 1000, "n_parameters": 500, "batch_size": 100, "epochs": 100}
    >>> with in_a_process_of_its_own():
    ...     resolve("auto", **work)
    'numpy'
    """
    token = _limit.set(PROCESS_SECONDS)
    try:
        yield
    finally:
        _limit.reset(token)


def numpy_seconds(n_rows: int, n_parameters: int, batch_size: int, epochs: int) -> float:
    """About how long the chalkboard engine would need, by a fixed rule (no clock, no cache is looked at)."""
    steps = -(-n_rows // max(1, min(batch_size, n_rows))) * epochs
    return steps * STEP_SECONDS + n_rows * epochs * (ROW_SECONDS + n_parameters * WEIGHT_SECONDS)


def available() -> bool:
    """Tell whether Numba is installed."""
    return find_spec("numba") is not None


def resolve(engine: str, n_rows: int, n_parameters: int, batch_size: int, epochs: int) -> str:
    """The engine's name, "numpy" or "numba", for a piece of work.

    >>> resolve("auto", n_rows=50, n_parameters=20, batch_size=50, epochs=10)
    'numpy'
    """
    if engine not in ENGINES:
        raise ParameterError(f'engine={engine!r} is unknown: use "auto", "numpy" or "numba".')
    if engine != "auto":
        return engine
    if numpy_seconds(n_rows, n_parameters, batch_size, epochs) <= _limit.get():
        return "numpy"
    if available():
        return "numba"
    _hint()
    return "numpy"


def _hint() -> None:
    """Say once a process that Numba would be faster."""
    global _hinted  # noqa: PLW0603  once a process is what it counts
    if not _hinted:
        _hinted = True
        from chalknet.exceptions import DataHint

        warnings.warn(
            "Numba is not installed, so training runs on the NumPy engine: `pip install numba` makes it much faster.",
            DataHint,
            stacklevel=2,
        )


def load(name: str) -> Engine:
    """The engine of that name. Raises EngineUnavailableError for "numba" where Numba is missing."""
    if name == "numpy":
        from chalknet.engines.chalkboard import ENGINE

        return ENGINE
    if not available():
        raise EngineUnavailableError(
            'engine="numba" needs Numba, which is not installed: `pip install numba`, or use engine="numpy".'
        )
    from chalknet.engines.fused.engine import ENGINE as FUSED

    return FUSED
