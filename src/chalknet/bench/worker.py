"""One side of a comparison, in a process of its own: told what to do by lines of JSON, and answers by lines of JSON.

A process each keeps one library's threads, memory and settings away from the others, and lets each be held to the same
cores. Whatever libraries print goes to standard error: standard output belongs to the answers.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, TextIO

import numpy as np

from chalknet.bench import data as rows
from chalknet.bench import memory
from chalknet.bench.sides import Job, UnavailableError
from chalknet.bench.works import Work

TURNS = 20  # runs in one turn at most


class Side:
    """The jobs of one library by name, and what can be asked about them."""

    def __init__(self, name: str) -> None:
        self.module = import_module(f"chalknet.bench.sides.{name}")
        self.jobs: dict[str, Job] = {}
        self.works: dict[str, Work] = {}

    def version(self) -> dict[str, Any]:
        """Of the library; fails where it is not installed."""
        return {"version": self.module.version()}

    def prepare(self, work: dict[str, Any], job: str = "") -> dict[str, Any]:
        """Make the data, and whatever the library wants to have before the clock starts."""
        made = self.works[job] = Work.from_dict(work)
        self.jobs[job] = self.module.prepare(made, rows.make(made))
        return {}

    def first(self, job: str = "") -> dict[str, Any]:
        """Run once, compiling included, and tell the time and the outcome."""
        start = time.perf_counter()
        result = self.jobs[job].run()
        seconds = time.perf_counter() - start
        return {"seconds": seconds, **_outcome(self.jobs[job].read(result))}

    def check(self, job: str = "") -> dict[str, Any]:
        """Make the few updates of the sharp check in a job of their own; tell the outcome, and what it began with."""
        work = self.works[job].short()
        data = rows.make(work)
        short = self.module.prepare(work, data)
        after = short.read(short.run())
        return {**_outcome(after), "before": rows.judge(work, data, data.first).numbers.tolist()}

    def turn(self, job: str = "", seconds: float = 0.0) -> dict[str, Any]:
        """Run for about that long, at least once: the clock's and the processor's seconds of each run."""
        run, times = self.jobs[job].run, []
        end = time.perf_counter() + seconds
        while True:
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            times.append((time.perf_counter() - wall, time.process_time() - cpu))
            if len(times) >= TURNS or time.perf_counter() >= end:
                return {"times": times}

    def memory(self, job: str = "") -> dict[str, Any]:
        """Bytes that one more run adds to the process at its peak, and its peak in all."""
        before = memory.reset_peak()
        self.jobs[job].run()
        peak = memory.peak()
        return {"grew": None if before is None else max(0, peak - before), "peak": peak}

    def peak(self, dtype: str) -> dict[str, Any]:
        """The processor's peak, measured now and here."""
        from chalknet.bench.peak import gflops

        return {"gflops": gflops(dtype)}


def _outcome(outcome: rows.Outcome) -> dict[str, Any]:
    return {"loss": float(outcome.loss), "numbers": np.asarray(outcome.numbers, np.float64).tolist()}


def answer(side: Side, request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks; an error becomes an answer."""
    method: Callable[..., dict[str, Any]] = getattr(side, request.pop("do"))
    try:
        return method(**request)
    except ImportError as error:
        return {"absent": str(error)}
    except UnavailableError as error:
        return {"unavailable": str(error)}
    except Exception as error:  # noqa: BLE001 - the other sides go on; the reader is told
        return {"error": f"{type(error).__name__}: {error}"}


def serve(name: str, requests: TextIO, answers: TextIO) -> None:
    """Answer until nobody asks any more."""
    side = Side(name)
    for line in requests:
        answers.write(json.dumps(answer(side, json.loads(line))) + "\n")
        answers.flush()


def main() -> None:
    """``python -m chalknet.bench.worker SIDE CORES``, CORES such as 0,1 or nothing."""
    name, cores = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [int(core) for core in cores.split(",")])
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(name, sys.stdin, channel)


if __name__ == "__main__":
    main()
