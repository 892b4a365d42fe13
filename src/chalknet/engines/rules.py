"""The numbers a run carries along, and the rules by which it ends: one source for both engines.

A run's counters live in two small arrays, `counts` (int64) and `numbers` (float64), so that the compiled engine can
change them in place and a checkpoint can keep them; the names below are their positions. `end_of_epoch` is plain
Python: the NumPy engine calls it, the fused engine compiles it.
"""

from __future__ import annotations

import numpy as np

# counts
STEP = 0  # updates since the optimizer began
EPOCH = 1  # epochs since the run began: the counter of the random numbers
BATCH = 2  # batches done in the running epoch
SAMPLES = 3  # rows seen when the running epoch began
STALE = 4  # epochs in a row without improvement
DONE = 5  # epochs done in this fit
FIT_STEP = 6  # updates done in this fit: the schedules' clock
N_COUNTS = 7

# numbers
RATE = 0  # the learning rate that the schedule starts from (adaptive rates lower it)
TOTAL = 1  # the running epoch's loss so far, each batch times its rows
BEST_LOSS = 2
BEST_SCORE = 3
N_NUMBERS = 4

# rules
TOL = 0
PATIENCE = 1
ADAPTIVE = 2  # 1: where the run would stop, divide the rate by 5 first
MAX_EPOCHS = 3
WATCH = 4  # one of the three below
FACTOR = 5  # by which an adaptive rate is divided
FLOOR = 6  # an adaptive rate at or below this stops the run
N_RULES = 7
NOTHING, LOSS, VALIDATION = 0.0, 1.0, 2.0

# why a call of an engine came back
RUNNING, FINISHED, CONVERGED, DIVERGED = 0, 1, 2, 3

# how validation rows are scored
NO_SCORE, ARGMAX, THRESHOLD, R2, NEGATIVE_LOSS = 0, 1, 2, 3, 4


def over(counts: np.ndarray, rules: np.ndarray) -> int:
    """Why a run that stands between two epochs has ended already, by what `end_of_epoch` left; or RUNNING."""
    if counts[BATCH] != 0 or counts[DONE] == 0:
        return RUNNING
    if rules[WATCH] != NOTHING and counts[STALE] > rules[PATIENCE]:
        return CONVERGED
    return FINISHED if counts[DONE] >= rules[MAX_EPOCHS] else RUNNING


def end_of_epoch(
    loss: float, score: float, counts: np.ndarray, numbers: np.ndarray, rules: np.ndarray
) -> tuple[int, bool]:
    """Count improvement and decide whether to stop, as scikit-learn's MLP does.

    Returns (reason, best): why to stop (or RUNNING), and whether this epoch's validation score is the best so far.
    An epoch is stale when it did not beat the best by at least `tol`; more than `patience` stale epochs in a row end
    the run or, with an adaptive rate above its floor, divide the rate.
    """
    best = False
    if rules[WATCH] == VALIDATION:
        if score < numbers[BEST_SCORE] + rules[TOL]:
            counts[STALE] += 1
        else:
            counts[STALE] = 0
        if score > numbers[BEST_SCORE]:
            numbers[BEST_SCORE] = score
            best = True
    else:
        if loss > numbers[BEST_LOSS] - rules[TOL]:
            counts[STALE] += 1
        else:
            counts[STALE] = 0
        if loss < numbers[BEST_LOSS]:
            numbers[BEST_LOSS] = loss
    if rules[WATCH] != NOTHING and counts[STALE] > rules[PATIENCE]:
        if rules[ADAPTIVE] == 0.0 or numbers[RATE] <= rules[FLOOR]:
            return CONVERGED, best
        numbers[RATE] /= rules[FACTOR]
        counts[STALE] = 0
    if counts[DONE] >= rules[MAX_EPOCHS]:
        return FINISHED, best
    return RUNNING, best
