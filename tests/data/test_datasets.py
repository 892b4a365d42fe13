"""The data sets: shapes, targets, missing values, and that their origin is told."""

from __future__ import annotations

from importlib.resources import files

import pytest

from chalknet import data
from chalknet.exceptions import UnknownNameError

# name: rows, columns (target included), classes (None: numbers), missing values
KNOWN = {
    "penguins": (344, 8, {"Adelie", "Chinstrap", "Gentoo"}, 19),
    "iris": (150, 5, {"setosa", "versicolor", "virginica"}, 0),
    "wine": (178, 14, {"class_0", "class_1", "class_2"}, 0),
    "diabetes": (442, 11, None, 0),
    "digits": (1797, 65, set(range(10)), 0),
}


@pytest.mark.parametrize("name", data.NAMES)
def test_loads_as_described(name: str) -> None:
    rows, columns, classes, missing = KNOWN[name]
    found = data.load(name)
    assert found.name == name
    assert found.table.shape == (rows, columns)
    assert int(found.table.isna().sum().sum()) == missing
    assert found.task == ("regression" if classes is None else "classification")
    if classes is not None:
        assert set(found.y.unique()) == classes
    assert found.X.shape == (rows, columns - 1)
    assert found.target not in found.X.columns
    assert found.title and found.source and found.licence


def test_all_known_names_are_tested() -> None:
    assert set(KNOWN) == set(data.NAMES)


def test_each_call_gives_a_table_of_its_own() -> None:
    table = data.load("iris").table
    table["petal width (cm)"] = 0.0
    assert data.load("iris").table["petal width (cm)"].min() > 0.0


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        UnknownNameError, match=r"'titanic'; choose one of penguins, iris, wine, diabetes, digits\."
    ):
        data.load("titanic")


def test_licence_and_source_lie_beside_the_file() -> None:
    text = (files("chalknet.data") / "README.md").read_text(encoding="utf-8")
    assert "penguins.csv" in text
    assert "CC0 1.0" in text
