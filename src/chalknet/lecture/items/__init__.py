"""The lecture, runnable: one module an item, each with ``show(page)``, in the lecture's order in the table below.

>>> ITEMS["descent"].slides
('S6',)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chalknet.lecture.items.page import Page


class Item(NamedTuple):
    """A name that a student would type, the slides it belongs to, and what is shown."""

    name: str
    slides: tuple[str, ...]
    title: str

    def show(self, page: Page) -> None:
        """Work the item out, part by part."""
        import_module(f"{__name__}.{self.name.replace('-', '_')}").show(page)


ITEMS: dict[str, Item] = {
    item.name: item
    for item in (
        Item("network", ("S1",), "A neural network: layers of units, counted and drawn"),
        Item("step", ("S2",), "The perceptron: a weighted sum and a step"),
        Item("sigmoid", ("S3",), "The sigmoid perceptron: learning from the squared error, one sample at a time"),
        Item("line", ("S4",), "What w and b do: one turns the decision line, the other shifts it"),
        Item("batches", ("S5",), "Batch, mini-batch and stochastic gradient descent on the same data"),
        Item("descent", ("S6",), "Gradient descent on one weight: why α is needed, and how large it may be"),
        Item("xor", ("S7",), "XOR: no line can split it, a hidden layer can"),
        Item("forward", ("S8", "S9"), "The forward pass, neuron by neuron and as matrices"),
        Item("backward", ("S9", "S10"), "The backward pass: every gradient of the worked example, and one step"),
        Item("dense", ("S11",), "The class Dense: the same numbers from a few lines of Python"),
        Item("mse", ("S12",), "Mean squared error and its derivative: where the 2 and the 1/N come from"),
        Item("blobs", ("S13",), "Training on 100 points: why it overflows as printed, and two cures"),
        Item("activations", ("S14",), "Sigmoid, tanh, ReLU, leaky ReLU and softmax with their derivatives"),
        Item("vanishing", ("S14",), "Vanishing gradients, measured layer by layer"),
        Item("relu", ("S14", "S15"), "Dying ReLU: the network whose every unit dies, and one that learns"),
        Item("boundary", ("S16",), "The decision boundary: asking the network at every point of a mesh"),
        Item("softmax", ("S17",), "Softmax: from outputs to probabilities, and the map of them"),
        Item("losses", ("S18",), "Loss functions: what each makes of the same mistake"),
        Item("cross-entropy", ("S19",), "Softmax and cross-entropy in one: ŷ − y, without overflow"),
        Item("regression", ("S20",), "Regression: the same network, a number for an answer"),
        Item("tables", ("S21",), "A table with gaps and categories: penguins"),
        Item("digits", ("S21",), "Images: handwritten digits, what the first layer looks for, what is misread"),
        Item("text", ("S21",), "Language: sorting short texts by their words"),
    )
}  # fmt: skip


def find(name: str) -> Item | None:
    """The item of that name, or the first that belongs to that slide.

    >>> find("S9").name, find("nothing")
    ('forward', None)
    """
    return ITEMS.get(name) or next((i for i in ITEMS.values() if name.upper() in i.slides), None)
