"""Write the tables and the figure of docs/benchmarks.md from the documents that `chalknet bench --json` wrote.

    python benchmarks/write_page.py          # from benchmarks/results/*.json and w2.txt
    python benchmarks/write_page.py --run    # measure first (40 minutes), then write

The page's words are written by hand; what stands between two markers comes from here.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from chalknet.bench import report

ROOT = Path(__file__).parents[1]
PAGE, FIGURE, RESULTS = (
    ROOT / "docs" / "benchmarks.md",
    ROOT / "docs" / "benchmarks.png",
    ROOT / "benchmarks" / "results",
)
RUNS = {  # name of the results -> arguments
    "one-thread": ["W2", "W3", "W4", "W5", "W6", "W7", "gradient", "lbfgs"],
    "minutes": ["W1", "grid"],  # in which a peer needs minutes
    "uses": ["memory", "options"],
}


def measure() -> None:
    """Run everything that the page shows."""
    RESULTS.mkdir(exist_ok=True)
    for name, arguments in RUNS.items():
        print(f"chalknet bench {' '.join(arguments)}", flush=True)
        command = [sys.executable, "-m", "chalknet", "bench", *arguments]
        subprocess.run([*command, "--json", str(RESULTS / f"{name}.json")], check=True)
    lab = ROOT / "benchmarks" / "lab" / "w2.py"
    done = subprocess.run([sys.executable, str(lab)], check=True, capture_output=True, text=True)
    (RESULTS / "w2.txt").write_text(done.stdout.strip() + "\n", "utf-8")


def tables() -> dict[str, str]:
    """Markdown for each marker of the page, of what was measured."""
    made, works = {}, []
    for name in RUNS:
        path = RESULTS / f"{name}.json"
        if not path.exists():
            continue
        document = json.loads(path.read_text("utf-8"))
        parts = [report.markdown(report.comparison(document))] if document["works"] else []
        parts += [f"**{table.title}**\n\n{report.markdown(table)}" for table in report.extras(document)]
        refused = [f"- {sentence}" for sentence in report.refusals(document)]
        parts += ["\n".join(refused)] if refused else []
        made[name] = "\n\n".join([*parts, "*" + ". ".join(report.conditions(document)) + ".*"])
        if document["works"] and name != "uses":
            works += document["works"]
            made["works"] = report.markdown(report.works(document | {"works": works}))
    profile = RESULTS / "w2.txt"
    if profile.exists():
        made["w2"] = f"```text\n{profile.read_text('utf-8').strip()}\n```"
    return made


def fill(page: str, made: dict[str, str], title: str = PAGE.name) -> str:
    """The page with each marked part replaced."""
    for name, text in made.items():
        pattern = re.compile(rf"(<!-- {name} -->).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(page):
            raise SystemExit(f"{title} has no place for {name}: <!-- {name} --> … <!-- end -->")
        page = pattern.sub(lambda match, text=text: f"{match[1]}\n\n{text}\n\n{match[2]}", page)
    return page


def draw(document: dict[str, Any]) -> None:
    """The figure."""
    import matplotlib as mpl

    mpl.use("agg")
    from chalknet import plots
    from chalknet.bench import figure

    plots.save(figure.draw(document), FIGURE)


def main() -> None:
    """Measure, if asked, and write."""
    parser = argparse.ArgumentParser(description="Tables and figure of docs/benchmarks.md.")
    parser.add_argument("--run", action="store_true", help="measure first")
    if parser.parse_args().run:
        measure()
    PAGE.write_text(fill(PAGE.read_text("utf-8"), tables()), "utf-8")
    draw(json.loads((RESULTS / "one-thread.json").read_text("utf-8")))


if __name__ == "__main__":
    main()
