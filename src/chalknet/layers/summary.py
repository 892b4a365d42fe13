"""A table of layers, as rich draws it."""

from __future__ import annotations

from collections.abc import Sequence

from chalknet.layers.base import Layer
from chalknet.layers.dense import Dense


def print_summary(layers: Sequence[Layer], title: str = "Network") -> None:
    """Print each layer, the shape of its output and how many parameters it has, and their sum and size."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", show_footer=True)
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    total = sum(layer.weights.size + layer.biases.size for layer in dense)
    memory = sum(layer.weights.nbytes + layer.biases.nbytes for layer in dense)
    table.add_column("layer", footer="in all")
    table.add_column("output", justify="right")
    table.add_column("parameters", justify="right", footer=f"{total:,}")
    table.add_column("as", footer=f"{memory / 1024:,.1f} KiB of {dense[0].dtype}")
    width = dense[0].n_in
    for layer in layers:
        count, made_of = "", ""
        if isinstance(layer, Dense):
            width = layer.n_out
            count = f"{layer.weights.size + layer.biases.size:,}"
            made_of = f"{layer.n_in} × {layer.n_out} weights + {layer.n_out} biases"
        table.add_row(repr(layer), f"(rows, {width})", count, made_of)
    Console().print(table)
