"""What is found in a garden, at the harbour, in the air."""

from __future__ import annotations

import math

from argus_eval.data.scenes.outline import Part, band, ellipse, path, rectangle, sector
from argus_eval.data.scenes.things.category import Category

__all__ = ["OUTDOOR"]


OUTDOOR: tuple[Category, ...] = (
    Category(
        "fish",
        "animal",
        (
            Part(((0.44, 0), (1, -0.46), (0.9, 0), (1, 0.46)), "trim"),
            Part(ellipse(-0.16, 0, 0.8, 0.48, 40), "main"),
            Part(ellipse(-0.58, -0.12, 0.11, 0.11, 16), "light"),
            Part(ellipse(-0.6, -0.12, 0.055, 0.055, 12), "dark"),
        ),
        turns=12,
    ),
    Category(
        "flower",
        "plant",
        (
            Part(rectangle(-0.05, 0, 0.05, 1), "stem"),
            Part(ellipse(0.24, 0.62, 0.24, 0.11, 20), "stem"),
            *(
                Part(ellipse(0.4 * math.cos(a), -0.4 + 0.4 * math.sin(a), 0.3, 0.3, 24), "main")
                for a in (math.pi * (0.4 * k - 0.5) for k in range(5))
            ),
            Part(ellipse(0, -0.4, 0.21, 0.21, 20), "warm"),
        ),
    ),
    Category(
        "umbrella",
        "household",
        (
            Part(rectangle(-0.04, -0.2, 0.04, 0.9), "wood"),
            Part(sector(0, 0, 1, 0.5, 1), "main"),
            Part(((-0.06, -1.06), (0.06, -1.06), (0.04, -0.9), (-0.04, -0.9)), "wood"),
        ),
    ),
    Category(
        "kite",
        "toy",
        (
            Part(((0, -1), (0.58, -0.3), (0, 0.62), (-0.58, -0.3)), "main"),
            Part(((0, 0.62), (0.15, 0.78), (-0.15, 0.78)), "trim"),
            Part(((0, 0.78), (0.15, 0.97), (-0.15, 0.97)), "trim"),
        ),
        turns=22,
    ),
    Category(
        "ball",
        "toy",
        (
            Part(ellipse(0, 0, 1, 1, 48), "main"),
            Part(band(0, -1.1, 1.2, 1.02, 0.115, 0.385), "light"),
            Part(band(0, 1.1, 1.2, 1.02, 0.615, 0.885), "light"),
        ),
        turns=40,
    ),
    Category(
        "balloon",
        "toy",
        (
            Part(rectangle(-0.02, 0.36, 0.02, 1), "dark"),
            Part(((0, 0.3), (0.13, 0.46), (-0.13, 0.46)), "trim"),
            Part(ellipse(0, -0.3, 0.58, 0.7), "main"),
        ),
    ),
    Category(
        "hat",
        "clothing",
        (
            Part(ellipse(0, 0.42, 1, 0.24), "main"),
            Part(((-0.5, -0.6), (0.5, -0.6), (0.58, 0.42), (-0.58, 0.42)), "main"),
            Part(((-0.56, 0.16), (0.56, 0.16), (0.58, 0.42), (-0.58, 0.42)), "trim"),
        ),
    ),
    Category(
        "bell",
        "household",
        (
            Part(ellipse(0, 0.78, 0.2, 0.18, 20), "dark"),
            Part(
                path("-0.12,-0.96 0.12,-0.96 0.46,-0.6 0.56,0.2 0.92,0.72 -0.92,0.72 -0.56,0.2 -0.46,-0.6"),
                "main",
            ),
            Part(rectangle(-0.92, 0.56, 0.92, 0.72), "trim"),
        ),
    ),
    Category(
        "key",
        "household",
        (
            Part(band(-0.58, 0, 0.42, 0.2, 0, 1), "main", hollow=True),
            Part(rectangle(-0.2, -0.1, 1, 0.1), "main"),
            Part(rectangle(0.56, 0.05, 0.7, 0.38), "main"),
            Part(rectangle(0.84, 0.05, 0.98, 0.34), "main"),
        ),
        turns=30,
    ),
)
