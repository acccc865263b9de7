"""Plain geometric shapes."""

from __future__ import annotations

import math

from argus_eval.data.scenes.outline import Part, band, ellipse, path, rectangle, regular, sector, star
from argus_eval.data.scenes.things.category import Category

__all__ = ["SHAPES"]


def _heart() -> tuple[tuple[float, float], ...]:
    points = []
    for k in range(40):
        t = 2 * math.pi * k / 40
        x = math.sin(t) ** 3
        y = -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16
        points.append((round(x * 4096) / 4096, round((y - 0.05) * 4096) / 4096))
    return tuple(points)


def _crescent() -> tuple[tuple[float, float], ...]:
    return sector(0, 0, 1, 0.1498, 0.8502) + sector(0.45, 0, 0.82, 0.7771, 0.2229)


SHAPES: tuple[Category, ...] = (
    Category("circle", "shape", (Part(ellipse(0, 0, 1, 1, 48), "main"),), turns=0),
    Category("square", "shape", (Part(rectangle(-0.86, -0.86, 0.86, 0.86), "main"),)),
    Category("triangle", "shape", (Part(((0, -0.92), (1, 0.84), (-1, 0.84)), "main"),)),
    Category("star", "shape", (Part(star(0, 0.06, 1.04, 0.46), "main"),), turns=14),
    Category("hexagon", "shape", (Part(regular(6), "main"),), turns=14),
    Category("diamond", "shape", (Part(((0, -1), (0.66, 0), (0, 1), (-0.66, 0)), "main"),), turns=4),
    Category(
        "cross",
        "shape",
        (
            Part(
                path(
                    "-0.3,-1 0.3,-1 0.3,-0.3 1,-0.3 1,0.3 0.3,0.3 0.3,1 -0.3,1 -0.3,0.3 -1,0.3 -1,-0.3 -0.3,-0.3"
                ),
                "main",
            ),
        ),
    ),
    Category(
        "ring",
        "shape",
        (Part(band(0, 0, 1, 0.56, 0, 1), "main", hollow=True),),
        turns=0,
    ),
    Category("heart", "shape", (Part(_heart(), "main"),)),
    Category("crescent", "shape", (Part(_crescent(), "main"),), turns=14),
)
