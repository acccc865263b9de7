"""Areas of quadrilaterals and of what two of them share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Point", "area", "intersection_area", "quad_points"]


class Point(NamedTuple):
    """In pixels."""

    x: float
    y: float


Polygon = Sequence[Point]


def quad_points(numbers: Sequence[float]) -> tuple[Point, ...]:
    """Corners of ``x1, y1, …, x4, y4``."""
    return tuple(Point(x, y) for x, y in zip(numbers[0::2], numbers[1::2], strict=True))


def area(polygon: Polygon) -> float:
    """Area of a simple polygon, whatever its orientation.

    >>> area(quad_points([0, 0, 4, 0, 4, 2, 0, 2]))
    8.0
    """
    return abs(_signed_area(polygon))


def intersection_area(first: Polygon, second: Polygon) -> float:
    """Area that two simple quadrilaterals share; neither needs to be convex.

    >>> intersection_area(quad_points([0, 0, 4, 0, 4, 2, 0, 2]), quad_points([3, 1, 9, 1, 9, 5, 3, 5]))
    1.0
    """
    if not _boxes_meet(first, second):
        return 0.0
    parts = ((a, b) for a in _convex_parts(first) for b in _convex_parts(second))
    return sum(area(_clipped(a, b)) for a, b in parts)


def _signed_area(polygon: Polygon) -> float:
    return 0.5 * sum(a.x * b.y - b.x * a.y for a, b in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True))


def _boxes_meet(first: Polygon, second: Polygon) -> bool:
    return (
        min(p.x for p in first) < max(p.x for p in second)
        and min(p.x for p in second) < max(p.x for p in first)
        and min(p.y for p in first) < max(p.y for p in second)
        and min(p.y for p in second) < max(p.y for p in first)
    )


def _convex_parts(quad: Polygon) -> list[list[Point]]:
    """The quadrilateral itself where it is convex, else two triangles, cut at its reflex corner."""
    points = list(quad) if _signed_area(quad) >= 0 else list(reversed(quad))
    for i in range(len(points)):
        if _turn(points[i - 1], points[i], points[(i + 1) % len(points)]) < 0:
            a, b, c, d = points[i:] + points[:i]
            return [[a, b, c], [a, c, d]]
    return [points]


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)


def _clipped(subject: list[Point], convex: list[Point]) -> list[Point]:
    """What of ``subject`` lies in ``convex`` (Sutherland–Hodgman); both turn the same way, both are convex."""
    kept = subject
    for i, start in enumerate(convex):
        end = convex[(i + 1) % len(convex)]
        points, kept = kept, []
        for j, current in enumerate(points):
            previous = points[j - 1]
            inside, before = _turn(start, end, current), _turn(start, end, previous)
            if (inside >= 0) != (before >= 0):
                share = before / (before - inside)
                kept.append(
                    Point(
                        previous.x + share * (current.x - previous.x),
                        previous.y + share * (current.y - previous.y),
                    )
                )
            if inside >= 0:
                kept.append(current)
    return kept
