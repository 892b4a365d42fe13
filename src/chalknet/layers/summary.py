"""What layers show of themselves: a table in the terminal, a picture in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalknet.layers import svg
from chalknet.layers.activation import ActivationLayer
from chalknet.layers.base import Layer
from chalknet.layers.dense import Dense
from chalknet.layers.learned import Learned
from chalknet.layers.normalization import Moments

BATCH = 32  # rows, where nothing else is known


def print_summary(
    layers: Sequence[Layer],
    title: str = "Network",
    *,
    batch_size: int = BATCH,
    slots: int = 0,
    optimizer: str = "",
) -> None:
    """Print each layer, the shape of its output, its parameters, and what memory they take, in training too.

    Args:
        layers: of a network.
        title: of the table.
        batch_size: rows in an update.
        slots: how many numbers the optimizer keeps for each parameter, and its name.
        optimizer: its name.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", show_footer=True)
    numbers = [counts(layer) for layer in layers]
    dtype: Any = next(layer.dtype for layer in layers if isinstance(layer, Dense))
    total = sum(learned for learned, _, _ in numbers)
    kept = sum(beside for _, beside, _ in numbers)
    table.add_column("layer", footer="in all")
    table.add_column("output", justify="right")
    table.add_column("parameters", justify="right", footer=f"{total:,}")
    table.add_column("as", footer=f"{size(total * dtype.itemsize)} of {dtype}")
    inputs, width, passed = next(one.n_in for one in layers if isinstance(one, Dense)), 0, 0
    for layer, (learned, beside, made_of) in zip(layers, numbers, strict=True):
        width = getattr(layer, "n_out", width) or width
        width = width or inputs  # an activation before the first layer that knows its width
        passed += width
        table.add_row(repr(layer), f"(rows, {width})", f"{learned:,}" if learned or beside else "", made_of)
    console = Console()
    console.print(table)
    parts = [f"gradient {size(total * dtype.itemsize)}"]
    if slots:
        parts.append(f"{optimizer or 'optimizer'} {size(slots * total * dtype.itemsize)}")
    rows = (inputs + 2 * passed) * batch_size * dtype.itemsize  # each layer's output and its derivative
    parts.append(f"a batch of {batch_size} rows {size(rows)}")
    if kept:
        parts.append(f"kept moments {size(kept * dtype.itemsize)}")
    console.print(f"  in training also: {', '.join(parts)}", highlight=False)


def counts(layer: Layer) -> tuple[int, int, str]:
    """How many numbers a layer learns, how many it keeps beside them, and what they are."""
    learned = layer.weights.size + layer.biases.size if isinstance(layer, Learned) else 0
    kept = 2 * layer.n_out if isinstance(layer, Moments) else 0
    if isinstance(layer, Dense):
        return learned, kept, f"{layer.n_in} × {layer.n_out} weights + {layer.n_out} biases"
    words = [f"{layer.n_out} scales + {layer.n_out} shifts"] if isinstance(layer, Learned) else []
    words += [f"{layer.n_out} means + {layer.n_out} variances kept"] if isinstance(layer, Moments) else []
    return learned, kept, ", ".join(words)


def size(n: int) -> str:
    """Bytes for people.

    >>> size(800), size(15_000), size(3 << 20)
    ('0.8 KiB', '14.6 KiB', '3.0 MiB')
    """
    return f"{n / 1024:,.1f} KiB" if n < 1 << 20 else f"{n / (1 << 20):,.1f} MiB"


def picture(layers: Sequence[Layer], losses: Sequence[float], scores: Sequence[float] = ()) -> str:
    """The layers and the learning curve as HTML that stands by itself: inline SVG, nothing from elsewhere."""
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    columns, last = [svg.Column(dense[0].n_in, "input\n" + str(dense[0].n_in))], -1
    behind: list[list[str]] = [[] for _ in dense]
    for layer in layers:
        if isinstance(layer, Dense):
            last += 1
        elif isinstance(layer, ActivationLayer) and last >= 0:
            behind[last].append(layer.name.replace("_", " "))
    for i, layer in enumerate(dense):
        where = "output" if i == len(dense) - 1 else f"hidden {i + 1}"
        words = " ".join([str(layer.n_out), *(["×", *behind[i]] if behind[i] else [])])
        columns.append(svg.Column(layer.n_out, f"{where}\n{words}"))
    drawn = [svg.network(columns, [layer.weights for layer in dense])]
    if len(losses):
        drawn.append(svg.curve(losses, scores))
    return f'<div style="display:flex;flex-wrap:wrap;gap:1em;align-items:center">{"".join(drawn)}</div>'
