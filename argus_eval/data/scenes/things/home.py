"""What stands in a house."""

from __future__ import annotations

from argus_eval.core.geometry import UnitBox
from argus_eval.data.scenes.outline import Part, band, ellipse, path, rectangle, rounded, sector
from argus_eval.data.scenes.things.category import Category

__all__ = ["HOME"]


HOME: tuple[Category, ...] = (
    Category(
        "cup",
        "kitchen",
        (
            Part(band(0.5, 0.02, 0.46, 0.28, -0.25, 0.25), "trim"),
            Part(((-0.76, -0.74), (0.56, -0.74), (0.44, 0.8), (-0.64, 0.8)), "main"),
            Part(ellipse(-0.1, -0.74, 0.66, 0.13), "trim"),
        ),
        label=UnitBox(-0.58, -0.24, 0.38, 0.26),
        turns=5,
    ),
    Category(
        "bottle",
        "kitchen",
        (
            Part(rectangle(-0.13, -1, 0.13, -0.82), "dark"),
            Part(
                path("-0.12,-0.84 0.12,-0.84 0.13,-0.5 0.4,-0.24 0.4,0.96 -0.4,0.96 -0.4,-0.24 -0.13,-0.5"),
                "main",
            ),
            Part(rectangle(-0.4, 0.02, 0.4, 0.56), "light"),
        ),
        label=UnitBox(-0.37, 0.1, 0.37, 0.48),
        turns=5,
    ),
    Category(
        "bowl",
        "kitchen",
        (Part(sector(0, -0.24, 1, 0, 0.5), "main"), Part(ellipse(0, -0.24, 1, 0.19), "trim")),
        turns=4,
    ),
    Category(
        "vase",
        "household",
        (
            Part(
                path(
                    "-0.3,-0.96 0.3,-0.96 0.18,-0.62 0.5,-0.2 0.56,0.2 0.42,0.64 "
                    "0.28,0.96 -0.28,0.96 -0.42,0.64 -0.56,0.2 -0.5,-0.2 -0.18,-0.62"
                ),
                "main",
            ),
            Part(rectangle(-0.5, -0.06, 0.5, 0.1), "trim"),
        ),
        turns=4,
    ),
    Category(
        "clock",
        "household",
        (
            Part(ellipse(0, 0, 1, 1, 48), "main"),
            Part(ellipse(0, 0, 0.78, 0.78, 40), "light"),
            Part(((-0.05, 0.06), (0.0, -0.6), (0.05, 0.06)), "dark"),
            Part(((0, -0.06), (0.44, 0.1), (0, 0.07)), "dark"),
            Part(ellipse(0, 0, 0.08, 0.08, 12), "dark"),
        ),
        turns=0,
    ),
    Category(
        "book",
        "household",
        (
            Part(rectangle(-0.66, -0.92, 0.74, 0.94), "light"),
            Part(rounded(-0.74, -1, 0.66, 0.88, 0.05), "main"),
            Part(rectangle(-0.74, -0.98, -0.56, 0.86), "trim"),
        ),
        label=UnitBox(-0.48, -0.62, 0.6, -0.1),
    ),
    Category(
        "television",
        "household",
        (
            Part(((-0.4, 0.86), (0.4, 0.86), (0.14, 0.5), (-0.14, 0.5)), "metal"),
            Part(rounded(-1, -0.66, 1, 0.6, 0.06), "main"),
            Part(rectangle(-0.88, -0.54, 0.88, 0.46), "dark"),
        ),
        label=UnitBox(-0.78, -0.36, 0.78, 0.28),
        turns=2,
    ),
    Category(
        "lamp",
        "household",
        (
            Part(rectangle(-0.06, 0, 0.06, 0.9), "metal"),
            Part(ellipse(0, 0.9, 0.38, 0.1), "metal"),
            Part(((-0.36, -0.96), (0.36, -0.96), (0.74, 0.14), (-0.74, 0.14)), "main"),
        ),
        turns=4,
    ),
    Category(
        "chair",
        "household",
        (
            Part(rectangle(-0.62, -1, -0.46, 1), "trim"),
            Part(rectangle(0.46, 0.1, 0.6, 1), "trim"),
            Part(rectangle(-0.62, -0.94, -0.3, 0.1), "main"),
            Part(rounded(-0.66, 0.02, 0.66, 0.3, 0.06), "main"),
        ),
        turns=3,
    ),
)
