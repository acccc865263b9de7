"""Putting objects into a picture: what they are, where they stand, what is written on them."""

from __future__ import annotations

from typing import NamedTuple

from argus_eval.core.geometry import ImageSize, PixelBox
from argus_eval.data.scenes.catalogue import BY_NAME
from argus_eval.data.scenes.colours import RGB, mix, shade_of
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.placing import Cover, Pose, Sight, cover_of, extent_of, sights
from argus_eval.data.scenes.raster import Point, overlap
from argus_eval.data.scenes.scene import SceneObject, SizeWord, Texture

__all__ = ["Wish", "Room", "arrange", "second_shade_of", "stand_at", "REACH"]

#: Half of the long side of an object as a share of the short side of the image. The gaps keep the words true.
REACH: dict[SizeWord, tuple[float, float]] = {
    "small": (0.056, 0.08),
    "medium": (0.115, 0.155),
    "large": (0.205, 0.27),
}
_MARGIN = 0.012
_TRIES = 40
_HUDDLING = 0.6  # how often an object looks for a place beside or before another, where it may


class Wish(NamedTuple):
    """An object that should stand in the scene."""

    category: str
    colour: str
    size: SizeWord
    texture: Texture
    lettered: bool


class Room(NamedTuple):
    """The image objects stand in, and how much they may hide of each other."""

    size: ImageSize
    most_hidden: float
    may_overlap: bool


class _Standing(NamedTuple):
    wish: Wish
    pose: Pose
    extent: PixelBox
    cover: Cover


def second_shade_of(shade: RGB, draws: Draws) -> RGB:
    """The other colour of a texture: clearly lighter or darker, of the same hue."""
    bright = sum(shade) / 3
    target = (255, 255, 255) if bright < 110 or (bright < 190 and draws.chance(0.5)) else (12, 12, 20)
    return mix(shade, target, draws.uniform(0.42, 0.55))


def arrange(wishes: list[Wish], room: Room, draws: Draws) -> tuple[SceneObject, ...]:
    """Objects for as many wishes as fit, farthest first.

    Large ones are placed first; those with writing come last, in front of all others.
    """
    order = {"large": 0, "medium": 1, "small": 2}
    standing: list[_Standing] = []
    for wish in sorted(wishes, key=lambda wish: (wish.lettered, order[wish.size])):
        found = _find_place(wish, standing, room, draws)
        if found is not None:
            standing.append(found)
    seen = _enough_seen(standing, room)
    return tuple(_object(index, item, sight, draws) for index, (item, sight) in enumerate(seen))


def stand_at(places: list[tuple[Wish, Point, float]], size: ImageSize, draws: Draws) -> tuple[SceneObject, ...]:
    """Upright objects at given centres with a given reach in pixels; they must not hide each other."""
    standing = []
    for wish, at, reach in places:
        pose = Pose(wish.category, at, reach, 0.0, False)
        standing.append(_Standing(wish, pose, extent_of(pose), cover_of(pose)))
    found = sights([item.cover for item in standing], *size)
    seen = [(item, sight) for item, sight in zip(standing, found, strict=True) if sight is not None]
    assert len(seen) == len(places), "every place is inside the page"
    return tuple(_object(index, item, sight, draws) for index, (item, sight) in enumerate(seen))


def _find_place(wish: Wish, standing: list[_Standing], room: Room, draws: Draws) -> _Standing | None:
    short = min(room.size)
    low, high = REACH[wish.size]
    reach = round(draws.uniform(low, high) * short * 16) / 16
    turn = float(round(draws.uniform(-1, 1) * BY_NAME[wish.category].turns))
    mirrored = not wish.lettered and draws.chance(0.5)
    probe = extent_of(Pose(wish.category, (0.0, 0.0), reach, turn, mirrored))
    gap = _MARGIN * short
    left, right = gap - probe.x1, room.size.width - gap - probe.x2
    top, bottom = gap - probe.y1, room.size.height - gap - probe.y2
    if left > right or top > bottom:
        return None
    for _ in range(_TRIES):
        x, y = draws.uniform(left, right), draws.uniform(top, bottom)
        if room.may_overlap and standing and draws.chance(_HUDDLING):
            near = draws.choice(standing).extent
            x = min(right, max(left, draws.uniform(near.x1 - reach / 2, near.x2 + reach / 2)))
            y = min(bottom, max(top, draws.uniform(near.y1 - reach / 2, near.y2 + reach / 2)))
        x, y = round(x * 16) / 16, round(y * 16) / 16
        extent = PixelBox(probe.x1 + x, probe.y1 + y, probe.x2 + x, probe.y2 + y)
        if all(_compatible(extent, wish, other, room, gap) for other in standing):
            pose = Pose(wish.category, (x, y), reach, turn, mirrored)
            return _Standing(wish, pose, extent, cover_of(pose))
    return None


def _compatible(extent: PixelBox, wish: Wish, other: _Standing, room: Room, gap: float) -> bool:
    clear = not room.may_overlap or wish.lettered or other.wish.lettered
    if clear:
        wide = PixelBox(extent.x1 - gap, extent.y1 - gap, extent.x2 + gap, extent.y2 + gap)
        return overlap(wide, other.extent) == 0
    return overlap(extent, other.extent) <= room.most_hidden * min(extent.area, other.extent.area)


def _enough_seen(standing: list[_Standing], room: Room) -> list[tuple[_Standing, Sight]]:
    """Drops objects that are hidden too much, rearmost first, until the rest can be seen."""
    while True:
        found = sights([item.cover for item in standing], *room.size)
        hidden = [at for at, sight in enumerate(found) if sight is None or sight.share < 1 - room.most_hidden]
        if not hidden:
            return [(item, sight) for item, sight in zip(standing, found, strict=True) if sight is not None]
        standing = standing[: hidden[0]] + standing[hidden[0] + 1 :]


def _object(index: int, item: _Standing, sight: Sight, draws: Draws) -> SceneObject:
    wish, pose = item.wish, item.pose
    shade = shade_of(wish.colour, draws)
    return SceneObject(
        index=index,
        category=wish.category,
        colour=wish.colour,
        size=wish.size,
        texture=wish.texture,
        shade=shade,
        second_shade=second_shade_of(shade, draws),
        centre_px=pose.centre_px,
        reach_px=pose.reach_px,
        turn_degrees=pose.turn_degrees,
        mirrored=pose.mirrored,
        outlined=draws.chance(0.5),
        box=sight.box,
        visible=round(sight.share, 4),
        area_px=sight.area_px,
    )
