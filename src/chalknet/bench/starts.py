"""What a new process waits for: imports, and its first fit, with a cold and with a warm cache of compiled code."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from chalknet.bench.process import Worker, environment
from chalknet.bench.sides import TITLES
from chalknet.bench.works import WORKS

MODULES = {
    "sklearn": "sklearn.neural_network",
    "torch": "torch",
    "jax": "jax",
    "numpy": "numpy",
}
FIRST_OPTIONS = (("engine", "numba"),)  # small as the fit is, the compiled engine is what is asked about


def _seconds(code: str, env: Mapping[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=dict(env), check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - start


def imports(peers: Sequence[str], repeats: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Seconds of ``python -c "import …"`` beyond an empty process, in turns."""
    codes = {"": "pass", "chalknet": "import chalknet", "numba": "import numba"}
    codes |= {MODULES[peer]: f"import {MODULES[peer]}" for peer in peers}
    env = environment(1)
    for name, code in list(codes.items()):
        tell(f"import: {name or 'nothing'} once, so that files are in memory")
        try:
            _seconds(code, env)
        except subprocess.CalledProcessError:
            del codes[name]
    times: dict[str, list[float]] = {name: [] for name in codes}
    for turn in range(max(3, repeats)):
        tell(f"import: turn {turn + 1}")
        for name, code in codes.items():
            times[name].append(_seconds(code, env))
    empty = median(times.pop(""))
    return {name: max(0.0, median(each) - empty) for name, each in times.items()}


def first_fits(peers: Sequence[str], tell: Callable[[str], None]) -> dict[str, Any]:
    """Seconds from a process's start to the end of its first fit (W2's network, one epoch), for each side.

    Ours twice: with an empty folder for compiled code, then in a second process that finds it; and in a third one a
    network of another shape, which must find the same code.
    """
    work = replace(WORKS["W2b200"], epochs=1, options=FIRST_OPTIONS)
    other = replace(work, sizes=(30, 50, 25, 2), batch=64)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        env = dict.fromkeys(("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"), folder)
        for name, each in (("cold", work), ("warm", work), ("another network", other)):
            tell(f"first: chalknet, {name}")
            found[f"chalknet, {name}"] = _first("estimator", each.for_peer("sklearn"), env)
    for peer in peers:
        tell(f"first: {TITLES[peer]}")
        plain = replace(work, options=())
        found[TITLES[peer]] = _first(peer, plain.for_peer(peer), {})
    return {name: times for name, times in found.items() if times}


def _first(side: str, work: Any, env: Mapping[str, str]) -> dict[str, float] | None:
    """Seconds until the end of the first fit, and of that fit alone; None where the side is not installed."""
    start = time.perf_counter()
    with Worker(side, env=env) as worker:
        for request in ({"do": "version"}, {"do": "prepare", "work": work.to_dict()}, {"do": "first"}):
            answer = worker.ask(**request)
            if "seconds" not in answer and answer.keys() & {"absent", "unavailable", "error"}:
                return None
        return {"process": time.perf_counter() - start, "fit": float(answer["seconds"])}


def memory(peers: Sequence[str], tell: Callable[[str], None]) -> dict[str, Any]:
    """Bytes that a fit adds to a process that has fitted before: W3's large network, one epoch."""
    work = replace(WORKS["W3large"], epochs=1)
    weights = (work.weights + sum(work.sizes[1:])) * 4
    found: dict[str, Any] = {
        "data": work.rows * work.sizes[0] * 4,
        "parameters": weights,
        "slots": 3 * weights,
        "sides": {},
    }
    for side in ("estimator", "network", *peers):
        tell(f"memory: {TITLES[side]}")
        with Worker(side) as worker:
            each = replace(work, options=() if side in peers else FIRST_OPTIONS)
            few = replace(each, rows=640, sizes=(work.sizes[0], 8, 8, work.sizes[-1]))
            answer: dict[str, Any] = {}
            requests: list[dict[str, Any]] = [
                {"do": "version"},
                {"do": "prepare", "work": few.to_dict(), "job": "few"},
                {"do": "first", "job": "few"},  # code is loaded, or compiled
                {"do": "prepare", "work": each.to_dict(), "job": "all"},
                *[{"do": "first", "job": "all"}] * (side == "jax"),  # which compiles for every shape
                {"do": "memory", "job": "all"},
            ]
            for request in requests:
                answer = worker.ask(**request)
                if answer.keys() & {"absent", "unavailable", "error"}:
                    break
            if "peak" in answer:
                found["sides"][side] = answer
    return found
