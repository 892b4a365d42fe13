"""A run that was killed goes on to the very weights of one that was not."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy import sparse

import chalknet as cn
from chalknet.exceptions import ModelFileError, ParameterError

ENGINES = ["numpy", "numba"]
X = np.random.default_rng(0).normal(size=(150, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
OPTIONS: dict[str, Any] = {"hidden_layer_sizes": (6,), "max_iter": 14, "random_state": 0, "batch_size": 32}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Dies(cn.Callback):
    """Ends the process's work at some call, as a crash would."""

    def __init__(self, after: int, every: Any = 1) -> None:
        self.after, self.every = after, every

    def on_epoch_end(self, context: Any) -> None:
        self.after -= 1
        if self.after == 0:
            raise RuntimeError("died")


def model(**more: Any) -> Any:
    return cn.MLPClassifier(**{**OPTIONS, **more})


def same(a: Any, b: Any) -> None:
    np.testing.assert_array_equal(a.network_.parameters, b.network_.parameters)
    np.testing.assert_array_equal(a.network_.buffers, b.network_.buffers)
    for name in (
        "loss_curve_",
        "validation_scores_",
        "n_iter_",
        "t_",
        "best_loss_",
        "best_validation_score_",
        "loss_",
    ):
        assert getattr(a, name) == getattr(b, name), name


def die(path: Path, after: int, every: Any = 1, fit: Any = None, **more: Any) -> None:
    """A fit that writes checkpoints and is broken off."""
    pace = 1 if str(every).endswith("s") and "steps" not in str(every) else every  # seconds break no call off
    broken = model(callbacks=[cn.Checkpoint(path, every=every, keep=3), Dies(after, pace)], **more)
    with pytest.raises(RuntimeError, match="died"):
        (fit or (lambda one: one.fit(X, Y)))(broken)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("every", [1, 3, "7 steps", "0.000001s"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 2},
        {"early_stopping": True, "dropout": 0.2, "normalization": "batch", "n_iter_no_change": 9},
        {"standardize": True, "learning_rate": "cosine", "solver": "adamw"},
    ],
    ids=["plain", "adaptive", "early stopping", "schedule"],
)
def test_a_broken_run_ends_as_a_whole_one(
    tmp_path: Path, engine: str, every: Any, options: dict[str, Any]
) -> None:
    whole = model(engine=engine, **options).fit(X, Y)
    die(tmp_path / "run", 2, every, engine=engine, **options)
    resumed = model(engine=engine, callbacks=cn.Checkpoint(tmp_path / "run", every=every), **options)
    same(resumed.fit(X, Y, resume=tmp_path / "run"), whole)
    same(model(engine=engine, **options).fit(X, Y, resume=tmp_path / "run"), whole)  # a finished run
    assert {file.name for file in tmp_path.iterdir()} <= {"run", "run.1", "run.2"}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_goes_on_too(tmp_path: Path, engine: str) -> None:
    def network() -> cn.Network:
        layers = [cn.Dense(3, 6), cn.Tanh(), cn.Dropout(0.3), cn.Dense(6, 2)]
        return cn.Network(layers, loss=cn.SoftmaxCrossEntropy(), random_state=0)

    options: dict[str, Any] = {"optimizer": cn.Adam(0.01), "epochs": 9, "engine": engine, "clip_norm": 1.0}
    whole = network().fit(X, Y, X_val=X[:20], y_val=Y[:20], **options)
    path = tmp_path / "run"
    with pytest.raises(RuntimeError, match="died"):
        network().fit(X, Y, X_val=X[:20], y_val=Y[:20], callbacks=[cn.Checkpoint(path), Dies(4)], **options)
    again = network().fit(X, Y, X_val=X[:20], y_val=Y[:20], resume=path, **options)
    np.testing.assert_array_equal(again.parameters, whole.parameters)
    assert again.loss_curve_ == whole.loss_curve_ and again.validation_losses_ == whole.validation_losses_
    before = pickle.dumps(again)
    with pytest.raises(ModelFileError, match=r"with max_epochs=9, but this one has max_epochs=10"):
        again.fit(X, Y, X_val=X[:20], y_val=Y[:20], resume=path, **{**options, "epochs": 10})
    assert pickle.dumps(again) == before


