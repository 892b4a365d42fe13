"""One text of a formula, many readers: an edit of it changes NumPy's numbers, LaTeX, arithmetic and code alike."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import chalknet

SCRIPT = """
import json
import chalknet as cn

net = cn.Network([cn.Dense(1, 1), cn.Softsign(), cn.Dense(1, 1)], loss=cn.MSE())
net.layers[0].weights, net.layers[2].weights = [[3.0]], [[1.0]]
trace = cn.explain(net, [[1.0]], [[0.0]], learning_rate=0.1, code=True)
a = next(s for s in trace.steps if s.symbol == "a1[0]")
print(json.dumps([cn.__file__, a.value, a.formula, a.arithmetic, a.code]))
"""


def told(package: Path) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    file, *rest = json.loads(done.stdout)
    assert Path(str(file)).parent == package
    return rest


def test_an_edited_formula_changes_every_reader(tmp_path: Path) -> None:
    package = tmp_path / "src" / "chalknet"
    shutil.copytree(Path(chalknet.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    value, formula, arithmetic, code = told(package)
    assert (value, arithmetic) == (0.75, "3/(1 + abs(3))")
    assert "1 + " in str(formula)
    assert "1 + " in str(code)
    file = package / "maths" / "smooth.py"
    text = file.read_text("utf-8")
    for old in ("lambda z, p: z / (1.0 + np.abs(z))", "c / (1.0 + np.abs(c))"):
        assert old in text, old
        text = text.replace(old, old.replace("1.0 + np", "2.0 + np"))
    file.write_text(text, "utf-8")
    value, formula, arithmetic, code = told(package)
    assert (value, arithmetic) == (0.6, "3/(2 + abs(3))")
    assert "2 + " in str(formula)
    assert "2 + " in str(code)
