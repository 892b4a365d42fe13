"""When a run ends: scikit-learn's rules, counted by `end_of_epoch`."""

from __future__ import annotations

import numpy as np
import pytest

from chalknet.engines import rules as r

pytestmark = pytest.mark.unjitted


@pytest.fixture(params=["plain", "compiled"])
def run(request):
    """A run of epochs with given losses (and scores): returns (reason, epochs done, counts, numbers, best epochs)."""
    if request.param == "compiled":
        from numba import njit

        from chalknet.engines.fused.lowering import compiled

        inner = compiled(r.end_of_epoch)

        @njit
        def end_of_epoch(loss, score, counts, numbers, rules):
            return inner(loss, score, counts, numbers, rules)

    else:
        end_of_epoch = r.end_of_epoch

    def run(
        losses, scores=None, *, watch=r.LOSS, tol=0.0, patience=2.0, max_epochs=100, adaptive=False, rate=0.1
    ):
        counts, numbers = np.zeros(r.N_COUNTS, np.int64), np.array([rate, 0.0, np.inf, -np.inf])
        rules = np.zeros(r.N_RULES)
        rules[[r.TOL, r.PATIENCE, r.ADAPTIVE, r.MAX_EPOCHS, r.WATCH, r.FACTOR, r.FLOOR]] = (
            tol, patience, adaptive, max_epochs, watch, 5.0, 1e-6,
        )  # fmt: skip
        best = []
        for i, loss in enumerate(losses):
            counts[r.DONE] += 1
            reason, found = end_of_epoch(loss, 0.0 if scores is None else scores[i], counts, numbers, rules)
            if found:
                best.append(i)
            if reason != r.RUNNING:
                break
        return reason, int(counts[r.DONE]), counts, numbers, best

    return run


def test_a_falling_loss_runs_to_the_last_epoch(run):
    assert run([1.0 / (i + 1) for i in range(200)])[:2] == (r.FINISHED, 100)


def test_more_stale_epochs_in_a_row_than_patience_end_the_run(run):
    assert run([1.0] * 20, tol=1e-4)[:2] == (r.CONVERGED, 4)
    assert run([1.0] * 20)[0] == r.RUNNING  # with tol = 0 the same loss is not stale
    assert run([1.0, 2.0, 2.0, 0.5, 2.0, 2.0, 2.0, 2.0])[:2] == (r.CONVERGED, 7)


def test_an_improvement_below_tol_is_stale_but_counts_as_best(run):
    reason, done, _, numbers, _ = run([1.0, 0.95, 0.9, 0.85, 0.8], tol=0.1)
    assert (reason, done) == (r.CONVERGED, 4)
    assert numbers[r.BEST_LOSS] == 0.85


def test_validation_watches_the_score_and_reports_the_best(run):
    reason, done, _, numbers, best = run(
        [1.0] * 9, [0.1, 0.5, 0.4, 0.6, 0.6, 0.2, 0.2, 0.2, 0.2], watch=r.VALIDATION
    )
    assert (reason, done) == (r.CONVERGED, 8)
    assert best == [0, 1, 3]
    assert numbers[r.BEST_SCORE] == 0.6


def test_a_score_that_is_no_number_is_never_best(run):
    reason, _, _, numbers, best = run([1.0] * 5, [np.nan] * 5, watch=r.VALIDATION, max_epochs=5)
    assert reason == r.FINISHED
    assert best == []
    assert numbers[r.BEST_SCORE] == -np.inf


def test_an_adaptive_rate_falls_to_its_floor_before_the_run_ends(run):
    reason, done, _, numbers, _ = run([1.0] * 100, adaptive=True, tol=1e-4)
    assert reason == r.CONVERGED
    assert numbers[r.RATE] == pytest.approx(0.1 / 5**8)
    assert numbers[r.RATE] <= 1e-6
    assert done == 4 + 3 * 8


def test_watching_nothing_never_converges(run):
    assert run([1.0] * 300, watch=r.NOTHING)[:2] == (r.FINISHED, 100)
