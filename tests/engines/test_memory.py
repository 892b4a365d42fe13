"""A fit copies no more of X than a batch's blocks, however large the batch."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import re, sys, warnings
from pathlib import Path
import numpy as np, chalknet as cn
warnings.simplefilter("ignore")
options = {"plain": {}, "whole batch": {"batch_size": 200_000}, "early stopping": {"early_stopping": True}}[sys.argv[1]]

def size(what):
    return 1024 * int(re.search(what + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def fit(n):
    X = np.random.default_rng(0).standard_normal((n, 100), dtype=np.float32)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what comes from here on
    before = size("VmRSS")
    model = cn.MLPClassifier((50,), max_iter=2, engine="numba", random_state=0, **options)
    model.fit(X, X[:, 0] > 0)
    return X.nbytes, size("VmHWM") - before

fit(1000)  # what is compiled stays out of it
print(*fit(200_000))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the process's size as Linux tells it")
@pytest.mark.parametrize("kind", ["plain", "whole batch", "early stopping"])
def test_the_peak_of_a_fit_stays_near_its_data(kind):
    done = subprocess.run([sys.executable, "-c", PROGRAM, kind], capture_output=True, text=True, check=True)
    data, extra = map(int, done.stdout.split())
    assert extra < 0.3 * data
