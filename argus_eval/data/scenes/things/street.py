"""What stands and drives in a street, and on the water."""

from __future__ import annotations

from argus_eval.core.geometry import UnitBox
from argus_eval.data.scenes.outline import Part, ellipse, rectangle, rounded
from argus_eval.data.scenes.things.category import Category

__all__ = ["STREET"]


_WHEELS = (
    Part(ellipse(-0.54, 0.34, 0.21, 0.21, 24), "dark"),
    Part(ellipse(0.54, 0.34, 0.21, 0.21, 24), "dark"),
    Part(ellipse(-0.54, 0.34, 0.09, 0.09, 16), "metal"),
    Part(ellipse(0.54, 0.34, 0.09, 0.09, 16), "metal"),
)


STREET: tuple[Category, ...] = (
    Category(
        "car",
        "vehicle",
        (
            Part(((-0.62, -0.04), (-0.38, -0.46), (0.3, -0.46), (0.62, -0.04)), "main"),
            Part(rounded(-1, -0.1, 1, 0.36, 0.12), "main"),
            Part(((-0.5, -0.07), (-0.33, -0.37), (-0.05, -0.37), (-0.05, -0.07)), "glass"),
            Part(((0.04, -0.07), (0.04, -0.37), (0.26, -0.37), (0.48, -0.07)), "glass"),
            *_WHEELS,
        ),
        turns=3,
    ),
    Category(
        "bus",
        "vehicle",
        (
            Part(rounded(-1, -0.56, 1, 0.36, 0.1), "main"),
            *(Part(rectangle(x, -0.44, x + 0.28, -0.12), "glass") for x in (-0.88, -0.5, -0.12, 0.26)),
            Part(rectangle(0.66, -0.44, 0.9, 0.3), "glass"),
            *_WHEELS,
        ),
        label=UnitBox(-0.84, -0.07, 0.58, 0.14),
        turns=2,
    ),
    Category(
        "boat",
        "vehicle",
        (
            Part(rectangle(-0.04, -1, 0.04, 0.4), "wood"),
            Part(((0.08, -0.94), (0.72, 0.22), (0.08, 0.22)), "light"),
            Part(((-0.08, -0.7), (-0.08, 0.22), (-0.56, 0.22)), "light"),
            Part(((-1, 0.32), (1, 0.32), (0.66, 0.86), (-0.66, 0.86)), "main"),
            Part(((-1, 0.32), (1, 0.32), (0.94, 0.42), (-0.94, 0.42)), "trim"),
        ),
        turns=5,
    ),
    Category(
        "house",
        "building",
        (
            Part(rectangle(0.36, -0.86, 0.58, -0.3), "wood"),
            Part(rectangle(-0.78, -0.2, 0.78, 0.94), "main"),
            Part(((0, -0.98), (1, -0.16), (-1, -0.16)), "trim"),
            Part(rectangle(-0.17, 0.36, 0.17, 0.94), "wood"),
            Part(rectangle(-0.6, 0.1, -0.3, 0.4), "glass"),
            Part(rectangle(0.3, 0.1, 0.6, 0.4), "glass"),
        ),
        turns=2,
    ),
    Category(
        "tree",
        "plant",
        (
            Part(((-0.13, 0.1), (0.13, 0.1), (0.2, 1), (-0.2, 1)), "wood"),
            Part(ellipse(-0.4, -0.02, 0.42, 0.4), "main"),
            Part(ellipse(0.4, -0.02, 0.42, 0.4), "main"),
            Part(ellipse(0, -0.46, 0.54, 0.52), "main"),
            Part(ellipse(0, 0.0, 0.5, 0.36), "main"),
        ),
        turns=4,
    ),
    Category(
        "traffic light",
        "street",
        (
            Part(rectangle(-0.06, 0.3, 0.06, 1), "metal"),
            Part(rounded(-0.34, -1, 0.34, 0.48, 0.12), "main"),
            *(Part(ellipse(0, y, 0.19, 0.19, 24), "light") for y in (-0.7, -0.26, 0.18)),
        ),
        turns=3,
    ),
    Category(
        "sign",
        "street",
        (Part(rounded(-1, -0.42, 1, 0.42, 0.08), "main"),),
        label=UnitBox(-0.88, -0.3, 0.88, 0.3),
        turns=9,
    ),
)
