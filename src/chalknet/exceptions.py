"""Every error chalknet raises on purpose.

    ChalknetError
    ├── UnknownNameError        (ValueError)      a name that is in no table
    ├── ParameterError          (ValueError)      an option outside its range
    ├── ShapeError              (ValueError)      arrays whose shapes do not fit
    ├── DataError               (ValueError)      a table that cannot be used as it is
    ├── ModelFileError          (ValueError)      a model file that is damaged, foreign or unsafe
    ├── NotFittedError          (scikit-learn's NotFittedError, so ValueError and AttributeError)
    └── EngineError             (RuntimeError)    an engine that cannot go on
        └── EngineUnavailableError (ImportError)  an engine whose library is missing

    DataHint                    (Warning)         something about the data or the set-up worth knowing
    DivergenceWarning           (scikit-learn's ConvergenceWarning) training turned non-finite and was stopped

Each is also a child of the built-in or scikit-learn error a user would catch. A message is one sentence:
what was given, what is allowed, what to do.
"""

from __future__ import annotations

from sklearn.exceptions import ConvergenceWarning
from sklearn.exceptions import NotFittedError as _SklearnNotFittedError

__all__ = [
    "ChalknetError",
    "DataError",
    "DataHint",
    "DivergenceWarning",
    "EngineError",
    "EngineUnavailableError",
    "ModelFileError",
    "NotFittedError",
    "ParameterError",
    "ShapeError",
    "UnknownNameError",
]


class ChalknetError(Exception):
    """The parent of every error that chalknet raises on purpose."""


class UnknownNameError(ChalknetError, ValueError):
    """A name that stands in no table; the message lists the names that do."""


class ParameterError(ChalknetError, ValueError):
    """An option whose value is outside what it allows."""


class ShapeError(ChalknetError, ValueError):
    """Arrays whose shapes do not fit each other or the network."""


class DataError(ChalknetError, ValueError):
    """Data that cannot be used as they are; the message names the file, column or row."""


class ModelFileError(ChalknetError, ValueError):
    """A model file that is damaged, not chalknet's, or not safe to read."""


class NotFittedError(ChalknetError, _SklearnNotFittedError):
    """Something that needs a fitted model was asked of one that is not."""


class EngineError(ChalknetError, RuntimeError):
    """An engine that cannot run, or cannot go on with, what it was given."""


class EngineUnavailableError(EngineError, ImportError):
    """An engine was asked for by name and the library it needs is not installed."""


class DataHint(Warning):
    """Something about the data or the set-up that is worth knowing; nothing is wrong."""


class DivergenceWarning(ConvergenceWarning):
    """Training turned non-finite and was stopped in that epoch."""
