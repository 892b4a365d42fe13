"""How many threads a call may use: what the process was given, and what nobody else uses at the moment.

The limit is the smallest of what is said anywhere: the cores that the process may run on, its cgroup's quota,
`CHALKNET_NUM_THREADS`, `OMP_NUM_THREADS`; and one in a worker of joblib or multiprocessing, whose parent has spread
the work over the cores already, unless joblib gave it more by `OMP_NUM_THREADS`. Threads never change a result.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from chalknet.exceptions import ParameterError

VARIABLE = "CHALKNET_NUM_THREADS"
SAMPLE_SECONDS = 0.05  # so long a look at the machine is believed
CGROUPS = Path("/sys/fs/cgroup")
_cap: ContextVar[int] = ContextVar("cap", default=sys.maxsize)
_sample = (-1.0, 0)  # when the machine was looked at, and how many threads wanted a core then


def available() -> int:
    """How many threads this process may use, at least 1.

    Raises:
        ParameterError: ``CHALKNET_NUM_THREADS`` is no whole number of at least 1.
    """
    limits = [cores(), quota(), asked(), _cap.get()]
    omp = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    child = multiprocessing.parent_process() is not None
    if omp.isdigit() and int(omp) > 0:
        limits.append(int(omp))
    elif child:
        limits.append(1)
    if _nesting() > int(child):  # joblib's process workers stand at level 1 themselves
        limits.append(1)
    return min(limits)


@contextmanager
def capped(n: int) -> Iterator[None]:
    """Within it, calls of this thread may use n threads at most: the others have work of their own."""
    token = _cap.set(min(n, _cap.get()))
    try:
        yield
    finally:
        _cap.reset(token)


def idle(own: int = 1) -> int:
    """How many threads this process could keep busy just now: what `available` allows, less what others use.

    At least 1. `own` is how many threads of ours run already; the machine is looked at every 0.05 s at most.
    """
    limit = available()
    if limit == 1:
        return 1
    return max(1, min(limit, (os.cpu_count() or 1) - max(0, _running() - own)))


def asked() -> int:
    """The cap that ``CHALKNET_NUM_THREADS`` sets; a large number where it is not set."""
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        return sys.maxsize
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise ParameterError(
            f"{VARIABLE}={given!r} must be a whole number of at least 1; unset it to use all cores."
        )
    return int(given)


def cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def quota(membership: Path = Path("/proc/self/cgroup"), root: Path = CGROUPS) -> int:
    """The whole cores that the cgroup's quota allows, at least 1; a large number without a quota.

    Rounded down: a thread beyond the quota stops all others when the quota is spent.
    """
    try:
        lines = [line.split(":", 2) for line in membership.read_text().splitlines()]
    except OSError:  # no Linux
        return sys.maxsize
    shares = []
    for _, controllers, path in lines:
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / "cpu" if controllers else root
        here = top / path.strip("/")
        while here.is_relative_to(top):
            shares.append(_share(here))
            here = here.parent
    return max(1, int(min(shares, default=sys.maxsize)))


def _share(group: Path) -> float:
    """The cores' worth of time that one cgroup (version 2, else 1) allows itself."""
    try:
        if (group / "cpu.max").exists():
            limit, period = (group / "cpu.max").read_text().split()
        else:
            limit, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return float(limit) / float(period) if float(limit) > 0 else sys.maxsize
    except (OSError, ValueError):  # there is none, or "max"
        return sys.maxsize


def _nesting() -> int:
    """How deep this thread is inside calls of joblib.Parallel; joblib that nobody imported is not asked."""
    parallel = sys.modules.get("joblib.parallel")
    if parallel is None:
        return 0
    return int(getattr(parallel.get_active_backend()[0], "nesting_level", 0) or 0)


def _running() -> int:
    """How many threads of the whole machine want a core, ours included; 0 where the system does not say."""
    global _sample  # noqa: PLW0603  one look for everybody
    now = time.monotonic()
    if now - _sample[0] > SAMPLE_SECONDS or _sample[0] < 0:
        _sample = now, _look()
    return _sample[1]


def _look(source: str = "/proc/loadavg") -> int:
    try:
        file = os.open(source, os.O_RDONLY)
        try:
            return int(os.read(file, 100).split()[3].split(b"/")[0])
        finally:
            os.close(file)
    except (OSError, IndexError, ValueError):
        return round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0
