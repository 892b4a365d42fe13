"""The groups of a normalisation: its moments, what they make of the numbers, and the way back through them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chalknet.chalk import names
from chalknet.chalk.expr import Expr, add_up
from chalknet.engines import base
from chalknet.layers.normalization import Moments, Scaled
from chalknet.maths import normalization as f

if TYPE_CHECKING:
    from chalknet.chalk.groups import Builder, Index
    from chalknet.chalk.ledger import Stage

SOURCES = {
    base.BATCH_NORM: "Ioffe and Szegedy 2015, algorithm 1",
    base.LAYER_NORM: "Ba, Kiros and Hinton 2016, equation 4",
}


class Called(NamedTuple):
    """The names of a normalisation's arrays, without primes."""

    mean: str
    variance: str
    normal: str
    gain: str
    shift: str
    running_mean: str
    running_variance: str


def called(stage: Stage) -> Called:
    """Names from the stage's target: n1 is the result of the one behind the first layer, nn1 of a second there."""
    letters, number = stage.target.rstrip("0123456789"), stage.number
    times = len(letters)
    return Called(
        *(f"{letter * times}{number}" for letter in ("mu", "var", "u", "gain", "shift", "rm", "rv"))
    )


class Learning(NamedTuple):
    """A layer that learns, and the names of its numbers."""

    dense: bool
    weights: str
    biases: str


def learning(stages: Iterable[Stage]) -> list[Learning]:
    """The layers that learn, in the order of the network's vector."""
    out = []
    for stage in stages:
        if stage.spec.kind == base.DENSE:
            out.append(Learning(True, f"W{stage.number}", f"b{stage.number}"))
        elif stage.spec.kind in base.SCALED:
            its = called(stage)
            out.append(Learning(False, its.gain, its.shift))
    return out


def record(layer: Any, stage: Stage, arrays: dict[str, np.ndarray]) -> None:
    """Keep what a layer made of the batch, under its names."""
    its = called(stage)
    if isinstance(layer, Scaled):
        axis = 0 if stage.spec.kind == base.BATCH_NORM else 1
        arrays[its.mean], arrays[its.variance] = f.moments(layer.inputs, axis)
        arrays[its.normal] = layer.normal.copy()
        arrays[its.gain], arrays[its.shift] = layer.weights.copy(), layer.biases.copy()
    if isinstance(layer, Moments):
        arrays[its.running_mean], arrays[its.running_variance] = layer.mean.copy(), layer.variance.copy()


def record_back(layer: Any, stage: Stage, d: np.ndarray, arrays: dict[str, np.ndarray]) -> None:
    """Keep its gradients; d is dL/d(output)."""
    if isinstance(layer, Scaled):
        its = called(stage)
        arrays[f"dL/d{its.normal}"] = d * layer.weights
        arrays[f"dL/d{its.gain}"], arrays[f"dL/d{its.shift}"] = layer.dweights, layer.dbiases


def given(stage: Stage, arrays: Mapping[str, np.ndarray]) -> list[tuple[str, np.ndarray, str]]:
    """What nobody calculates: scales and shifts before, running numbers."""
    its, n, out = called(stage), stage.number, list[tuple[str, np.ndarray, str]]()
    where = f"behind layer {n}" if n else "of the inputs"
    if stage.spec.kind in base.SCALED:
        out += [
            (its.gain, arrays[its.gain], f"scales {where}"),
            (its.shift, arrays[its.shift], f"shifts {where}"),
        ]
    if stage.spec.kind == base.STANDARDIZE:
        out += [
            (its.running_mean, arrays[its.running_mean], f"means {where}"),
            (its.running_variance, arrays[its.running_variance], f"variances {where}"),
        ]
    return out


