"""How many threads a call may use: the environment, cgroups, joblib's and multiprocessing's workers, a busy machine."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest
from joblib import Parallel, delayed, parallel_config

from chalknet.engines import threads
from chalknet.exceptions import ParameterError


@pytest.fixture(autouse=True)
def _four_cores(monkeypatch):
    """A machine of four cores without limits, whatever this one is; workers find this file."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    monkeypatch.setattr(threads, "cores", lambda: 4)
    monkeypatch.setattr(threads, "quota", lambda: sys.maxsize)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    for name in (threads.VARIABLE, "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


def test_all_cores():
    assert threads.available() == 4


@pytest.mark.parametrize(("given", "n"), [("1", 1), (" 3 ", 3), ("64", 4), ("", 4)])
def test_the_variable_caps(monkeypatch, given, n):
    monkeypatch.setenv(threads.VARIABLE, given)
    assert threads.available() == n


@pytest.mark.parametrize("given", ["zero", "0", "-1", "1.5", "²"])
def test_nonsense_in_the_variable_is_refused(monkeypatch, given):
    monkeypatch.setenv(threads.VARIABLE, given)
    with pytest.raises(
        ParameterError, match=f"CHALKNET_NUM_THREADS='{given}' must be a whole number of at least 1"
    ):
        threads.available()


@pytest.mark.parametrize(("given", "n"), [("2", 2), ("3,1", 3), ("0", 4), ("lots", 4), ("8", 4)])
def test_openmp_variable_caps_and_its_nonsense_is_ignored(monkeypatch, given, n):
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert threads.available() == n


def in_worker(cores: int = 4) -> int:
    """`available` in a worker process, as if it had `cores` cores."""
    with patch.object(threads, "cores", lambda: cores), patch.object(threads, "quota", lambda: sys.maxsize):
        return threads.available()


@pytest.mark.parametrize(
    "backend", [pytest.param("loky", marks=pytest.mark.slow), "multiprocessing", "threading"]
)
def test_one_in_workers_of_joblib(backend):
    jobs = os.process_cpu_count() if hasattr(os, "process_cpu_count") else len(os.sched_getaffinity(0))
    with parallel_config(backend, n_jobs=max(2, jobs)):
        assert Parallel()(delayed(in_worker)() for _ in range(2)) == [1, 1]


def test_what_joblib_gives_a_worker_is_taken():
    with parallel_config("loky", n_jobs=2, inner_max_num_threads=3):
        assert Parallel()(delayed(in_worker)() for _ in range(2)) == [3, 3]


def test_outside_of_its_workers_joblib_changes_nothing():
    with parallel_config(n_jobs=2):
        assert threads.available() == 4
    assert Parallel(n_jobs=1)(delayed(threads.available)() for _ in range(2)) == [4, 4]


def test_one_in_a_worker_of_multiprocessing():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(in_worker).result() == 1


def test_affinity_is_what_counts(monkeypatch):
    monkeypatch.undo()
    if hasattr(os, "sched_getaffinity"):
        assert threads.cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert threads.cores() == 1


def _quota(tmp_path: Path, membership: str, files: dict[str, str]) -> int:
    (tmp_path / "membership").write_text(membership)
    for name, text in files.items():
        file = tmp_path / "root" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    quota.cache_clear()
    return quota(tmp_path / "membership", tmp_path / "root")


quota = threads.quota


@pytest.mark.parametrize(
    ("files", "n"),
    [
        ({"a/b/cpu.max": "250000 100000\n"}, 2),
        ({"a/b/cpu.max": "max 100000\n", "a/cpu.max": "150000 100000\n"}, 1),
        ({"a/b/cpu.max": "50000 100000\n"}, 1),
        ({"a/b/cpu.max": "max 100000\n"}, sys.maxsize),
        ({"a/b/cpu.max": "\n"}, sys.maxsize),
        ({}, sys.maxsize),
    ],
)
def test_quota_of_version_2(tmp_path, files, n):
    assert _quota(tmp_path, "0::/a/b\n", files) == n


@pytest.mark.parametrize(("limit", "n"), [("300000", 3), ("-1", sys.maxsize)])
def test_quota_of_version_1(tmp_path, limit, n):
    files = {"cpu/x/cpu.cfs_quota_us": limit, "cpu/x/cpu.cfs_period_us": "100000"}
    assert _quota(tmp_path, "3:memory:/x\n2:cpu,cpuacct:/x\n", files) == n


def test_without_cgroups_there_is_no_quota(tmp_path):
    quota.cache_clear()
    assert quota(tmp_path / "missing", tmp_path) == sys.maxsize


@pytest.mark.parametrize(("running", "own", "n"), [(1, 1, 4), (2, 1, 3), (2, 2, 4), (9, 1, 1), (0, 1, 4)])
def test_idle_leaves_others_their_cores(monkeypatch, running, own, n):
    monkeypatch.setattr(threads, "_running", lambda: running)
    assert threads.idle(own) == n


def test_idle_never_exceeds_what_is_available(monkeypatch):
    monkeypatch.setattr(threads, "_running", lambda: 1)
    for cap in (1, 2):
        monkeypatch.setenv(threads.VARIABLE, str(cap))
        assert threads.idle() == cap


def test_the_machine_is_looked_at_rarely(monkeypatch):
    looks = []
    monkeypatch.setattr(threads, "_look", lambda: looks.append(1) or len(looks))
    monkeypatch.setattr(threads, "_sample", (-1.0, 0))
    assert [threads._running() for _ in range(100)] == [1] * 100
    monkeypatch.setattr(threads, "_sample", (time.monotonic() - 1.0, 7))
    assert threads._running() == 2


def test_what_the_system_says(monkeypatch, tmp_path):
    source = tmp_path / "loadavg"
    source.write_text("0.50 0.40 0.30 3/94 8988\n")
    assert threads._look(str(source)) == 3
    source.write_text("odd")
    monkeypatch.setattr(os, "getloadavg", lambda: (1.6, 0.0, 0.0), raising=False)
    assert threads._look(str(source)) == 2
    monkeypatch.delattr(os, "getloadavg")
    assert threads._look(str(tmp_path / "missing")) == 0


def test_asking_is_cheap():
    threads.idle()
    best = min(_seconds(threads.idle) for _ in range(50))
    assert best < 50e-6


def _seconds(f) -> float:
    begin = time.perf_counter()
    f()
    return time.perf_counter() - begin
