"""Expressions that refer to one object, and the checker that decides whether they do.

An expression is true of an object *definitely*, *possibly* or not at all: positions and sizes that are nearly
equal are nobody's business to tell apart. It refers without ambiguity when exactly one object is possible and
that one is definite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from argus_eval.core.geometry import PixelBox
from argus_eval.data.scenes.language.describing import Description
from argus_eval.data.scenes.raster import centre
from argus_eval.data.scenes.scene import Scene, SceneObject

__all__ = [
    "Between",
    "Corner",
    "Expression",
    "Extreme",
    "Extremity",
    "Judgement",
    "Plain",
    "Ranked",
    "Related",
    "Relation",
    "gap_between",
    "judge",
    "refers_to",
]

Extremity = Literal["leftmost", "rightmost", "topmost", "bottommost", "largest", "smallest"]
Relation = Literal["left of", "right of", "above", "below", "next to"]

_APART = 0.06  # of the image side: positions closer than this are not told apart
_LARGER = 1.8  # ratio of areas from which one thing is larger than another
_TOUCHING = 0.12  # gap, as a share of the short side, up to which things are next to each other …
_NEAR = 0.3  # … and from which on they are not


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """By its properties alone."""

    what: Description


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """The one farthest to one side, or largest or smallest, among those that fit."""

    what: Description
    which: Extremity


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """The ``rank``-th from the left or right (2 is the second) among those that fit."""

    what: Description
    rank: int
    side: Literal["left", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """In one corner of the image."""

    what: Description
    left: bool
    top: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Beside, above or below an object that its description alone determines."""

    what: Description
    relation: Relation
    anchor: Description


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Between two objects that their descriptions determine."""

    what: Description
    first: Description
    second: Description


Expression = Plain | Extreme | Ranked | Corner | Related | Between


class Judgement(NamedTuple):
    """Of which objects an expression is true for certain, and of which it may be meant."""

    definite: frozenset[int]
    possible: frozenset[int]


def refers_to(expression: Expression, scene: Scene) -> int | None:
    """The index of the one object an expression refers to; None if there is none or more than one."""
    judgement = judge(expression, scene)
    if judgement.definite == judgement.possible and len(judgement.definite) == 1:
        return next(iter(judgement.definite))
    return None


def judge(expression: Expression, scene: Scene) -> Judgement:
    """Evaluates an expression over the whole scene."""
    fitting = [scene.objects[at] for at in expression.what.candidates(scene)]
    match expression:
        case Plain():
            everyone = frozenset(thing.index for thing in fitting)
            return Judgement(everyone, everyone)
        case Extreme(which=which):
            return _extreme(fitting, which, scene)
        case Ranked(rank=rank, side=side):
            return _ranked(fitting, rank, side, scene)
        case Corner(left=left, top=top):
            return _corner(fitting, left, top, scene)
        case Related(relation=relation, anchor=anchor):
            return _related(fitting, relation, anchor, scene)
        case Between(first=first, second=second):
            return _between(fitting, first, second, scene)


def _keys(things: list[SceneObject], which: Extremity, scene: Scene) -> dict[int, float]:
    """The extreme object has the smallest value; differences are in units of what can be told apart."""
    width, height = scene.size
    match which:
        case "leftmost":
            return {thing.index: centre(thing.box)[0] / width / _APART for thing in things}
        case "rightmost":
            return {thing.index: -centre(thing.box)[0] / width / _APART for thing in things}
        case "topmost":
            return {thing.index: centre(thing.box)[1] / height / _APART for thing in things}
        case "bottommost":
            return {thing.index: -centre(thing.box)[1] / height / _APART for thing in things}
        case "largest":
            return {thing.index: -math.log(thing.box.area) / math.log(_LARGER) for thing in things}
        case "smallest":
            return {thing.index: math.log(thing.box.area) / math.log(_LARGER) for thing in things}


def _extreme(things: list[SceneObject], which: Extremity, scene: Scene) -> Judgement:
    keys = _keys(things, which, scene)
    if len(keys) < 2:
        return _nobody()
    best = min(keys.values())
    possible = frozenset(at for at, key in keys.items() if key < best + 1)
    return Judgement(possible if len(possible) == 1 else frozenset(), possible)


def _ranked(things: list[SceneObject], rank: int, side: Literal["left", "right"], scene: Scene) -> Judgement:
    keys = _keys(things, "leftmost" if side == "left" else "rightmost", scene)
    order = sorted(keys, key=lambda at: keys[at])
    apart = all(keys[b] - keys[a] >= 1 for a, b in pairwise(order))
    if len(order) <= rank or not apart:
        return _nobody()
    one = frozenset({order[rank - 1]})
    return Judgement(one, one)


def _corner(things: list[SceneObject], left: bool, top: bool, scene: Scene) -> Judgement:
    def distances(thing: SceneObject) -> tuple[float, float]:
        x, y = centre(thing.box)
        x, y = x / scene.width, y / scene.height
        return (x if left else 1 - x), (y if top else 1 - y)

    definite = frozenset(thing.index for thing in things if max(distances(thing)) < 0.33)
    possible = frozenset(thing.index for thing in things if max(distances(thing)) < 0.5)
    return Judgement(definite, possible)


def gap_between(first: PixelBox, second: PixelBox) -> float:
    """Distance between two boxes in pixels; 0 when they touch or overlap."""
    across = max(0.0, first.x1 - second.x2, second.x1 - first.x2)
    down = max(0.0, first.y1 - second.y2, second.y1 - first.y2)
    return math.hypot(across, down)


def _related(things: list[SceneObject], relation: Relation, anchor: Description, scene: Scene) -> Judgement:
    anchors = anchor.candidates(scene)
    if len(anchors) != 1:
        return _nobody()
    fixed = scene.objects[anchors[0]]
    degrees = {
        thing.index: _degree(thing, relation, fixed, scene) for thing in things if thing.index != fixed.index
    }
    return Judgement(
        frozenset(at for at, degree in degrees.items() if degree == 2),
        frozenset(at for at, degree in degrees.items() if degree >= 1),
    )


def _degree(thing: SceneObject, relation: Relation, fixed: SceneObject, scene: Scene) -> int:
    """2 when the relation holds for certain, 1 when somebody might say so, 0 when it does not hold."""
    if relation == "next to":
        gap = gap_between(thing.box, fixed.box) / min(scene.size)
        return 2 if gap <= _TOUCHING else int(gap <= _NEAR)
    (x, y), (fixed_x, fixed_y) = centre(thing.box), centre(fixed.box)
    across, down = (fixed_x - x), (fixed_y - y)
    along, aside = (across, down) if relation in ("left of", "right of") else (down, across)
    side = scene.width if relation in ("left of", "right of") else scene.height
    if relation in ("right of", "below"):
        along = -along
    if along <= 0:
        return 0
    return 2 if along > _APART * side and abs(aside) < along else 1


def _between(things: list[SceneObject], first: Description, second: Description, scene: Scene) -> Judgement:
    one, two = first.candidates(scene), second.candidates(scene)
    if len(one) != 1 or len(two) != 1 or one == two:
        return _nobody()
    (ax, ay), (bx, by) = centre(scene.objects[one[0]].box), centre(scene.objects[two[0]].box)
    length = math.hypot(bx - ax, by - ay)
    definite, possible = set(), set()
    for thing in things:
        if thing.index in (one[0], two[0]) or length < 0.2 * min(scene.size):
            continue
        x, y = centre(thing.box)
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length**2
        aside = abs((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / length**2
        if 0 < along < 1 and aside < 0.6:
            possible.add(thing.index)
            if 0.2 < along < 0.8 and aside < 0.2:
                definite.add(thing.index)
    return Judgement(frozenset(definite), frozenset(possible))


def _nobody() -> Judgement:
    return Judgement(frozenset(), frozenset())
