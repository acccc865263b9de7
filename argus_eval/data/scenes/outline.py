"""Outlines that drawings are made of, in unit coordinates: x and y in [-1, 1], y down.

Sines and cosines may differ in the last bit between platforms; coordinates are rounded to 1/4096 so that the
difference never reaches a pixel.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from argus_eval.data.scenes.raster import Point

__all__ = [
    "Paint",
    "Part",
    "Outline",
    "path",
    "ellipse",
    "rectangle",
    "rounded",
    "regular",
    "star",
    "sector",
    "band",
]

Outline = tuple[Point, ...]

#: What a part is painted with: ``main`` carries the object's colour and texture, ``trim`` a shade of it, the
#: others a fixed colour.
Paint = Literal["main", "trim", "dark", "light", "glass", "wood", "metal", "leaf", "warm", "stem"]


class Part(NamedTuple):
    """One filled outline of a drawing; later parts cover earlier ones."""

    outline: Outline
    paint: Paint
    hollow: bool = False  #: the first half of the points is the outer edge, the second the edge of a hole


def _grid(x: float, y: float) -> Point:
    return round(x * 4096) / 4096, round(y * 4096) / 4096


def path(points: str) -> Outline:
    """An outline as SVG writes one: ``x,y x,y …``."""
    corners = (point.split(",") for point in points.split())
    return tuple((float(x), float(y)) for x, y in corners)


def ellipse(x: float, y: float, rx: float, ry: float, points: int = 36) -> Outline:
    """An ellipse around ``(x, y)``."""
    turns = (2 * math.pi * k / points for k in range(points))
    return tuple(_grid(x + rx * math.cos(t), y + ry * math.sin(t)) for t in turns)


def rectangle(x1: float, y1: float, x2: float, y2: float) -> Outline:
    """A rectangle by two corners."""
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def rounded(x1: float, y1: float, x2: float, y2: float, radius: float) -> Outline:
    """A rectangle with round corners."""
    corners = (
        (x2 - radius, y1 + radius, -0.5),
        (x2 - radius, y2 - radius, 0.0),
        (x1 + radius, y2 - radius, 0.5),
        (x1 + radius, y1 + radius, 1.0),
    )
    points = []
    for x, y, start in corners:
        for step in range(7):
            angle = math.pi * (start + step / 12)
            points.append(_grid(x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return tuple(points)


def regular(sides: int, turn: float = 0.0, radius: float = 1.0) -> Outline:
    """A regular polygon with a corner at the top, turned clockwise by ``turn`` of a full turn."""
    angles = (2 * math.pi * (k / sides + turn - 0.25) for k in range(sides))
    return tuple(_grid(radius * math.cos(a), radius * math.sin(a)) for a in angles)


def star(x: float, y: float, outer: float, inner: float, rays: int = 5) -> Outline:
    """A star with one ray pointing up."""
    points = []
    for k in range(2 * rays):
        radius = outer if k % 2 == 0 else inner
        angle = math.pi * (k / rays - 0.5)
        points.append(_grid(x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return tuple(points)


def sector(x: float, y: float, radius: float, start: float, stop: float) -> Outline:
    """A circle segment closed by its chord; angles as shares of a turn, clockwise from the right."""
    steps = max(8, round(40 * abs(stop - start)))
    angles = (2 * math.pi * (start + (stop - start) * k / steps) for k in range(steps + 1))
    return tuple(_grid(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles)


def band(x: float, y: float, outer: float, inner: float, start: float, stop: float) -> Outline:
    """A piece of a ring between two radii; angles as in `sector`."""
    return sector(x, y, outer, start, stop) + sector(x, y, inner, stop, start)
