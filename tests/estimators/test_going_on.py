"""A loaded model goes on learning exactly as the saved one would."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris

import chalknet as cn
from chalknet import data
from chalknet.exceptions import ModelFileError
from chalknet.files.model_file import read_state, write_state
from chalknet.maths.optimizers import OPTIMIZERS

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def through_file(model: Any, folder: Path) -> Any:
    cn.save(model, folder / "model.chalk")
    return cn.load(folder / "model.chalk")


def small(**options: Any) -> Any:
    given = {
        "hidden_layer_sizes": (6, 4),
        "max_iter": 5,
        "random_state": 0,
        "engine": "numpy",
        "batch_size": 16,
    }
    return cn.MLPClassifier(**{**given, **options})


@pytest.mark.parametrize("solver", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_partial_fit_goes_on(solver: str, dtype: str, tmp_path: Path) -> None:
    model = small(solver=solver, dtype=dtype, dropout=0.2).fit(X, Y)
    again = through_file(model, tmp_path)
    for _ in range(3):
        model.partial_fit(X, Y)
        again.partial_fit(X, Y)
    np.testing.assert_array_equal(again.network_.parameters, model.network_.parameters)
    assert again.loss_curve_ == model.loss_curve_
    assert again.t_ == model.t_


@pytest.mark.parametrize(
    "options",
    [
        {"early_stopping": True, "n_iter_no_change": 2},
        {"solver": "sgd", "learning_rate": "invscaling"},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.1, "n_iter_no_change": 1, "max_iter": 9},
        {"solver": cn.NAdam(0.01, schedule="cosine")},
        {"engine": "numba"},
        {"solver": "lbfgs"},
    ],
)
def test_a_warm_start_goes_on(options: dict[str, Any], tmp_path: Path) -> None:
    model = small(warm_start=True, **options).fit(X, Y)
    again = through_file(model, tmp_path)
    model.fit(X, Y)
    again.fit(X, Y)
    np.testing.assert_array_equal(again.network_.parameters, model.network_.parameters)
    assert again.loss_curve_ == model.loss_curve_
    assert again.validation_scores_ == model.validation_scores_
    for name in ("n_iter_", "t_", "best_loss_", "best_validation_score_"):
        assert getattr(again, name) == getattr(model, name)


def test_weights_assigned_before_saving_start_the_optimizer_anew(tmp_path: Path) -> None:
    model = small().fit(X, Y)
    model.coefs_[0] = model.coefs_[0] * 0.5
    again = through_file(through_file(model, tmp_path), tmp_path)
    model.partial_fit(X, Y)
    again.partial_fit(X, Y)
    np.testing.assert_array_equal(again.network_.parameters, model.network_.parameters)
    assert again.network_.training_state.counts[0] == 10  # steps of one epoch


def test_explain_shows_the_next_step_of_the_saved_optimizer(tmp_path: Path) -> None:
    model = small().fit(X, Y)
    again = through_file(model, tmp_path)
    ours, theirs = (cn.explain(m, X[:2], Y[:2], style="matrix").to_dict() for m in (model, again))
    assert ours == theirs


def test_a_network_goes_on(tmp_path: Path) -> None:
    net = cn.Network(
        [cn.Dense(4, 5), cn.Tanh(), cn.Dense(5, 3)], loss=cn.SoftmaxCrossEntropy(), random_state=0
    )
    assert through_file(net, tmp_path).training_state is None
    net.fit(X, Y, optimizer=cn.SGD(0.1, momentum=0.9), epochs=3)
    again = through_file(net, tmp_path)
    net.fit(X, Y, epochs=2)
    again.fit(X, Y, epochs=2)
    np.testing.assert_array_equal(again.parameters, net.parameters)
    assert again.loss_curve_ == net.loss_curve_ and len(net.loss_curve_) == 5


def test_perceptrons_and_tables_go_on(tmp_path: Path) -> None:
    neuron = cn.Perceptron(engine="numpy").fit(X, Y)
    again = through_file(neuron, tmp_path)
    np.testing.assert_array_equal(neuron.partial_fit(X, Y).coef_, again.partial_fit(X, Y).coef_)
    assert again.t_ == neuron.t_
    penguins = data.load("penguins")
    table = cn.TabularClassifier(max_iter=3, warm_start=True, random_state=0).fit(penguins.X, penguins.y)
    loaded = through_file(table, tmp_path)
    for model in (table, loaded):
        model.fit(penguins.X, penguins.y)
    np.testing.assert_array_equal(table.coefs_[0], loaded.coefs_[0])


def test_the_file_names_what_it_holds_and_older_files_load(tmp_path: Path) -> None:
    model = small(early_stopping=True, random_state=1).fit(X, Y)
    cn.save(model, tmp_path / "new")
    arrays, document = read_state(tmp_path / "new")
    assert arrays["optimizer.m.layers.0.weight"].shape == (4, 6)
    assert arrays["optimizer.v.layers.2.bias"].shape == (3,)
    assert arrays["best.layers.1.weight"].shape == (6, 4)
    old = copy.deepcopy(document)
    del old["state"]["network"]["training"], old["state"]["touched"]
    kept = {name: a for name, a in arrays.items() if name.startswith("layers.") or name == "loss_curve"}
    write_state(tmp_path / "old", kept, old, kind="model")
    before = cn.load(tmp_path / "old")
    np.testing.assert_array_equal(before.predict(X), model.predict(X))
    before.set_params(early_stopping=False).partial_fit(X, Y)


def test_a_file_whose_training_does_not_fit_its_layers_is_refused(tmp_path: Path) -> None:
    cn.save(small().fit(X, Y), tmp_path / "good")
    arrays, document = read_state(tmp_path / "good")

    def refused(words: str, arrays: dict[str, Any], document: dict[str, Any] = document) -> None:
        write_state(tmp_path / "bad", arrays, document, kind="model")
        with pytest.raises(ModelFileError, match=words):
            cn.load(tmp_path / "bad")

    name = "optimizer.m.layers.0.weight"
    refused("asks for float64 of", arrays | {name: np.zeros((6, 4))})
    refused("is float32 of shape", arrays | {name: np.zeros((4, 6), np.float32)})
    refused("optimizer.m.layers.0.weight", {key: a for key, a in arrays.items() if key != name})
    refused("array 'odd' that no such network has", arrays | {"odd": np.zeros(3)})
    for key, value in (("counts", [1, 2]), ("counts", [-1] * 7), ("counts", ["a"] * 7), ("numbers", [0.0])):
        other = pickle.loads(pickle.dumps(document))
        other["state"]["network"]["training"][key] = value
        refused("counters of the training", arrays, other)
