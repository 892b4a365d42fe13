"""``chalknet warmup``: compile ahead what fits and predictions need, so that nobody waits for it later.

Tiny runs ask for the compiled code as real ones do: what they need, they need for any size of network and data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from chalknet.cli.errors import Refused, counted
from chalknet.cli.options import debug_option

DTYPES = ("float32", "float64")
USUAL = {  # what most fits choose; --all takes the whole tables
    "activations": ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "softmax"),
    "losses": (
        *(
            "squared_error",
            "half_squared_error",
            "absolute_error",
            "binary_cross_entropy",
            "softmax_cross_entropy",
        ),
        *("binary_cross_entropy_logits", "categorical_cross_entropy", "sparse_categorical_cross_entropy"),
    ),
    "optimizers": ("sgd", "momentum", "nesterov", "adam", "adamw"),
    "schedules": ("constant", "invscaling", "adaptive", "cosine"),
}
Work = tuple[str, list[Callable[[], None]]]  # a title, and runs that need what it names


@click.command(name="warmup")
@click.option(
    "--all", "everything", is_flag=True, help="Every activation, loss, optimizer and schedule, not the usual."
)
@debug_option
@click.pass_obj
def command(remarks: list[str], everything: bool) -> None:
    """Compile ahead what fits and predictions need, in float32 and float64, and say where it lies.

    Compiled code is kept on disk; without this command, the first fit that needs it compiles it.
    """
    from importlib.util import find_spec

    if find_spec("numba") is None:
        raise Refused("Numba is not installed, so there is nothing to compile: pip install numba")
    from chalknet.engines.fused import disk, lowlevel

    if not lowlevel.JIT:
        raise Refused("NUMBA_DISABLE_JIT is set, so nothing is compiled; unset it")
    if disk.place() is None:
        tried = ", ".join(str(folder) for folder in disk.folders())
        raise Refused(
            f"Compiled code cannot be kept in any of {tried}; set NUMBA_CACHE_DIR to a folder that can be written"
        )
    disk.told = True  # each line below tells
    try:
        _compile(everything)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Interrupted; what was compiled until then is kept") from None


def _compile(everything: bool) -> None:
    """Do each piece of work and print a line for it; at the end, where the compiled code lies."""
    from contextlib import nullcontext

    from chalknet.cli.report import Report, size
    from chalknet.engines.fused import disk

    report = Report()
    first, began = len(disk.compiled), time.perf_counter()
    for dtype, (title, runs) in [(each, work) for each in DTYPES for work in works(each, everything)]:
        before, start = len(disk.compiled), time.perf_counter()
        with report.console.status(f"{dtype}  {title} …") if report.is_terminal else nullcontext():
            for run in runs:
                run()
        new, seconds = len(disk.compiled) - before, time.perf_counter() - start
        told = f"{new} compiled in {seconds:.1f} s" if new else "was there already"
        report.show(f"{dtype}  {told:<23} {title}")
    new, seconds = len(disk.compiled) - first, time.perf_counter() - began
    place = disk.place() or Path()
    held = sum(file.stat().st_size for file in place.glob("*.code"))
    what = (
        f"Compiled {counted(new, 'piece')} in {seconds:.1f} s"
        if new
        else f"All was compiled already (checked in {seconds:.1f} s)"
    )
    report.show(f"{what}; compiled code lies in {place} ({size(held)}).")
    if not everything:
        report.show("Rarer activations, losses, optimizers and schedules: chalknet warmup --all")


def works(dtype: str, everything: bool) -> Iterator[Work]:
    """What is to be done in one dtype: (title, work)."""
    from chalknet.engines import rules as r
    from chalknet.maths.activations import ACTIVATIONS
    from chalknet.maths.losses import LOSSES
    from chalknet.maths.optimizers import OPTIMIZERS
    from chalknet.maths.rows import ROW_ACTIVATIONS
    from chalknet.maths.schedules import SCHEDULES

    tables = {
        "activations": (*ACTIVATIONS, *ROW_ACTIVATIONS),
        "losses": tuple(LOSSES),
        "optimizers": tuple(OPTIMIZERS),
        "schedules": tuple(SCHEDULES),
    }
    names = tables if everything else USUAL
    options = {"l1": 0.1, "l2": 0.1, "clip_norm": 1.0, "clip_value": 1.0}
    kinds = (r.ARGMAX, r.THRESHOLD, r.R2, r.NEGATIVE_LOSS)
    one = partial(train, dtype, "relu")
    yield "training, predicting, gradients", [partial(one, labels=True)]
    yield "one row at a time", [partial(one, batch_size=1)]
    yield "sparse rows", [partial(one, sparse=True)]
    yield "dropout, penalties, clipping", [partial(one, dropout=True, **options)]
    yield (
        "normalisation, standardised inputs, weights held to a length",
        [partial(one, normalization=True, max_norm=1.0)],
    )
    yield "early stopping", [partial(one, score=kind, watch=r.VALIDATION) for kind in kinds]
    yield _title("activations", names), [partial(train, dtype, name) for name in names["activations"]]
    yield _title("losses", names), [partial(one, loss=name) for name in names["losses"]]
    yield _title("optimizers", names), [partial(one, optimizer=name) for name in names["optimizers"]]
    yield _title("schedules", names), [partial(one, schedule=name) for name in names["schedules"]]
    yield "Perceptron", [partial(perceptron, dtype)]
    if everything:
        yield "Perceptron on sparse rows", [partial(perceptron, dtype, sparse=True)]


def _title(kind: str, names: dict[str, tuple[str, ...]]) -> str:
    return f"{len(names[kind])} {kind}" if names is not USUAL else f"{kind}: {', '.join(names[kind])}"


def train(
    dtype: str,
    activation: str,
    *,
    loss: str = "squared_error",
    labels: bool = False,
    dropout: bool = False,
    sparse: bool = False,
    normalization: bool = False,
    optimizer: str = "sgd",
    schedule: str = "constant",
    batch_size: int = 2,
    **options: Any,
) -> None:
    """One epoch of 2-3-32-2 on four rows by the compiled engine, a prediction and a gradient."""
    import numpy as np
    from scipy.sparse import csr_matrix

    from chalknet.engines import base
    from chalknet.engines.base import ACTIVATION, DENSE, DROPOUT, Description, LayerSpec
    from chalknet.engines.fused.engine import ENGINE
    from chalknet.engines.state import Data, State, Until
    from chalknet.maths import activations, losses, optimizers, rows, schedules

    def middle(name: str, width: int) -> LayerSpec:
        p = 0.0 if name in rows.ROW_ACTIVATIONS else activations.get(name).p
        return LayerSpec(ACTIVATION, width, width, name, p)

    row = losses.get(loss)
    layers = [LayerSpec(base.STANDARDIZE, 2, 2)] * normalization + [LayerSpec(DENSE, 2, 3)]
    if normalization:
        layers += [
            LayerSpec(base.BATCH_NORM, 3, 3, "", 1e-5, 0.9),
            LayerSpec(base.LAYER_NORM, 3, 3, "", 1e-5),
        ]
    layers.append(middle(activation, 3))
    layers += [LayerSpec(DROPOUT, 3, 3, "", 0.5)] * dropout + [
        LayerSpec(DENSE, 3, 32),
        LayerSpec(DENSE, 32, 2),
    ]
    description = Description(
        tuple(layers), loss, row.p, dtype=dtype, batch_size=batch_size, reduction="mean_rows",
        optimizer=optimizer, hyper=tuple(optimizers.get(optimizer).hyper.values()),
        schedule=schedule, schedule_hyper=tuple(schedules.get(schedule).hyper.values()), **options,
    )  # fmt: skip
    X = np.eye(4, 2, dtype=dtype)
    y: Any = np.array([0, 1, 0, 1]) if labels or row.labels else np.eye(4, 2, dtype=dtype)
    half = np.arange(4) // 2 == 0
    data = Data(
        csr_matrix(X) if sparse else X, y, np.flatnonzero(half), np.ones(4, dtype), np.flatnonzero(~half)
    )
    kept = np.ones(sum(2 * s.n_out for s in description.layers if s.kind in base.KEEPING), dtype)
    for targets in {id(t): t for t in (y, np.eye(4, 2, dtype=dtype))}.values():
        data.y = targets
        state = State.start(np.full(description.n_parameters, 0.5, dtype), description, buffers=kept)
        ENGINE.session(description, state, data).run(Until(1))
        ENGINE.slope(description, data, kept)(state.parameters)
    ENGINE.predict(description, state.parameters, data.X, link=True, buffers=kept)
    if not sparse:
        ENGINE.reader(description, state.parameters, kept)(X)


def perceptron(dtype: str, *, sparse: bool = False) -> None:
    """One epoch of a perceptron on four rows by the compiled engine."""
    import numpy as np
    from scipy.sparse import csr_matrix

    from chalknet.estimators.perceptron import Perceptron

    X = np.eye(4, 2, dtype=dtype)
    Perceptron(engine="numba", max_iter=1, tol=None).fit(csr_matrix(X) if sparse else X, [0, 1, 0, 1])
