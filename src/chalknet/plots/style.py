"""Looks: the colours, sizes and markers that every figure shares.

Three looks, chosen in each function by ``style=``:

- ``"light"``: white paper, the colours of Okabe and Ito, which remain apart for colour-blind readers;
- ``"dark"``: the same hues, lightened for a dark background;
- ``"lecture"``: the slides' own, Matplotlib's ``RdYlBu`` in 25 levels at ``alpha=0.8``.

Without ``style`` the background decides: on dark axes (or under ``plt.style.use("dark_background")``) the dark
look is taken, else the light one.

Source of the colours: M. Okabe and K. Ito, *Color Universal Design* (2008); the wine red and teal that extend
them: P. Tol, *Colour Schemes* (2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from chalknet.maths.table import find

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")  # a second sign beside the colour, one a class
DASHES = ("-", "--", "-.", ":")


class Look(NamedTuple):
    """Everything in which two looks differ."""

    name: str
    paper: str  # background
    ink: str  # text, axes, borders between regions
    muted: str  # what should step back: grids, ticks, notes
    cycle: tuple[str, ...]  # one colour a class, layer or curve
    diverging: str | tuple[str, ...]  # negative, zero, positive: a colormap's name or its colours
    sequential: str | tuple[str, ...]  # little to much
    levels: int  # of filled contours
    alpha: float  # strength of regions, so that points stand out on them
    slides: bool = False  # drawn as the lecture's slides draw it

    def colour(self, index: int) -> str:
        """The colour of class, layer or curve number ``index``; the cycle starts again after its end."""
        return self.cycle[index % len(self.cycle)]

    def class_colours(self, count: int) -> list[Any]:
        """``count`` colours for classes.

        For two the ends of the diverging colormap, so that they fit a map of probabilities; for more the cycle.
        The lecture's look takes all from its colormap.
        """
        if count <= 2 or self.slides:
            return [self.diverging_map()(k / max(count - 1, 1)) for k in range(count)]
        return [self.colour(k) for k in range(count)]

    def diverging_map(self) -> Colormap:
        """Colormap whose middle means zero (or one half)."""
        return _colormap(self.diverging, f"chalknet-{self.name}-diverging")

    def sequential_map(self) -> Colormap:
        """Colormap from the paper's colour to a strong one."""
        return _colormap(self.sequential, f"chalknet-{self.name}-sequential")

    def fill(self, cmap: Colormap) -> dict[str, Any]:
        """How to fill contours with a colormap at this look's strength.

        The lecture's look is transparent, as the slides have it; the others mix the colours with the paper before,
        since two transparent levels would overlap in hairlines.
        """
        from matplotlib.colors import ListedColormap

        if self.slides:
            return {"cmap": cmap, "alpha": self.alpha}
        return {
            "cmap": ListedColormap([self.mix(c, self.alpha) for c in cmap(range(256))], f"{cmap.name}-pale")
        }

    def mix(self, colour: Any, share: float) -> tuple[float, ...]:
        """That share of a colour, and the rest paper."""
        from matplotlib.colors import to_rgb

        pairs = zip(to_rgb(colour), to_rgb(self.paper), strict=True)
        return tuple(share * c + (1 - share) * p for c, p in pairs)

    def rc(self) -> dict[str, Any]:
        """Matplotlib's settings for a figure of this look."""
        return {
            "figure.facecolor": self.paper,
            "axes.facecolor": self.paper,
            "savefig.facecolor": "auto",
            "text.color": self.ink,
            "axes.labelcolor": self.ink,
            "axes.titlecolor": self.ink,
            "axes.edgecolor": self.muted,
            "xtick.color": self.muted,
            "ytick.color": self.muted,
            "xtick.labelcolor": self.ink,
            "ytick.labelcolor": self.ink,
            "grid.color": self.muted,
            "grid.alpha": 0.25,
            "legend.facecolor": self.paper,
            "legend.edgecolor": self.muted,
            "legend.framealpha": 0.9,
            "axes.prop_cycle": _cycler(self.cycle),
        }


