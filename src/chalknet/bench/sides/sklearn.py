"""scikit-learn's multilayer perceptrons."""

from __future__ import annotations

from importlib.metadata import version as installed

from chalknet.bench.data import Data
from chalknet.bench.sides import Job, contract
from chalknet.bench.works import Work


def version() -> str:
    """Of the package."""
    return installed("scikit-learn")


def prepare(work: Work, data: Data) -> Job:
    """A job by scikit-learn."""
    from sklearn import neural_network

    return contract.prepare(work, data, neural_network)