def test_rows_weights_and_tables(tmp_path: Path) -> None:
    weights = np.where(X[:, 0] > 0, 2.0, 0.5)
    rows = sparse.csr_matrix(X)
    die(tmp_path / "run", 4, fit=lambda one: one.fit(rows, Y, weights))
    same(model().fit(rows, Y, weights, resume=tmp_path / "run"), model().fit(rows, Y, weights))
    for data in (
        (rows, Y),
        (rows, 1 - Y, weights),
        (2.0 * rows, Y, weights),
        (rows[:100], Y[:100], weights[:100]),
    ):
        with pytest.raises(ModelFileError, match="is of a run on other data"):
            model().fit(*data, resume=tmp_path / "run")
    table = cn.TabularClassifier(max_iter=6, random_state=0)
    whole = cn.TabularClassifier(max_iter=6, random_state=0).fit(X, Y)
    table.set_params(callbacks=[cn.Checkpoint(tmp_path / "table"), Dies(3)])
    with pytest.raises(RuntimeError, match="died"):
        table.fit(X, Y)
    again = cn.TabularClassifier(max_iter=6, random_state=0).fit(X, Y, resume=tmp_path / "table")
    np.testing.assert_array_equal(again.predict_proba(X), whole.predict_proba(X))


def test_other_parameters_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "run"
    die(path, 4)
    for wrong, said in (
        ({"max_iter": 20}, "max_epochs=14, but this one has max_epochs=20"),
        ({"alpha": 0.5}, "l2=0.0001, but this one has l2=0.5"),
        ({"hidden_layer_sizes": (7,)}, "layers="),
        ({"engine": "numba"}, "engine='numpy', but this one has engine='numba'"),
        ({"solver": "sgd"}, "optimizer='adam', but this one has optimizer='nesterov'"),
    ):
        with pytest.raises(ModelFileError, match=said) as caught:
            model(**{"engine": "numpy", **wrong}).fit(X, Y, resume=path)
        assert isinstance(caught.value, ValueError) and "\n" not in str(caught.value)
    fitted = model().fit(X, Y)
    before = pickle.dumps(fitted)
    with pytest.raises(ModelFileError, match="max_epochs"):
        fitted.set_params(max_iter=20).fit(X, Y, resume=path)
    assert pickle.dumps(fitted.set_params(max_iter=14)) == before  # nothing is lost
    for wrong, said in (({"solver": "lbfgs"}, 'solver="lbfgs"'), ({"n_estimators": 2}, "n_estimators=2")):
        with pytest.raises(ParameterError, match=f"{said} has no checkpoints"):
            model(**wrong).fit(X, Y, resume=path)
        with pytest.raises(ParameterError, match=r"Checkpoint (needs a solver|keeps a single)"):
            model(callbacks=cn.Checkpoint(tmp_path / "other"), **wrong).fit(X, Y)
    for arguments in ({"every": 0}, {"every": "5 epochs"}, {"keep": 0}):
        with pytest.raises(ParameterError, match=r"Checkpoint: (every|keep) must be"):
            cn.Checkpoint(path, **arguments)
    with pytest.raises(ModelFileError, match="Cannot write the checkpoint file"):
        model(callbacks=cn.Checkpoint(tmp_path / "nowhere" / "run")).fit(X, Y)


