"""scikit-learn's estimators and ours in the situations of examples/moving: scores, times, and docs/moving.md's blocks.

    python benchmarks/moving.py               # write the page from benchmarks/results/moving.json and examples/moving
    python benchmarks/moving.py --run [-n 10] # measure first (some minutes), then write

Each situation runs in a process of its own, held to one core and one thread, n times with each side in turns, each time
with another seed. Times are the processor's, of all that the situation's `run` does. Compiling is told apart: what
the first run costs beyond a later one, in a process that finds nothing compiled, and in one that finds all of it.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # also where a test loads this file by its path
from chalknet.bench import machine, report
from write_page import fill

ROOT = Path(__file__).parents[1]
PAGE, RESULTS = ROOT / "docs" / "moving.md", ROOT / "benchmarks" / "results" / "moving.json"
SITUATIONS = {  # file of examples/moving -> title, class
    "pipeline": ("pipeline", "MLPRegressor"),
    "grid_search": ("grid search", "MLPClassifier"),
    "warm_start": ("warm start", "MLPClassifier"),
    "sparse_text": ("sparse text", "MLPClassifier"),
    "stream": ("stream of batches", "MLPClassifier"),
    "tiny": ("tiny fits, L-BFGS", "MLPClassifier"),
}
SHOWN = [name for name in SITUATIONS if name != "tiny"]  # whose code stands on the page
SIDES = ("sklearn", "chalknet")
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "CHALKNET_NUM_THREADS"), "1"
)


def script(name: str) -> Path:
    """The file of a situation."""
    return ROOT / "examples" / "moving" / f"{name}.py"


def estimator(side: str, name: str) -> Any:
    """The class that the situation takes, of one side: the import that changes."""
    import sklearn.neural_network

    import chalknet

    return getattr({"sklearn": sklearn.neural_network, "chalknet": chalknet}[side], SITUATIONS[name][1])


def once(name: str, side: str, seed: int) -> dict[str, float]:
    """One run: its score, and the processor's and the clock's seconds."""
    situation = runpy.run_path(str(script(name)))
    parts, cls = situation["data"](seed), estimator(side, name)
    wall, cpu = time.perf_counter(), time.process_time()
    score = situation["run"](cls, parts, seed)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"score": float(score), "cpu": cpu, "wall": wall}


def work(name: str, runs: int) -> dict[str, Any]:
    """In turns: the sides change places from run to run, the seed is the run's number."""
    for side in SIDES:
        once(name, side, 0)
    found: dict[str, Any] = {side: [] for side in SIDES}
    for seed in range(runs):
        for side in SIDES if seed % 2 else SIDES[::-1]:
            found[side].append(once(name, side, seed))
    return found


def first(name: str) -> float:
    """Seconds of the processor that our first run of a process needs beyond a second one."""
    once(name, "sklearn", 0)  # what both sides import and fill is not our cost
    return once(name, "chalknet", 0)["cpu"] - once(name, "chalknet", 0)["cpu"]


def child(*arguments: str, cache: str | None = None) -> Any:
    """What this file answers in a process of its own, on one core with one thread."""
    env = os.environ | ONE_THREAD | ({"NUMBA_CACHE_DIR": cache} if cache else {})
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def measure(runs: int) -> dict[str, Any]:
    """All situations: the document that is kept."""
    document: dict[str, Any] = {"machine": machine.describe(), "runs": runs, "situations": {}}
    for name in SITUATIONS:
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as empty:
            found = {
                "compiling": child("--first", name, cache=empty),
                "starting": child("--first", name, cache=empty),
            }
            found |= child("--work", name, "-n", str(runs), cache=empty)
        document["situations"][name] = found
    document["load_after"] = machine.load()
    return document


def table(document: dict[str, Any]) -> report.Table:
    """One row a situation: scores, times, how many times faster, and what the first run needs more."""
    rows = []
    for name, found in document["situations"].items():
        cpu = {side: statistics.median(run["cpu"] for run in found[side]) for side in SIDES}
        ratios = [a["cpu"] / b["cpu"] for a, b in zip(found["sklearn"], found["chalknet"], strict=True)]
        rows.append(
            [
                SITUATIONS[name][0],
                *(spread([run["score"] for run in found[side]]) for side in SIDES),
                *(report.duration(cpu[side]) for side in SIDES),
                report.three(cpu["sklearn"] / cpu["chalknet"]),
                f"{report.three(min(ratios))} to {report.three(max(ratios))}",
                seconds(found["compiling"]),
                seconds(found["starting"]),
            ]
        )
    header = ["situation", "score, scikit-learn", "score, chalknet", "time, scikit-learn", "time, chalknet",
              "× faster", "run by run", "first on a machine", "first of a process"]  # fmt: skip
    return report.Table("Scores and times", header, rows, tuple(range(1, 9)))


def spread(scores: list[float]) -> str:
    """Mean and standard deviation."""
    return f"{statistics.mean(scores):.3f} ± {statistics.stdev(scores):.3f}"


def seconds(value: float) -> str:
    """What a first run needs more; nothing where it is lost in the noise."""
    return f"+ {value:.1f} s" if value >= 0.05 else "–"


def conditions(document: dict[str, Any]) -> str:
    """On what, with what, how: for the reader of the table."""
    about, after = document["machine"], document["load_after"]
    versions = about["versions"]
    load = "" if after is None else f" Load of the machine {about['load']:.1f} before, {after:.1f} after."
    return (
        f"*{machine.sentence(about)}, scikit-learn {versions['sklearn']}, NumPy {versions['numpy']}, Numba "
        f"{versions['numba']}; {document['runs']} runs of each side in turns, each with a seed of its own.{load}*"
    )


def block(name: str) -> str:
    """A situation's file as a block of the page: without its docstring, and with its last lines always run."""
    _, body = script(name).read_text("utf-8").split('"""\n\n', 1)
    body, last = body.split('\n\nif __name__ == "__main__":\n')
    return f"```python\n{body.rstrip()}\n\n\n{last.strip()}\n```"


def made() -> dict[str, str]:
    """What stands between the page's markers."""
    document = json.loads(RESULTS.read_text("utf-8"))
    return {
        "table": f"{report.markdown(table(document))}\n\n{conditions(document)}",
        **{name: block(name) for name in SHOWN},
    }


def main() -> None:
    """Measure, if asked, print the table and write the page; in a child, answer in JSON."""
    parser = argparse.ArgumentParser(description="Tables and code of docs/moving.md.")
    parser.add_argument("--run", action="store_true", help="measure first")
    parser.add_argument("-n", type=int, default=10, help="runs of each side")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--first", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.n < 2:
        parser.error("-n must be at least 2: one run has no spread")
    if chosen.work or chosen.first:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
        warnings.simplefilter("ignore")
        print(json.dumps(work(chosen.work, chosen.n) if chosen.work else first(chosen.first)))
        return
    if chosen.run:
        RESULTS.write_text(json.dumps(measure(chosen.n), indent=1) + "\n", "utf-8")
    PAGE.write_text(fill(PAGE.read_text("utf-8"), made(), PAGE.name), "utf-8")
    print(made()["table"])


if __name__ == "__main__":
    main()
