"""What is eaten, and the candle on the table."""

from __future__ import annotations

from argus_eval.data.scenes.outline import Part, ellipse, rectangle, rounded, sector
from argus_eval.data.scenes.things.category import Category

__all__ = ["FOOD"]


FOOD: tuple[Category, ...] = (
    Category(
        "apple",
        "food",
        (
            Part(((-0.05, -0.6), (0.08, -1), (0.17, -0.96), (0.06, -0.56)), "stem"),
            Part(ellipse(0.38, -0.8, 0.26, 0.11, 20), "leaf"),
            Part(ellipse(-0.34, 0.1, 0.58, 0.74), "main"),
            Part(ellipse(0.34, 0.1, 0.58, 0.74), "main"),
        ),
    ),
    Category(
        "mushroom",
        "food",
        (
            Part(((-0.26, 0), (0.26, 0), (0.36, 0.94), (-0.36, 0.94)), "light"),
            Part(sector(0, 0.1, 1, 0.5, 1), "main"),
        ),
    ),
    Category(
        "donut",
        "food",
        (
            Part(ellipse(0, 0, 1, 1, 48), "wood"),
            Part(ellipse(0, 0, 0.88, 0.88, 44), "main"),
            Part(ellipse(0, 0, 0.3, 0.3, 28), "dark"),
        ),
        turns=0,
    ),
    Category(
        "cake",
        "food",
        (
            Part(rectangle(-0.04, -1, 0.04, -0.4), "light"),
            Part(ellipse(0, -0.96, 0.08, 0.13, 16), "warm"),
            Part(rounded(-0.6, -0.46, 0.6, 0.2, 0.06), "main"),
            Part(rounded(-0.94, 0.1, 0.94, 0.86, 0.06), "main"),
            Part(rectangle(-0.94, 0.4, 0.94, 0.54), "light"),
        ),
        turns=3,
    ),
    Category(
        "candle",
        "household",
        (
            Part(ellipse(0, -0.78, 0.15, 0.24, 20), "warm"),
            Part(rectangle(-0.025, -0.62, 0.025, -0.4), "dark"),
            Part(rectangle(-0.3, -0.44, 0.3, 0.98), "main"),
        ),
        turns=3,
    ),
)
