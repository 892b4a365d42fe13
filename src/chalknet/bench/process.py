"""The other end of a worker: starts it with one thread's (or n threads') settings for every library, and asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from chalknet.exceptions import ChalknetError

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "CHALKNET_NUM_THREADS",
)


class WorkerDiedError(ChalknetError, RuntimeError):
    """A side's process ended while it was asked for something."""


def environment(
    threads: int, dtype: str = "float32", more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment, with so many threads for each library."""
    env = {**os.environ, **dict.fromkeys(VARIABLES, str(threads)), "PYTHONWARNINGS": "ignore"}
    env["OMP_WAIT_POLICY"] = "passive"  # who waits must not spin on a core that another side is timed on
    env["JAX_PLATFORMS"] = "cpu"
    env["JAX_ENABLE_X64"] = str(int(dtype == "float64"))
    if threads == 1:
        env["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    env.update(more or {})
    return env


def cores(count: int) -> str:
    """The last `count` of the cores that this process may use, for a worker to be held to; "" where it can't be."""
    if not hasattr(os, "sched_getaffinity"):
        return ""
    return ",".join(str(core) for core in sorted(os.sched_getaffinity(0))[-count:])


class Worker:
    """A side's process. ``ask(do="first")`` returns its answer; leaving the ``with`` block ends it."""

    def __init__(
        self,
        side: str,
        threads: int = 1,
        *,
        dtype: str = "float32",
        held: int | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.side = side
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  what it printed, for when it dies
        self._process = subprocess.Popen(  # noqa: S603  this Python, this package
            [sys.executable, "-m", "chalknet.bench.worker", side, cores(held or threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env=environment(threads, dtype, env),
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for the answer. Raises WorkerDiedError when there will be none."""
        if self._process.stdin is None or self._process.stdout is None:
            raise WorkerDiedError(f"The process of {self.side} has no pipes.")
        line = ""
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise WorkerDiedError(
                f"The process of {self.side} ended at {request['do']!r}: {self._last_words()}"
            )
        return dict(json.loads(line))

    def _last_words(self) -> str:
        status = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return f"status {status}" + (f", {lines[-1]}" if lines else "")

    def close(self) -> None:
        """End the process; nothing it could still do is wanted."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(timeout=2)  # it ends by itself when nobody asks any more
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self.close()
