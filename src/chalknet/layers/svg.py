"""Small pictures for notebooks, written by hand: no script, no outside address, readable on light and dark paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

POSITIVE, NEGATIVE, UNIT = "#2a83c5", "#e0702d", "#8b95a1"
LINES = 64  # weights drawn between two columns, at most
MOST_COLUMNS = 9
POINTS = 160  # of a curve


class Column(NamedTuple):
    """A column of units: how many, and what is written above."""

    size: int
    label: str


def text(
    x: float, y: float, words: str, *, anchor: str = "middle", size: int = 11, colour: str = "currentColor"
) -> str:
    """One line of text."""
    place = f'x="{x:.5g}" y="{y:.5g}" text-anchor="{anchor}"'
    return f'<text {place} font-size="{size}" fill="{colour}">{escape(words)}</text>'


def svg(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """The picture as an element that stands by itself."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.5g} {height:.5g}" width="{width:.5g}" '
        f'height="{height:.5g}" role="img" font-family="sans-serif" style="max-width:100%">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def shown(n: int, limit: int) -> list[int | None]:
    """The units of a column that are drawn, None for a gap.

    >>> shown(3, 6), shown(100, 6)
    ([0, 1, 2], [0, 1, 2, None, 98, 99])
    """
    if n <= limit:
        return list(range(n))
    head = (limit - 1) - (limit - 1) // 2
    return [*range(head), None, *range(n - (limit - 1 - head), n)]


def network(columns: Sequence[Column], weights: Sequence[np.ndarray]) -> str:
    """Columns of units with their weights as lines, wider and stronger the larger they are.

    Args:
        columns: the inputs and each layer of weights, k + 1 of them; those in the middle of many are left out.
        weights: (n_in, n_out) of each layer, k.
    """
    limit = max(3, math.isqrt(LINES if len(columns) <= 5 else LINES // 2))
    kept: list[int | None] = [*shown(len(columns), MOST_COLUMNS)]
    across, up, top = 104.0, 22.0, 34.0
    tall = max(min(c.size, limit) for c in columns)
    place = {i: 56.0 + across * k for k, i in enumerate(kept) if i is not None}
    rows = {i: shown(columns[i].size, limit) for i in place}

    def height(i: int, slot: int) -> float:
        return top + up * (tall / 2 + slot - (len(rows[i]) - 1) / 2)

    lines: list[str] = []
    marks: list[str] = []
    for i, x in place.items():
        for slot, unit in enumerate(rows[i]):
            y = height(i, slot)
            marks.append(
                text(x, y + 4, "⋮", size=14)
                if unit is None
                else f'<circle cx="{x:.5g}" cy="{y:.5g}" r="6" fill="{UNIT}" stroke="currentColor"/>'
            )
        words, _, more = columns[i].label.partition("\n")
        marks += [text(x, 14, words), text(x, 27, more)]
        if i + 1 in place:
            lines += _lines(weights[i], (x, place[i + 1]), rows[i], rows[i + 1], height, i)
    if None in kept:
        marks.append(text(56.0 + across * kept.index(None), top + up * tall / 2 + 4, "⋯", size=18))
    what = " → ".join(str(c.size) for c in columns)
    wide, high = 112.0 + across * (len(kept) - 1), top + up * (tall + 1) + 12.0
    marks.append(text(wide / 2 - 4, high - 4, "weights: positive", anchor="end", size=10, colour=POSITIVE))
    marks.append(text(wide / 2 + 4, high - 4, "negative", anchor="start", size=10, colour=NEGATIVE))
    return svg(wide, high, f"Network {what}", [*lines, *marks])


def _lines(
    W: np.ndarray,
    ends: tuple[float, float],
    left: list[int | None],
    right: list[int | None],
    height: Callable[[int, int], float],
    i: int,
) -> Iterable[str]:
    largest = float(np.abs(W[np.isfinite(W)]).max(initial=0.0)) or 1.0
    for a, j in enumerate(left):
        for b, k in enumerate(right):
            if j is None or k is None:
                continue
            share = abs(W[j, k]) / largest
            share = share if np.isfinite(share) else 1.0
            yield (
                f'<path d="M{ends[0]:.5g} {height(i, a):.5g}L{ends[1]:.5g} {height(i + 1, b):.5g}" '
                f'stroke="{POSITIVE if W[j, k] >= 0 else NEGATIVE}" stroke-width="{0.4 + 2.6 * share:.2f}" '
                f'opacity="{0.15 + 0.75 * share:.2f}"/>'
            )


def curve(losses: Sequence[float], scores: Sequence[float] = ()) -> str:
    """The loss of each epoch, and on an axis of its own the validation score.

    Losses stand on a logarithmic axis where they stay positive and span more than a factor of 30.
    """
    width, height, left, right, top, bottom = 400.0, 210.0, 58.0, 58.0 if len(scores) else 14.0, 26.0, 34.0
    finite = [v for v in losses if math.isfinite(v)]
    log = bool(finite) and min(finite) > 0.0 and max(finite) > 30.0 * min(finite)
    frame = (left, width - right, height - bottom, top)
    last = max(len(losses), len(scores), 2)
    parts = [
        f'<path d="M{left} {top}V{height - bottom}H{width - right}" fill="none" stroke="currentColor" opacity=".5"/>',
        text((left + width - right) / 2, height - 4, "epoch"),
        text(left, height - bottom + 14, "1"),
        text(width - right, height - bottom + 14, str(last)),
        text(left - 50, 14, "training loss", anchor="start", colour=POSITIVE),
    ]
    parts += _series(losses, frame, last, POSITIVE, left - 6, "end", log=log)
    if len(scores):
        parts.append(text(width - 6, 14, "validation score", anchor="end", colour=NEGATIVE))
        parts += _series(scores, frame, last, NEGATIVE, width - right + 6, "start", log=False)
    return svg(width, height, f"Learning curve over {len(losses)} epochs", parts)


def _series(
    values: Sequence[float],
    frame: tuple[float, ...],
    last: int,
    colour: str,
    at: float,
    anchor: str,
    *,
    log: bool,
) -> Iterable[str]:
    """A line with the numbers of its axis."""
    y = np.asarray(values, float)
    x = np.arange(1, len(y) + 1)
    keep = np.isfinite(y)
    x, y = x[keep], y[keep]
    if not len(y):
        return
    if len(y) > POINTS:
        pick = np.unique(np.linspace(0, len(y) - 1, POINTS).round().astype(int))
        x, y = x[pick], y[pick]
    scaled = np.log10(y) if log else y
    low, high = float(scaled.min()), float(scaled.max())
    if high == low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    x0, x1, y0, y1 = frame
    px = x0 + (x - 1) / (last - 1) * (x1 - x0)
    py = y0 + (scaled - low) / (high - low) * (y1 - y0)
    points = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(px, py, strict=True))
    yield f'<path d="M{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
    if len(y) == 1:
        yield f'<circle cx="{px[0]:.1f}" cy="{py[0]:.1f}" r="3" fill="{colour}"/>'
    for share in (0.0, 0.5, 1.0):
        value = low + share * (high - low)
        yield text(
            at, y0 + share * (y1 - y0) + 4, f"{10**value if log else value:.3g}", anchor=anchor, size=10
        )
