"""S4: what the weights and the bias do to the decision line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet.lecture.items.worked import number, vector

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chalknet.lecture.items.page import Page

TURNS = ((1.0, 0.0), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0), (-1.0, 1.0))  # weights at b = 0
SHIFTS = (-2.0, -1.0, 0.0, 1.0, 2.0)  # biases at w = [1, 1]


def facts(w: tuple[float, float], b: float) -> tuple[str, ...]:
    """What can be said about the line w₁x₁ + w₂x₂ + b = 0."""
    cuts = ["never" if weight == 0 else number(-b / weight) for weight in w]
    angle = np.degrees(np.arctan2(w[1], w[0]))
    return vector(w), number(b), *cuts, f"{number(angle, 1)}°", number(-b / np.hypot(*w))


def show(page: Page) -> None:
    """Lines for several w, and for several b."""
    page.say(
        """A unit answers 1 where w₁x₁ + w₂x₂ + b ≥ 0. The border is the line where the sum is exactly 0. w
        stands at a right angle on it and points to the side of the 1s; so another w turns the line. b moves
        it along w without turning it: it lies at −b/|w| from the origin."""
    )
    header = ["w", "b", "cuts the x₁ axis at", "the x₂ axis at", "direction of w", "distance from 0"]
    page.heading("w turns (b = 0)")
    page.table(header, [facts(w, 0.0) for w in TURNS], right=range(1, 6))
    page.heading("b shifts (w = [1, 1])")
    page.table(header, [facts((1.0, 1.0), b) for b in SHIFTS], right=range(1, 6))
    page.say("Twice w and twice b is the same line: only the sigmoid behind it becomes steeper.")

    def draw() -> Figure:
        from chalknet.plots.canvas import new_figure

        fig = new_figure((10.5, 5))
        turned, shifted = fig.subplots(1, 2)
        draw_lines(turned, [(w, 0.0) for w in TURNS], "w turns the line (b = 0)", "w")
        draw_lines(shifted, [((1.0, 1.0), b) for b in SHIFTS], "b shifts the line (w = [1, 1])", "b")
        return fig

    page.figure(draw, "Decision lines for several w and for several b; arrows point to the side of the 1s.")
    page.next(
        "Find w and b of a unit that answers 1 only for x = [1, 1], and compare.", "chalknet lecture step"
    )


def draw_lines(ax: Axes, units: list[tuple[tuple[float, float], float]], title: str, which: str) -> None:
    """One line a unit, with its w as an arrow from the line."""
    from chalknet.plots.style import look

    chosen = look(None, ax)
    for i, (w, b) in enumerate(units):
        normal = np.array(w) / np.hypot(*w)
        foot = -b / np.hypot(*w) * normal  # the line's point nearest to the origin
        along = np.array([-normal[1], normal[0]])
        ends = foot + np.outer([-8, 8], along)
        label = f"w = {vector(w)}" if which == "w" else f"b = {number(b)}"
        ax.plot(ends[:, 0], ends[:, 1], color=chosen.colour(i), label=label)
        start = foot + (2.0 + 0.45 * i if which == "w" else 0.0) * along
        arrow = {"arrowstyle": "-|>", "color": chosen.colour(i), "lw": 1.6}
        ax.annotate("", start + 0.7 * normal, start, arrowprops=arrow)
    ax.set(xlim=(-4, 4), ylim=(-4, 4), aspect="equal", xlabel="x₁", ylabel="x₂", title=title)
    ax.grid(True)
    ax.legend(loc="lower left", fontsize="small")
