"""Data sets as tables: raw columns, missing values included, with where they come from and under which licence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from chalknet.exceptions import UnknownNameError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """One table to learn from: ``table[target]`` is to be predicted from the other columns.

    ``task`` is ``"classification"`` or ``"regression"``; ``title``, ``source`` and ``licence`` are for people.
    """

    name: str
    table: pd.DataFrame
    target: str
    task: str
    title: str
    source: str
    licence: str

    @property
    def X(self) -> pd.DataFrame:
        """The table without the target."""
        return self.table.drop(columns=self.target)

    @property
    def y(self) -> pd.Series:
        """The target alone."""
        return self.table[self.target]


def _penguins() -> pd.DataFrame:
    import pandas as pd

    with as_file(files("chalknet.data") / "penguins.csv") as path:
        return pd.read_csv(path)


def _from_sklearn(loader: str, target: str, **options: Any) -> Callable[[], pd.DataFrame]:
    """A function that reads a table from scikit-learn; classes appear under their names, not their numbers."""

    def read() -> pd.DataFrame:
        from sklearn import datasets

        bunch = getattr(datasets, loader)(as_frame=True, **options)
        table = bunch.data.copy()
        names = bunch.get("target_names")
        # digits' classes are numbers by nature and stay so
        named = names is not None and len(names) > 0 and isinstance(names[0], str)
        table[target] = names[bunch.target.to_numpy()].astype(object) if named else bunch.target
        return table

    return read


_UCI = "CC BY 4.0 (UCI Machine Learning Repository); copy within scikit-learn"
# name: (read, target, task, title, source, licence)
_TABLES: dict[str, tuple[Callable[[], Any], str, str, str, str, str]] = {
    "penguins": (
        _penguins,
        "species",
        "classification",
        "Palmer penguins: which species has these measurements?",
        "Gorman, Williams & Fraser (2014), PLoS ONE 9(3): e90081; palmerpenguins by Horst, Hill & Gorman",
        "CC0 1.0",
    ),
    "iris": (
        _from_sklearn("load_iris", "species"),
        "species",
        "classification",
        "Iris: which species has these petals and sepals?",
        "Fisher (1936), Annals of Eugenics 7: 179-188",
        _UCI,
    ),
    "wine": (
        _from_sklearn("load_wine", "cultivar"),
        "cultivar",
        "classification",
        "Wine: which cultivar does this chemical analysis come from?",
        "Forina et al., PARVUS; Aeberhard, Coomans & de Vel (1992)",
        _UCI,
    ),
    "diabetes": (
        _from_sklearn("load_diabetes", "progression", scaled=False),
        "progression",
        "regression",
        "Diabetes: how far will the disease have progressed a year on?",
        "Efron, Hastie, Johnstone & Tibshirani (2004), Annals of Statistics 32: 407-499",
        "published with the paper, no licence stated; copy within scikit-learn (BSD 3-Clause)",
    ),
    "digits": (
        _from_sklearn("load_digits", "digit"),
        "digit",
        "classification",
        "Digits: which figure is on this image of 8 x 8 pixels?",
        "Alpaydin & Kaynak (1998), Optical Recognition of Handwritten Digits",
        _UCI,
    ),
}
NAMES: tuple[str, ...] = tuple(_TABLES)


def load(name: str) -> Dataset:
    """Load a data set by name: ``"penguins"``, ``"iris"``, ``"wine"``, ``"diabetes"`` or ``"digits"``.

    Nothing is downloaded. Each call reads a fresh table, which may be changed freely.

    Raises:
        UnknownNameError: there is no data set of this name.

    >>> iris = load("iris")
    >>> sorted(iris.y.unique())
    ['setosa', 'versicolor', 'virginica']
    >>> int(load("penguins").table["sex"].isna().sum())
    11
    """
    if name not in _TABLES:
        raise UnknownNameError(f"There is no data set named {name!r}; choose one of {', '.join(NAMES)}.")
    read, *description = _TABLES[name]
    return Dataset(name, read(), *description)
