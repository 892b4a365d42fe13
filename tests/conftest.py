"""What holds for every test: reproducible Hypothesis, no windows, and no silent skips in CI."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"  # for child processes too

UNJITTED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}
FORBID_SKIPS = bool(os.environ.get("CHALKNET_FORBID_SKIPS"))

# CI draws the same examples every time, so that a red run stays red; at a desk each run looks elsewhere.
settings.register_profile(
    "desk", deadline=None
)  # the first call of compiled code takes as long as compiling it
settings.register_profile(
    "ci", settings.get_profile("desk"), derandomize=True, database=None, print_blob=True
)
settings.register_profile(
    "unjitted", settings.get_profile("ci"), max_examples=10
)  # plain Python is 100 times slower
settings.load_profile("unjitted" if UNJITTED else "ci" if os.environ.get("CI") else "desk")


if os.environ.get("PYTEST_XDIST_WORKER"):  # which ignores Ctrl-C, and some tests send it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _forbid(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure: CI installs what a test needs outside Python."""
    if FORBID_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"skipped where skips are forbidden (CHALKNET_FORBID_SKIPS): {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Apply the rule on skips to each phase of a test."""
    report = yield
    _forbid(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """Apply it to files that skip as a whole."""
    report = yield
    _forbid(report)
    return report
