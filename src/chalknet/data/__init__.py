"""Real data to learn and test on: one bundled table and four that scikit-learn brings along.

>>> from chalknet import data
>>> penguins = data.load("penguins")
>>> penguins.table.shape, penguins.target, penguins.task
((344, 8), 'species', 'classification')
"""

from chalknet.data.datasets import NAMES, Dataset, load

__all__ = ["NAMES", "Dataset", "load"]
