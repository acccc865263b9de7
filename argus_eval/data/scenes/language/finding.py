"""Searching expressions that refer to a given object without ambiguity."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.describing import Description, descriptions_of
from argus_eval.data.scenes.language.referring import (
    Between,
    Corner,
    Expression,
    Extreme,
    Extremity,
    Plain,
    Ranked,
    Related,
    Relation,
    refers_to,
)
from argus_eval.data.scenes.scene import Scene, SceneObject

__all__ = ["expressions_for", "unique_description"]

_PLACES: tuple[Extremity, ...] = ("leftmost", "rightmost", "topmost", "bottommost")
_SIZES: tuple[Extremity, ...] = ("largest", "smallest")
_RELATIONS: tuple[Relation, ...] = ("left of", "right of", "above", "below", "next to")
_MOST_ANCHORS = 4


def unique_description(thing: SceneObject, scene: Scene) -> Description | None:
    """The shortest description by properties that fits this object and no other."""
    for description in descriptions_of(thing, scene):
        if description.category is not None and len(description.candidates(scene)) == 1:
            return description
    return None


def expressions_for(thing: SceneObject, scene: Scene, draws: Draws, *, places: bool = True) -> list[Expression]:
    """Unambiguous expressions for one object, in random order.

    Args:
        thing: the object to refer to.
        scene: where it stands.
        draws: order and choice of anchors.
        places: whether positions in the image may be named (RefCOCO+ forbids it).
    """
    candidates = [*_by_itself(thing, scene, places), *_by_others(thing, scene, draws, places)]
    return draws.shuffled([expression for expression in candidates if refers_to(expression, scene) == thing.index])


def _by_itself(thing: SceneObject, scene: Scene, places: bool) -> Iterator[Expression]:
    for what in descriptions_of(thing, scene):
        rivals = what.candidates(scene)
        if len(rivals) == 1:
            yield Plain(what=what)
            continue
        if what.text is not None or what.category is None:
            continue
        for which in _SIZES + (_PLACES if places else ()):
            yield Extreme(what=what, which=which)
        if places:
            for left, top in ((True, True), (True, False), (False, True), (False, False)):
                yield Corner(what=what, left=left, top=top)
            for rank in (2, 3):
                if len(rivals) > rank:
                    yield Ranked(what=what, rank=rank, side="left")
                    yield Ranked(what=what, rank=rank, side="right")


def _by_others(thing: SceneObject, scene: Scene, draws: Draws, places: bool) -> Iterator[Expression]:
    others = [other for other in scene.objects if other.index != thing.index]
    anchors = [
        (other, description)
        for other in draws.sample(others, _MOST_ANCHORS)
        if (description := unique_description(other, scene)) is not None and description.text is None
    ]
    what = Description(category=thing.category)
    for _, anchor in anchors:
        for relation in _RELATIONS if places else ("next to",):
            yield Related(what=what, relation=relation, anchor=anchor)
            yield Related(what=Description(), relation=relation, anchor=anchor)
    if places:
        for (_, first), (_, second) in combinations(anchors, 2):
            yield Between(what=what, first=first, second=second)