def test_damaged_files_are_passed_over_for_older_ones(tmp_path: Path) -> None:
    path, whole = tmp_path / "run", model().fit(X, Y)
    die(path, 6)
    files = [path, tmp_path / "run.1", tmp_path / "run.2"]
    assert all(file.exists() for file in files)
    for k, file in enumerate(files):
        same(model().fit(X, Y, resume=path), whole)
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2] if k % 2 else b"x" + content[1:])
        if k == 0:
            file.unlink()  # as between the moving of the old and the writing of the new
    with pytest.raises(
        ModelFileError, match=r"Cannot read the checkpoint file .*leave resume out to begin anew"
    ):
        model().fit(X, Y, resume=path)
    with pytest.raises(ModelFileError, match="no such file or directory; there is no other"):
        model().fit(X, Y, resume=tmp_path / "never")
    cn.save(whole, tmp_path / "model")
    with pytest.raises(ModelFileError, match="it holds a 'model'"):
        model().fit(X, Y, resume=tmp_path / "model")
    model(callbacks=cn.Checkpoint(path)).fit(X, Y)
    with pytest.raises(ModelFileError, match="it holds a 'checkpoint'"):
        cn.load(path)


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    fitted = model(callbacks=cn.Checkpoint(tmp_path / "run")).fit(X, Y)
    arrays = load_file(tmp_path / "run")
    np.testing.assert_array_equal(arrays["layers.0.weight"], fitted.coefs_[0])
    np.testing.assert_array_equal(arrays["layers.1.bias"], fitted.intercepts_[1])
    assert {"optimizer.m.layers.0.weight", "optimizer.v.layers.1.bias"} <= set(arrays)
    assert arrays["loss_curve"].tolist() == fitted.loss_curve_


def test_so_many_are_kept_and_each_is_written_once(tmp_path: Path) -> None:
    for keep in (1, 2, 4):
        folder = tmp_path / str(keep)
        folder.mkdir()
        model(callbacks=cn.Checkpoint(folder / "run", keep=keep)).fit(X, Y)
        assert {file.name for file in folder.iterdir()} == {"run", "run.1", "run.2", "run.3"} - {
            f"run.{i}" for i in range(keep, 4)
        }
        sizes = [file.read_bytes() for file in folder.iterdir()]
        assert len(set(sizes)) == keep


def test_runs_that_were_stopped_and_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "run"
    stopping = [cn.Checkpoint(path), cn.EarlyStopping(patience=1, tolerance=0.5)]
    stopped = model(callbacks=stopping).fit(X, Y)
    assert stopped.n_iter_ < 14
    same(model().fit(X, Y, resume=path), stopped)  # it was over

    class Interrupts(Dies):
        def on_epoch_end(self, context: Any) -> None:
            self.after -= 1
            if self.after == 0:
                raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted by user"):
        model(callbacks=[cn.Checkpoint(path), Interrupts(5)]).fit(X, Y)
    same(model().fit(X, Y, resume=path), model().fit(X, Y))  # it was not
    copied = pickle.loads(pickle.dumps(cn.Checkpoint(path, every="30s", keep=5)))
    assert repr(copied) == f"Checkpoint({str(path)!r}, every='30s', keep=5)"


PROGRAM = """
import sys, warnings
import numpy as np
import chalknet as cn
from pathlib import Path
warnings.simplefilter("ignore")
path, every, out = sys.argv[1:]
X = np.random.default_rng(0).normal(size=(2000, 5))
y = X @ np.arange(5.0) + np.sin(X[:, 0])
model = cn.MLPRegressor(
    hidden_layer_sizes=(24,), max_iter=150, tol=0.0, n_iter_no_change=1000, random_state=0, batch_size=50, dropout=0.1,
    engine="numba", callbacks=[cn.Checkpoint(path, every=int(every) if every.isdigit() else every)],
)
there = Path(path).exists() or Path(path + ".1").exists()
model.fit(X, y, resume=path if there else None)
np.save(out, model.network_.parameters)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX's")
@pytest.mark.parametrize("every", ["3", "0.02s", "70 steps"])
def test_processes_that_are_killed_again_and_again(tmp_path: Path, every: str) -> None:
    rng = np.random.default_rng(len(every))
    command = [sys.executable, "-c", PROGRAM]
    subprocess.run([*command, str(tmp_path / "whole"), "50", str(tmp_path / "whole.npy")], check=True)
    target, kills = tmp_path / "broken.npy", 0
    while not target.exists():
        process = subprocess.Popen([*command, str(tmp_path / "run"), every, str(target)])
        if kills < 8:
            begun = (tmp_path / "run").exists()
            deadline = time.monotonic() + 60
            while not begun and not (tmp_path / "run").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(float(rng.uniform(0.0, 0.4)) + (1.5 if begun else 0.0))  # imports take their time
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
        assert process.wait(timeout=300) in (0, -signal.SIGKILL)
    assert kills >= 1
    np.testing.assert_array_equal(np.load(target), np.load(tmp_path / "whole.npy"))
