"""``chalknet warmup``: afterwards, usual fits and predictions compile nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from chalknet.cli import warmup
from chalknet.maths.activations import ACTIVATIONS
from chalknet.maths.losses import LOSSES
from chalknet.maths.optimizers import OPTIMIZERS
from chalknet.maths.rows import ROW_ACTIVATIONS
from chalknet.maths.schedules import SCHEDULES

USUAL_WORK = """
import json, warnings
import numpy as np
import chalknet as cn
from chalknet.engines.fused import disk

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
for dtype in (np.float32, np.float64):
    X = rng.normal(size=(80, 3)).astype(dtype)
    two, three, number = (X[:, 0] > 0).astype(int), rng.integers(0, 3, 80), X[:, 0] + X[:, 1]
    weights = rng.uniform(size=80)
    for options in (
        {}, {"solver": "sgd"}, {"solver": "lbfgs"},
        {"activation": "tanh"}, {"activation": "logistic"}, {"solver": "adamw"},
        {"early_stopping": True}, {"dropout": 0.2}, {"learning_rate": "adaptive", "solver": "sgd"}, {"batch_size": 1},
    ):
        options = {"engine": "numba", "max_iter": 3, "hidden_layer_sizes": (4,)} | options
        for y in (two, three):
            cn.MLPClassifier(**options).fit(X, y, sample_weight=weights).predict_proba(X)
            cn.MLPClassifier(**options).fit(X, y).predict(X)
        cn.MLPRegressor(**options).fit(X, number).predict(X)
    cn.MLPRegressor(loss="absolute_error", engine="numba", max_iter=3).fit(X, number).predict(X)
    cn.Perceptron(engine="numba").fit(X, three).predict(X)
    layers = [cn.Dense(3, 4, dtype=dtype), cn.ReLU(), cn.Dense(4, 3, dtype=dtype)]
    for size in (1, 16):
        cn.Network(layers, cn.SoftmaxCrossEntropy()).fit(X, three, batch_size=size, engine="numba")
cn.TabularClassifier(engine="numba", max_iter=3).fit(X, three).predict_proba(X)
cn.TabularRegressor(engine="numba", max_iter=3).fit(X, number).predict(X)
print(json.dumps([disk.compiled, len(disk.found)]))
"""


@pytest.mark.slow
def test_after_it_usual_work_compiles_nothing(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}

    def run(*command):
        done = subprocess.run(
            [sys.executable, *command], env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    first = run("-m", "chalknet", "warmup")
    assert first[0].startswith("float32  ") and "compiled in" in first[0]
    assert f"lies in {tmp_path / 'chalknet'} (" in first[-2]
    second = run("-m", "chalknet", "warmup")
    assert len(second) == len(first)
    assert all("was there already" in line for line in second[:-2])
    assert second[-2].startswith("All was compiled already (")
    compiled, found = json.loads(run("-c", USUAL_WORK)[-1])
    assert compiled == []
    assert found > 30


def test_all_means_the_whole_tables():
    titles = [title for title, _ in warmup.works("float64", everything=True)]
    for table, kind in (
        ({**ACTIVATIONS, **ROW_ACTIVATIONS}, "activations"),
        (LOSSES, "losses"),
        (OPTIMIZERS, "optimizers"),
        (SCHEDULES, "schedules"),
    ):
        assert f"{len(table)} {kind}" in titles
        assert set(warmup.USUAL[kind]) <= set(table)
        assert f"{kind}: {', '.join(warmup.USUAL[kind])}" in [t for t, _ in warmup.works("float64", False)]
    assert "Perceptron on sparse rows" in titles


def test_each_line_says_what_was_compiled(chalknet, monkeypatch, tmp_path):
    from chalknet.engines.fused import disk

    monkeypatch.setattr(disk, "folders", lambda: [tmp_path / "kept"])
    monkeypatch.setattr(disk, "compiled", [])
    monkeypatch.setattr(warmup, "works", lambda dtype, everything: [("a formula", [lambda: do(dtype)])])

    def do(dtype):
        if dtype == "float32":
            disk.compiled.append("formula")
            (tmp_path / "kept" / "formula.code").write_bytes(b"12345")

    result = chalknet("warmup")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].startswith("float32  1 compiled in ") and lines[0].endswith(" a formula")
    assert lines[1].split(maxsplit=1) == ["float64", "was there already       a formula"]
    assert lines[2].startswith("Compiled 1 piece in ")
    assert lines[2].endswith(f"; compiled code lies in {tmp_path / 'kept'} (5 bytes).")
    assert lines[3].endswith("chalknet warmup --all")
    monkeypatch.setattr(warmup, "works", lambda dtype, everything: [])
    result = chalknet("warmup", "--all")
    assert result.out.startswith("All was compiled already (checked in 0.0 s)")
    assert result.out.count("\n") == 1


def test_what_stands_in_its_way_is_said(refused, monkeypatch):
    from chalknet.engines.fused import disk, lowlevel

    with monkeypatch.context() as patch:
        patch.setattr(disk, "folders", list)
        assert "set NUMBA_CACHE_DIR to a folder that can be written" in refused("warmup")
    with monkeypatch.context() as patch:
        patch.setattr(lowlevel, "JIT", False)
        assert refused("warmup").endswith("NUMBA_DISABLE_JIT is set, so nothing is compiled; unset it.")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert refused("warmup").endswith("there is nothing to compile: pip install numba.")


def test_ctrl_c_keeps_what_was_compiled(chalknet, monkeypatch):
    def press():
        raise KeyboardInterrupt

    monkeypatch.setattr(warmup, "works", lambda dtype, everything: [("a formula", [press])])
    result = chalknet("warmup")
    assert (result.status, result.out) == (130, "")
    assert result.err == "chalknet: Interrupted; what was compiled until then is kept.\n"