SIZES = {  # readable in a report's column and on a slide
    "font.size": 11.0,
    "axes.titlesize": 13.0,
    "axes.labelsize": 12.0,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "legend.fontsize": 10.5,
    "lines.linewidth": 2.0,
    "figure.constrained_layout.w_pad": 0.08,  # inches
    "figure.constrained_layout.h_pad": 0.08,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

_LIGHT = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#882255",
    "#44AA99",
    "#555555",
    "#B5A900",
)
_DARK = (
    "#56B4E9",
    "#F58A3C",
    "#1FA37A",
    "#E39AC3",
    "#F0E442",
    "#9CD3F5",
    "#D8648F",
    "#7FD6C7",
    "#BBBBBB",
    "#D9A441",
)

LOOKS: dict[str, Look] = {
    look.name: look
    for look in (
        Look(
            "light", paper="#FFFFFF", ink="#1F2328", muted="#6B7280", cycle=_LIGHT,
            diverging=("#A84300", "#E9A06B", "#F4F2EF", "#74AFD3", "#005587"),
            sequential=("#FFFFFF", "#8DBDDB", "#0072B2", "#003A5C"), levels=25, alpha=0.65,
        ),
        Look(
            "dark", paper="#1B1F24", ink="#ECEAE4", muted="#9AA3AD", cycle=_DARK,
            diverging=("#FFAE70", "#B4622A", "#2B3037", "#2F7DAE", "#7CC8F5"),
            sequential=("#1B1F24", "#1F4E6E", "#3E93C4", "#A8DBFA"), levels=25, alpha=0.5,
        ),
        Look(
            "lecture", paper="#FFFFFF", ink="#000000", muted="#555555", cycle=_LIGHT,
            diverging="RdYlBu", sequential="Blues", levels=25, alpha=0.8, slides=True,
        ),
    )
}  # fmt: skip


def look(style: str | None = None, ax: Axes | Figure | None = None) -> Look:
    """The look of that name, or without a name the one that fits the background.

    Args:
        style: ``"light"``, ``"dark"``, ``"lecture"``, or None: dark on a dark background, else light.
        ax: axes (or a figure) whose background decides; without them Matplotlib's present setting does.

    Raises:
        UnknownNameError: no look has that name.
        ImportError: Matplotlib is not installed.

    >>> look("lecture").levels, look("lecture").alpha
    (25, 0.8)
    """
    if find_spec("matplotlib") is None:
        raise ImportError(
            "figures are drawn by Matplotlib, which is missing; install it: pip install 'chalknet[plots]'"
        )
    if style is None:
        return LOOKS["dark" if _is_dark(ax) else "light"]
    return find("style", style, LOOKS, {})


def readable_on(background: Any) -> str:
    """Black or white, whichever reads better on that colour.

    The limit is where both have the same contrast under WCAG 2.2's formula, (1.05)/(L + 0.05) = (L + 0.05)/0.05.

    >>> readable_on("#003A5C"), readable_on("#F0E442")
    ('#FFFFFF', '#000000')
    """
    return "#000000" if luminance(background) > 0.179 else "#FFFFFF"


def luminance(colour: Any) -> float:
    """Relative luminance of a colour, 0 (black) to 1 (white).

    Y = 0.2126 R + 0.7152 G + 0.0722 B of linear light, as WCAG 2.2 defines it.

    >>> luminance("white"), luminance("black")
    (1.0, 0.0)
    """
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return round(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2], 9)


def _is_dark(ax: Axes | Figure | None) -> bool:
    from matplotlib import rcParams
    from matplotlib.colors import to_rgba

    colours = [rcParams["figure.facecolor"]]
    if ax is not None:  # the uppermost that is not transparent is what one sees
        colours = [ax.get_facecolor(), ax.figure.get_facecolor(), *colours]
    seen = next((c for c in colours if to_rgba(c)[3] > 0.5), "white")
    return luminance(seen) < 0.179


def _colormap(colours: str | Sequence[str], name: str) -> Colormap:
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    if isinstance(colours, str):
        return matplotlib.colormaps[colours]
    return LinearSegmentedColormap.from_list(name, list(colours))


def _cycler(colours: Sequence[str]) -> Any:
    from cycler import cycler

    return cycler(color=list(colours))
