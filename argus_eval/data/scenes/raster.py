"""Which pixels a polygon covers, in NumPy alone, so that boxes do not depend on a drawing library.

A pixel is covered when its centre is inside (even-odd rule). Coordinates are pixels, y down, pixel ``(i, j)``
spans ``[j, j + 1) × [i, i + 1)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from argus_eval.core.geometry import PixelBox

__all__ = ["Point", "Points", "Mask", "centre", "xywh", "overlap", "fill", "tight_box", "outlines"]

Point = tuple[float, float]
Points = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def centre(box: PixelBox) -> Point:
    """The middle of a box."""
    return (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2


def xywh(box: PixelBox) -> list[float]:
    """COCO order: left, top, width, height."""
    return [box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1]


def overlap(first: PixelBox, second: PixelBox) -> float:
    """Area of the intersection in square pixels."""
    width = min(first.x2, second.x2) - max(first.x1, second.x1)
    height = min(first.y2, second.y2) - max(first.y1, second.y1)
    return max(0.0, width) * max(0.0, height)


def fill(polygons: Iterable[Sequence[Point] | Points], width: int, height: int) -> Mask:
    """Union of polygons.

    Args:
        polygons: closed outlines, last point joined to the first.
        width, height: size of the mask in pixels; what lies outside is cut off.

    Returns:
        Boolean array ``(height, width)``.
    """
    covered = np.zeros((height, width), dtype=np.bool_)
    for polygon in polygons:
        points = np.asarray(polygon, dtype=np.float64)
        first = max(0, int(np.floor(points[:, 1].min())))
        last = min(height, int(np.ceil(points[:, 1].max())) + 1)
        if last > first:
            covered[first:last] |= _fill_rows(points, first, last, width)
    return covered


def _fill_rows(points: Points, first: int, last: int, width: int) -> Mask:
    """Rows ``first`` to ``last`` of one polygon: toggle at every crossing, then a running parity."""
    ends = np.concatenate((points[1:], points[:1]))
    centres = np.arange(first, last, dtype=np.float64) + 0.5
    x1, y1 = points[:, :1], points[:, 1:]
    x2, y2 = ends[:, :1], ends[:, 1:]
    crosses = (y1 <= centres) != (y2 <= centres)
    rise = np.where(y2 == y1, 1.0, y2 - y1)
    at_x = x1 + (centres - y1) * (x2 - x1) / rise
    rows = np.nonzero(crosses)[1]
    columns = np.clip(np.ceil(at_x[crosses] - 0.5), 0, width).astype(np.int64)
    toggles = np.bincount(rows * (width + 1) + columns, minlength=(last - first) * (width + 1))
    parity = np.cumsum(toggles.reshape(last - first, width + 1), axis=1) & 1
    return parity[:, :width].astype(np.bool_)


def tight_box(mask: Mask) -> PixelBox | None:
    """The smallest box around the true pixels; None if there are none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    return PixelBox(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def outlines(mask: Mask) -> list[list[float]]:
    """Outer outlines of a mask along pixel edges, as COCO polygons ``[x, y, x, y, …]``; holes are left out."""
    padded = np.pad(mask, 1)
    following: dict[tuple[int, int], list[tuple[int, int]]] = {}
    # Each edge runs with the covered pixel on its right, so that outer loops turn clockwise on the screen.
    for (down, right), start, end in (
        ((-1, 0), (0, 0), (1, 0)),
        ((0, 1), (1, 0), (1, 1)),
        ((1, 0), (1, 1), (0, 1)),
        ((0, -1), (0, 1), (0, 0)),
    ):
        neighbour = np.roll(padded, (-down, -right), axis=(0, 1))
        for row, column in np.argwhere(padded & ~neighbour).tolist():
            origin = (column - 1 + start[0], row - 1 + start[1])
            following.setdefault(origin, []).append((column - 1 + end[0], row - 1 + end[1]))
    loops = []
    while following:
        loop = _follow(following)
        if _signed_area(loop) > 0:
            loops.append([float(value) for point in _corners(loop) for value in point])
    return sorted(loops, key=len, reverse=True)


def _follow(following: dict[tuple[int, int], list[tuple[int, int]]]) -> list[tuple[int, int]]:
    start = min(following)
    loop, at, heading = [start], start, (1, 0)
    while True:
        nexts = following[at]
        # Where two pixels touch at a corner, turning right stays with the same pixel.
        right = (at[0] - heading[1], at[1] + heading[0])
        step = right if right in nexts else nexts[0]
        nexts.remove(step)
        if not nexts:
            del following[at]
        if step == start and start not in following:
            return loop
        loop.append(step)
        at, heading = step, (step[0] - at[0], step[1] - at[1])


def _corners(loop: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept = []
    for index, (x, y) in enumerate(loop):
        before, after = loop[index - 1], loop[(index + 1) % len(loop)]
        if (x - before[0], y - before[1]) != (after[0] - x, after[1] - y):
            kept.append((x, y))
    return kept


def _signed_area(loop: list[tuple[int, int]]) -> float:
    total = 0
    for index, (x, y) in enumerate(loop):
        before_x, before_y = loop[index - 1]
        total += before_x * y - x * before_y
    return total / 2
