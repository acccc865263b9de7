"""Where the drawing of an object lies in the image, which pixels it covers, and which of them can be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from argus_eval.core.geometry import PixelBox
from argus_eval.data.scenes.catalogue import BY_NAME
from argus_eval.data.scenes.outline import Outline, Part
from argus_eval.data.scenes.raster import Mask, Point, fill, tight_box

__all__ = ["Pose", "Cover", "Sight", "placed", "cover_of", "sights", "extent_of", "label_centre"]


class Pose(NamedTuple):
    """How a drawing is put into the image: unit coordinates are scaled, mirrored, turned, moved."""

    category: str
    centre_px: Point
    reach_px: float
    turn_degrees: float
    mirrored: bool

    def points(self, outline: Outline) -> Outline:
        """Pixels of points of the drawing, on a grid of sixteenths."""
        angle = math.radians(self.turn_degrees)
        cosine, sine = math.cos(angle) * self.reach_px * 16, math.sin(angle) * self.reach_px * 16
        flip = -1 if self.mirrored else 1
        at_x, at_y = self.centre_px[0] * 16, self.centre_px[1] * 16
        return tuple(
            (
                round(at_x + flip * x * cosine - y * sine) / 16,
                round(at_y + flip * x * sine + y * cosine) / 16,
            )
            for x, y in outline
        )


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


def placed(pose: Pose) -> list[Part]:
    """The parts of an object in pixels of the image."""
    parts = BY_NAME[pose.category].parts
    return [part._replace(outline=pose.points(part.outline)) for part in parts]


def extent_of(pose: Pose) -> PixelBox:
    """The box of the whole drawing, also of what is hidden or outside the image."""
    points = [point for part in placed(pose) for point in part.outline]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return PixelBox(min(xs), min(ys), max(xs), max(ys))


def cover_of(pose: Pose) -> Cover:
    """The pixels of an object, before anything hides them; also those outside the image."""
    outlines = [part.outline for part in placed(pose)]
    xs = [x for outline in outlines for x, _ in outline]
    ys = [y for outline in outlines for _, y in outline]
    left, top = math.floor(min(xs)), math.floor(min(ys))
    width, height = math.ceil(max(xs)) - left + 1, math.ceil(max(ys)) - top + 1
    moved = [[(x - left, y - top) for x, y in outline] for outline in outlines]
    return Cover(left, top, fill(moved, width, height))


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
    (centre,) = pose.points((((label.x1 + label.x2) / 2, (label.y1 + label.y2) / 2),))
    return centre, (label.x2 - label.x1) * pose.reach_px, (label.y2 - label.y1) * pose.reach_px
