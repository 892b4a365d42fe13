"""A picture of a run: how many times faster, a bar for each work and peer."""

from __future__ import annotations

from typing import Any

from chalknet.bench.machine import sentence
from chalknet.bench.report import three
from chalknet.bench.sides import TITLES

TICKS = [base * 10**power for power in range(-3, 6) for base in (1, 3)]


def bars(document: dict[str, Any]) -> list[tuple[str, str, float]]:
    """(work and its network, peer, times faster) in the tables' order; of one thread by the processor's time."""
    cpu = document["settings"]["threads"] == 1
    return [
        (f"{work['name']}\n{work['network']}", peer, (cpu and found["ratio_cpu"]) or found["ratio"])
        for work in document["works"]
        for peer, found in work["against"].items()
        if found.get("ratio")
    ]


def draw(document: dict[str, Any]) -> Any:
    """Matplotlib's axes with horizontal bars on a logarithmic axis, 1 the border between faster and slower."""
    from chalknet.plots.canvas import canvas

    made = bars(document)
    peers = list(dict.fromkeys(peer for _, peer, _ in made))
    works = list(dict.fromkeys(work for work, _, _ in made))
    with canvas(None, None, (8.0, 1.5 + 0.19 * len(made) + 0.15 * len(works))) as (ax, look):
        at: dict[str, list[float]] = {}
        for i, (work, peer, ratio) in enumerate(made):
            y = i + 0.8 * works.index(work)
            at.setdefault(work, []).append(y)
            new = peer not in (other for _, other, _ in made[:i])
            ax.barh(
                y, ratio - 1.0, 0.85, left=1.0, color=look.colour(peers.index(peer)),
                label=TITLES[peer] if new else None,
            )  # fmt: skip
            ax.annotate(
                three(ratio), (ratio, y), (3 if ratio >= 1 else -3, 0), textcoords="offset points",
                va="center", ha="left" if ratio >= 1 else "right", fontsize=8, color=look.ink,
            )  # fmt: skip
        ax.set_xscale("log")
        ratios = [ratio for *_, ratio in made] or [1.0]
        low, high = min(0.7, min(ratios) / 1.6), max(2.0, max(ratios) * 1.7)
        ticks = [tick for tick in TICKS if low <= tick <= high]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=9)
        ax.minorticks_off()
        ax.set_xlim(low, high)
        ax.set_yticks([sum(ys) / len(ys) for ys in at.values()], list(at), fontsize=8)
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.axvline(1.0, color=look.ink, linewidth=1)
        threads = document["settings"]["threads"]
        held = f"{threads} thread{'s' * (threads > 1)} on every side"
        ax.set_title(f"chalknet is so many times faster than … ({held}; left of 1: slower)", fontsize=10)
        ax.set_xlabel(sentence(document["machine"]), fontsize=6.5, color=look.muted)
        if peers:
            ax.figure.legend(loc="outside lower center", ncols=len(peers), fontsize=8, frameon=False)
        ax.spines[["top", "right", "left"]].set_visible(False)
    return ax
