"""One work on all sides: first the check that they do the same, then runs in turns, then medians.

The check has two halves. After a few updates both sides' outputs must have moved from the first weights' outputs to
the same place (so a peer with another learning rate, order or optimizer is found at once); after the whole run both
must stand at the same loss, within what the work allows for rounding that has grown. A side that fails is not timed,
and no ratio is given for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from chalknet.bench.process import Worker, WorkerDiedError
from chalknet.bench.sides import OURS, TITLES
from chalknet.bench.works import GRADIENT, MANY, PREDICT, TRAIN, Work
from chalknet.engines import select

MOVED = 0.01  # of the way that outputs went in the few updates, how far apart two sides may be
SAME = 1e-3  # how far apart numbers may be that are computed once, relative to the largest
TURN_SECONDS = 0.3  # a side's turn lasts about so long


@dataclass(frozen=True)
class Settings:
    """How sides are run."""

    threads: int = 1
    repeats: int = 3
    dtype: str = "float32"
    scale: float = 1.0
    shuffle: bool = False
    turn_seconds: float = TURN_SECONDS


def apart(ours: Sequence[float], theirs: Sequence[float], before: Sequence[float] | None) -> float:
    """How far apart two sides' numbers are, relative to the way they went, or to the largest of them.

    >>> round(apart([1.0, 2.0], [1.0, 2.1], [1.0, 1.0]), 6), round(apart([1.0, 2.0], [1.0, 2.1], None), 6)
    (0.1, 0.05)
    """
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if a.shape != b.shape or not np.isfinite(a).all() or not np.isfinite(b).all():
        return float("inf")
    if before is None:
        return float(np.max(np.abs(a - b))) / max(float(np.max(np.abs(a))), 1e-30)
    start = np.asarray(before, np.float64)
    return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(a - start)), 1e-30)


class Judgement:
    """Whether a peer did what our side did: `differences` in numbers, `sentence` empty if so."""

    def __init__(self, work: Work, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
        a, b = float(ours["first"]["loss"]), float(theirs["first"]["loss"])
        finite = bool(np.isfinite([a, b]).all())
        self.loss = abs(a - b) / max(abs(a), abs(b), 1e-12) if finite else float("inf")
        if work.kind in (TRAIN, MANY):
            few, other = ours["check"], theirs["check"]
            self.moved = apart(few["numbers"], other["numbers"], few["before"])
            limit = MOVED
        else:
            self.moved = apart(ours["first"]["numbers"], theirs["first"]["numbers"], None)
            limit = work.allowed if work.kind in ("lbfgs", "grid") else SAME
        self.sentence = ""
        if not self.moved <= limit:
            where = "outputs after the first updates" if work.kind in (TRAIN, MANY) else "results"
            self.sentence = (
                f"not the same computation: {where} differ by {self.moved:.1%} (allowed {limit:.2g})"
            )
        elif not self.loss <= work.allowed:
            self.sentence = (
                f"not the same end: losses {a:.6g} and {b:.6g} (allowed difference {work.allowed:.2g})"
            )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"moved_apart": self.moved, "loss_apart": self.loss, "refused": self.sentence or None}


def summary(times: Sequence[Sequence[float]], calls: int = 1) -> dict[str, Any]:
    """Medians of the clock's and the processor's seconds, and the clock's spread: half its quartiles' distance."""
    walls, cpus = [float(t[0]) / calls for t in times], [float(t[1]) / calls for t in times]
    low, middle, high = np.percentile(walls, [25, 50, 75])
    return {
        "wall": float(middle),
        "cpu": median(cpus),
        "spread": float((high - low) / 2 / middle),
        "runs": len(walls),
    }


def compare(
    work: Work, peers: Sequence[str], settings: Settings, tell: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Run a work with each of the peers that can do it; returns what `chalknet bench --json` writes of it."""
    work = replace(work, dtype=settings.dtype if work.dtype == "float32" else work.dtype).scaled(
        settings.scale
    )
    work = replace(work, shuffle=settings.shuffle and work.kind == TRAIN)
    chosen = [peer for peer in peers if peer in work.peers]
    sides = {OURS[peer] if work.kind != MANY else "estimator" for peer in chosen} or {"estimator"}
    entry: dict[str, Any] = {
        "name": work.name,
        "title": work.title,
        "network": work.architecture,
        "rows": work.rows,
        "epochs": work.epochs,
        "batch": work.batch,
        "dtype": work.dtype,
        "shuffle": work.shuffle,
        "calls": work.calls,
        "allowed": work.allowed,
        "flops": work.flops,
        "sides": {},
        "against": {},
        "peak_gflops": None,
    }
    with ExitStack() as stack:
        table = _Table(stack, work, settings, tell)
        for side in (*sorted(sides), *chosen):
            table.start(side)
        for peer in chosen:
            entry["against"][peer] = table.judge(peer)
        table.time([side for side in table.ready if side in sides or table.passed.get(side)])
        entry["sides"] = table.told()
        if table.peaks:
            entry["peak_gflops"] = median(table.peaks)
    for peer, found in entry["against"].items():
        _ratios(entry, peer, found)
    for side in entry["sides"].values():
        _share(entry, side, settings)
    return entry


