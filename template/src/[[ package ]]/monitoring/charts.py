"""Small drawings for one page: inline SVG, readable in print and without colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .html import Markup, join, tag
from .stats import Shares

COLOURS = {
    "ok": "#2f7d4f",
    "investigate": "#b7791f",
    "pause": "#c2570c",
    "rollback": "#b42318",
    "waiting": "#8a94a6",
    "unknown": "#5b6472",
}
KNOWN, NOW = "#b8c2d0", "#2b5797"


def bars(pair: Shares, width: int = 220, height: int = 64) -> Markup:
    """Two distributions over the same bins: wide pale bars the reference, slim dark ones the present."""
    step = width / len(pair.labels)
    top = max(float(pair.reference.max()), float(pair.current.max()), 1e-9)
    drawn = []
    for place, (known, now) in enumerate(zip(pair.reference, pair.current, strict=True)):
        label = tag("title", f"{pair.labels[place]}: {known:.1%} then, {now:.1%} now")
        then = _bar(place * step + 1, known / top, step - 2, height, KNOWN)
        present = _bar(place * step + step * 0.3, now / top, step * 0.4, height, NOW)
        drawn.append(tag("g", label, then, present))
    line = tag("line", x1=0, y1=height, x2=width, y2=height, stroke="#8a94a6")
    return _svg(width, height + 1, "distribution then and now", *drawn, line)


def scale(value: float | None, limits: Mapping[str, float], level: str, width: int = 180) -> Markup:
    """Where a value stands between zero and its limits."""
    ends = [*limits.values(), value or 0.0]
    top = max(max(ends) * 1.15, 1e-9)
    track = tag("rect", x=0, y=5, width=width, height=8, rx=4, fill="#edf0f4")
    ticks = [
        tag(
            "rect",
            tag("title", f"{name} from {limit:g}"),
            x=_at(limit, top, width),
            y=2,
            width=2,
            height=14,
            fill=COLOURS[name],
        )
        for name, limit in limits.items()
    ]
    if value is None:
        return _svg(width, 18, "unknown", track, *ticks)
    filled = max(_at(max(value, 0.0), top, width), 2.0)
    bar = tag("rect", x=0, y=5, width=f"{filled:.1f}", height=8, rx=4, fill=COLOURS[level])
    return _svg(width, 18, f"{value:.3g}", track, bar, *ticks)


def trend(looks: Sequence[Mapping[str, Any]], width: int = 420) -> Markup:
    """The last looks, oldest left, as steps of their level."""
    levels = ("ok", "investigate", "pause", "rollback")
    shown = looks[-40:]
    step = min(width / max(len(shown), 1), 24)
    drawn = []
    for place, look in enumerate(shown):
        rank = levels.index(look["level"])
        words = tag("title", f"{look['as_of']}: {look['level']}, release {look['version']}")
        size = {"width": f"{max(step - 2, 1):.1f}", "height": 10 + rank * 12, "fill": COLOURS[look["level"]]}
        drawn.append(tag("rect", words, x=f"{place * step:.1f}", y=46 - 10 - rank * 12, rx=1, **size))
    return _svg(width, 47, "levels of the last looks", *drawn)


def reliability(scores: NDArray[Any], answers: NDArray[Any], size: int = 170) -> Markup:
    """What the model expected against what happened, in fifths of its scores."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, 6)))
    places = np.clip(np.searchsorted(edges, scores, "right") - 1, 0, max(len(edges) - 2, 0))
    dots = []
    for place in np.unique(places):
        part = places == place
        expected, happened = float(scores[part].mean()), float(answers[part].mean())
        words = tag("title", f"expected {expected:.1%}, happened {happened:.1%}, {int(part.sum())} outcomes")
        x, y = f"{expected * size:.1f}", f"{(1 - happened) * size:.1f}"
        dots.append(tag("circle", words, cx=x, cy=y, r=5, fill=NOW))
    frame = tag("rect", x=0.5, y=0.5, width=size - 1, height=size - 1, fill="none", stroke="#d5dbe3")
    line = tag("line", x1=0, y1=size, x2=size, y2=0, stroke="#8a94a6", stroke_dasharray="4 3")
    return _svg(size, size, "expected against happened", frame, line, *dots)


def _svg(width: float, height: float, label: str, *children: Markup) -> Markup:
    box = f"0 0 {width:g} {height:g}"
    return tag("svg", join(children), viewBox=box, width=width, height=height, role="img", aria_label=label)


def _bar(x: float, share: float, width: float, height: float, colour: str) -> Markup:
    size = max(share * height, 0.0)
    place = {
        "x": f"{x:.1f}",
        "y": f"{height - size:.1f}",
        "width": f"{max(width, 0.5):.1f}",
        "height": f"{size:.1f}",
    }
    return tag("rect", fill=colour, **place)


def _at(value: float, top: float, width: float) -> float:
    return round(value / top * width, 1)