def write(
    builder: Builder, stage: Stage, source: str, target: str, arrays: dict[str, np.ndarray], part: str, i: int
) -> None:
    """The way forward."""
    kind, n = stage.spec.kind, stage.number
    title = f"layer {n}: {kind.replace('_', ' ')}" if n else f"inputs: {kind.replace('_', ' ')}"
    if kind == base.STANDARDIZE:
        its = called(stage)
        mean, variance = its.running_mean, its.running_variance

        def standard(index: Index) -> Any:
            x, at = builder.entries, (0, index[1])
            return (x(source)[index] - x(mean)[at]) / np.sqrt(x(variance)[at])

        x = builder.matrix
        builder.add(
            target, arrays[stage.target], part, title, forms=(standard,),
            whole=(x(source) - x(mean)) / np.sqrt(x(variance)),
        )  # fmt: skip
        return
    its = Called(*(names.primed(name, i) for name in called(stage)))
    moments(builder, stage, its, source, arrays, part, title)
    eps, at = stage.spec.p, along(kind)

    def normal(index: Index) -> Any:
        x = builder.entries
        return (x(source)[index] - x(its.mean)[at(index)]) / np.sqrt(x(its.variance)[at(index)] + eps)

    def scaled(index: Index) -> Any:
        x, unit = builder.entries, (0, index[1])
        return x(its.gain)[unit] * x(its.normal)[index] + x(its.shift)[unit]

    x = builder.matrix
    builder.add(
        its.normal, arrays[called(stage).normal], part, f"{title}, to mean 0 and variance 1", forms=(normal,),
        whole=(x(source) - x(its.mean)) / np.sqrt(x(its.variance) + eps), source=SOURCES[kind],
        note=f"{np.format_float_positional(eps)} is added to the variance, so that nothing is divided by 0",
    )  # fmt: skip
    builder.add(
        target, arrays[stage.target], part, f"{title}, scaled and shifted", forms=(scaled,),
        whole=x(its.gain) * x(its.normal) + x(its.shift), source=SOURCES[kind],
    )  # fmt: skip


def along(kind: str) -> Any:
    """Where the moments of a number stand: its unit's over the batch, or its row's."""
    return (lambda index: (0, index[1])) if kind == base.BATCH_NORM else (lambda index: (index[0], 0))


def line(kind: str, index: Index, shape: tuple[int, ...]) -> list[Index]:
    """The places that share moments with this one."""
    if kind == base.BATCH_NORM:
        return [(r, index[1]) for r in range(shape[0])]
    return [(index[0], k) for k in range(shape[1])]


def moments(
    builder: Builder,
    stage: Stage,
    its: Called,
    source: str,
    arrays: dict[str, np.ndarray],
    part: str,
    title: str,
) -> None:
    """Mean and variance, of each unit over the rows or of each row over the units."""
    kind, plain = stage.spec.kind, called(stage)
    shape = builder.values[source].shape
    count, add = (shape[0], "total") if kind == base.BATCH_NORM else (shape[1], "across")
    over = "rows" if kind == base.BATCH_NORM else "units"

    def mean(index: Index) -> Any:
        x = builder.entries(source)
        return add_up([x[place] for place in line(kind, index, shape)]) / float(count)

    def variance(index: Index) -> Any:
        x, m = builder.entries(source), builder.entries(its.mean)[index]
        return add_up([(x[place] - m) ** 2.0 for place in line(kind, index, shape)]) / float(count)

    x = builder.matrix
    builder.add(
        its.mean, arrays[plain.mean], part, f"{title}, the mean over the {over}", forms=(mean,),
        whole=Expr(add, x(source)) / float(count), source=SOURCES[kind],
    )  # fmt: skip
    builder.add(
        its.variance, arrays[plain.variance], part, f"{title}, the variance over the {over}", forms=(variance,),
        whole=Expr(add, (x(source) - x(its.mean)) ** 2.0) / float(count), source=SOURCES[kind],
    )  # fmt: skip


