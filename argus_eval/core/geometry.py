"""Boxes and quadrilaterals, in the two spaces they live in.

Predictions are kept in *unit* coordinates of the original image from the parser to the metric; annotations are
in *pixels*, as data sets publish them. The two spaces are two types, so mixing them is a type error, and pixels
are made only at the border of a metric. No ``+1`` anywhere: the width of a box is ``x2 - x1``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["ImageSize", "PixelBox", "PixelQuad", "UnitBox", "UnitQuad", "iou"]


class ImageSize(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PixelBox:
    """Axis-aligned box in pixels of the original image; corners are not reordered."""

    x1: float
    y1: float
    x2: float
    y2: float

    @classmethod
    def from_xywh(cls, x: float, y: float, width: float, height: float) -> PixelBox:
        """From COCO's ``[x, y, width, height]``."""
        return cls(x, y, x + width, y + height)

    @property
    def area(self) -> float:
        """Area in square pixels; 0 for a box whose corners are swapped."""
        return max(0.0, self.x2 - self.x1) * max(0.0, self.y2 - self.y1)

    def to_unit(self, size: ImageSize) -> UnitBox:
        """The same box as fractions of the image."""
        return UnitBox(self.x1 / size.width, self.y1 / size.height, self.x2 / size.width, self.y2 / size.height)

    def as_list(self) -> list[float]:
        """``[x1, y1, x2, y2]``."""
        return [self.x1, self.y1, self.x2, self.y2]


@dataclass(frozen=True, slots=True)
class UnitBox:
    """Axis-aligned box in fractions of the original image (x by width, y by height).

    May lie outside [0, 1] and may have swapped corners: it is what a model said. Always finite.
    """

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.x1, self.y1, self.x2, self.y2))):
            raise ValueError(f"box coordinates must be finite, got {self.as_list()}")

    def to_pixels(self, size: ImageSize) -> PixelBox:
        """The same box in pixels."""
        return PixelBox(self.x1 * size.width, self.y1 * size.height, self.x2 * size.width, self.y2 * size.height)

    def as_list(self) -> list[float]:
        """``[x1, y1, x2, y2]``."""
        return [self.x1, self.y1, self.x2, self.y2]


@dataclass(frozen=True, slots=True)
class UnitQuad:
    """Four corners in fractions of the image, clockwise from top left: ``(x1, y1, …, x4, y4)``."""

    points: tuple[float, float, float, float, float, float, float, float]

    def __post_init__(self) -> None:
        if len(self.points) != 8 or not all(map(math.isfinite, self.points)):
            raise ValueError(f"a quadrilateral is eight finite numbers, got {self.points}")

    def to_pixels(self, size: ImageSize) -> PixelQuad:
        """The same corners in pixels."""
        x1, y1, x2, y2, x3, y3, x4, y4 = self.points
        w, h = size
        return PixelQuad((x1 * w, y1 * h, x2 * w, y2 * h, x3 * w, y3 * h, x4 * w, y4 * h))


@dataclass(frozen=True, slots=True)
class PixelQuad:
    """Four corners in pixels, clockwise from top left: ``(x1, y1, …, x4, y4)``."""

    points: tuple[float, float, float, float, float, float, float, float]


def iou(a: PixelBox, b: PixelBox) -> float:
    """Intersection over union, in [0, 1]; 0 where either box is empty or has swapped corners.

    >>> round(iou(PixelBox(0, 0, 10, 10), PixelBox(5, 0, 15, 10)), 4)
    0.3333
    """
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    if width <= 0 or height <= 0:
        return 0.0
    intersection = width * height
    union = a.area + b.area - intersection
    return intersection / union if union > 0 else 0.0
