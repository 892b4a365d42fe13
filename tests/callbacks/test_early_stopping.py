"""Stopping when nothing gets better, and only then."""

from __future__ import annotations

import pytest

from chalknet.callbacks import Context, EarlyStopping
from chalknet.exceptions import ParameterError


def _epochs(
    stopping: EarlyStopping, losses: list[float | None], scores: list[float] | None = None
) -> int | None:
    context = Context(max_iter=len(losses))
    stopping.on_fit_begin(context)
    for i, loss in enumerate(losses):
        context.epoch, context.loss, context.validation_score = i + 1, loss, scores[i] if scores else None
        stopping.on_epoch_end(context)
        if context.stopping:
            break
    stopping.on_fit_end(context)
    return stopping.stopped_epoch_


def test_a_falling_loss_goes_on() -> None:
    assert _epochs(EarlyStopping(2), [1 / k for k in range(1, 50)]) is None


def test_a_loss_that_falls_too_little_stops() -> None:
    stopping = EarlyStopping(2, tolerance=0.1)
    assert _epochs(stopping, [1.0, 0.95, 0.93, 0.5]) == 3
    assert _epochs(stopping, [1.0, 0.95, 0.5, 0.4]) is None  # a second run begins anew


def test_the_validation_score_counts_where_there_is_one() -> None:
    assert _epochs(EarlyStopping(2), [1.0, 0.9, 0.8, 0.7], [0.5, 0.6, 0.6, 0.6]) == 4


def test_without_any_number_nothing_happens() -> None:
    assert _epochs(EarlyStopping(1), [None, None, None]) is None


@pytest.mark.parametrize("patience", [0, -1, 2.5, "3", True])
def test_another_patience_is_refused(patience: object) -> None:
    with pytest.raises(ParameterError, match="patience must be a whole number of at least 1"):
        EarlyStopping(patience)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="tolerance must be a number finite and at least 0"):
        EarlyStopping(tolerance=-1.0)


def test_it_prints_what_it_was_given() -> None:
    assert repr(EarlyStopping(3, tolerance=0.01)) == "EarlyStopping(patience=3, tolerance=0.01)"
