"""Sides in this process instead of their own, so that a comparison takes milliseconds; and a small work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import pytest

from chalknet.bench import compare, options, starts, worker
from chalknet.bench.works import WORKS, Work


class Here:
    """What a `Worker` is, without a process; `change` may tamper with a request, `lose` ends it at one."""

    change: Callable[[str, dict[str, Any]], dict[str, Any]] = staticmethod(lambda side, request: request)
    absent: tuple[str, ...] = ()
    calls: list[tuple[str, str]] = []

    def __init__(self, side: str, *args: Any, **more: Any) -> None:
        self.side, self.asked = side, worker.Side(side)

    def ask(self, **request: Any) -> dict[str, Any]:
        type(self).calls.append((self.side, request["do"]))
        if self.side in self.absent:
            return {"absent": f"No module named {self.side!r}"}
        return worker.answer(self.asked, type(self).change(self.side, request))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.fixture
def here(monkeypatch):
    """`Worker` replaced in every module that starts one; gives the class, to be tampered with."""
    fresh = type("Fresh", (Here,), {"calls": []})
    for module in (compare, options, starts):
        monkeypatch.setattr(module, "Worker", fresh)
    return fresh


@pytest.fixture
def small() -> Work:
    """W2 with 300 rows."""
    return replace(WORKS["W2b32"], rows=300, epochs=2, sizes=(20, 8, 2))


@pytest.fixture
def quick() -> compare.Settings:
    """One run a turn."""
    return compare.Settings(turn_seconds=0.0)
