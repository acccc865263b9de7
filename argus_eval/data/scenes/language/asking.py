"""Questions whose answer follows from the scene, independent of any benchmark's wording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from argus_eval.data.scenes.catalogue import CATEGORIES, LOOKALIKES, THEMES
from argus_eval.data.scenes.colours import COLOUR_NAMES, COLOURS, distance
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.describing import Description
from argus_eval.data.scenes.language.finding import unique_description
from argus_eval.data.scenes.language.referring import Judgement, Related, Relation, judge, refers_to
from argus_eval.data.scenes.scene import Scene, SceneObject

__all__ = ["Query", "QueryKind", "absent_categories", "may_be_absent", "queries_about"]

QueryKind = Literal["count", "colour", "texture", "exists", "side", "what", "choose", "more", "both"]

_DIRECTIONS: tuple[Relation, ...] = ("left of", "right of", "above", "below")
_OPPOSITE: dict[Relation, Relation] = {
    "left of": "right of",
    "right of": "left of",
    "above": "below",
    "below": "above",
}


class Query(NamedTuple):
    """One question.

    ``subject`` and ``other`` are what it is about; ``relation`` belongs to "side" and "what"; ``wrong`` holds
    what is close to the answer but not it; ``things`` are the objects it is about.
    """

    kind: QueryKind
    subject: Description
    answer: str
    wrong: tuple[str, ...] = ()
    other: Description | None = None
    relation: Relation | None = None
    things: tuple[int, ...] = ()


def queries_about(scene: Scene, draws: Draws) -> list[Query]:
    """Every kind of question about a scene, in random order."""
    makers = (_counts, _colours, _textures, _existence, _sides, _whats, _choices, _comparisons, _pairs)
    return draws.shuffled([query for maker in makers for query in maker(scene, draws)])


def may_be_absent(name: str, scene: Scene) -> bool:
    """Whether a category is clearly not in the scene: neither it nor anything that looks like it."""
    present = {thing.category for thing in scene.objects}
    return name not in present and not present.intersection(LOOKALIKES.get(name, ()))


def absent_categories(scene: Scene, *, at_home: bool) -> list[str]:
    """Categories that are clearly absent; with ``at_home`` only those that go with the scene's theme."""
    pool = THEMES.get(scene.theme, ()) if at_home else tuple(category.name for category in CATEGORIES)
    return [name for name in pool if may_be_absent(name, scene)]


def _yes(holds: bool) -> tuple[str, tuple[str, ...]]:
    return ("yes", ("no",)) if holds else ("no", ("yes",))


def _counts(scene: Scene, draws: Draws) -> Iterator[Query]:
    counted = Counter(thing.category for thing in scene.objects)
    for name, number in counted.items():
        lookalikes = any(other in counted for other in LOOKALIKES.get(name, ()))
        if number <= 9 and not lookalikes:
            near = tuple(str(other) for other in (number - 1, number + 1) if other > 0)
            what = Description(category=name)
            yield Query("count", what, str(number), near, things=what.candidates(scene))
    coloured = Counter((thing.category, thing.colour) for thing in scene.objects)
    for (name, colour), number in coloured.items():
        if 1 < number < 8 and counted[name] > number:
            what = Description(category=name, colour=colour)
            yield Query(
                "count", what, str(number), (str(number - 1), str(number + 1)), things=what.candidates(scene)
            )


def _determined(scene: Scene) -> list[tuple[SceneObject, Description]]:
    pairs = ((thing, unique_description(thing, scene)) for thing in scene.objects)
    return [(thing, what) for thing, what in pairs if what is not None and what.text is None]


def _near_colours(name: str) -> list[str]:
    others = (other for other in COLOUR_NAMES if other != name)
    return sorted(others, key=lambda other: distance(COLOURS[other], COLOURS[name]))


def _colours(scene: Scene, draws: Draws) -> Iterator[Query]:
    for thing, what in _determined(scene):
        if what.colour is None:
            near = tuple(_near_colours(thing.colour)[:2])
            yield Query("colour", what, thing.colour, near, things=(thing.index,))


def _choices(scene: Scene, draws: Draws) -> Iterator[Query]:
    for thing, what in _determined(scene):
        if what.colour is None:
            other = draws.choice(_near_colours(thing.colour)[3:])
            yield Query("choose", what, thing.colour, (other,), things=(thing.index,))


def _textures(scene: Scene, draws: Draws) -> Iterator[Query]:
    for thing, what in _determined(scene):
        if what.texture is None and thing.texture != "plain":
            wrong = tuple(name for name in ("striped", "dotted", "checkered") if name != thing.texture)
            yield Query("texture", what, thing.texture, wrong, things=(thing.index,))


def _existence(scene: Scene, draws: Draws) -> Iterator[Query]:
    present = list(dict.fromkeys(thing.category for thing in scene.objects))
    for name in draws.sample(present, 2):
        what = Description(category=name)
        yield Query("exists", what, "yes", ("no",), things=what.candidates(scene)[:1])
    for name in draws.sample(absent_categories(scene, at_home=draws.chance(0.5)), 2):
        yield Query("exists", Description(category=name), "no", ("yes",))


def _sides(scene: Scene, draws: Draws) -> Iterator[Query]:
    determined = _determined(scene)
    for thing, what in draws.sample(determined, 4):
        for other, anchor in draws.sample(determined, 2):
            if other.index == thing.index:
                continue
            relation = draws.choice(_DIRECTIONS)
            reverse = _OPPOSITE[relation]
            if _holds(scene, what, relation, anchor).definite:
                answer, wrong = _yes(True)
            elif _holds(scene, what, reverse, anchor).definite:
                answer, wrong = _yes(False)
            else:
                continue
            yield Query("side", what, answer, wrong, anchor, relation, (thing.index, other.index))


def _holds(scene: Scene, what: Description, relation: Relation, anchor: Description) -> Judgement:
    return judge(Related(what=what, relation=relation, anchor=anchor), scene)


def _whats(scene: Scene, draws: Draws) -> Iterator[Query]:
    for thing, anchor in _determined(scene):
        for relation in (*_DIRECTIONS, "next to"):
            found = refers_to(Related(what=Description(), relation=relation, anchor=anchor), scene)
            if found is not None:
                answer = scene.objects[found].category
                wrong = tuple(dict.fromkeys(other.category for other in scene.objects if other.category != answer))
                yield Query("what", Description(), answer, wrong[:2], anchor, relation, (found, thing.index))


def _comparisons(scene: Scene, draws: Draws) -> Iterator[Query]:
    counted = Counter(thing.category for thing in scene.objects)
    for first, second in zip(list(counted), list(counted)[1:], strict=False):
        if counted[first] != counted[second]:
            if draws.chance(0.5):
                first, second = second, first
            answer, wrong = _yes(counted[first] > counted[second])
            yield Query("more", Description(category=first), answer, wrong, Description(category=second))


def _pairs(scene: Scene, draws: Draws) -> Iterator[Query]:
    present = list(dict.fromkeys(thing.category for thing in scene.objects))
    if len(present) < 2:
        return
    first, second = draws.sample(present, 2)
    yield Query("both", Description(category=first), "yes", ("no",), Description(category=second))
    absent = absent_categories(scene, at_home=False)
    if absent:
        yield Query(
            "both", Description(category=first), "no", ("yes",), Description(category=draws.choice(absent))
        )
