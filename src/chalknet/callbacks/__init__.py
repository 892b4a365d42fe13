"""Watch a training run, or end it: objects that an estimator calls at the start, after each epoch and at the end."""

from __future__ import annotations

from chalknet.callbacks.base import Callback, Context
from chalknet.callbacks.checkpoint import Checkpoint
from chalknet.callbacks.csv_log import CSVLog
from chalknet.callbacks.early_stopping import EarlyStopping
from chalknet.callbacks.metrics import Metrics
from chalknet.callbacks.progress import ProgressBar
from chalknet.callbacks.recorder import Recorder

__all__ = [
    "CSVLog",
    "Callback",
    "Checkpoint",
    "Context",
    "EarlyStopping",
    "Metrics",
    "ProgressBar",
    "Recorder",
]
