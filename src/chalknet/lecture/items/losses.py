"""S18: loss functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet.chalk.expr import Symbol
from chalknet.lecture.items.worked import formula, number
from chalknet.maths.losses import LOSSES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

NUMBERS = ("squared_error", "absolute_error", "huber", "log_cosh", "quantile", "poisson")
CLASSES = ("binary_cross_entropy", "focal", "squared_error", "absolute_error")
MARGINS = ("hinge", "squared_hinge")
ROWS = ("categorical_cross_entropy", "kl_divergence")


def title(name: str) -> str:
    """A loss's name in words, with its shape parameter."""
    row = LOSSES[name]
    return name.replace("_", " ") + (f" ({row.p_name} {row.p:g})" if row.p_name else "")


def side_by_side(
    page: Page, names: tuple[str, ...], y: float, answers: tuple[float, ...], answer: str
) -> None:
    """Worked lines for the first answer, and a table of loss and slope for all."""
    for name in names:
        page.work([formula("l", LOSSES[name], Symbol("y", y), Symbol("a", answers[0]))], label=title(name))
    body = []
    for name in names:
        row = LOSSES[name]
        cells = [
            (row.f(np.float64(y), np.float64(a), row.p), row.df(np.float64(y), np.float64(a), row.p))
            for a in answers
        ]
        body.append((title(name), *(f"{number(loss, 3)}  ({number(slope, 3)})" for loss, slope in cells)))
    page.table(
        [f"y = {number(y)}", *(f"{answer} = {number(a)}" for a in answers)],
        body,
        right=range(1, len(answers) + 1),
    )


def show(page: Page) -> None:
    """What each loss makes of the same answers."""
    page.say(
        """A loss turns an answer and the truth into one number; its slope (in brackets in the tables) is what
        goes back."""
    )
    page.heading("Numbers: y = 3")
    side_by_side(page, NUMBERS, 3.0, (5.0, 2.5, 30.0), "ŷ")
    page.say(
        """For the far answer ŷ = 30 squared error has the largest slope, so one outlier can lead the whole
        descent; absolute error, Huber and log-cosh bound it. Quantile with 0.9 would make answers below y
        cost nine times those above."""
    )
    page.heading("Two classes: y = 1, ŷ a probability")
    side_by_side(page, CLASSES, 1.0, (0.9, 0.5, 0.01), "ŷ")
    page.say(
        """For the answer 0.01, sure and wrong, cross-entropy has a slope of −100 and gets the unit moving;
        squared error has −1.98, of which a sigmoid behind it leaves next to nothing."""
    )
    page.slip(
        "S18", "MSE and MAE stand in a list of losses “designed for classification”",
        """they are losses for numbers, as the slide itself adds; they can be used for classes, and learn
        slowly there""",
    )  # fmt: skip
    page.heading("Margins: y = 1 or −1, ŷ any number")
    side_by_side(page, MARGINS, 1.0, (0.25, 2.0, -1.0), "ŷ")
    page.heading("Several classes: one line an output, summed over the row")
    page.say("One-hot y = [0, 1, 0] and ŷ = [0.2, 0.7, 0.1]: only the true class's term is not 0.")
    for name in ROWS:
        page.work([formula("l", LOSSES[name], Symbol("y", 1.0), Symbol("a", 0.7))], label=title(name))
    page.say(
        """Sparse categorical cross-entropy is the same number; it takes y as a class number (1) where
        categorical takes it one-hot ([0, 1, 0])."""
    )
    every = ", ".join(name.replace("_", " ") for name in LOSSES)
    page.say(f"All that chalknet has: {every}.")

    def draw() -> Figure:
        from chalknet.plots.canvas import new_figure

        fig = new_figure((12, 4.8))
        left, right = fig.subplots(1, 2)
        for ax, names, y, a in (
            (left, NUMBERS[:5], 0.0, np.linspace(-4, 4, 401)),
            (right, (*CLASSES, *MARGINS[:1]), 1.0, np.linspace(0.01, 0.99, 300)),
        ):
            for name in names:
                row = LOSSES[name]
                ax.plot(a, row.f(np.full_like(a, y), a, row.p), label=title(name))
            ax.set(xlabel="ŷ", ylabel="loss")
            ax.grid(True)
            ax.legend()
        left.set(title="numbers: y = 0", ylim=(0, 8))
        right.set(title="two classes: y = 1")
        return fig

    page.figure(draw, "Losses for numbers and for classes over the answer.")
    page.next(
        "Softmax and cross-entropy in one, with the shortest derivative of all:",
        "chalknet lecture cross-entropy",
    )
