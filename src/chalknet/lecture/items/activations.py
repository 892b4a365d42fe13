"""S14: activations and their derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet.chalk.expr import Symbol
from chalknet.lecture.items.worked import formula, number
from chalknet.maths.activations import ACTIVATIONS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

NAMES = ("sigmoid", "tanh", "relu", "leaky_relu")
PLACES = (-2.0, -1.0, 0.0, 1.0, 2.0)


def show(page: Page) -> None:
    """Formula, values and slopes of each, at a few places."""
    page.say(
        """An activation stands behind a unit's sum z. Without one, layers in a row stay one straight line
        (see `chalknet lecture xor`). Each needs its derivative for the way back."""
    )
    for name in NAMES:
        row = ACTIVATIONS[name]
        page.heading(name.replace("_", " ") + (f" ({row.p_name} {row.p:g})" if row.p_name else ""))
        page.work([formula("a", row, Symbol("z", -2.0)), formula("a", row, Symbol("z", 1.0))])
        a = [row.f(z, row.p) for z in map(np.float64, PLACES)]
        page.table(
            ["z", *map(number, PLACES)],
            [
                ("f(z)", *map(number, a)),
                ("f′(z)", *(number(row.df(np.float64(z), v, row.p)) for z, v in zip(PLACES, a, strict=True))),
            ],
            right=range(1, 6),
        )
    page.slip(
        "S14", "ReLU and leaky ReLU: x “if x ≥ 1”",
        """x if x ≥ 0. The derivative at exactly 0 is a convention: 0 for ReLU (as in the slides' own
        listing), the slope for leaky ReLU.""",
    )  # fmt: skip
    page.say(
        """Sigmoid's slope is at most 1/4 and tanh's at most 1, and both fade away on either side; ReLU's is 1
        for every z above 0, and 0 below. Softmax, the fifth of the slides, takes a whole row: see `chalknet
        lecture softmax`."""
    )

    def draw() -> Figure:
        from chalknet import plots
        from chalknet.plots.canvas import new_figure

        fig = new_figure((13.5, 7.6))
        axes = fig.subplots(2, 3).ravel()
        for ax, name in zip(axes, (*NAMES, "softmax"), strict=False):
            plots.activation(name, ax=ax)
        axes[-1].set_axis_off()
        return fig

    page.figure(draw, "The five activations of the slides with their derivatives.")
    page.next("What a slope of 1/4 does to ten layers:", "chalknet lecture vanishing")