def write_back(
    builder: Builder, stage: Stage, source: str, target: str, arrays: dict[str, np.ndarray], i: int
) -> None:
    """The way back: by scales and shifts, by the normalised numbers, by what went in."""
    kind, n, d = stage.spec.kind, stage.number, f"dL/d{target}"
    where = f"layer {n}" if n else "inputs"
    by_source, shape = names.primed(f"dL/d{stage.source}", i), builder.values[target].shape
    x = builder.matrix
    if kind == base.STANDARDIZE:
        variance = called(stage).running_variance

        def below(index: Index) -> Any:
            return builder.entries(d)[index] / np.sqrt(builder.entries(variance)[0, index[1]])

        builder.add(
            by_source, arrays[f"dL/d{stage.source}"], "backward", f"{where}: through standardize", forms=(below,),
            whole=x(d) / np.sqrt(x(variance)),
        )  # fmt: skip
        return
    plain = called(stage)
    its = Called(*(names.primed(name, i) for name in plain))
    by_normal = names.primed(f"dL/d{plain.normal}", i)
    eps, at = stage.spec.p, along(kind)

    def gain(index: Index) -> Any:
        ds, us = builder.entries(d), builder.entries(its.normal)
        return add_up([ds[r, index[1]] * us[r, index[1]] for r in range(shape[0])])

    def shift(index: Index) -> Any:
        return add_up([builder.entries(d)[r, index[1]] for r in range(shape[0])])

    def unscaled(index: Index) -> Any:
        return builder.entries(d)[index] * builder.entries(its.gain)[0, index[1]]

    def through(index: Index) -> Any:
        ds, us, places = builder.entries(by_normal), builder.entries(its.normal), line(kind, index, shape)
        shared = add_up([ds[place] for place in places]) / float(len(places))
        slanted = add_up([ds[place] * us[place] for place in places]) / float(len(places))
        return (ds[index] - shared - us[index] * slanted) / np.sqrt(
            builder.entries(its.variance)[at(index)] + eps
        )

    add, count = ("total", shape[0]) if kind == base.BATCH_NORM else ("across", shape[1])
    builder.add(
        names.primed(f"dL/d{plain.gain}", i), arrays[f"dL/d{plain.gain}"], "backward",
        f"{where}: gradient of the scales", forms=(gain,), whole=Expr("total", x(d) * x(its.normal)),
        source=SOURCES[kind],
    )  # fmt: skip
    builder.add(
        names.primed(f"dL/d{plain.shift}", i), arrays[f"dL/d{plain.shift}"], "backward",
        f"{where}: gradient of the shifts", forms=(shift,), whole=Expr("total", x(d)), source=SOURCES[kind],
    )  # fmt: skip
    builder.add(
        by_normal, arrays[f"dL/d{plain.normal}"], "backward", f"{where}: before scale and shift",
        forms=(unscaled,), whole=x(d) * x(its.gain), source=SOURCES[kind],
    )  # fmt: skip
    over = "rows" if kind == base.BATCH_NORM else "units"
    builder.add(
        by_source, arrays[f"dL/d{stage.source}"], "backward", f"{where}: through {kind.replace('_', ' ')}",
        forms=(through,),
        whole=(x(by_normal) - Expr(add, x(by_normal)) / float(count)
               - x(its.normal) * (Expr(add, x(by_normal) * x(its.normal)) / float(count)))
        / np.sqrt(x(its.variance) + eps),
        source=SOURCES[kind], note=f"mean and variance depend on all {over}, so each gradient goes through all of them",
    )  # fmt: skip


def write_running(builder: Builder, stage: Stage, i: int) -> None:
    """How a batch normalisation's running numbers follow the batch of update i."""
    plain, kept = called(stage), stage.spec.momentum
    arrays, m = builder.book.passes[i].arrays, len(builder.book.X)
    batch = {"running_mean": "mean", "running_variance": "variance"}
    for name, new in batch.items():
        old, after = (names.primed(getattr(plain, name), i + j) for j in (0, 1))
        now = names.primed(getattr(plain, new), i)
        if old not in builder.values:
            builder.give(
                old, builder.book.kept[i][getattr(plain, name)], f"running {new}s behind layer {stage.number}"
            )
        factor = m / (m - 1.0) if new == "variance" and m > 1 else 1.0

        def follow(w: Any, v: Any, factor: float = factor) -> Any:
            if m == 1:
                return 1.0 * w
            return kept * w + round(1.0 - kept, 12) * (v if factor == 1.0 else v * float(m) / float(m - 1))

        def one(index: Index, old: str = old, now: str = now, follow: Any = follow) -> Any:
            return follow(builder.entries(old)[index], builder.entries(now)[index])

        builder.add(
            after, arrays[getattr(plain, name)], "update", f"layer {stage.number}: the running {new}, for predictions",
            forms=(one,), whole=follow(builder.matrix(old), builder.matrix(now)), source=SOURCES[base.BATCH_NORM],
            note="" if m > 1 else "one row has no variance: the running numbers stay",
        )  # fmt: skip
