"""What an option costs: the same run with it and without it, in turns, on our side alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalknet.bench.compare import Settings, summary
from chalknet.bench.process import Worker
from chalknet.bench.works import WORKS, Work

RUNS_ON = ("W2b200", "W3small")


@dataclass(frozen=True)
class Option:
    """An option by the name people know, how our side is given it, and what arithmetic it adds to a step."""

    name: str
    side: str
    values: tuple[tuple[str, Any], ...]
    adds: str


def _option(name: str, side: str, adds: str, **values: Any) -> Option:
    return Option(name, side, tuple(values.items()), adds)


OPTIONS = (
    _option("shuffle", "network", "an order an epoch, rows gathered by block", shuffle=True),
    _option("dropout 0.2", "estimator", "a random number a hidden unit and row", dropout=0.2),
    _option("sample weights", "network", "a product a row", sample_weight=True),
    _option("class weights", "estimator", "a product a row", class_weight="balanced"),
    _option("L2 penalty", "estimator", "a fused multiply-add a weight, a sum of squares a step", alpha=1e-4),
    _option("L1 penalty", "network", "a sign and an addition a weight, a sum a step", l1=1e-5),
    _option("clipping by norm", "network", "a pass over the gradient for its length", clip_norm=1.0),
    _option("clipping by value", "network", "a minimum and a maximum a weight", clip_value=0.1),
    _option("callback every epoch", "estimator", "one Python call an epoch", callbacks="count"),
    _option(
        "early stopping and a callback", "estimator", "a tenth fewer rows, predicted once an epoch",
        early_stopping=True, callbacks="count",
    ),
    _option("float64", "network", "half as many numbers a vector: twice the arithmetic", dtype="float64"),
    _option("leaky ReLU", "network", "a product a unit", activation="leaky_relu"),
    _option("tanh", "network", "an exponential a unit", activation="tanh"),
    _option("GELU", "network", "an error function and an exponential a unit, each way", activation="gelu"),
    _option("first layer tanh, then ReLU", "network", "an exponential a unit of one layer", activations="mixed"),
)  # fmt: skip


def with_option(work: Work, option: Option) -> Work:
    """The work with an option: dtype and activation are the work's own, the rest goes to our side."""
    own = {name: value for name, value in option.values if name in ("dtype", "activation")}
    rest = [(name, value) for name, value in option.values if name not in own]
    hidden = len(work.sizes) - 2
    rest = [
        (name, ["tanh", *["relu"] * (hidden - 1)] if name == "activations" else value) for name, value in rest
    ]
    return replace(work, options=tuple(rest), **own)


def options(settings: Settings, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """One row an option and work: seconds with it and without it, and their ratio."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name in RUNS_ON:
        for side in ("network", "estimator"):
            work = WORKS[name].scaled(settings.scale).for_peer("sklearn" if side == "estimator" else "torch")
            with Worker(side, settings.threads) as worker:
                plain = _prepare(worker, "plain", work)
                for option in OPTIONS:
                    if option.side == side:
                        tell(f"options: {option.name} on {name}")
                        failed = plain or _prepare(worker, "with", with_option(work, option))
                        measured = {"failed": failed} if failed else _measure(worker, settings)
                        about = {"work": name, "option": option.name, "adds": option.adds}
                        found[name, option.name] = {**about, **measured}
    return [found[name, option.name] for name in RUNS_ON for option in OPTIONS]


def _prepare(worker: Worker, job: str, work: Work) -> str:
    """Make a job and run it once; returns what went wrong, or nothing."""
    for request in ({"do": "prepare", "work": work.to_dict()}, {"do": "first"}):
        answer = worker.ask(**request, job=job)
        bad = [answer[key] for key in ("absent", "unavailable", "error") if key in answer]
        if bad:
            return str(bad[0])
    return ""


def _measure(worker: Worker, settings: Settings) -> dict[str, Any]:
    """Take turns with and without the option."""
    times: dict[str, list[Any]] = {"plain": [], "with": []}
    for _ in range(settings.repeats):
        for job in times:
            times[job] += worker.ask(do="turn", seconds=settings.turn_seconds, job=job)["times"]
    plain, other = summary(times["plain"]), summary(times["with"])
    return {
        "plain": plain["wall"],
        "with": other["wall"],
        "ratio": other["wall"] / plain["wall"],
        "ratio_cpu": other["cpu"] / plain["cpu"] if plain["cpu"] else None,
    }
