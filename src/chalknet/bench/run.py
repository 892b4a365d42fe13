"""A whole run: the works and tables that were asked for, in one document that JSON can hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from chalknet.bench import machine, options, starts
from chalknet.bench.compare import Settings, compare
from chalknet.bench.works import WORKS

FORMAT = 1


def run(
    names: Sequence[str],
    peers: Sequence[str],
    settings: Settings,
    tell: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Measure; `tell` is given a sentence about what is running."""
    there = [peer for peer in peers if machine.installed(peer)]
    document: dict[str, Any] = {
        "format": FORMAT,
        "machine": machine.describe(),
        "settings": asdict(settings),
        "absent": [peer for peer in peers if peer not in there],
        "works": [],
    }
    for name in names:
        if name in WORKS:
            document["works"].append(compare(WORKS[name], there, settings, tell))
        elif name == "import":
            document["import"] = starts.imports(there, settings.repeats, tell)
        elif name == "first":
            document["first"] = starts.first_fits(there, tell)
        elif name == "memory":
            document["memory"] = starts.memory(there, tell)
        else:
            document["options"] = options.options(settings, tell)
    peaks = [
        work["peak_gflops"]
        for work in document["works"]
        if work["peak_gflops"] and work["dtype"] == settings.dtype
    ]
    document["peak_gflops"] = median(peaks) if peaks else None
    document["load_after"] = machine.load()
    return document
