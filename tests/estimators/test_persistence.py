"""Model files: the same predictions to the bit after `load`, and nothing written that could not be read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chalknet as cn
from chalknet import data
from chalknet.estimators import _plain
from chalknet.estimators.classifier import MLPClassifier
from chalknet.estimators.perceptron import Perceptron
from chalknet.estimators.persistence import KINDS, load, save
from chalknet.estimators.regressor import MLPRegressor
from chalknet.estimators.tabular import TabularClassifier, TabularRegressor
from chalknet.exceptions import ModelFileError, NotFittedError
from chalknet.files.model_file import read_state, write_state

PENGUINS = data.load("penguins")
X = np.random.RandomState(0).standard_normal((60, 3))
Y = np.where(X[:, 0] > 0, 1, 0)
UNFITTED: dict[str, Any] = {
    "MLPClassifier": MLPClassifier((5,), max_iter=3, tol=1.0, n_iter_no_change=1, random_state=0),
    "MLPRegressor": MLPRegressor(
        hidden_layer_sizes=(5, 4), early_stopping=True, tol=1.0, n_iter_no_change=1, random_state=0
    ),
    "Perceptron": Perceptron(activation="sigmoid", random_state=0),
    "TabularClassifier": TabularClassifier(max_iter=3, random_state=0),
    "TabularRegressor": TabularRegressor(max_iter=3, random_state=0),
}


def same(a: Any, b: Any) -> None:
    """Every parameter and prediction is the same."""
    assert type(a) is type(b)
    assert a.get_params() == b.get_params()
    assert np.array_equal(a.predict(X), b.predict(X))
    if hasattr(a, "predict_proba"):
        assert np.array_equal(a.predict_proba(X), b.predict_proba(X))
    if hasattr(a, "classes_"):
        assert a.classes_.dtype == b.classes_.dtype and a.classes_.tolist() == b.classes_.tolist()
    assert a.n_iter_ == b.n_iter_ and a.loss_curve_ == b.loss_curve_ and a.engine_ == b.engine_


@pytest.mark.parametrize("name", UNFITTED)
def test_round_trip_of_estimators(name: str, tmp_path: Path) -> None:
    y = X[:, 1] if name.endswith("Regressor") else Y
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    for given in (X, frame):
        model = UNFITTED[name].fit(given, y)
        save(model, tmp_path / "model")
        again = load(tmp_path / "model")
        if given is frame:
            assert again.feature_names_in_.tolist() == ["a", "b", "c"]
            assert np.array_equal(again.predict(frame), model.predict(frame))
        else:
            same(model, again)
            assert not hasattr(again, "feature_names_in_")
    before = (tmp_path / "model").read_bytes()
    save(load(tmp_path / "model"), str(tmp_path / "model"))
    assert (tmp_path / "model").read_bytes() == before


def test_round_trip_of_a_network(tmp_path: Path) -> None:
    net = cn.Network(
        [cn.Dense(3, 4), cn.LeakyReLU(0.2), cn.Dropout(0.1), cn.Dense(4, 1)], loss=cn.MSE(), random_state=0
    )
    net.fit(X, X[:, :1], optimizer=cn.Adam(0.01), epochs=2, batch_size=10)
    save(net, tmp_path / "net")
    again = load(tmp_path / "net")
    assert np.array_equal(again.predict(X), net.predict(X)) and repr(again) == repr(net)
    assert again.loss_curve_ == net.loss_curve_ and again.optimizer == net.optimizer


def test_round_trip_of_a_raw_table(tmp_path: Path) -> None:
    model = TabularClassifier(
        max_iter=5, random_state=0, kinds={"year": "category"}, class_weight={"Gentoo": 2.0}
    )
    model.set_params(class_weight={"Adelie": 1.0, "Chinstrap": 1.5, "Gentoo": 2.0}, callbacks=[])
    model.fit(PENGUINS.X, PENGUINS.y)
    path = tmp_path / "penguins.chalk"
    save(model, path)
    again = load(path)
    assert np.array_equal(again.predict_proba(PENGUINS.X), model.predict_proba(PENGUINS.X))
    assert again.columns_ == model.columns_ and again.target_name_ == "species"
    assert {**again.get_params(), "callbacks": []} == model.get_params()
    again.target_name_ = "kind"  # a front end may know it better
    save(again, path)
    assert load(path).target_name_ == "kind"
    assert again.fit(PENGUINS.X, PENGUINS.y).loss_curve_ == model.loss_curve_
    numbers = data.load("diabetes")
    regressor = TabularRegressor(max_iter=5, random_state=0).fit(numbers.X, numbers.y)
    save(regressor, path)
    assert np.array_equal(load(path).predict(numbers.X), regressor.predict(numbers.X))


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["b", "é\n\"'"]),
        np.array(["b", "c"], dtype=object),
        np.array([-1, 2**62]),
        np.array([3, 7], dtype=np.uint8),
        np.array([False, True]),
        np.array([1.0, 2.0], dtype=np.float32),
    ],
)
@pytest.mark.parametrize("make", [MLPClassifier, Perceptron, TabularClassifier])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_labels_of_every_type(make: Any, labels: np.ndarray, tmp_path: Path) -> None:
    model = make(max_iter=2, random_state=0).fit(X, labels[Y])
    save(model, tmp_path / "m")
    same(model, load(tmp_path / "m"))


@pytest.mark.parametrize("name", UNFITTED)
def test_unfitted_writes_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        save(type(UNFITTED[name])(), tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_saved(tmp_path: Path) -> None:
    from sklearn.neural_network import MLPClassifier as Theirs

    class Mine(TabularClassifier):
        pass

    for other in (Theirs(), Mine(), {"a": 1}, None):
        with pytest.raises(
            ModelFileError,
            match=rf"Cannot save a (sklearn\.)?{type(other).__name__}; a model file holds one of chalknet's",
        ):
            save(other, tmp_path / "m")
    with pytest.raises(
        ModelFileError, match=r"a sklearn\.MLPClassifier; .* keep others with joblib or pickle"
    ):
        save(Theirs(), tmp_path / "m")
    model = TabularClassifier(max_iter=1).fit(X, Y)
    model.set_params(random_state=object())
    with pytest.raises(ModelFileError, match="cannot keep random_state=<object"):
        save(model, tmp_path / "m")
    with pytest.raises(ModelFileError, match="Cannot write"):
        save(UNFITTED["Perceptron"].fit(X, Y), tmp_path / "no folder" / "m")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "m"
    with pytest.raises(ModelFileError, match="Cannot read the model file"):
        load(path)
    write_state(path, {}, {"estimator": "Pickle"})
    with pytest.raises(ModelFileError, match="holds a 'Pickle', which is none of"):
        load(path)
    write_state(path, {}, {"estimator": ["os.system"]})
    with pytest.raises(ModelFileError, match="none of"):
        load(path)
    for name in KINDS:
        for state in ({}, None, [], {"parameters": {"a": {"type": "code", "value": 1}}}):
            write_state(path, {}, {"estimator": name, "state": state})
            with pytest.raises(ModelFileError):
                load(path)
    write_state(path, {}, {"estimator": "Network"}, kind="checkpoint")
    with pytest.raises(ModelFileError, match="checkpoint"):
        load(path)


def test_a_state_that_does_not_fit_itself(tmp_path: Path) -> None:
    path = tmp_path / "m"
    save(TabularClassifier(max_iter=1, random_state=0).fit(PENGUINS.X, PENGUINS.y), path)
    arrays, document = read_state(path)
    columns = document["state"]["preprocessing"]["columns"]
    for wrong in (
        [*columns, {"encoding": "Code"}],
        columns[:-1],
        [{**columns[0], "more": 1}, *columns[1:]],
        "text",
    ):
        document["state"]["preprocessing"]["columns"] = wrong
        write_state(path, arrays, document)
        with pytest.raises(ModelFileError):
            load(path)


VALUES = [
    None, True, 3, 2.5, "text", [1, [2]], (64, 32), {1: "a", "b": (1, 2)}, float("inf"),
    cn.Adam(0.1, schedule="cosine"),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_parameters_come_back_with_their_type(value: Any) -> None:
    again = _plain.from_plain(_plain.to_plain(value))
    assert again == value and type(again) is type(value)


def test_arrays_numbers_and_random_states_as_parameters() -> None:
    assert _plain.to_plain(np.float32(0.5)) == 0.5
    array = _plain.from_plain(_plain.to_plain(np.array([[1, 2]], dtype=np.int16)))
    assert array.dtype == np.int16 and array.tolist() == [[1, 2]]
    random = np.random.RandomState(5)
    random.standard_normal()
    again = _plain.from_plain(_plain.to_plain(random))
    assert random.standard_normal(3).tolist() == again.standard_normal(3).tolist()
    with pytest.raises(ModelFileError, match="unknown type 'code'"):
        _plain.from_plain({"type": "code", "value": ""})


def test_a_random_state_and_an_optimizer_in_a_model(tmp_path: Path) -> None:
    model = TabularClassifier(
        max_iter=2, random_state=np.random.RandomState(1), solver=cn.AdamW(0.01, schedule="cosine")
    )
    save(model.fit(X, Y), tmp_path / "m")
    again = load(tmp_path / "m")
    assert again.solver == model.solver
    assert again.fit(X, Y).loss_curve_ == model.fit(X, Y).loss_curve_


def test_another_process_reads_it_without_pandas(tmp_path: Path) -> None:
    model = TabularRegressor(max_iter=2, random_state=0).fit(X, X[:, 0])
    save(model, tmp_path / "m")
    code = (
        f"import chalknet as cn; print(cn.load({str(tmp_path / 'm')!r}).predict([[1.0, 2.0, 3.0]])[0].hex())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == float(model.predict([[1.0, 2.0, 3.0]])[0]).hex()
