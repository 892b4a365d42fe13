"""``chalknet plot``: a picture of a model, alone or with rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import click

from chalknet.cli.errors import Refused
from chalknet.cli.options import Whole, table_options


class Rows(NamedTuple):
    """What DATA gives: the model's columns, the target where it is known, and what else was asked for."""

    X: Any
    y: Any
    features: tuple[Any, ...]
    row: int | None
    target: str | None = None  # its name


class Kind(NamedTuple):
    """One kind of picture: what it shows, what it needs, and how it is drawn."""

    about: str
    data: str  # "" for none, "rows", or "target": rows whose target is known
    draw: Callable[[Any, Rows], Any]


def _plots() -> Any:
    from chalknet import plots

    return plots


def _network(model: Any, rows: Rows) -> Any:
    sample = None
    if rows.X is not None:
        row = rows.row or 0
        if row >= len(rows.X):
            raise Refused(f"--row {row}: DATA has {len(rows.X)} rows, counted from 0")
        sample = rows.X.iloc[[row]]
    return _plots().network(model, sample=sample)


def _boundary(model: Any, rows: Rows) -> Any:
    features = rows.features or _two(model, rows.X)
    if len(features) != 2:
        raise Refused("--kind boundary draws two columns; give both: --features ONE --features OTHER")
    return _plots().plot_decision_boundary(model, rows.X, rows.y, features=features)


def _regression(model: Any, rows: Rows) -> Any:
    if hasattr(model, "classes_"):
        raise Refused(
            "--kind regression is for a model that predicts numbers; this one tells classes: --kind boundary"
        )
    features = rows.features or _two(model, rows.X)[:1]
    ax = _plots().regression(model, rows.X, rows.y, features=features[0] if len(features) == 1 else features)
    if len(features) == 1:
        ax.set_ylabel(rows.target)
    return ax


def _confusion(model: Any, rows: Rows) -> Any:
    if not hasattr(model, "classes_"):
        raise Refused("--kind confusion is for classes; this model predicts numbers: --kind predicted")
    names = list(dict.fromkeys([*map(str, model.classes_), *map(str, rows.y)]))
    guess = [str(label) for label in model.predict(rows.X)]
    return _plots().confusion([str(label) for label in rows.y], guess, labels=names)


def _predicted(model: Any, rows: Rows) -> Any:
    if hasattr(model, "classes_"):
        raise Refused("--kind predicted is for numbers; this model tells classes: --kind confusion")
    return _plots().predicted(rows.y, model.predict(rows.X))


def _images(model: Any, rows: Rows) -> Any:
    from chalknet.exceptions import ShapeError

    try:
        return _plots().images(model)[0]
    except ShapeError as error:
        raise Refused("--kind images is for square pictures, such as 64 inputs of 8 x 8") from error


def _two(model: Any, X: Any) -> tuple[str, ...]:
    """The first two columns of numbers, or of any kind where there are fewer."""
    kinds = {name: kind for name, kind, _ in getattr(model, "columns_", [])}
    numbers = [name for name in X.columns if kinds.get(name, "number") == "number"]
    others = [name for name in X.columns if name not in numbers and kinds.get(name) != "dropped"]
    return tuple([*numbers, *others][:2])


KINDS: dict[str, Kind] = {
    "boundary": Kind("what it answers over two columns", "target", _boundary),
    "curve": Kind("the loss of each epoch", "", lambda model, _: _plots().learning_curve(model)),
    "network": Kind("units and weights, with DATA a row's values in them", "", _network),
    "weights": Kind("a histogram of each layer's weights", "", lambda model, _: _plots().weights(model)),
    "images": Kind("the first layer's weights as pictures, of square inputs", "", _images),
    "activations": Kind(
        "a histogram of each layer's outputs", "rows", lambda model, rows: _plots().activations(model, rows.X)
    ),
    "gradients": Kind(
        "how large the gradient is in each layer", "target",
        lambda model, rows: _plots().gradient_flow(model, rows.X, rows.y),
    ),
    "slice": Kind(
        "the loss around the weights", "target",
        lambda model, rows: _plots().loss_slice(model, rows.X, rows.y),
    ),
    "confusion": Kind("which classes are taken for which", "target", _confusion),
    "predicted": Kind("predicted against true numbers", "target", _predicted),
    "regression": Kind("the predicted number over one column, or two", "target", _regression),
}  # fmt: skip
_ABOUT = "; ".join(f"{name}: {kind.about}{' (needs DATA)' * bool(kind.data)}" for name, kind in KINDS.items())


@click.command(name="plot")
@click.argument("model", metavar="MODEL")
@click.argument("data", metavar="[DATA]", required=False)
@click.option("--kind", required=True, type=click.Choice(list(KINDS)), help=f"What is drawn. {_ABOUT}.")
@click.option(
    "--out", required=True, metavar="FILE", help="Picture to write; its suffix says how: .png, .svg, .pdf."
)
@click.option(
    "--features",
    multiple=True,
    metavar="COLUMN",
    help="Column to draw over; twice for two.  [default: the first of numbers]",
)
@click.option(
    "--row", type=Whole(0, 10**9), metavar="I", help="For network: the row, counted from 0.  [default: 0]"
)
@table_options
@click.pass_obj
def command(remarks: list[str], /, **options: Any) -> None:
    """Draw MODEL, a file that train or chalknet.save wrote, into a picture.

    DATA is a CSV, TSV or Parquet file (the first two also as .gz), or - for standard input.
    """
    from chalknet.cli.evaluate import check_picture, save_picture

    path, data, kind = options["model"], options["data"], KINDS[options["kind"]]
    out = options["out"]
    check_picture(out, "--out", tuple(filter(None, (path, data))))
    if kind.data and data is None:
        what = "the target" if kind.data == "target" else "rows"
        raise Refused(f"--kind {options['kind']} needs DATA, a table with {what}")
    model, rows = _read(path, data, kind, options, remarks)
    import matplotlib as mpl

    mpl.use("agg")
    save_picture(kind.draw(model, rows), out)
    click.echo(f"Picture written to {out}.")


def _read(
    path: str, data: str | None, kind: Kind, options: dict[str, Any], remarks: list[str]
) -> tuple[Any, Rows]:
    """The model, and the rows of DATA that the picture needs."""
    from chalknet.cli.models import load, needed
    from chalknet.cli.targets import match, parses
    from chalknet.estimators import persistence

    if data is None:
        return persistence.load(path), Rows(None, None, options["features"], options["row"])
    loaded = load(path)
    classes = getattr(loaded.estimator, "classes_", None)
    also = loaded.target if kind.data == "target" else None
    table = needed(loaded, data, options["sep"], options["encoding"], also=also, parse=parses(classes))
    remarks += table.remarks
    table.check_rows("draw")
    for name in options["features"]:
        if name not in loaded.columns:
            from chalknet.cli.errors import nearest, some

            hint = nearest(name, loaded.columns)
            raise Refused(f"--features {name!r} is none of the model's columns{hint}: {some(loaded.columns)}")
    X, y = table.frame[list(loaded.columns)], None
    if also is not None:
        known, y, found = match(table, also, classes)
        remarks += found
        X = X[known].reset_index(drop=True)
    return loaded.estimator, Rows(X, y, options["features"], options["row"], also)
