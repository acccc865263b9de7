"""Where the drawing of an object lies in the image, which pixels it covers, and which of them can be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from argus_eval.core.geometry import PixelBox
from argus_eval.data.scenes.catalogue import BY_NAME
from argus_eval.data.scenes.outline import Paint
from argus_eval.data.scenes.raster import Mask, Point, Points, fill, tight_box
from argus_eval.data.scenes.scene import Scene, SceneObject

__all__ = [
    "Cover",
    "PlacedPart",
    "Pose",
    "Sight",
    "cover_of",
    "extent_of",
    "label_centre",
    "placed",
    "pose_of",
    "scene_sights",
    "seen_of",
    "sights",
]


class Pose(NamedTuple):
    """How a drawing is put into the image: unit coordinates are scaled, mirrored, turned, moved."""

    category: str
    centre_px: Point
    reach_px: float
    turn_degrees: float
    mirrored: bool

    def points(self, drawn: Points) -> Points:
        """Pixels of points of the drawing, on a grid of sixteenths."""
        angle = math.radians(self.turn_degrees)
        cosine, sine = math.cos(angle) * self.reach_px * 16, math.sin(angle) * self.reach_px * 16
        x, y = drawn[:, 0] * (-1.0 if self.mirrored else 1.0), drawn[:, 1]
        moved = np.empty_like(drawn)
        moved[:, 0] = self.centre_px[0] * 16 + x * cosine - y * sine
        moved[:, 1] = self.centre_px[1] * 16 + x * sine + y * cosine
        return np.rint(moved) / 16


class PlacedPart(NamedTuple):
    """A part of a drawing in pixels of the image: ``points`` is ``(n, 2)``."""

    points: Points
    paint: Paint
    hollow: bool


class Cover(NamedTuple):
    """All pixels of an object, as a mask whose top left corner is at ``(left, top)`` of the image."""

    left: int
    top: int
    mask: Mask


class Sight(NamedTuple):
    """What can be seen of an object."""

    box: PixelBox
    share: float
    area_px: int
    cover: Cover


def pose_of(thing: SceneObject) -> Pose:
    """How an object of a scene is drawn."""
    return Pose(thing.category, thing.centre_px, thing.reach_px, thing.turn_degrees, thing.mirrored)


def scene_sights(scene: Scene) -> list[Sight]:
    """What can be seen of each object of a scene: its pixels as a mask, and their box."""
    return seen_of(scene.objects, scene.width, scene.height)


def seen_of(things: Sequence[SceneObject], width: int, height: int) -> list[Sight]:
    """The same for objects that do not hide each other wholly, in an image of a size in pixels."""
    found = sights([cover_of(pose_of(thing)) for thing in things], width, height)
    seen = [sight for sight in found if sight is not None]
    assert len(seen) == len(things), "no object is wholly hidden"
    return seen


@cache
def _drawing(category: str) -> Points:
    """All points of all parts of a drawing, one after the other."""
    parts = BY_NAME[category].parts
    return np.array([point for part in parts for point in part.outline], dtype=np.float64)


def placed(pose: Pose) -> list[PlacedPart]:
    """The parts of an object in pixels of the image."""
    points, start, found = pose.points(_drawing(pose.category)), 0, []
    for part in BY_NAME[pose.category].parts:
        stop = start + len(part.outline)
        found.append(PlacedPart(points[start:stop], part.paint, part.hollow))
        start = stop
    return found


def extent_of(pose: Pose) -> PixelBox:
    """The box of the whole drawing, also of what is hidden or outside the image."""
    points = pose.points(_drawing(pose.category))
    (x1, y1), (x2, y2) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return PixelBox(x1, y1, x2, y2)


def cover_of(pose: Pose) -> Cover:
    """The pixels of an object, before anything hides them; also those outside the image."""
    extent = extent_of(pose)
    left, top = math.floor(extent.x1), math.floor(extent.y1)
    width, height = math.ceil(extent.x2) - left + 1, math.ceil(extent.y2) - top + 1
    corner = np.array([left, top], dtype=np.float64)
    return Cover(left, top, fill([part.points - corner for part in placed(pose)], width, height))


def sights(covers: Sequence[Cover], width: int, height: int) -> list[Sight | None]:
    """What can be seen of each object, later ones being in front; None for one that is wholly hidden."""
    return [_sight(covers, index, width, height) for index in range(len(covers))]


def _sight(covers: Sequence[Cover], index: int, width: int, height: int) -> Sight | None:
    left, top, mask = covers[index]
    seen = mask.copy()
    seen[: max(0, -top)] = False
    seen[max(0, height - top) :] = False
    seen[:, : max(0, -left)] = False
    seen[:, max(0, width - left) :] = False
    for front in covers[index + 1 :]:
        _hide(seen, left, top, front)
    box = tight_box(seen)
    if box is None:
        return None
    area = int(np.count_nonzero(seen))
    moved = PixelBox(box.x1 + left, box.y1 + top, box.x2 + left, box.y2 + top)
    return Sight(moved, area / int(np.count_nonzero(mask)), area, Cover(left, top, seen))


def _hide(seen: Mask, left: int, top: int, front: Cover) -> None:
    x1, y1 = max(left, front.left), max(top, front.top)
    x2 = min(left + seen.shape[1], front.left + front.mask.shape[1])
    y2 = min(top + seen.shape[0], front.top + front.mask.shape[0])
    if x1 < x2 and y1 < y2:
        hidden = front.mask[y1 - front.top : y2 - front.top, x1 - front.left : x2 - front.left]
        seen[y1 - top : y2 - top, x1 - left : x2 - left] &= ~hidden


def label_centre(pose: Pose) -> tuple[Point, float, float] | None:
    """Centre, width and height in pixels of where text fits on an object; None where there is no such place."""
    label = BY_NAME[pose.category].label
    if label is None:
        return None
    middle = np.array([[(label.x1 + label.x2) / 2, (label.y1 + label.y2) / 2]])
    ((x, y),) = pose.points(middle).tolist()
    return (x, y), (label.x2 - label.x1) * pose.reach_px, (label.y2 - label.y1) * pose.reach_px
