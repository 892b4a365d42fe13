"""The warning that the tabular estimators give about odd data that they can still learn from."""

from __future__ import annotations


class DataHint(UserWarning):
    """Something about the data is odd; one sentence says what, where, and how it was taken."""