class _Table:
    """The workers around one work."""

    def __init__(self, stack: ExitStack, work: Work, settings: Settings, tell: Callable[[str], None]) -> None:
        self.stack, self.work, self.settings, self.tell = stack, work, settings, tell
        self.workers: dict[str, Worker] = {}
        self.ready: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, str] = {}
        self.passed: dict[str, bool] = {}
        self.times: dict[str, list[Any]] = {}
        self.peaks: list[float] = []
        self.memory: dict[str, Any] = {}

    def start(self, side: str) -> None:
        """Start a side, let it run once and make the few updates of the check; note why where it can't."""
        self.tell(f"{self.work.name}: {TITLES[side]} runs for the first time")
        work = self.work.for_peer("sklearn") if side in ("sklearn", "estimator") else self.work
        if side in OURS.values() and work.kind in (PREDICT, GRADIENT) and select.available():
            # As a network predicts that was trained at length; `auto` would go by the few rows it is shown here.
            work = replace(work, options=(("engine", "numba"),))
        held = self.work.cores or self.settings.threads
        worker = self.stack.enter_context(Worker(side, self.settings.threads, dtype=work.dtype, held=held))
        kept: dict[str, Any] = {}
        steps = ["version", "prepare", "first"] + ["check"] * (work.kind in (TRAIN, MANY))
        for step in steps:
            request = {"work": work.to_dict()} if step == "prepare" else {}
            try:
                answer = worker.ask(do=step, **request)
            except WorkerDiedError as error:
                answer = {"error": str(error)}
            bad = [key for key in ("absent", "unavailable", "error") if key in answer]
            if bad:
                missing = bad[0] == "absent" and step == "version"
                self.refused[side] = "not installed" if missing else answer[bad[0]]
                return
            kept[step] = answer
        self.workers[side], self.ready[side] = worker, kept

    def judge(self, peer: str) -> dict[str, Any]:
        """Whether a peer does the same as the side of ours that stands beside it."""
        ours = "estimator" if self.work.kind == MANY else OURS[peer]
        for side in (peer, ours):
            if side in self.refused:
                return {"ours": ours, "refused": f"{TITLES[side]}: {self.refused[side]}", "absent": True}
        work = self.work.for_peer(peer)
        judgement = Judgement(work, self.ready[ours], self.ready[peer])
        self.passed[peer] = not judgement.sentence
        return {"ours": ours, **judgement.to_dict()}

    def time(self, sides: Sequence[str]) -> None:
        """Take turns."""
        for turn in range(self.settings.repeats):
            for side in sides:
                self.tell(f"{self.work.name}: turn {turn + 1} of {self.settings.repeats}, {TITLES[side]}")
                answer = self.workers[side].ask(do="turn", seconds=self.settings.turn_seconds)
                self.times.setdefault(side, []).extend(answer["times"])
                if side in ("estimator", "network") and self.work.flops:
                    self.peaks += filter(
                        None, [self.workers[side].ask(do="peak", dtype=self.work.dtype)["gflops"]]
                    )

    def told(self) -> dict[str, Any]:
        """What each side that was timed needed."""
        out = {}
        for side, times in self.times.items():
            found = summary(times, self.work.calls)
            first = float(self.ready[side]["first"]["seconds"]) / self.work.calls
            out[side] = {
                **found,
                "version": self.ready[side]["version"]["version"],
                "loss": self.ready[side]["first"]["loss"],
                "first_extra": max(0.0, first - found["wall"]) * self.work.calls,
            }
        return out


def _ratios(entry: dict[str, Any], peer: str, found: dict[str, Any]) -> None:
    """Add how many times faster we are, by the clock and by the processor's time."""
    theirs, ours = entry["sides"].get(peer), entry["sides"].get(found["ours"])
    if theirs is None or ours is None:
        return
    found["ratio"] = theirs["wall"] / ours["wall"]
    # A grid search's processor time is that of its workers, which no process here sees.
    found["ratio_cpu"] = theirs["cpu"] / ours["cpu"] if ours["cpu"] > 0 and entry["name"] != "grid" else None


def _share(entry: dict[str, Any], side: dict[str, Any], settings: Settings) -> None:
    """Add the rate of the matrix products' operations and its share of the measured peak.

    One thread's is taken from its processor time, which other programs on the machine disturb less.
    """
    seconds = side["cpu"] if settings.threads == 1 else side["wall"]
    if not entry["flops"] or not seconds:
        return
    side["gflops"] = entry["flops"] / entry["calls"] / seconds / 1e9
    if entry["peak_gflops"]:
        side["share"] = side["gflops"] / (entry["peak_gflops"] * settings.threads)
