"""Tables of a run, as header and rows of words: for the terminal, and for the documentation's page.

Everything is read from the document that ``--json`` writes, so a table can be made again without another run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from chalknet.bench.machine import sentence
from chalknet.bench.sides import TITLES


class Table(NamedTuple):
    """A title, the header, rows of words, and which columns are numbers."""

    title: str
    header: list[str]
    rows: list[list[str]]
    right: tuple[int, ...]


def duration(seconds: float) -> str:
    """Three digits and a unit.

    >>> duration(4.9e-6), duration(0.01987), duration(7.0856), duration(123.4)
    ('4.90 µs', '19.9 ms', '7.09 s', '123 s')
    """
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit * 0.9995 or name == "µs":
            break
    return f"{three(seconds / unit)} {name}"


def three(value: float) -> str:
    """Three digits.

    >>> three(4.9), three(19.87), three(1257.77), three(0.958)
    ('4.90', '19.9', '1258', '0.96')
    """
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def _times(value: float | None) -> str:
    return "" if value is None else three(value)


def conditions(document: dict[str, Any]) -> Iterator[str]:
    """On what, with what and how: a sentence each."""
    machine, settings = document["machine"], document["settings"]
    yield sentence(machine)
    found = [
        f"{TITLES.get(name, name)} {v}" for name, v in machine["versions"].items() if v and name != "numba"
    ]
    numba = machine["versions"]["numba"]
    yield "With " + ", ".join([*found, *([f"Numba {numba}"] if numba else [])])
    threads = settings["threads"]
    peak = document.get("peak_gflops")
    rate = f"; one core's measured FMA peak {peak:.0f} GF/s ({settings['dtype']})" if peak else ""
    yield (
        f"{threads} thread{'s' * (threads > 1)} on every side, held to the same {threads} "
        f"core{'s' * (threads > 1)}{rate}; medians of at least {settings['repeats']} runs in turns"
        + (", each epoch in a new order, the same on every side" if settings.get("shuffle") else "")
    )
    if machine["load"] is not None and document.get("load_after") is not None:
        yield f"Load of the machine {machine['load']:.1f} before, {document['load_after']:.1f} after"
    if document["absent"]:
        yield "Not installed, so left out: " + ", ".join(TITLES[peer] for peer in document["absent"])


def comparison(document: dict[str, Any]) -> Table:
    """One row a work and peer."""
    rows = []
    for work in document["works"]:
        for peer, found in work["against"].items():
            theirs, ours = work["sides"].get(peer), work["sides"].get(found["ours"])
            if found.get("ratio") is None or theirs is None or ours is None:
                continue
            cpu = found["ratio_cpu"] is not None
            rows.append(
                [
                    work["name"],
                    TITLES[peer],
                    duration(ours["wall"]),
                    duration(theirs["wall"]),
                    three(found["ratio"]),
                    f"{100 * ours['spread']:.0f} / {100 * theirs['spread']:.0f} %",
                    duration(ours["cpu"]) if cpu else "",
                    duration(theirs["cpu"]) if cpu else "",
                    _times(found["ratio_cpu"]),
                    _percent(ours.get("share")),
                    _percent(theirs.get("share")),
                ]
            )
    header = ["work", "against", "chalknet", "peer", "× faster", "± spread", "chalknet CPU", "peer CPU", "× CPU",
              "of peak", "peer of peak"]  # fmt: skip
    return Table("On the clock, then in processor time (CPU)", header, rows, tuple(range(2, 11)))


def works(document: dict[str, Any]) -> Table:
    """What each work is, and what its first run cost beyond a later one."""
    rows = []
    for work in document["works"]:
        size = f"{work['rows']} × {work['epochs']}" + (
            f", batch {work['batch']}" if work["batch"] > 1 else ""
        )
        first = ", ".join(
            f"{TITLES[side]} {duration(times['first_extra'])}"
            for side, times in work["sides"].items()
            if times["first_extra"] > max(0.05, times["wall"] / 2)
        )
        rows.append([work["name"], work["title"], work["network"], size, work["dtype"], first])
    return Table(
        "The works",
        ["work", "", "network", "rows × epochs", "dtype", "first run longer by"],
        rows,
        (),
    )


def refusals(document: dict[str, Any]) -> Iterator[str]:
    """Why a ratio is missing, a sentence each."""
    for work in document["works"]:
        for peer, found in work["against"].items():
            if found["refused"] and peer not in document["absent"]:
                yield f"{work['name']} against {TITLES[peer]}: no ratio, {found['refused']}"


def extras(document: dict[str, Any]) -> Iterator[Table]:
    """The other tables, of those that were asked for."""
    if "import" in document:
        times = document["import"]
        yield Table(
            "Import, beyond an empty process",
            ["module", "takes"],
            [[name, duration(seconds)] for name, seconds in times.items()],
            (1,),
        )
    if "first" in document:
        yield Table(
            "A new process, up to the end of its first fit",
            ["", "process", "of it the fit"],
            [[name, duration(t["process"]), duration(t["fit"])] for name, t in document["first"].items()],
            (1, 2),
        )
    if "memory" in document:
        yield _memory(document["memory"])
    if "options" in document:
        yield _options(document["options"])


def _memory(found: dict[str, Any]) -> Table:
    def mb(value: float | None) -> str:
        return "" if value is None else f"{value / 1e6:.1f} MB"

    own = found["data"] + found["slots"]
    rows = []
    for side, each in found["sides"].items():
        whole = None if each["grew"] is None else (found["data"] + each["grew"]) / own
        rows.append([TITLES[side], mb(each["grew"]), _times(whole), mb(each["peak"])])
    return Table(
        f"Memory: data {mb(found['data'])}, parameters and Adam's slots {mb(found['slots'])}",
        ["", "a fit adds", "(data + that) / (data + parameters + slots)", "process in all"],
        rows,
        (1, 2, 3),
    )


def _options(found: list[dict[str, Any]]) -> Table:
    names = list(dict.fromkeys(row["work"] for row in found))
    rows = []
    for option in dict.fromkeys(row["option"] for row in found):
        of = {row["work"]: row for row in found if row["option"] == option}
        cells = []
        for name in names:
            row = of[name]
            failed = "failed" in row
            cells += [
                row["failed"] if failed else duration(row["with"]),
                "" if failed else _times(row["ratio"]),
                "" if failed else _times(row["ratio_cpu"]),
            ]
        rows.append([option, next(iter(of.values()))["adds"], *cells])
    header = ["option", "adds"] + [part for name in names for part in (name, "× plain", "× CPU")]
    return Table("Options, each against the plain run", header, rows, tuple(range(2, 2 + 3 * len(names))))


def markdown(table: Table) -> str:
    """A table as Markdown."""
    rule = ["---:" if i in table.right else "---" for i in range(len(table.header))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [table.header, rule, *table.rows])
